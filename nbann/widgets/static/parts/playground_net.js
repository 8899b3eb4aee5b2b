// @ts-check
/**
 * The net of a playground: features to switch on and off, neurons with their pictures, edges with their weights.
 *
 * @typedef {import("./playground_edges.js").Feature} Feature
 * @typedef {import("./playground_edges.js").Net} Net
 * @typedef {import("./playground_edges.js").Edge} Edge
 */
import { make } from "./dom.js";
import { bend, distanceTo, edgesOf, placesOf, shown, weightOf } from "./playground_edges.js";
import { palette, paintSigned, signedColor, signedTable } from "./playground_colors.js";

const NEAR = 7; // pixels from an edge within which it is pointed at

/** A picture of one neuron or feature. @param {number} side */
function picture(side) {
  return /** @type {HTMLCanvasElement} */ (make("canvas", { class: "nbann-pg-picture", width: side, height: side, "aria-hidden": "true" }));
}

/** @param {import("./view.js").Context} context
 * @param {{control: (name: string, el: HTMLElement) => HTMLElement, look: (which: {values: Int8Array, words: string} | null) => void}} shared
 *   `look` shows one neuron's picture on the plane */
export function playgroundNet({ get, say, listen, follow, cleanups, root }, { control, look }) {
  const edges = /** @type {HTMLCanvasElement} */ (make("canvas", { class: "nbann-pg-edges", "aria-hidden": "true" }));
  const columns = make("div", { class: "nbann-pg-columns" });
  const tip = make("div", { class: "nbann-pg-tip", role: "status", hidden: true });
  const fewer = make("button", { type: "button", class: "nbann-button nbann-pg-small", "aria-label": "Take the last hidden layer away", title: "Take the last hidden layer away" }, ["−"]);
  const more = make("button", { type: "button", class: "nbann-button nbann-pg-small", "aria-label": "Add a hidden layer", title: "Add a hidden layer" }, ["+"]);
  const count = make("b");
  const head = make("div", { class: "nbann-pg-net-head" }, [control("layers", make("span", {}, [fewer, more])), count]);
  const stage = make("div", { class: "nbann-pg-stage", role: "group", "aria-label": "Network: arrow keys go from neuron to neuron" }, [edges, columns, tip]);
  const el = make("section", { class: "nbann-pg-net", "aria-label": "Network" }, [head, stage]);
  listen(fewer, "click", () => say("layers", { by: -1 }));
  listen(more, "click", () => say("layers", { by: 1 }));

  /** @type {Float32Array} */ let numbers = new Float32Array();
  /** @type {Int8Array} */ let pictures = new Int8Array();
  /** @type {Int8Array} */ let featurePictures = new Int8Array();
  /** @type {HTMLElement[]} */ let features = [];
  /** @type {HTMLElement[][]} */ let neurons = [];
  /** @type {Edge | null} */ let pointed = null;
  /** @type {HTMLElement | null} */ let seen = null; // the neuron whose picture is on the plane
  let editing = false;

  // ---- columns
  /** @param {Feature} feature */
  function featureBox(feature) {
    const box = make("button", {
      type: "button", class: "nbann-pg-feature", "aria-pressed": String(feature.on),
      title: `${feature.title}: ${feature.on ? "switch off" : "switch on"}`, "aria-label": feature.title,
    }, [make("span", {}, [feature.label]), picture(get("net").small)]);
    box.disabled = !get("net").switches || get("hidden").includes("features");
    box.onclick = () => say("feature", { term: feature.term });
    box.dataset.key = `f:${feature.term}`;
    return box;
  }

  /** @param {string} words @param {number} layer @param {number} neuron */
  function neuronBox(words, layer, neuron) {
    const box = make("button", { type: "button", class: "nbann-pg-neuron", tabIndex: layer || neuron ? -1 : 0 }, [picture(get("net").small)]);
    Object.assign(box.dataset, { layer: String(layer), neuron: String(neuron), words });
    return box;
  }

  /** @param {{units: number, shown: number, activation: string}} layer @param {number} place */
  function layerColumn(layer, place) {
    const minus = make("button", { type: "button", class: "nbann-button nbann-pg-small", "aria-label": `Fewer neurons in layer ${place + 1}`, title: "One neuron fewer" }, ["−"]);
    const plus = make("button", { type: "button", class: "nbann-button nbann-pg-small", "aria-label": `More neurons in layer ${place + 1}`, title: "One neuron more" }, ["+"]);
    minus.dataset.key = `n-:${place}`;
    plus.dataset.key = `n+:${place}`;
    minus.disabled = layer.units <= 1;
    plus.disabled = layer.units >= get("choices").most.units;
    minus.onclick = () => say("neurons", { layer: place, by: -1 });
    plus.onclick = () => say("neurons", { layer: place, by: 1 });
    const kind = make("select", { "aria-label": `Activation of layer ${place + 1}`, title: "Activation of this layer; the run goes on" },
      get("choices").activations.map((/** @type {string} */ name) => make("option", { value: name }, [name.replace("_", " ")])));
    kind.dataset.key = `a:${place}`;
    kind.value = layer.activation;
    kind.onchange = () => say("activation", { layer: place, value: kind.value });
    const buttons = make("span", { hidden: get("hidden").includes("neurons") }, [minus, plus]);
    const choice = make("span", { hidden: get("hidden").includes("activation") }, [kind]);
    const boxes = Array.from({ length: layer.shown }, (_, i) => neuronBox(`hidden layer ${place + 1}, neuron ${i + 1}`, place, i));
    neurons.push(boxes);
    return column([buttons, make("span", { class: "nbann-pg-units" }, [`${layer.units} ${layer.units === 1 ? "neuron" : "neurons"}`]), choice], boxes, layer.units - layer.shown);
  }

  /** @param {(Node|string)[]} top @param {HTMLElement[]} boxes @param {number} rest */
  function column(top, boxes, rest) {
    const more = rest > 0 ? [make("span", { class: "nbann-pg-rest" }, [`+ ${rest} more`])] : [];
    return make("div", { class: "nbann-pg-column" }, [make("div", { class: "nbann-pg-top" }, top), make("div", { class: "nbann-pg-boxes" }, [...boxes, ...more])]);
  }

  function build() {
    const net = /** @type {Net} */ (get("net"));
    const focused = /** @type {HTMLElement} */ (document.activeElement);
    const key = root.contains(focused) ? focused.dataset.key : undefined;
    neurons = [];
    pointed = seen = null;
    editing = false;
    look(null);
    features = net.features.map(featureBox);
    const names = get("plane").classes ?? [];
    const output = Array.from({ length: net.shown }, (_, i) => neuronBox(net.outputs > 1 ? `output for ${names[i] ?? i}` : "output", net.layers.length, i));
    const off = net.inputs - net.features.filter((feature) => feature.on).length;
    columns.replaceChildren(
      column([make("b", {}, ["Features"])], features, off),
      ...net.layers.map(layerColumn),
      column([make("b", {}, ["Output"])], output, net.outputs - net.shown),
    );
    neurons.push(output);
    stage.classList.toggle("nbann-pg-many", net.layers.length > 3);
    count.textContent = net.layers.length === 1 ? "1 hidden layer" : `${net.layers.length || "No"} hidden layers`;
    fewer.disabled = net.layers.length < 1;
    more.disabled = net.layers.length >= get("choices").most.layers;
    if (key) /** @type {HTMLElement | null} */ (columns.querySelector(`[data-key="${CSS.escape(key)}"]`))?.focus({ preventScroll: true });
    paintFeatures();
    paint();
  }

  // ---- drawing
  function paintInto(/** @type {HTMLElement} */ box, /** @type {Int8Array} */ values, /** @type {Uint8ClampedArray} */ table) {
    const side = get("net").small;
    const canvas = /** @type {HTMLCanvasElement} */ (box.querySelector("canvas"));
    const pen = canvas.getContext("2d");
    if (!pen || values.length !== side * side) return;
    const image = new ImageData(side, side);
    paintSigned(values, side, table, image.data);
    pen.putImageData(image, 0, 0);
  }

  function paintFeatures() {
    const size = get("net").small ** 2;
    const table = signedTable(palette().signed);
    features.forEach((box, i) => paintInto(box, featurePictures.subarray(i * size, (i + 1) * size), table));
  }

  function paint() {
    const net = /** @type {Net} */ (get("net"));
    const size = net.small ** 2;
    const table = signedTable(palette().signed);
    const places = placesOf(net);
    let at = 0;
    neurons.forEach((boxes, layer) =>
      boxes.forEach((box, i) => {
        const values = pictures.subarray(at * size, (at + 1) * size);
        paintInto(box, values, table);
        const bias = numbers[places[layer].biases + i];
        box.setAttribute("aria-label", `${box.dataset.words}, bias ${shown(bias)}`);
        if (box === seen) look({ values, words: String(box.dataset.words) });
        at += 1;
      }),
    );
    paintEdges();
    tell();
  }

  /** Both ends of an edge, in pixels of the stage. @param {Edge} edge */
  function ends({ layer, from, to }) {
    const ground = stage.getBoundingClientRect();
    const input = get("net").features.findIndex((/** @type {Feature} */ feature) => feature.place === from);
    const source = (layer ? neurons[layer - 1][from] : features[input])?.querySelector("canvas")?.getBoundingClientRect();
    const goal = neurons[layer]?.[to]?.getBoundingClientRect();
    if (!source || !goal) return null;
    return {
      a: { x: source.right - ground.left, y: source.top + source.height / 2 - ground.top },
      b: { x: goal.left - ground.left, y: goal.top + goal.height / 2 - ground.top },
    };
  }

  function paintEdges() {
    const width = stage.clientWidth;
    const height = stage.clientHeight;
    const sharp = Math.min(window.devicePixelRatio || 1, 2);
    if (edges.width !== width * sharp || edges.height !== height * sharp) {
      edges.width = width * sharp;
      edges.height = height * sharp;
    }
    const pen = edges.getContext("2d");
    const net = /** @type {Net} */ (get("net"));
    if (!pen || !width) return;
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, width, height);
    const colors = palette();
    const table = signedTable(colors.signed);
    const all = edgesOf(net);
    const widest = Math.max(1, ...all.map((edge) => Math.abs(weightOf(net, numbers, edge)) || 0));
    for (const edge of all) {
      const place = ends(edge);
      const weight = weightOf(net, numbers, edge);
      if (!place || weight === undefined) continue;
      const [p, q, r, s] = bend(place.a, place.b);
      const share = Math.abs(weight) / widest;
      pen.beginPath();
      pen.moveTo(p.x, p.y);
      pen.bezierCurveTo(q.x, q.y, r.x, r.y, s.x, s.y);
      pen.setLineDash(weight < 0 ? [6, 4] : []);
      pen.lineWidth = 0.8 + 6 * share + (same(edge, pointed) ? 2 : 0);
      pen.strokeStyle = same(edge, pointed) ? colors.ink : signedColor(table, Math.sign(weight) * (0.45 + 0.55 * share));
      pen.globalAlpha = same(edge, pointed) ? 1 : 0.35 + 0.65 * share;
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  /** @param {Edge | null} a @param {Edge | null} b */
  const same = (a, b) => Boolean(a && b && a.name === b.name && a.from === b.from && a.to === b.to);

  // ---- pointing
  function tell() {
    if (editing) return;
    tip.hidden = !pointed && !seen;
    if (pointed) {
      const place = ends(pointed);
      tip.textContent = `weight ${shown(weightOf(get("net"), numbers, pointed))}${get("hidden").includes("weights") ? "" : " · click to set"}`;
      if (place) put((place.a.x + place.b.x) / 2, (place.a.y + place.b.y) / 2);
    } else if (seen) {
      tip.textContent = seen.getAttribute("aria-label") ?? "";
      const ground = stage.getBoundingClientRect();
      const box = seen.getBoundingClientRect();
      put(box.left + box.width / 2 - ground.left, box.bottom - ground.top + 2);
    }
  }

  /** @param {number} x @param {number} y */
  function put(x, y) {
    tip.style.left = `${Math.max(4, Math.min(x - tip.offsetWidth / 2, stage.clientWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.min(y + 4, stage.clientHeight - 28)}px`;
  }

  function edit() {
    if (!pointed || get("hidden").includes("weights")) return;
    editing = true;
    const edge = pointed;
    const field = make("input", { type: "text", inputMode: "decimal", "aria-label": "Weight", value: String(Number(weightOf(get("net"), numbers, edge).toPrecision(5))) });
    const close = () => {
      editing = false;
      pointed = null;
      tip.hidden = true;
      paintEdges();
    };
    field.onkeydown = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") say("weight", { name: edge.name, index: edge.index, value: field.value });
      if (event.key !== "Enter" && event.key !== "Escape") return;
      close();
      root.focus({ preventScroll: true });
    };
    field.onblur = () => editing && close();
    tip.replaceChildren("weight ", field);
    field.focus({ preventScroll: true });
    field.select();
  }

  /** @param {HTMLElement | null} box */
  function see(box) {
    seen = box;
    if (!box) look(null);
    paint();
  }

  /** @param {Event} event */
  const boxOf = (event) => /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest?.(".nbann-pg-neuron"));
  listen(stage, "mousemove", (event) => {
    if (editing) return;
    const ground = stage.getBoundingClientRect();
    const at = { x: event.clientX - ground.left, y: event.clientY - ground.top };
    const box = boxOf(event);
    if (box !== seen && (box || !seen?.matches(":focus"))) see(box);
    let best = null;
    let least = NEAR;
    if (!box && !/** @type {HTMLElement} */ (event.target).closest("button, select, input"))
      for (const edge of edgesOf(get("net"))) {
        const place = ends(edge);
        const far = place ? distanceTo(at, place.a, place.b) : Infinity;
        if (far < least) [best, least] = [edge, far];
      }
    if (same(best, pointed) || (!best && !pointed)) return;
    pointed = best;
    stage.classList.toggle("nbann-pg-points", Boolean(best));
    paintEdges();
    tell();
  });
  listen(stage, "mouseleave", () => {
    if (editing) return;
    pointed = null;
    see(null);
    paintEdges();
  });
  listen(stage, "click", (event) => !boxOf(event) && event.target.tagName !== "INPUT" && edit());
  listen(stage, "focusin", (event) => boxOf(event) && see(boxOf(event)));
  listen(stage, "focusout", (event) => boxOf(event) === seen && see(null));
  listen(stage, "keydown", (event) => {
    const box = boxOf(event);
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!box || !step) return;
    event.preventDefault();
    const layer = Math.max(0, Math.min(neurons.length - 1, Number(box.dataset.layer) + step[0]));
    const neuron = Math.max(0, Math.min(neurons[layer].length - 1, Number(box.dataset.neuron) + step[1]));
    box.tabIndex = -1;
    neurons[layer][neuron].tabIndex = 0;
    neurons[layer][neuron].focus({ preventScroll: true });
  });
  const sizes = new ResizeObserver(() => paintEdges());
  sizes.observe(stage);
  cleanups.push(() => sizes.disconnect());
  ["net", "choices", "hidden"].forEach((trait) => follow(trait, build));

  return {
    el,
    /** @param {Int8Array} newPictures @param {Float32Array} newNumbers */
    show(newPictures, newNumbers) {
      pictures = newPictures;
      numbers = newNumbers;
      paint();
    },
    /** @param {Int8Array} newPictures */
    showFeatures(newPictures) {
      featurePictures = newPictures;
      paintFeatures();
    },
  };
}

// @ts-check
/**
 * A net on a canvas: follows a layout trait and frames of numbers, and says what is pointed at and selected.
 *
 * Pointing: the mouse, or the arrow keys while the canvas has the focus. Selecting: a click, or Enter; Escape lets go.
 */
import { make } from "./dom.js";
import { receiveFrames } from "./frames.js";
import { networkPalette } from "./network_colors.js";
import { fittedText, paintFlow, paintLocks, paintMarks, paintNetwork } from "./network_draw.js";
import { biasPoint, edgeEnds, elementAt, elementName, networkOffsets, networkPlaces, placesOf, placeTitle, placeUnder } from "./network_places.js";
import { nextPlace } from "./network_keys.js";
import { phaseClass } from "./phases.js";

const FLOW = 180; // milliseconds that a flow along the edges takes
const MOST_OF_WIDTH = 0.24; // for names on one side

/**
 * @typedef {import("./network_places.js").Place} Place
 * @typedef {import("./network_places.js").Element} Element
 * @typedef {{place: Place, element: Element, title: string, value: number, gradient: number, known: boolean, graded: boolean}} Told
 *   a place, its array element, what it is in words, its numbers; whether the loaded batch has computed them
 * @typedef {{slot?: string, trait?: string, label?: string, onHover?: (told: Told | null) => void,
 *   onSelect?: (told: Told | null) => void, onPaint?: () => void, onDrag?: (told: Told, value: number | null) => void}} Options
 *   onDrag: the number that an edge or bias is dragged to; null when it is let go
 */

/** Whether people have asked for less motion. */
const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A number to the last digit. @param {number} value */
export const exactNumber = (value) => String(value).replaceAll("-", "−").replace("Infinity", "∞");

/** The view of one net. `light` marks elements from elsewhere, `select` selects one (null: none), `told` says what one is.
 * @param {import("./view.js").Context} context @param {Options} [options] */
export function networkView(context, { slot = "network", trait = "net", label = "Network", onHover, onSelect, onPaint, onDrag } = {}) {
  const { get, listen, follow, cleanups } = context;
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { class: "nbann-net-canvas", tabIndex: 0, role: "application" }));
  canvas.dataset.slot = slot;
  canvas.setAttribute("aria-label", `${label}: arrow keys point at neurons and edges, Enter selects one, Escape lets go`);
  const op = make("span", { class: "nbann-net-op" });
  const loss = make("span", { class: "nbann-net-loss" });
  const reason = make("p", { class: "nbann-net-reason", hidden: true });
  const tip = make("div", { class: "nbann-net-tip", hidden: true, "aria-hidden": "true" });
  const under = make("div", { class: "nbann-live nbann-net-under", "aria-live": "polite" });
  const words = make("div", { class: "nbann-live nbann-net-words" });
  const key = (/** @type {string} */ kind, /** @type {string} */ word) =>
    make("span", { class: "nbann-net-key" }, [make("i", { class: `nbann-net-${kind}`, "aria-hidden": "true" }), word]);
  const stage = make("div", { class: "nbann-net-stage" }, [canvas, reason, tip]);
  const el = make("section", { class: "nbann-net", "aria-label": label }, [
    make("div", { class: "nbann-net-head" }, [make("b", {}, [label]), op]), stage,
    make("div", { class: "nbann-net-foot" }, [key("read", "read"), key("written", "written"), loss]), under, words,
  ]);

  const painted = document.createElement("canvas"); // all but what is pointed at
  /** @type {import("./network_draw.js").Scene | null} */ let scene = null;
  /** @type {{message: any, buffers: DataView[]} | null} */ let newest = null;
  /** @type {Place | null} */ let pointed = null;
  /** @type {Element | null} */ let chosen = null;
  /** @type {Element[]} */ let wanted = []; // to be lit
  /** @type {Place[]} */ let selected = [];
  /** @type {Place[]} */ let lit = [];
  let byKey = false;
  let flowing = 0;
  let opShown = "";

  // ---- painting
  /** Bring a canvas to the size of the stage; returns its context in CSS pixels. @param {HTMLCanvasElement} of */
  const sized = (of) => {
    const density = window.devicePixelRatio || 1;
    const [width, height] = [stage.clientWidth, stage.clientHeight].map((side) => Math.round(side * density));
    if (of.width !== width || of.height !== height) Object.assign(of, { width, height });
    const ctx = /** @type {CanvasRenderingContext2D} */ (of.getContext("2d"));
    ctx.setTransform(density, 0, 0, density, 0, 0);
    return ctx;
  };
  const overlay = (share = 1) => {
    if (!scene) return;
    const ctx = sized(canvas);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    if (painted.width && painted.height) ctx.drawImage(painted, 0, 0);
    sized(canvas);
    if (share < 1) paintFlow(ctx, scene, share);
    const { palette } = scene;
    paintMarks(ctx, scene, lit, palette.ink, [3, 3]);
    paintMarks(ctx, scene, selected, palette.ink);
    if (pointed && (!byKey || canvas === document.activeElement)) paintMarks(ctx, scene, [pointed], scene.phase);
    paintLocks(ctx, scene);
  };
  /** Let beads run along the lit edges; another frame, or less motion asked for, ends it. */
  const flow = () => {
    cancelAnimationFrame(flowing);
    if (!scene?.frame.way || isCalm() || !(scene.frame.read.edges.length + scene.frame.written.edges.length)) return;
    const begun = performance.now();
    const tick = () => {
      const share = (performance.now() - begun) / FLOW;
      overlay(Math.min(share, 1));
      if (share < 1) flowing = requestAnimationFrame(tick);
    };
    flowing = requestAnimationFrame(tick);
  };
  cleanups.push(() => cancelAnimationFrame(flowing));

  /** Take the newest layout and frame, if they belong together, and paint. */
  const paint = () => {
    const layout = get(trait);
    reason.hidden = !layout.reason;
    canvas.hidden = Boolean(layout.reason);
    reason.textContent = layout.reason && `${label} ${layout.reason}`;
    if (layout.reason || !newest || newest.message.layout !== layout.version || !stage.clientWidth) return;
    const frame = newest.message;
    const [values, gradients] = newest.buffers.map(numbersIn);
    if (scene?.layout.version !== layout.version) pointed = null;
    el.className = `nbann-net ${phaseClass(frame.op.phase, layout.phases.map((/** @type {string} */ phase) => ({ phase })))}`;
    const style = getComputedStyle(el);
    const palette = networkPalette(document.body.dataset.jpThemeLight === "false" ? "dark" : "light");
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    const ctx = sized(painted);
    ctx.font = `11px ${style.fontFamily}`;
    const [left, right] = sideRooms(ctx, layout, frame, width);
    scene = {
      layout, frame, values, gradients, palette, width, height, left, right, offsets: networkOffsets(layout),
      places: networkPlaces(layout, width, height, left, right), phase: style.getPropertyValue("--nbann-phase").trim() || palette.ink,
      font: style.fontFamily,
    };
    place();
    paintNetwork(ctx, scene);
    overlay();
    op.textContent = `${frame.op.ran ? "last" : "next"} op: ${frame.op.phase} ${frame.op.name}`;
    loss.textContent = frame.loss && `loss ${frame.loss}`;
    words.textContent = frame.words;
    showTip();
    onPaint?.();
  };
  receiveFrames(context, slot, (message, buffers) => {
    newest = { message, buffers };
    paint();
    const now = JSON.stringify([message.op, message.layout]);
    if (now !== opShown && message.op?.ran) flow();
    opShown = now;
  });
  follow(trait, paint);
  const sizes = new ResizeObserver(paint);
  sizes.observe(stage);
  cleanups.push(() => sizes.disconnect());

  /** Find what is selected and lit in the layout of now. */
  const place = () => {
    selected = chosen && scene ? placesOf(scene.layout, chosen).slice(0, 1) : [];
    lit = scene ? wanted.flatMap((element) => placesOf(/** @type {any} */ (scene).layout, element)) : [];
  };

  // ---- what is pointed at
  /** @param {Place | null} place @returns {Told | null} */
  const tellOf = (place) => {
    if (!place || !scene) return null;
    const { offsets, frame, layout, values, gradients } = scene;
    const at = offsets[/** @type {"nodes" | "biases" | "edges"} */ ({ node: "nodes", bias: "biases", edge: "edges" }[place.kind])][place.at] + place.k;
    const element = elementAt(layout, place, frame);
    const known = place.kind !== "node" || Boolean(frame.at[place.at]);
    return { place, element, title: placeTitle(layout, place), value: values[at], gradient: gradients[at], known, graded: frame.graded.includes(element[0]) };
  };
  /** Lines that say all of a place. @param {Told} told */
  const linesOf = (told) => [
    `${elementName(told.element)} = ${told.known ? exactNumber(told.value) : "not computed yet in this batch"}`,
    told.title,
    `gradient ${told.graded ? exactNumber(told.gradient) : "not computed yet in this batch"}`,
  ];
  const showTip = () => {
    const told = tellOf(pointed);
    tip.hidden = !told;
    if (!told || !scene) return;
    const lines = linesOf(told);
    tip.replaceChildren(make("b", {}, [lines[0]]), ...lines.slice(1).map((line) => make("div", {}, [line])));
    const [x, y] = pointOf(told.place);
    tip.style.left = `${Math.max(0, Math.min(x + 14, scene.width - tip.offsetWidth - 2))}px`;
    tip.style.top = `${y + 16 + tip.offsetHeight > scene.height ? Math.max(0, y - tip.offsetHeight - 14) : y + 16}px`;
  };
  /** Where a place is, in pixels of the canvas. @param {Place} place */
  const pointOf = ({ kind, at, k }) => {
    if (!scene) return [0, 0];
    if (kind === "bias") return biasPoint(scene.places, at, k);
    if (kind === "node") return [scene.places.x[at], scene.places.y[at][k]];
    const [x1, y1, x2, y2] = edgeEnds(scene.layout, scene.places, at, k);
    const share = 0.32; // not in the middle, where edges cross
    return [x1 + share * (x2 - x1), y1 + share * (y2 - y1)];
  };
  /** @param {Place | null} place @param {boolean} [keyed] */
  const point = (place, keyed = false) => {
    byKey = keyed;
    if (JSON.stringify(place) === JSON.stringify(pointed)) return;
    pointed = place;
    const told = tellOf(place);
    if (keyed) under.textContent = told ? linesOf(told).join("; ") : "";
    showTip();
    overlay();
    onHover?.(told);
  };
  /** @param {Place | null} at */
  const choose = (at) => {
    const told = tellOf(at);
    chosen = told && told.element;
    place();
    overlay();
    onSelect?.(told);
  };
  /** @param {MouseEvent} event */
  const placeOf = (event) => {
    if (!scene) return null;
    const box = canvas.getBoundingClientRect();
    return placeUnder(scene.layout, scene.places, event.clientX - box.left, event.clientY - box.top);
  };

  // ---- mouse: a click selects, a drag upward or downward from an edge or bias changes its number
  /** @type {{told: Told, y: number, moved: boolean, scale: number} | null} */ let held = null;
  listen(canvas, "pointerdown", (event) => {
    const told = tellOf(placeOf(event));
    if (event.button !== 0) return;
    held = told && { told, y: event.clientY, moved: false, scale: scaleOf(told.place) };
    if (told) canvas.setPointerCapture(event.pointerId);
  });
  listen(canvas, "pointermove", (event) => {
    if (!held) return point(placeOf(event));
    if (held.told.place.kind === "node" || !onDrag) return;
    if (!held.moved && Math.abs(event.clientY - held.y) < 4) return;
    held.moved = true;
    canvas.classList.add("nbann-net-dragging");
    onDrag(held.told, draggedTo(held.told.value, held.y - event.clientY, held.scale));
  });
  const release = () => {
    canvas.classList.remove("nbann-net-dragging");
    if (held?.moved) onDrag?.(held.told, null);
    held = null;
  };
  listen(canvas, "pointerup", (event) => {
    const click = !held?.moved && event.button === 0;
    release();
    if (click) choose(placeOf(event));
  });
  listen(canvas, "pointercancel", release);
  listen(canvas, "pointerleave", () => held || point(null));
  /** The largest number among a place's like: what a drag of 100 pixels changes. @param {Place} place */
  const scaleOf = ({ kind, at }) => {
    if (!scene) return 1;
    const { limits } = scene.frame;
    if (kind === "node") return Math.max(limits.nodes[at], 0.1);
    const which = kind === "bias" ? scene.layout.columns.slice(0, at).filter((column) => column.bias).length : at;
    return Math.max((kind === "bias" ? limits.biases : limits.edges)[which], 0.1);
  };

  // ---- keys, while the canvas has the focus
  listen(canvas, "keydown", (event) => {
    if (!scene || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && (chosen || pointed)) {
      point(null, true);
      choose(null);
    } else if (event.key === "Enter" && pointed) choose(pointed);
    else {
      const next = nextPlace(scene.layout, pointed, event.key);
      if (!next) return;
      point(next, true);
    }
    event.preventDefault();
  });
  listen(canvas, "blur", () => byKey && point(null, true));

  const view = {
    el, canvas,
    /** Mark elements from elsewhere: an array's name and an index, or null for all of it. @param {Element[]} elements */
    light(elements) {
      wanted = elements;
      place();
      overlay();
    },
    /** Select an element; null for none. @param {Element | null} element */
    select(element) {
      chosen = element;
      place();
      overlay();
    },
    /** What an element is and holds; null where it is not drawn. @param {Element} element */
    told: (element) => tellOf(scene && (placesOf(scene.layout, element)[0] ?? null)),
    /** How far a number like this one may be dragged: the largest among its like. @param {Place} at */
    scale: (at) => scaleOf(at),
    /** Where an element is, in pixels of the canvas. @param {Element} element */
    spot(element) {
      const at = scene && placesOf(scene.layout, element)[0];
      return at ? pointOf(at) : null;
    },
  };
  Object.assign(canvas, { nbannNetwork: view }); // for tests, and for those who point at something on the page
  return view;
}

/** The numbers of a buffer, whatever it is aligned to. @param {DataView} view */
const numbersIn = (view) => new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

/** The number that a drag leads to: 100 pixels are the scale. @param {number} from @param {number} pixels @param {number} scale */
export const draggedTo = (from, pixels, scale) => Number((from + (scale * pixels) / 100).toPrecision(3));

/** Pixels for names at the left and at the right.
 * @param {CanvasRenderingContext2D} ctx @param {any} layout @param {any} frame @param {number} width */
function sideRooms(ctx, { columns }, frame, width) {
  const widest = (/** @type {string[]} */ names) =>
    Math.max(0, ...names.map((name) => ctx.measureText(fittedText(ctx, name, width * MOST_OF_WIDTH)).width));
  const chance = frame.outputs ? ctx.measureText("100.0 %").width : 0;
  const names = columns.length > 1 ? columns[columns.length - 1].labels : [];
  return [Math.max(widest(columns[0].labels), 16) + 14, Math.max(widest(names), chance, 16) + 14];
}

// @ts-check
/**
 * The plane of a playground: what the net answers over it, the points of the data, drawing more of them.
 *
 * @typedef {{kind: "classes"|"values"|"line", box: number[][], axes: string[], held: number, classes: string[],
 *   train: number[][], test: number[][], range: number[]}} Plane
 */
import { make } from "./dom.js";
import { palette, paintClasses, paintSigned, signedColor, signedTable } from "./playground_colors.js";

const LEFT = 36;
const BOTTOM = 20;
const TOP = 6;
const RIGHT = 6;
const APART = 14; // pixels between two points that are drawn in one stroke

/** Where a place of the plane is on a canvas of a size. @param {number[][]} box @param {number} width @param {number} height */
export function scales(box, width, height) {
  const [[left, right], [low, high]] = box;
  const wide = width - LEFT - RIGHT;
  const tall = height - TOP - BOTTOM;
  return {
    x: (/** @type {number} */ value) => LEFT + ((value - left) / (right - left)) * wide,
    y: (/** @type {number} */ value) => TOP + ((high - value) / (high - low)) * tall,
    /** @param {number} x @param {number} y @returns {[number, number]} */
    back: (x, y) => [left + ((x - LEFT) / wide) * (right - left), high - ((y - TOP) / tall) * (high - low)],
    wide,
    tall,
  };
}

/** The outline of a class's marker around a place. @param {any} pen @param {number} kind @param {number} x @param {number} y @param {number} r */
export function marker(pen, kind, x, y, r) {
  pen.beginPath();
  const corners = [0, 4, 3, 4, 3, 5, 5, 6, 3, 3][kind % 10];
  if (!corners) {
    pen.arc(x, y, r, 0, 2 * Math.PI);
    return;
  }
  const turn = [0, Math.PI / 4, -Math.PI / 2, 0, Math.PI / 2, -Math.PI / 2, Math.PI / 2, 0, Math.PI, 0][kind % 10];
  for (let i = 0; i < corners; i++) pen.lineTo(x + 1.25 * r * Math.cos(turn + (2 * Math.PI * i) / corners), y + 1.25 * r * Math.sin(turn + (2 * Math.PI * i) / corners));
  pen.closePath();
}

/** A number beside an axis: what is nothing to the width of the axis is 0. @param {number} value @param {number} [width] */
export function tick(value, width = 0) {
  return String(Math.abs(value) < width / 100 ? 0 : Number(value.toPrecision(2))).replace("-", "−");
}

/** @param {import("./view.js").Context} context @param {{control: (name: string, el: HTMLElement) => HTMLElement}} shared */
export function playgroundPlane({ get, say, listen, follow, cleanups }, { control }) {
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { class: "nbann-pg-plane", role: "img", tabIndex: 0 }));
  const upper = make("div", { class: "nbann-pg-axis" });
  const right = make("div", { class: "nbann-pg-axis nbann-pg-axis-right" });
  const key = make("div", { class: "nbann-pg-key" });
  const tools = make("div", { class: "nbann-units nbann-pg-tools", role: "radiogroup", "aria-label": "Draw points on the plane" });
  const clear = make("button", { type: "button", class: "nbann-button nbann-pg-plain", title: "Erase all points that were drawn" }, ["clear"]);
  const hint = make("span", { class: "nbann-pg-hint" });
  const drawing = control("draw", make("div", { class: "nbann-pg-drawing" }, [make("span", { class: "nbann-pg-label" }, ["Draw points"]), clear, tools, hint]));
  const el = make("div", { class: "nbann-pg-plane-box" }, [upper, canvas, right, key, drawing]);

  /** @type {DataView | null} */ let answers = null;
  /** @type {{values: Int8Array, words: string} | null} */ let looked = null;
  let words = "";
  let tool = -1; // -1: look; 0, 1, ...: draw a class; -2: erase
  let cursor = [0, 0];
  let held = false;
  /** @type {number[] | null} */ let last = null;
  const ground = document.createElement("canvas"); // the answers, before they are stretched

  function paintGround() {
    const plane = /** @type {Plane} */ (get("plane"));
    const side = looked ? get("net").small : get("net").grid;
    const colors = palette();
    if (ground.width !== side) ground.width = ground.height = side;
    const pen = ground.getContext("2d");
    if (!pen) return;
    const image = new ImageData(side, side);
    if (looked) paintSigned(looked.values, side, signedTable(colors.signed), image.data);
    else if (answers && plane.kind === "classes" && answers.byteLength === 2 * side * side)
      paintClasses(new Uint8Array(answers.buffer, answers.byteOffset, answers.byteLength), side, colors, image.data);
    else if (answers && plane.kind === "values" && answers.byteLength === side * side)
      paintSigned(new Int8Array(answers.buffer, answers.byteOffset, answers.byteLength), side, signedTable(colors.signed), image.data);
    pen.putImageData(image, 0, 0);
  }

  function paint() {
    const plane = /** @type {Plane} */ (get("plane"));
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    const pen = canvas.getContext("2d");
    if (!width || !pen || !plane.box) return;
    const sharp = Math.min(window.devicePixelRatio || 1, 2);
    if (canvas.width !== Math.round(width * sharp) || canvas.height !== Math.round(height * sharp)) {
      canvas.width = Math.round(width * sharp);
      canvas.height = Math.round(height * sharp);
    }
    const colors = palette();
    const place = scales(plane.box, width, height);
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.fillStyle = colors.background;
    pen.fillRect(0, 0, width, height);
    if (plane.kind !== "line" || looked) {
      paintGround();
      pen.imageSmoothingEnabled = true;
      pen.drawImage(ground, 0.5, 0.5, ground.width - 1, ground.height - 1, LEFT, TOP, place.wide, place.tall);
    }
    pen.strokeStyle = colors.muted;
    pen.lineWidth = 1;
    pen.strokeRect(LEFT - 0.5, TOP - 0.5, place.wide + 1, place.tall + 1);
    axes(pen, plane, place, height, colors);
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, TOP, place.wide, place.tall);
    pen.clip();
    if (get("show_test")) points(pen, plane, plane.test, place, colors, true);
    points(pen, plane, plane.train, place, colors, false);
    if (plane.kind === "line" && !looked) curve(pen, plane, place, colors);
    if (tool !== -1 && canvas.matches(":focus-visible")) cross(pen, place, colors);
    pen.restore();
    canvas.setAttribute("aria-label", looked ? `What ${looked.words} answers over the plane` : words);
  }

  /** @param {any} pen @param {Plane} plane @param {any} place @param {number} height @param {any} colors */
  function axes(pen, plane, place, height, colors) {
    pen.fillStyle = colors.muted;
    pen.font = `10px ${getComputedStyle(canvas).fontFamily}`;
    pen.textBaseline = "top";
    const [[left, end], [low, high]] = plane.box;
    [[left, "left"], [(left + end) / 2, "center"], [end, "right"]].forEach(([value, align]) => {
      pen.textAlign = align;
      pen.fillText(tick(Number(value), end - left), place.x(value), height - BOTTOM + 5);
    });
    pen.textAlign = "right";
    [[low, "bottom"], [(low + high) / 2, "middle"], [high, "top"]].forEach(([value, base]) => {
      pen.textBaseline = base;
      pen.fillText(tick(Number(value), high - low), LEFT - 4, place.y(value));
    });
  }

  /** Points of the data: filled the training's, hollow the test's.
   * @param {any} pen @param {Plane} plane @param {number[][]} marks @param {any} place @param {any} colors @param {boolean} hollow */
  function points(pen, plane, marks, place, colors, hollow) {
    const table = signedTable(colors.signed);
    const middle = plane.range && (plane.range[0] + plane.range[1]) / 2;
    const spread = plane.range && (plane.range[1] - plane.range[0]) / 2;
    const r = marks.length > 600 ? 2.4 : 3.2;
    for (const [x, y, target] of marks) {
      const kind = plane.kind === "classes" ? target : 0;
      const color = plane.kind === "classes" ? colors.classes[kind % colors.classes.length]
        : plane.kind === "values" ? signedColor(table, (target - middle) / spread) : colors.classes[0];
      const values = plane.kind === "values"; // a neutral outline could not be seen: another shape, then
      marker(pen, values && hollow ? 3 : kind, place.x(x), place.y(y), r);
      pen.fillStyle = hollow && !values ? colors.background : color;
      pen.strokeStyle = values ? colors.ink : hollow ? color : colors.background;
      pen.lineWidth = hollow && !values ? 1.4 : 0.9;
      pen.fill();
      pen.stroke();
    }
  }

  /** The predicted curve over one column. @param {any} pen @param {Plane} plane @param {any} place @param {any} colors */
  function curve(pen, plane, place, colors) {
    if (!answers || answers.byteLength % 4) return;
    const values = new Float32Array(answers.buffer.slice(answers.byteOffset, answers.byteOffset + answers.byteLength));
    const [left, end] = plane.box[0];
    pen.beginPath();
    values.forEach((value, i) => pen.lineTo(place.x(left + (i / (values.length - 1)) * (end - left)), place.y(value)));
    pen.strokeStyle = colors.ink;
    pen.lineWidth = 2.2;
    pen.stroke();
  }

  /** Where the keyboard draws. @param {any} pen @param {any} place @param {any} colors */
  function cross(pen, place, colors) {
    const [x, y] = [place.x(cursor[0]), place.y(cursor[1])];
    pen.beginPath();
    pen.moveTo(x - 9, y);
    pen.lineTo(x + 9, y);
    pen.moveTo(x, y - 9);
    pen.lineTo(x, y + 9);
    pen.strokeStyle = colors.ink;
    pen.lineWidth = 2;
    pen.stroke();
  }

  // ---- drawing points
  /** @param {number[]} at */
  function act(at) {
    const plane = /** @type {Plane} */ (get("plane"));
    const [[left, right], [low, high]] = plane.box;
    if (at[0] < left || at[0] > right || at[1] < low || at[1] > high) return;
    const place = [Number(at[0].toPrecision(4)), Number(at[1].toPrecision(4))];
    if (tool === -2) say("erase", { at: place, radius: 0.05 * Math.max(right - left, high - low) });
    else if (tool >= 0) say("draw", { at: place, label: tool });
  }
  /** @param {PointerEvent} event */
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const placeOf = (/** @type {number[]} */ at) => scales(get("plane").box, canvas.clientWidth, canvas.clientHeight).back(at[0], at[1]);
  listen(canvas, "pointerdown", (event) => {
    if (tool === -1 || event.button) return;
    held = true;
    last = where(event);
    cursor = placeOf(last);
    canvas.setPointerCapture?.(event.pointerId);
    act(cursor);
  });
  listen(canvas, "pointermove", (event) => {
    if (!held || !last) return;
    const at = where(event);
    if (Math.hypot(at[0] - last[0], at[1] - last[1]) < APART) return;
    last = at;
    cursor = placeOf(at);
    act(cursor);
  });
  ["pointerup", "pointercancel"].forEach((name) => listen(canvas, name, () => (held = false)));
  ["focus", "blur"].forEach((name) => listen(canvas, name, paint));
  listen(canvas, "keydown", (event) => {
    if (get("choices").labels < 1 || get("hidden").includes("draw")) return;
    const plane = /** @type {Plane} */ (get("plane"));
    const digit = Number(event.key);
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (digit >= 1 && digit <= get("choices").labels) choose(digit - 1);
    else if (event.key === "0" || event.key === "Escape") choose(-1);
    else if (event.key === "e" || event.key === "E") choose(-2);
    else if (step && tool !== -1)
      cursor = cursor.map((value, i) => Math.max(plane.box[i][0], Math.min(plane.box[i][1], value + (step[i] * (plane.box[i][1] - plane.box[i][0])) / (event.shiftKey ? 10 : 40))));
    else if (event.key === "Enter" && tool !== -1) act(cursor);
    else return;
    event.preventDefault();
    paint();
  });
  listen(clear, "click", () => say("erase"));

  /** @param {number} which */
  function choose(which) {
    tool = which;
    tools.querySelectorAll("input").forEach((input) => (input.checked = Number(input.value) === tool));
    canvas.classList.toggle("nbann-pg-draws", tool !== -1);
    hint.textContent = tool === -1 ? "" : tool === -2 ? "Click points that you have drawn." : "Click or drag on the plane; arrow keys and Enter do the same.";
    paint();
  }

  const group = `nbann-draw-${Math.random().toString(36).slice(2)}`;
  let offered = "";
  function offer() {
    const names = (get("plane").classes ?? []).slice();
    const labels = get("choices").labels ?? 0;
    for (let i = names.length; i < labels; i++) names.push("ABCDE"[i]);
    const now = JSON.stringify([names, labels]);
    if (now === offered) return;
    const first = offered === "" || labels < 1;
    offered = now;
    drawing.classList.toggle("nbann-pg-absent", labels < 1);
    const choice = [[-1, "off"], ...names.slice(0, labels).map((/** @type {string} */ name, /** @type {number} */ i) => [i, name]), [-2, "erase"]];
    tools.replaceChildren(
      ...choice.map(([value, name]) => {
        const input = make("input", { type: "radio", name: group, value: String(value) });
        input.onchange = () => choose(Number(value));
        const title = Number(value) >= 0 ? `Draw points of class ${name} (${Number(value) + 1} while the plane has the focus)` : value === -2 ? "Erase points (e)" : "Draw nothing (0)";
        return make("label", { title }, [input, make("span", {}, [name])]);
      }),
    );
    choose(first ? -1 : Math.min(tool, labels - 1));
  }

  function showKey() {
    const plane = /** @type {Plane} */ (get("plane"));
    if (!plane.axes) return;
    upper.textContent = plane.axes[1] ? `↑ ${plane.axes[1]}` : "";
    right.textContent = `${plane.axes[0]} →`;
    const colors = palette();
    const sharp = 2;
    const entry = (/** @type {number} */ kind, /** @type {string} */ name, /** @type {string} */ color) => {
      const mark = make("canvas", { width: 14 * sharp, height: 14 * sharp, class: "nbann-pg-mark", "aria-hidden": "true" });
      const pen = mark.getContext("2d");
      pen?.scale(sharp, sharp);
      if (pen) marker(pen, kind, 7, 7, 4.2);
      if (pen) pen.fillStyle = color;
      pen?.fill();
      return make("span", { class: "nbann-pg-entry", title: name }, [mark, make("span", {}, [name])]);
    };
    if (plane.kind === "classes") key.replaceChildren(...plane.classes.map((name, i) => entry(i, name, colors.classes[i % colors.classes.length])));
    else if (plane.kind === "values") key.replaceChildren(entry(0, tick(plane.range[0]), colors.signed[0]), entry(0, tick(plane.range[1]), colors.signed[4]));
    else key.replaceChildren("points: data; line: what the net predicts");
    if (plane.held) key.append(make("span", { class: "nbann-pg-label" }, [`the other ${plane.held} columns at their mean`]));
  }

  follow("plane", () => {
    showKey();
    offer();
    paint();
  });
  follow("choices", offer);
  follow("show_test", paint);
  const sizes = new ResizeObserver(paint);
  sizes.observe(canvas);
  cleanups.push(() => sizes.disconnect());
  return {
    el,
    /** @param {DataView} newAnswers @param {string} newWords */
    show(newAnswers, newWords) {
      answers = newAnswers;
      words = newWords;
      paint();
    },
    /** @param {{values: Int8Array, words: string} | null} which */
    look(which) {
      if (!which && !looked) return;
      looked = which;
      paint();
    },
    rekey: showKey,
  };
}

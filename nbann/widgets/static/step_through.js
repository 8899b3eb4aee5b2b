// @ts-check
/**
 * The view of StepThrough: buttons, the op list, the equation with numbers, and pictures that Python sends.
 * It holds no state of the training; everything shown comes from the traits below or from frames.
 *
 * @typedef {object} Traits
 * @property {"op"|"layer"|"phase"|"batch"|"epoch"} unit
 * @property {number} speed                units a second
 * @property {string[]} units
 * @property {number[]} speeds
 * @property {"play"|"run"|""} mode
 * @property {{phase: string, layer: string, name: string, math: string}[]} ops   math: MathML from Python
 * @property {Here} here
 * @property {Equation} equation
 * @property {[string, number[]] | []} element
 * @property {Timeline} timeline
 * @property {Mark[]} marks
 * @property {{number: number, words: string}[]} branches
 * @property {string} rate                 the learning rate in force
 * @property {Row[]} why_rows              an explanation, as far as it is opened; empty while closed
 * @property {string} notice               what can not be done, in words
 * @property {{fraction?: number, words?: string}} progress
 * @property {string} words
 * @property {string} error
 *
 * @typedef {{epoch: number, batch: number, batches: number, op: number, ops: number, ran: boolean, loss: string}} Here
 * @typedef {{phase: string, layer: string, title: string, writes: string[], array: string,
 *   shape: number[], index: number[], axes: string[], symbols: string[], numbers: string[], text: string,
 *   exact?: string, note: string, fixed: string}} Equation
 * @typedef {{first: number, end: number, at: number, start: boolean, batches: number}} Timeline
 * @typedef {{step: number, words: string, kind: "act"|"fork"|"more", ahead: boolean}} Mark
 * @typedef {{kind: "head"|"formula"|"note"|"check"|"term"|"rest", level: number, label?: string, math?: any, value?: string,
 *   pad?: number, exact?: string, verdict?: string, text?: string, factors?: string, parts?: string, bar?: number,
 *   share?: string, opens?: boolean, open?: boolean, path?: string}} Row
 */

export const TRAITS = [
  "unit", "speed", "units", "speeds", "mode", "ops", "here", "equation", "element", "timeline", "marks",
  "branches", "rate", "why_rows", "notice", "progress", "words", "error",
];

const KEYS = {
  space: "Play or pause",
  "→": "Step",
  "←": "Back",
  "1 – 5": "Step and go back by op, layer, phase, batch, epoch",
  w: "Why? What the number shown is made of",
  "r": "Reset",
  "?": "Show or hide this list",
};

const UNIT_HELP = {
  op: "one operation",
  layer: "to the end of this layer's operations",
  phase: "to the end of this phase",
  batch: "to the end of this batch of samples",
  epoch: "to the end of this pass over all the data",
};

const ICONS = {
  reset: "M5 3v5h5M5.5 8a6 6 0 1 1-1.2 4.5",
  back: "M13 4l-7 5 7 5zM4 4v10",
  step: "M5 4l7 5-7 5zM14 4v10",
  play: "M5 3.5l9 5.5-9 5.5z",
  pause: "M6 4v10M12 4v10",
  run: "M3 4l6 5-6 5zM9 4l6 5-6 5z",
};

const PHASES = ["forward", "loss", "backward", "update"]; // those of backpropagation have colors by name
const MORE_PHASES = 6; // colors in the CSS for phases of other names

const MOST_EPOCHS = 60; // epoch ticks on the timeline; of more epochs, every second, fifth, tenth ...

const NARROW = 700; // pixels of width up to which everything stands in one column, as in the CSS

// ---- pure functions (tested with node --test) ---------------------------------------------------

/** What a key does while the widget has focus: a command, a unit, "help", or null.
 * @param {string} key @param {string[]} units @returns {{command?: string, unit?: string} | null} */
export function keyAction(key, units) {
  if (key === " ") return { command: "toggle" };
  if (key === "ArrowRight") return { command: "step" };
  if (key === "ArrowLeft") return { command: "back" };
  if (key === "w" || key === "W") return { command: "why" };
  if (key === "r" || key === "R") return { command: "reset" };
  if (key === "?") return { command: "help" };
  const unit = units[Number(key) - 1];
  return unit && /^[1-9]$/.test(key) ? { unit } : null;
}

/** Whether a key belongs to the element it was typed into (a number field, a list, a slider).
 * @param {string} tag @param {string} key */
export function ownsKey(tag, key) {
  if (tag === "INPUT" || tag === "SELECT" || tag === "TEXTAREA") return true;
  return tag === "BUTTON" && (key === " " || key === "Enter");
}

/** Where the run stands, in one line. @param {Here} here */
export function statusLine(here) {
  const verb = here.ran ? "" : "next: ";
  const loss = here.loss ? ` · loss ${here.loss}` : "";
  return `epoch ${here.epoch} · batch ${here.batch} of ${here.batches} · ${verb}op ${here.op} of ${here.ops}${loss}`;
}

/** The phases of a program, in order. @param {{phase: string}[]} ops @returns {string[]} */
export function phasesOf(ops) {
  return [...new Set(ops.map((op) => op.phase))];
}

/** The CSS class that gives a phase its color: by name, or by its place among those of other names.
 * @param {string} phase @param {{phase: string}[]} ops */
export function phaseClass(phase, ops) {
  if (PHASES.includes(phase)) return `nbann-${phase}`;
  const others = phasesOf(ops).filter((other) => !PHASES.includes(other));
  return `nbann-phase${(Math.max(0, others.indexOf(phase)) % MORE_PHASES) + 1}`;
}

/** Stretches of ops of one phase and layer, for headings in the list.
 * @param {Traits["ops"]} ops @returns {{phase: string, layer: string, from: number, to: number}[]} */
export function groups(ops) {
  const found = [];
  ops.forEach((op, i) => {
    const last = found[found.length - 1];
    if (last && last.phase === op.phase && last.layer === op.layer) last.to = i;
    else found.push({ phase: op.phase, layer: op.layer, from: i, to: i });
  });
  return found;
}

/** "0.5 ops/s" @param {number} speed @param {string} unit */
export function speedLabel(speed, unit) {
  const plural = { batch: "batches" }[unit] ?? `${unit}s`;
  return `${speed} ${speed === 1 ? unit : plural}/s`;
}

/** A number put into the range of an index. @param {string} text @param {number} size */
export function clampIndex(text, size) {
  const value = Math.trunc(Number(text));
  return Number.isFinite(value) ? Math.min(Math.max(value, 0), size - 1) : 0;
}

/** A place on the timeline in words: the number of batches begun, as the batch that has run there.
 * @param {number} step @param {Timeline} timeline */
export function placeWords(step, { first, batches }) {
  if (step <= first) return "start";
  const done = step - 1;
  return `epoch ${Math.floor(done / batches) + 1}, batch ${(done % batches) + 1}`;
}

/** How far a place lies along the timeline, from 0 to 1. @param {number} step @param {Timeline} timeline */
export function along(step, { first, end }) {
  return end > first ? Math.min(Math.max((step - first) / (end - first), 0), 1) : 0;
}

/** Ends of epochs that get a tick: all, or so many that they can still be told apart.
 * @param {Timeline} timeline @param {number} [most] */
export function epochTicks({ first, end, batches }, most = MOST_EPOCHS) {
  const from = Math.floor(first / batches) + 1;
  const to = Math.ceil(end / batches) - 1;
  let every = 1;
  for (let i = 0; (to - from + 1) / every > most; i++) every = [2, 5, 10][i % 3] * 10 ** Math.floor(i / 3);
  const ticks = [];
  for (let epoch = Math.ceil(from / every) * every; epoch <= to; epoch += every) ticks.push(epoch * batches);
  return ticks;
}

/** Whether a mark lies ahead of where the trainer stands. @param {Mark} mark @param {Timeline} timeline */
export function isAhead(mark, timeline) {
  return mark.kind === "act" ? mark.ahead : mark.step > timeline.at;
}

/** Sends the newest of many wishes: one at a time, the next once the last is met.
 * @template T @param {(value: T, id: number) => void} send */
export function newestOnly(send) {
  let id = 0;
  /** @type {{value: T} | null} */ let waiting = null;
  let busy = false;
  /** @param {T} value */
  const go = (value) => {
    busy = true;
    send(value, ++id);
  };
  return {
    /** @param {T} value */
    wish(value) {
      if (busy) waiting = { value };
      else go(value);
    },
    /** A wish has been met; returns whether nothing is left to do. @param {number} met */
    met(met) {
      if (met !== id) return !busy;
      busy = false;
      if (waiting) {
        const { value } = waiting;
        waiting = null;
        go(value);
      }
      return !busy;
    },
  };
}

/** A number as a field shows it: 4 significant digits. @param {string | undefined} exact */
export function shortNumber(exact) {
  const value = Number(exact);
  return exact && Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "";
}

/** What a traceback says in the end. @param {string} traceback */
export function lastLine(traceback) {
  return traceback.trimEnd().split("\n").pop() ?? "";
}

// ---- small helpers ------------------------------------------------------------------------------

/** @param {string} tag @param {Record<string, any>} [props] @param {(Node|string)[]} [children] */
function make(tag, props = {}, children = []) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key === "class") node.className = value;
    else if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** @param {string} path */
function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** Typeset pieces: MathML that Python made (names in it are escaped there).
 * @param {HTMLElement} into @param {string[]} pieces */
function typeset(into, pieces) {
  into.replaceChildren(
    ...pieces.map((piece) => {
      const span = make("span", { class: "nbann-piece" });
      span.innerHTML = piece;
      return span;
    }),
  );
}

/** Disable a control; one that has the focus hands it on, so that keys still reach the widget.
 * @param {any} control @param {boolean} off @param {HTMLElement} root */
function disable(control, off, root) {
  if (off && control === document.activeElement) root.focus({ preventScroll: true });
  control.disabled = off;
}

/** Shows the newest frame only, on the next animation frame. @param {HTMLCanvasElement} canvas @param {() => void} drawn */
function painter(canvas, drawn) {
  /** @type {Blob | null} */ let newest = null;
  let busy = false;
  let closed = false;
  async function draw() {
    busy = true;
    try {
      while (newest && !closed) {
        const blob = newest;
        newest = null;
        const bitmap = await createImageBitmap(blob);
        if (!closed) {
          if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
            canvas.width = bitmap.width;
            canvas.height = bitmap.height;
          }
          canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
          drawn();
        }
        bitmap.close();
      }
    } finally {
      busy = false; // a picture that can not be read must not stop those after it
    }
  }
  return {
    /** @param {Blob} blob */
    show(blob) {
      newest = blob;
      if (!busy) requestAnimationFrame(draw);
      busy = true;
    },
    close() {
      closed = true;
    },
  };
}

// ---- parts of the view --------------------------------------------------------------------------

/**
 * @typedef {{get: <K extends keyof Traits>(name: K) => Traits[K], say: (type: string, more?: object) => void,
 *   listen: (target: EventTarget, event: string, fn: (e: any) => void) => void,
 *   follow: (name: keyof Traits, fn: () => void) => void}} Context   what the parts are given
 */

/** The timeline: a range over the batches of the run, with ticks for epochs and marks for what was done.
 * @param {Context} context */
function timelineView({ get, say, listen, follow }) {
  const range = make("input", { type: "range", step: "1", class: "nbann-scrub", "aria-label": "Timeline", title: "Drag to go to any batch of the run" });
  const past = make("i", { class: "nbann-past" });
  const epochs = make("div", { class: "nbann-epoch-ticks", "aria-hidden": "true" });
  const marks = make("ol", { class: "nbann-marks", "aria-label": "What was done to the run" });
  const el = make("div", { class: "nbann-timeline" }, [
    make("div", { class: "nbann-rail" }, [past, epochs]), range, make("div", { class: "nbann-lane" }, [marks]),
  ]);
  const wishes = newestOnly((/** @type {number} */ step, id) => say("goto", { step, id }));
  let held = false; // a person has the handle: it stays where it is put

  const speak = () => range.setAttribute("aria-valuetext", placeWords(Number(range.value), get("timeline")));
  const place = () => {
    const timeline = get("timeline");
    range.min = String(timeline.first);
    range.max = String(Math.max(timeline.end, timeline.first + 1)); // a range of nothing has no handle
    range.disabled = timeline.end <= timeline.first;
    if (!held) range.value = String(timeline.at);
    speak();
    past.hidden = timeline.at <= timeline.first;
    past.style.width = `${100 * along(timeline.at, timeline)}%`;
    const key = JSON.stringify([timeline.first, timeline.end, timeline.batches]);
    if (epochs.dataset.key !== key) {
      epochs.dataset.key = key;
      epochs.replaceChildren(...epochTicks(timeline).map((step) => {
        const tick = make("i");
        tick.style.left = `${100 * along(step, timeline)}%`;
        return tick;
      }));
    }
    [...marks.children].forEach((item, i) => {
      const mark = get("marks")[i];
      if (!mark) return;
      item.style.left = `${100 * along(mark.step, timeline)}%`;
      item.classList.toggle("nbann-ahead", isAhead(mark, timeline));
    });
  };
  follow("marks", () => {
    /** @param {Mark} mark */
    const here = (mark) => get("marks").filter((other) => other.step === mark.step).map((other) => other.words);
    marks.replaceChildren(...get("marks").map((mark) =>
      make("li", { class: `nbann-mark nbann-mark-${mark.kind}`, title: here(mark).join("\n") }, [
        make("span", { class: "nbann-hidden" }, [mark.words + (mark.ahead ? " (ahead)" : "")]),
      ])));
    marks.hidden = !get("marks").length;
    place();
  });
  follow("timeline", place);
  listen(range, "input", () => {
    held = true;
    speak();
    wishes.wish(Number(range.value));
  });
  return {
    el,
    /** Python has been where it was sent. @param {number} id */
    went(id) {
      if (!wishes.met(id)) return;
      held = false;
      place();
    },
  };
}

/** The explanation below the equation: rows that open one level further in place.
 * @param {Context} context */
function whyView({ say, get, follow }) {
  const table = make("table", { class: "nbann-why-rows" });
  const el = make("section", { class: "nbann-why", "aria-label": "Why", hidden: true }, [table]);

  /** @param {Row} row */
  const name = (row) => {
    const text = make("span", { class: "nbann-why-name" });
    if (row.math && !Array.isArray(row.math)) typeset(text, [row.math]);
    if (row.label) text.prepend(row.math ? `${row.label}, part of ` : row.label);
    return text;
  };
  /** @param {Row} row @param {(Node|string)[]} children */
  const wide = (row, children) => [indented(make("td", { colSpan: 3, class: "nbann-why-wide" }, [make("div", {}, children)]), row)];
  /** @param {any} cell @param {Row} row */
  const indented = (cell, row) => {
    cell.style.paddingLeft = `${16 * row.level}px`;
    return cell;
  };
  /** @param {Row} row */
  const value = (row) => {
    const cell = make("td", { class: "nbann-why-value", title: row.exact ?? "" }, [row.value ?? ""]);
    cell.style.paddingRight = `calc(10px + ${row.pad ?? 0}ch)`; // points stand under one another
    return cell;
  };
  /** @param {Row} row */
  const bar = (row) => {
    const fill = make("i", { class: (row.bar ?? 0) < 0 ? "nbann-below" : "nbann-above" });
    fill.style.width = `${100 * Math.abs(row.bar ?? 0)}%`;
    return make("td", { class: "nbann-why-share" }, [
      make("span", { class: "nbann-why-bar", "aria-hidden": "true" }, [fill]), make("span", { class: "nbann-why-percent" }, [row.share ?? ""])]);
  };
  const cells = {
    /** @param {Row} row */
    head: (row) => [indented(make("th", { scope: "row" }, [name(row)]), row), value(row), make("td")],
    /** @param {Row} row */
    check: (row) => {
      const verdict = row.verdict ? [" ", make("b", { class: `nbann-${row.verdict}` }, [row.verdict])] : [];
      return wide(row, [row.text ?? "", ...verdict]);
    },
    /** @param {Row} row */
    formula: (row) => {
      const math = make("span");
      typeset(math, row.math);
      return wide(row, [math]);
    },
    /** @param {Row} row */
    note: (row) => wide(row, [row.text ?? ""]),
    /** @param {Row} row */
    rest: (row) => [indented(make("td", {}, [row.label ?? ""]), row), value(row), make("td")],
    /** @param {Row} row */
    term: (row) => {
      const label = row.opens
        ? make("button", { type: "button", class: "nbann-why-open", "aria-expanded": String(row.open), title: "What this is made of" }, [name(row)])
        : make("span", { class: "nbann-why-shut" }, [name(row)]);
      if (row.opens) {
        label.dataset.path = row.path;
        label.onclick = () => say("unfold", { path: row.path });
      }
      const factors = make("span", { class: "nbann-why-factors" });
      if (row.parts) factors.textContent = row.parts;
      else if (row.factors) typeset(factors, [row.factors]);
      const both = make("div", { class: "nbann-why-both" }, [label, factors]);
      return [indented(make("td", { class: "nbann-why-what" }, [both]), row), value(row), bar(row)];
    },
  };
  follow("why_rows", () => {
    const rows = get("why_rows");
    const focused = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.path;
    const inside = table.contains(document.activeElement);
    el.hidden = !rows.length;
    table.replaceChildren(...rows.map((row) => make("tr", { class: `nbann-why-${row.kind}` }, cells[row.kind](row))));
    if (!inside) return;
    const again = focused && table.querySelector(`[data-path="${CSS.escape(focused)}"]`);
    (again || el.closest(".nbann-step-through"))?.focus({ preventScroll: true });
  });
  return el;
}

/** A field that shows a number and takes another: what is being typed is not overwritten, Escape takes it back.
 * @param {any} field @param {() => string} shown @param {(text: string) => void} send */
function typed(field, shown, send) {
  let typing = false;
  const refresh = () => {
    if (!typing && field.value !== shown()) field.value = shown();
  };
  field.oninput = () => (typing = true);
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    typing = false;
    refresh();
  });
  return {
    refresh,
    send() {
      typing = false;
      if (field.value !== shown()) send(field.value);
    },
  };
}

// ---- the view -----------------------------------------------------------------------------------

/** @param {{model: any, el: HTMLElement}} context */
function render({ model, el }) {
  /** @type {<K extends keyof Traits>(name: K) => Traits[K]} */
  const get = (name) => model.get(name);
  /** @type {(() => void)[]} */
  const cleanups = [];
  /** @param {string} type @param {object} [more] */
  const say = (type, more = {}) => model.send({ type, ...more });
  /** @param {EventTarget} target @param {string} event @param {(e: any) => void} fn */
  const listen = (target, event, fn) => {
    target.addEventListener(event, fn);
    cleanups.push(() => target.removeEventListener(event, fn));
  };
  /** @param {keyof Traits} name @param {() => void} fn */
  const follow = (name, fn) => {
    model.on(`change:${name}`, fn);
    cleanups.push(() => model.off(`change:${name}`, fn));
    fn();
  };
  /** @param {keyof Traits} name @param {any} value */
  const put = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };

  // ---- transport
  /** @param {string} label @param {string} path @param {string} title @param {string} [extra] */
  const button = (label, path, title, extra = "") =>
    make("button", { type: "button", class: `nbann-button ${extra}`, title }, [icon(path), make("span", {}, [label])]);
  /** @param {string} label @param {string} path @param {string} title */
  const iconButton = (label, path, title) =>
    make("button", { type: "button", class: "nbann-button nbann-icon", title, "aria-label": label }, [icon(path)]);
  const resetButton = iconButton("Reset", ICONS.reset, "Reset: to the very same start (r)");
  const backButton = iconButton("Back", ICONS.back, "Go back by one of the unit chosen (←)");
  const stepButton = button("Step", ICONS.step, "Go on by one of the unit chosen (→)", "nbann-primary");
  const playButton = button("Play", ICONS.play, "Go on by itself, at the speed chosen (space)", "nbann-play");
  const unitGroup = make("div", { class: "nbann-units", role: "radiogroup", "aria-label": "Step by" });
  const speed = make("input", { type: "range", min: "0", step: "1", class: "nbann-speed", "aria-label": "Speed of Play" });
  const speedText = make("output", { class: "nbann-speed-text" });
  const epochs = make("input", { type: "number", min: "1", value: "100", class: "nbann-epochs", "aria-label": "Epochs to run" });
  const runButton = button("Run", ICONS.run, "Train this many epochs at full speed");
  const rate = make("input", { type: "text", inputMode: "decimal", class: "nbann-rate", "aria-label": "Learning rate", title: "Learning rate: how far each update goes; Enter sets it" });
  const helpButton = make("button", { type: "button", class: "nbann-button nbann-help-button", title: "Keys (?)", "aria-label": "Keys", "aria-expanded": "false" }, ["?"]);
  const transport = make("div", { class: "nbann-transport", role: "toolbar", "aria-label": "Training" }, [
    resetButton, backButton, stepButton, playButton, unitGroup,
    make("label", { class: "nbann-pace" }, ["speed", speed, speedText]),
    make("label", { class: "nbann-pace" }, ["rate", rate]),
    make("span", { class: "nbann-run" }, [runButton, epochs, "epochs"]),
    helpButton,
  ]);
  const help = make("dl", { class: "nbann-help", hidden: true },
    Object.entries(KEYS).flatMap(([key, what]) => [make("dt", {}, [make("kbd", {}, [key])]), make("dd", {}, [what])]));

  // ---- where it stands
  const band = make("div", { class: "nbann-band", "aria-hidden": "true" });
  const status = make("div", { class: "nbann-status" });
  const bar = make("progress", { class: "nbann-progress", max: 1, value: 0, "aria-label": "Progress of the run" });
  const barText = make("span", { class: "nbann-progress-text" });
  const branches = make("select", { class: "nbann-branches", "aria-label": "Branches", title: "Return to a line of events that was left", hidden: true });
  const where = make("div", { class: "nbann-where" }, [status, make("div", { class: "nbann-bar" }, [barText, bar]), branches]);
  const errorTitle = make("b");
  const errorText = make("pre", { tabIndex: 0 });
  const error = make("div", { class: "nbann-error", role: "alert", hidden: true }, [
    errorTitle, make("details", {}, [make("summary", {}, ["Where it happened"]), errorText]),
  ]);
  const live = make("div", { class: "nbann-live", "aria-live": "polite" });

  // ---- the op, its equation, the list
  const title = make("span");
  const whyButton = make("button", { type: "button", class: "nbann-button nbann-why-button", title: "What the number below is made of (w)", "aria-expanded": "false" }, ["why?"]);
  const heading = make("div", { class: "nbann-op-title" }, [title, whyButton]);
  const symbols = make("div", { class: "nbann-symbols" });
  const numbers = make("div", { class: "nbann-numbers" });
  const picker = make("div", { class: "nbann-picker" });
  const setField = make("input", { type: "text", inputMode: "decimal", "aria-label": "Set to" });
  const setButton = make("button", { type: "button", class: "nbann-button" }, ["set"]);
  const setter = make("label", { class: "nbann-setter" }, ["set to", setField, setButton]);
  const notice = make("div", { class: "nbann-notice", role: "alert", hidden: true });
  const list = make("ol", { class: "nbann-ops", "aria-label": "Operations of a training step", tabIndex: 0 });

  const context = { get, say, listen, follow };
  const timeline = timelineView(context);
  const why = whyView(context);
  const equation = make("section", { class: "nbann-equation", "aria-label": "Current operation" }, [heading, symbols, picker, setter, numbers, notice, why]);
  const side = make("div", { class: "nbann-side" }, [equation, list]);

  /** @param {string} slot */
  const picture = (slot) => {
    const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { class: "nbann-picture", role: "img" }));
    canvas.dataset.slot = slot;
    return canvas;
  };
  /** @type {Record<string, HTMLCanvasElement>} */
  const canvases = { network: picture("network"), panels: picture("panels") };

  const root = make("div", { class: "nbann-step-through", tabIndex: 0, role: "group", "aria-label": "Step through training" }, [
    transport, help, error, timeline.el, band, where,
    make("div", { class: "nbann-main" }, [
      make("div", { class: "nbann-network" }, [canvases.network]),
      side,
    ]),
    canvases.panels, live,
  ]);
  el.append(root);

  // ---- acting
  const act = {
    step: () => say("step"),
    back: () => get("timeline").start || say("back"),
    why: () => say(get("why_rows").length ? "close_why" : "why"),
    reset: () => say("reset"),
    toggle: () => say(get("mode") ? "pause" : "play"),
    run: () => say("run", { epochs: Math.max(1, Math.trunc(Number(epochs.value)) || 1) }),
    help: () => {
      help.hidden = !help.hidden;
      helpButton.setAttribute("aria-expanded", String(!help.hidden));
    },
  };
  listen(resetButton, "click", act.reset);
  listen(backButton, "click", act.back);
  listen(stepButton, "click", act.step);
  listen(whyButton, "click", act.why);
  listen(playButton, "click", act.toggle);
  listen(runButton, "click", act.run);
  listen(helpButton, "click", act.help);
  listen(epochs, "keydown", (event) => event.key === "Enter" && act.run());
  const rateText = typed(rate, () => get("rate"), (value) => say("rate", { value }));
  listen(rate, "change", rateText.send);
  const setText = typed(setField, () => shortNumber(get("equation").exact), (value) =>
    say("set", { name: get("equation").array, index: get("equation").index, value }));
  listen(setField, "keydown", (event) => event.key === "Enter" && setText.send());
  listen(setButton, "click", setText.send);
  listen(branches, "change", () => {
    say("switch", { number: Number(branches.value) });
    branches.value = "";
  });
  listen(speed, "input", () => put("speed", get("speeds")[Number(speed.value)]));
  listen(root, "keydown", (event) => {
    // JupyterLab's own shortcuts must not act on keys that are meant for the widget
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey || ownsKey(event.target.tagName, event.key)) return;
    const action = keyAction(event.key, get("units"));
    if (!action) return;
    event.preventDefault();
    if (action.unit) put("unit", action.unit);
    else if (action.command) act[action.command]();
  });

  // ---- following the traits
  const group = `nbann-unit-${Math.random().toString(36).slice(2)}`;  // radios of one view belong together
  const unitInputs = get("units").map((unit, i) => {
    const input = /** @type {HTMLInputElement} */ (make("input", { type: "radio", name: group, value: unit }));
    listen(input, "change", () => put("unit", unit));
    const which = unit === "phase" ? `: ${phasesOf(get("ops")).join(", ")}` : "";
    const title = `Step by ${unit}: ${UNIT_HELP[unit] ?? unit}${which} (${i + 1})`;
    unitGroup.append(make("label", { title }, [input, make("span", {}, [unit])]));
    return input;
  });
  follow("unit", () => unitInputs.forEach((input) => (input.checked = input.value === get("unit"))));
  const pace = () => {
    const speeds = get("speeds");
    speed.max = String(speeds.length - 1);
    speed.value = String(Math.max(0, speeds.indexOf(get("speed"))));
    speedText.textContent = speedLabel(get("speed"), get("unit"));
    speed.setAttribute("aria-valuetext", speedText.textContent);
  };
  follow("speed", pace);
  follow("unit", pace);
  follow("mode", () => {
    const playing = get("mode") !== "";
    playButton.replaceChildren(icon(playing ? ICONS.pause : ICONS.play), make("span", {}, [playing ? "Pause" : "Play"]));
    playButton.setAttribute("aria-pressed", String(playing));
    disable(stepButton, playing, root);
    disable(runButton, playing, root);
    root.classList.toggle("nbann-playing", playing);
  });
  follow("timeline", () => disable(backButton, get("timeline").start, root));
  follow("branches", () => {
    const there = get("branches");
    branches.hidden = !there.length;
    const count = there.length === 1 ? "1 branch" : `${there.length} branches`;
    branches.replaceChildren(
      make("option", { value: "" }, [count]),
      ...there.map(({ number, words }) => make("option", { value: String(number) }, [words])),
    );
  });
  follow("rate", rateText.refresh);
  follow("why_rows", () => {
    const open = get("why_rows").length > 0;
    side.classList.toggle("nbann-explaining", open);
    whyButton.textContent = open ? "close" : "why?";
    whyButton.setAttribute("aria-expanded", String(open));
  });
  follow("notice", () => {
    notice.hidden = !get("notice");
    notice.textContent = get("notice");
    rateText.refresh();
  });
  follow("progress", () => {
    const { fraction, words } = get("progress");
    bar.value = fraction ?? 0;
    bar.classList.toggle("nbann-idle", fraction === undefined);
    barText.textContent = words ?? "";
  });
  follow("error", () => {
    error.hidden = !get("error");
    errorTitle.textContent = lastLine(get("error"));
    errorText.textContent = get("error");
  });
  follow("words", () => (live.textContent = get("words")));

  /** @type {HTMLElement[]} */ let rows = [];
  /** @type {HTMLElement[]} */ let ticks = [];
  follow("ops", () => {
    const ops = get("ops");
    rows = ops.map((op) => {
      const math = make("span", { class: "nbann-op-math" });
      typeset(math, [op.math]);
      return make("li", { class: "nbann-op" }, [make("span", { class: "nbann-op-name" }, [op.name]), math]);
    });
    list.replaceChildren(
      ...groups(ops).map((group) =>
        make("li", { class: `nbann-group ${phaseClass(group.phase, ops)}` }, [
          make("div", { class: "nbann-group-title" }, [make("b", {}, [group.phase]), ` ${group.layer}`]),
          make("ol", {}, rows.slice(group.from, group.to + 1)),
        ]),
      ),
    );
    ticks = ops.map((op) => make("i", { class: phaseClass(op.phase, ops) }));
    band.replaceChildren(...ticks);
  });
  follow("here", () => {
    const here = get("here");
    status.textContent = statusLine(here);
    rows.forEach((row, i) => {
      const current = i === here.op - 1;
      row.classList.toggle("nbann-current", current);
      row.classList.toggle("nbann-next", current && !here.ran);
      if (current) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
      ticks[i].classList.toggle("nbann-done", i < here.op - 1 || (current && here.ran));
      ticks[i].classList.toggle("nbann-current", current);
    });
    const row = rows[here.op - 1];
    if (row) {
      // scroll the list alone: scrollIntoView would move the whole notebook
      const top = row.getBoundingClientRect().top - list.getBoundingClientRect().top;
      if (top < 24 || top > list.clientHeight - 48) list.scrollTop += top - list.clientHeight / 2;
    }
  });
  follow("equation", () => {
    const view = get("equation");
    equation.className = `nbann-equation ${phaseClass(view.phase, get("ops"))}`;
    title.replaceChildren(make("b", {}, [view.phase]), ` ${view.layer} · ${view.title}`);
    typeset(symbols, view.symbols);
    if (view.note) numbers.textContent = view.note;
    else typeset(numbers, view.numbers);
    numbers.title = view.exact ? `${view.array}[${view.index.join(", ")}] = ${view.exact}` : "";
    showPicker(view);
    disable(setButton, Boolean(view.fixed), root);
    disable(setField, Boolean(view.fixed), root);
    setter.title = view.fixed || `Set ${view.array}[${view.index.join(", ")}]; what follows from it is computed again`;
    setText.refresh();
  });

  /** The fields that choose an element; rebuilt only when the array is another one, so that focus stays.
   * @param {Equation} view */
  function showPicker(view) {
    const key = JSON.stringify([view.writes, view.array, view.shape, view.axes]);
    if (picker.dataset.key !== key) {
      picker.dataset.key = key;
      const choice = make("select", { "aria-label": "Element of which array", title: "Which array the element shown is of" }, view.writes.map((w) => make("option", { value: w }, [w])));
      choice.onchange = () => put("element", [choice.value, get("equation").index]);
      const fields = view.shape.map((size, axis) => {
        const input = make("input", { type: "number", min: "0", max: String(size - 1), "aria-label": `${view.axes[axis]} shown` });
        input.onchange = () => {
          const index = [...get("equation").index];
          index[axis] = clampIndex(input.value, size);
          input.value = String(index[axis]);
          put("element", [get("equation").array, index]);
        };
        return make("label", {}, [view.axes[axis] ?? "", input]);
      });
      picker.replaceChildren(choice, ...fields);
    }
    const choice = /** @type {HTMLSelectElement} */ (picker.querySelector("select"));
    choice.value = view.array;
    picker.querySelectorAll("input").forEach((input, axis) => {
      if (input !== document.activeElement) input.value = String(view.index[axis]);
    });
  }

  // ---- pictures
  /** @type {Record<string, ReturnType<typeof painter>>} */
  const painters = {};
  /** @type {Record<string, number>} */
  const received = {};
  for (const [slot, canvas] of Object.entries(canvases)) {
    let acknowledged = 0;
    painters[slot] = painter(canvas, () => {
      // every second frame: each message delays the next by the server's Nagle timer
      if (received[slot] > acknowledged && received[slot] - acknowledged < 2) return;
      acknowledged = received[slot];
      say("drawn", { slot, id: acknowledged });
    });
    cleanups.push(painters[slot].close);
  }
  /** @param {any} message @param {DataView[]} buffers */
  const onMessage = (message, buffers) => {
    if (message?.type === "went") timeline.went(message.id);
    if (message?.type !== "frame" || !canvases[message.slot]) return;
    received[message.slot] = message.id;
    canvases[message.slot].setAttribute("aria-label", message.words);
    painters[message.slot].show(new Blob([buffers[0]], { type: "image/jpeg" }));
  };
  model.on("msg:custom", onMessage);
  cleanups.push(() => model.off("msg:custom", onMessage));

  // what the pictures should look like here; told to Python when it changes
  let narrow = false; // as it was last seen: JupyterLab hides everything while it changes the theme
  const look = () => {
    if (root.clientWidth > 0) narrow = root.clientWidth <= NARROW;
    return { dark: document.body.dataset.jpThemeLight === "false", narrow, density: window.devicePixelRatio || 1 };
  };
  let told = JSON.stringify(look());
  const tellLook = () => {
    const now = JSON.stringify(look());
    if (now === told) return;
    told = now;
    say("look", look());
  };
  const themes = new MutationObserver(tellLook);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const sizes = new ResizeObserver(tellLook);
  sizes.observe(root);
  cleanups.push(() => themes.disconnect(), () => sizes.disconnect());
  say("ready", look());

  return () => {
    cleanups.forEach((cleanup) => cleanup());
    say("gone");
  };
}

export default { render };

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
 * @property {{fraction?: number, words?: string}} progress
 * @property {string} words
 * @property {string} error
 *
 * @typedef {{epoch: number, batch: number, batches: number, op: number, ops: number, ran: boolean, loss: string}} Here
 * @typedef {{phase: string, layer: string, title: string, writes: string[], array: string,
 *   shape: number[], index: number[], axes: string[], symbols: string[], numbers: string[], text: string,
 *   exact?: string, note: string}} Equation
 */

export const TRAITS = [
  "unit", "speed", "units", "speeds", "mode", "ops", "here", "equation", "element", "progress", "words", "error",
];

const KEYS = {
  space: "Play or pause",
  "→": "Step",
  "1 – 5": "Step by op, layer, phase, batch, epoch",
  "r": "Reset",
  "?": "Show or hide this list",
};

const UNIT_HELP = {
  op: "one operation",
  layer: "to the end of this layer's operations",
  phase: "to the end of this phase: forward, loss, backward or update",
  batch: "to the end of this batch of samples",
  epoch: "to the end of this pass over all the data",
};

const ICONS = {
  reset: "M5 3v5h5M5.5 8a6 6 0 1 1-1.2 4.5",
  step: "M5 4l7 5-7 5zM14 4v10",
  play: "M5 3.5l9 5.5-9 5.5z",
  pause: "M6 4v10M12 4v10",
  run: "M3 4l6 5-6 5zM9 4l6 5-6 5z",
};

const NARROW = 700; // pixels of width up to which everything stands in one column, as in the CSS

// ---- pure functions (tested with node --test) ---------------------------------------------------

/** What a key does while the widget has focus: a command, a unit, "help", or null.
 * @param {string} key @param {string[]} units @returns {{command?: string, unit?: string} | null} */
export function keyAction(key, units) {
  if (key === " ") return { command: "toggle" };
  if (key === "ArrowRight") return { command: "step" };
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
  const resetButton = button("Reset", ICONS.reset, "Back to the very same start (r)");
  const stepButton = button("Step", ICONS.step, "Go on by one of the unit chosen (→)", "nbann-primary");
  const playButton = button("Play", ICONS.play, "Go on by itself, at the speed chosen (space)", "nbann-play");
  const unitGroup = make("div", { class: "nbann-units", role: "radiogroup", "aria-label": "Step by" });
  const speed = make("input", { type: "range", min: "0", step: "1", class: "nbann-speed", "aria-label": "Speed of Play" });
  const speedText = make("output", { class: "nbann-speed-text" });
  const epochs = make("input", { type: "number", min: "1", value: "100", class: "nbann-epochs", "aria-label": "Epochs to run" });
  const runButton = button("Run", ICONS.run, "Train this many epochs at full speed");
  const helpButton = make("button", { type: "button", class: "nbann-button nbann-help-button", title: "Keys (?)", "aria-label": "Keys", "aria-expanded": "false" }, ["?"]);
  const transport = make("div", { class: "nbann-transport", role: "toolbar", "aria-label": "Training" }, [
    resetButton, stepButton, playButton, unitGroup,
    make("label", { class: "nbann-pace" }, ["speed", speed, speedText]),
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
  const where = make("div", { class: "nbann-where" }, [status, make("div", { class: "nbann-bar" }, [bar, barText])]);
  const errorTitle = make("b");
  const errorText = make("pre", { tabIndex: 0 });
  const error = make("div", { class: "nbann-error", role: "alert", hidden: true }, [
    errorTitle, make("details", {}, [make("summary", {}, ["Where it happened"]), errorText]),
  ]);
  const live = make("div", { class: "nbann-live", "aria-live": "polite" });

  // ---- the op, its equation, the list
  const heading = make("div", { class: "nbann-op-title" });
  const symbols = make("div", { class: "nbann-symbols" });
  const numbers = make("div", { class: "nbann-numbers" });
  const picker = make("div", { class: "nbann-picker" });
  const equation = make("section", { class: "nbann-equation", "aria-label": "Current operation" }, [heading, symbols, picker, numbers]);
  const list = make("ol", { class: "nbann-ops", "aria-label": "Operations of a training step", tabIndex: 0 });

  /** @param {string} slot */
  const picture = (slot) => {
    const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { class: "nbann-picture", role: "img" }));
    canvas.dataset.slot = slot;
    return canvas;
  };
  /** @type {Record<string, HTMLCanvasElement>} */
  const canvases = { network: picture("network"), panels: picture("panels") };

  const root = make("div", { class: "nbann-step-through", tabIndex: 0, role: "group", "aria-label": "Step through training" }, [
    transport, help, error, band, where,
    make("div", { class: "nbann-main" }, [
      make("div", { class: "nbann-network" }, [canvases.network]),
      make("div", { class: "nbann-side" }, [equation, list]),
    ]),
    canvases.panels, live,
  ]);
  el.append(root);

  // ---- acting
  const act = {
    step: () => say("step"),
    reset: () => say("reset"),
    toggle: () => say(get("mode") ? "pause" : "play"),
    run: () => say("run", { epochs: Math.max(1, Math.trunc(Number(epochs.value)) || 1) }),
    help: () => {
      help.hidden = !help.hidden;
      helpButton.setAttribute("aria-expanded", String(!help.hidden));
    },
  };
  listen(resetButton, "click", act.reset);
  listen(stepButton, "click", act.step);
  listen(playButton, "click", act.toggle);
  listen(runButton, "click", act.run);
  listen(helpButton, "click", act.help);
  listen(epochs, "keydown", (event) => event.key === "Enter" && act.run());
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
    const title = `Step by ${unit}: ${UNIT_HELP[unit] ?? unit} (${i + 1})`;
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
    stepButton.disabled = playing;
    runButton.disabled = playing;
    root.classList.toggle("nbann-playing", playing);
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
        make("li", { class: `nbann-group nbann-${group.phase}` }, [
          make("div", { class: "nbann-group-title" }, [make("b", {}, [group.phase]), ` ${group.layer}`]),
          make("ol", {}, rows.slice(group.from, group.to + 1)),
        ]),
      ),
    );
    ticks = ops.map((op) => make("i", { class: `nbann-${op.phase}` }));
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
    equation.className = `nbann-equation nbann-${view.phase}`;
    heading.replaceChildren(make("b", {}, [view.phase]), ` ${view.layer} · ${view.title}`);
    typeset(symbols, view.symbols);
    if (view.note) numbers.textContent = view.note;
    else typeset(numbers, view.numbers);
    numbers.title = view.exact ? `${view.array}[${view.index.join(", ")}] = ${view.exact}` : "";
    showPicker(view);
  });

  /** The fields that choose an element; rebuilt only when the array is another one, so that focus stays.
   * @param {Equation} view */
  function showPicker(view) {
    const key = JSON.stringify([view.writes, view.array, view.shape, view.axes]);
    if (picker.dataset.key !== key) {
      picker.dataset.key = key;
      const choice = make("select", { "aria-label": "Array" }, view.writes.map((w) => make("option", { value: w }, [w])));
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
      picker.replaceChildren(make("label", {}, ["element of", choice]), ...fields);
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
    if (message?.type !== "frame" || !canvases[message.slot]) return;
    received[message.slot] = message.id;
    canvases[message.slot].setAttribute("aria-label", message.words);
    painters[message.slot].show(new Blob([buffers[0]], { type: "image/jpeg" }));
  };
  model.on("msg:custom", onMessage);
  cleanups.push(() => model.off("msg:custom", onMessage));

  // what the pictures should look like here; told to Python when it changes
  const look = () => ({
    dark: document.body.dataset.jpThemeLight === "false",
    narrow: root.clientWidth > 0 && root.clientWidth <= NARROW,
    density: window.devicePixelRatio || 1,
  });
  let told = JSON.stringify(look());
  const tellLook = () => {
    const now = JSON.stringify(look());
    if (now === told || root.clientWidth === 0) return;
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

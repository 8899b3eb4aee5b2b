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
 * @typedef {{phase: string, layer: string, title: string, writes: string[], array: string,
 *   shape: number[], index: number[], axes: string[], symbols: string[], numbers: string[], text: string,
 *   exact?: string, note: string, fixed: string}} Equation
 * @typedef {import("./parts/transport.js").Here} Here
 * @typedef {import("./parts/timeline.js").Timeline} Timeline
 * @typedef {import("./parts/timeline.js").Mark} Mark
 * @typedef {import("./parts/why.js").Row} Row
 */
import { clampIndex, disable, make, shortNumber, typed, typeset } from "./parts/dom.js";
import { pictureView } from "./parts/frames.js";
import { phaseClass, phasesOf } from "./parts/phases.js";
import { timelineView } from "./parts/timeline.js";
import { transportView } from "./parts/transport.js";
import { openView } from "./parts/view.js";
import { whyView } from "./parts/why.js";

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

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "step-through", "Step through training");
  const { get, put, say, hear, listen, follow, root, top, live } = context;

  // ---- transport, timeline, where it stands
  const transport = transportView(context, {
    keys: KEYS,
    units: (unit) => (unit === "phase" ? `: ${phasesOf(get("ops")).join(", ")}` : ""),
    atStart: () => get("timeline").start,
    more: { why: () => say(get("why_rows").length ? "close_why" : "why") },
  });
  const timeline = timelineView(context);
  hear("went", (message) => timeline.went(message.id));
  const band = make("div", { class: "nbann-band", "aria-hidden": "true" });
  const branches = make("select", { class: "nbann-branches", "aria-label": "Branches", title: "Return to a line of events that was left", hidden: true });
  transport.where.append(branches);

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

  const why = whyView(context);
  const equation = make("section", { class: "nbann-equation", "aria-label": "Current operation" }, [heading, symbols, picker, setter, numbers, notice, why]);
  const side = make("div", { class: "nbann-side" }, [equation, list]);
  root.append(
    transport.bar, transport.help, top, timeline.el, band, transport.where,
    make("div", { class: "nbann-main" }, [make("div", { class: "nbann-network" }, [pictureView(context, "network")]), side]),
    pictureView(context, "panels"), live,
  );

  // ---- acting
  listen(whyButton, "click", transport.act.why);
  const setText = typed(setField, () => shortNumber(get("equation").exact), (value) =>
    say("set", { name: get("equation").array, index: get("equation").index, value }));
  listen(setField, "keydown", (event) => event.key === "Enter" && setText.send());
  listen(setButton, "click", setText.send);
  listen(branches, "change", () => {
    say("switch", { number: Number(branches.value) });
    branches.value = "";
  });

  // ---- following the traits
  follow("timeline", () => disable(transport.backButton, get("timeline").start, root));
  follow("branches", () => {
    const there = get("branches");
    branches.hidden = !there.length;
    const count = there.length === 1 ? "1 branch" : `${there.length} branches`;
    branches.replaceChildren(
      make("option", { value: "" }, [count]),
      ...there.map(({ number, words }) => make("option", { value: String(number) }, [words])),
    );
  });
  follow("why_rows", () => {
    const open = get("why_rows").length > 0;
    side.classList.toggle("nbann-explaining", open);
    whyButton.textContent = open ? "close" : "why?";
    whyButton.setAttribute("aria-expanded", String(open));
  });
  follow("notice", () => {
    notice.hidden = !get("notice");
    notice.textContent = get("notice");
  });

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

  context.ready();
  return context.close;
}

export default { render };

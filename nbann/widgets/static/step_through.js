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
 * @property {OpRow[]} ops
 * @property {Here} here
 * @property {Equation} equation
 * @property {[string, number[]] | []} element
 * @property {Timeline} timeline
 * @property {import("./parts/timeline.js").Curve} curve
 * @property {Mark[]} marks
 * @property {{number: number, words: string}[]} branches
 * @property {string} rate                 the learning rate in force
 * @property {Row[]} why_rows              an explanation, as far as it is opened; empty while closed
 * @property {string} notice               what can not be done, in words
 * @property {{fraction?: number, words?: string}} progress
 * @property {string} locked                why nothing can be moved; empty where it can
 * @property {string[]} breakpoints         names of ops
 * @property {string} stop_when             a condition
 * @property {string} stopped               why it stopped last
 * @property {import("./parts/network_places.js").Layout} net
 * @property {number} sample               which row of the batch the net shows
 * @property {"weight"|"gradient"} edges   what its edges show
 * @property {number} most                 neurons shown of a layer
 * @property {[string, number[]] | []} selected  in the net
 * @property {import("./parts/inspector.js").Inspected} inspected  what is known of it
 * @property {string} words
 * @property {string} error
 *
 * @typedef {import("./parts/equation.js").Equation} Equation
 * @typedef {import("./parts/op_list.js").OpRow} OpRow
 * @typedef {import("./parts/transport.js").Here} Here
 * @typedef {import("./parts/timeline.js").Timeline} Timeline
 * @typedef {import("./parts/timeline.js").Mark} Mark
 * @typedef {import("./parts/why.js").Row} Row
 */
import { disable, make, typed } from "./parts/dom.js";
import { equationView } from "./parts/equation.js";
import { pictureView } from "./parts/frames.js";
import { dragging, inspectorView } from "./parts/inspector.js";
import { networkView } from "./parts/network.js";
import { opListView } from "./parts/op_list.js";
import { phasesOf } from "./parts/phases.js";
import { timelineView } from "./parts/timeline.js";
import { iconAndWord, transportView } from "./parts/transport.js";
import { openView } from "./parts/view.js";

export const TRAITS = [
  "unit", "speed", "units", "speeds", "mode", "ops", "here", "equation", "element", "timeline", "curve",
  "marks", "branches", "rate", "locked", "why_rows", "notice", "progress",
  "breakpoints", "stop_when", "stopped", "net", "sample", "edges", "most", "selected", "inspected", "words", "error",
];

const KEYS = {
  space: "Play or pause",
  "→": "Step",
  "←": "Back",
  "1 – 5": "Step and go back by op, layer, phase, batch, epoch",
  w: "Why? What the number shown is made of",
  f: "Forward to the next breakpoint",
  b: "Set a breakpoint after this operation, or take it away",
  r: "Reset",
  "?": "Show or hide this list",
};

const FORWARD = "M3 4l7 5-7 5zM13 4v10";

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "step-through", "Step through training");
  const { get, put, say, hear, listen, follow, root, top, live } = context;

  // ---- transport, timeline, where it stands
  const transport = transportView(context, {
    keys: KEYS,
    units: (unit) => (unit === "phase" ? `: ${phasesOf(get("ops")).join(", ")}` : ""),
    atStart: () => get("timeline").start,
    more: {
      why: () => say(get("why_rows").length ? "close_why" : "why"),
      forward: () => say("forward"),
      breakpoint: () => say("breakpoint", { op: get("ops")[get("here").op - 1].op }),
    },
  });
  const timeline = timelineView(context);
  hear("went", (message) => timeline.went(message.id));
  const branches = make("select", { class: "nbann-branches", "aria-label": "Branches", title: "Return to a line of events that was left", hidden: true });
  transport.where.append(branches);

  // ---- the op, its equation, the list with what the run stops at
  const ops = opListView(context);
  const equation = equationView(context, {
    ask: transport.act.why,
    hovered: (element) => network.light(element ? [[element.array, element.index]] : []),
  });
  const forward = iconAndWord("Forward", FORWARD, "Go on at full speed to the next breakpoint (f)");
  const condition = make("input", { type: "text", placeholder: "loss < 0.1", spellcheck: false, title: "A condition in words, such as loss < 0.1, nan, every 10, grad_norm(hidden) < 1e-6; Enter sets it" });
  const stopped = make("div", { class: "nbann-stopped" });
  const stops = make("div", { class: "nbann-stop-row" }, [forward, make("label", {}, ["or until", condition])]);

  // ---- the net, with what is selected of it
  const drags = dragging(context);
  const network = networkView(context, {
    onHover: (told) => equation.light(told ? told.same.map(([array, index]) => ({ array, index: index ?? [] })) : []),
    onSelect: (told) => put("selected", told ? told.element : []),
    onDrag: (told, value) => (value === null ? drags.drop() : drags.to(told.element[0], told.element[1] ?? [], value)),
    onPaint: () => inspector.show(),
  });
  const inspector = inspectorView(context, network, drags);

  const side = make("div", { class: "nbann-side" }, [equation.el, stops, ops.list]);
  transport.where.firstElementChild?.after(stopped);
  root.append(
    transport.bar, transport.help, top, timeline.el, ops.band, transport.where,
    make("div", { class: "nbann-main" }, [make("div", { class: "nbann-network" }, [network.el, inspector.el]), side]),
    pictureView(context, "panels"), live,
  );

  // ---- acting
  listen(forward, "click", transport.act.forward);
  const conditionText = typed(condition, () => get("stop_when"), (text) => say("stop_when", { text }));
  listen(condition, "change", conditionText.send);
  listen(branches, "change", () => {
    say("switch", { number: Number(branches.value) });
    branches.value = "";
  });

  // ---- following the traits
  follow("locked", () => disable(forward, Boolean(get("locked")), root));
  follow("stop_when", conditionText.refresh);
  follow("notice", conditionText.refresh);
  follow("stopped", () => {
    stopped.textContent = stopped.title = get("stopped");
  });
  follow("branches", () => {
    const there = get("branches");
    branches.hidden = !there.length;
    const count = there.length === 1 ? "1 branch" : `${there.length} branches`;
    branches.replaceChildren(
      make("option", { value: "" }, [count]),
      ...there.map((/** @type {{number: number, words: string}} */ { number, words }) => make("option", { value: String(number) }, [words])),
    );
  });
  follow("why_rows", () => side.classList.toggle("nbann-explaining", get("why_rows").length > 0));

  context.ready();
  return context.close;
}

export default { render };

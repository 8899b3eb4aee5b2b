// @ts-check
/**
 * The view of NetworkView: buttons, the net, and beside it what is selected, to ask why and to change.
 *
 * @typedef {object} Traits
 * @property {"op"|"layer"|"phase"|"batch"|"epoch"} unit
 * @property {number} speed                units a second
 * @property {string[]} units
 * @property {number[]} speeds
 * @property {"play"|"run"|""} mode
 * @property {import("./parts/transport.js").Here} here
 * @property {object} equation             of the current op
 * @property {[string, number[]] | []} element
 * @property {object} timeline
 * @property {import("./parts/timeline.js").Curve} curve
 * @property {object[]} marks
 * @property {object[]} branches
 * @property {string} rate                 the learning rate in force
 * @property {string} locked               why nothing can be moved; empty where it can
 * @property {import("./parts/why.js").Row[]} why_rows  an explanation, as far as it is opened
 * @property {string} notice               what can not be done, in words
 * @property {{fraction?: number, words?: string}} progress
 * @property {import("./parts/network_places.js").Layout} net
 * @property {number} sample               which row of the batch the neurons show
 * @property {"weight"|"gradient"} edges
 * @property {number} most                 neurons shown of a layer
 * @property {[string, number[]] | []} selected
 * @property {import("./parts/inspector.js").Inspected} inspected  what is known of it
 * @property {string} words
 * @property {string} error
 */
import { clampIndex, make } from "./parts/dom.js";
import { dragging, inspectorView } from "./parts/inspector.js";
import { networkView } from "./parts/network.js";
import { transportView } from "./parts/transport.js";
import { openView } from "./parts/view.js";
import { whyView } from "./parts/why.js";

export const TRAITS = [
  "unit", "speed", "units", "speeds", "mode", "here", "equation", "element", "timeline", "curve", "marks", "branches",
  "rate", "locked", "why_rows", "notice", "progress", "net", "sample", "edges", "most",
  "selected", "inspected", "words", "error",
];

const KEYS = {
  space: "Play or pause",
  "→": "Step; within the net: to the right",
  "←": "Back; within the net: to the left",
  "1 – 5": "Step and go back by op, layer, phase, batch, epoch",
  "r": "Reset",
  "?": "Show or hide this list",
};

/** How to read the picture, for as long as nothing is selected. */
function legend() {
  const scale = make("div", { class: "nbann-net-scale", "aria-hidden": "true" }, [
    make("span", {}, ["below 0"]), make("i"), make("span", {}, ["above 0"])]);
  const lines = [
    "A neuron is filled by its number for one sample; gray is not computed yet in this batch.",
    "An edge is a weight: the wider, the larger. The dot at a neuron is its bias.",
    "Dashes: what the last operation has read. Solid rings and bands: what it has written.",
    "A padlock is on what is frozen; a hatched neuron is silenced, a struck one drops out of this batch.",
    "By keys: Tab to the net, arrows to move within it, Enter to select, Escape to let go.",
  ];
  return make("div", { class: "nbann-net-legend" }, [scale, make("ul", {}, lines.map((line) => make("li", {}, [line])))]);
}

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "network-view", "Network");
  const { get, put, listen, follow, root, top, live } = context;
  const transport = transportView(context, { keys: KEYS, atStart: () => get("timeline").start });
  const drags = dragging(context);
  const network = networkView(context, {
    onSelect: (told) => put("selected", told ? told.element : []),
    onDrag: (told, value) => (value === null ? drags.drop() : drags.to(told.element[0], told.element[1] ?? [], value)),
    onPaint: (frame) => {
      sample.max = String(frame.rows - 1);
      inspector.show();
    },
  });
  const inspector = inspectorView(context, network, drags, { below: [whyView(context)], help: [legend()] });

  // ---- what the net shows
  const sample = make("input", { type: "number", min: "0", "aria-label": "Sample shown", title: "Which row of the batch the neurons show" });
  const edges = make("select", { "aria-label": "What edges show", title: "What edges and biases show" }, [
    make("option", { value: "weight" }, ["weights"]), make("option", { value: "gradient" }, ["gradients"])]);
  listen(sample, "change", () => {
    sample.value = String(clampIndex(sample.value, Number(sample.max) + 1));
    put("sample", Number(sample.value));
  });
  listen(edges, "change", () => put("edges", edges.value));
  follow("sample", () => (sample.value = String(get("sample"))));
  follow("edges", () => (edges.value = get("edges")));
  transport.where.append(make("div", { class: "nbann-net-choices" }, [
    make("label", {}, ["sample", sample]), make("label", {}, ["edges", edges])]));
  root.append(
    transport.bar, transport.help, top, transport.where,
    make("div", { class: "nbann-net-and-inspector" }, [network.el, inspector.el]), live,
  );
  context.ready();
  return context.close;
}

export default { render };

// @ts-check
/**
 * The view of Compare: one set of buttons for several runs, their numbers, what differs, curves and networks.
 *
 * @typedef {object} Traits
 * @property {"op"|"layer"|"phase"|"batch"|"epoch"} unit
 * @property {number} speed                units a second
 * @property {string[]} units
 * @property {number[]} speeds
 * @property {"play"|"run"|""} mode
 * @property {import("./parts/transport.js").Here} here     where the hindmost stands
 * @property {string} rate                 not shown: each run has its own
 * @property {string} locked               why nothing can be moved; empty where it can
 * @property {{fraction?: number, words?: string}} progress
 * @property {import("./parts/runs.js").RunTable} table
 * @property {string} ahead                who is ahead of whom
 * @property {boolean} at_start            whether nobody can go back
 * @property {string} metric               column that is drawn beside the losses
 * @property {string[]} metrics
 * @property {import("./parts/runs.js").Setting[]} settings
 * @property {string[]} parting            where each run parts from the first, in words
 * @property {string} seeking              how far the search for that has come
 * @property {Layout | {}} net0            what stands where in each net; empty where there is no such run
 * @property {Layout | {}} net1
 * @property {Layout | {}} net2
 * @property {Layout | {}} net3
 * @property {Layout | {}} net4
 * @property {Layout | {}} net5
 * @property {string} notice
 * @property {string} words
 * @property {string} error
 *
 * @typedef {import("./parts/network_places.js").Layout} Layout
 */
import { disable, make } from "./parts/dom.js";
import { pictureView } from "./parts/frames.js";
import { networkView } from "./parts/network.js";
import { runTableView, settingsView, swatch } from "./parts/runs.js";
import { transportView } from "./parts/transport.js";
import { openView } from "./parts/view.js";
import { tellWidth } from "./parts/width.js";

export const TRAITS = [
  "unit", "speed", "units", "speeds", "mode", "here", "rate", "locked", "progress", "table", "ahead", "at_start",
  "metric", "metrics", "settings", "parting", "seeking", "net0", "net1", "net2", "net3", "net4", "net5", "notice", "words", "error",
];

const COMPARE_KEYS = {
  space: "Play or pause",
  "→": "Step: whoever is behind moves",
  "←": "Back: whoever is ahead moves",
  "1 – 5": "Step and go back by op, layer, phase, batch, epoch",
  r: "Reset all to the very same starts",
  "?": "Show or hide this list",
};

/** How many networks stand side by side. @param {number} count */
export function networkColumns(count) {
  return count <= 3 ? count : count === 4 ? 2 : 3;
}

/** A column of the history in words. @param {string} column */
export function columnWords(column) {
  return column === "loss" ? "batch loss" : column.replaceAll("_", " ");
}

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "compare", "Compare training runs");
  const { get, put, say, listen, follow, root, top, live } = context;
  const transport = transportView(context, { keys: COMPARE_KEYS, atStart: () => get("at_start"), start: "at_start", rate: false });
  const ahead = make("div", { class: "nbann-ahead-line" });
  const notice = make("div", { class: "nbann-notice", role: "alert", hidden: true });

  const seekButton = make("button", { type: "button", class: "nbann-button nbann-seek", title: "Steps copies of the runs from their start, and compares every number" }, ["Find the first difference"]);
  const seeking = make("span", { class: "nbann-seeking", role: "status" });
  const parting = make("ul", { class: "nbann-parting", "aria-live": "polite" });
  const differs = make("section", { class: "nbann-differs", "aria-label": "What differs" }, [
    make("div", { class: "nbann-heading" }, [make("b", {}, ["Settings that differ"]), seeking, seekButton]),
    settingsView(context), parting,
  ]);

  const metric = make("select", { class: "nbann-metric" });
  const curves = make("section", { class: "nbann-curves", "aria-label": "Curves" }, [
    make("div", { class: "nbann-heading" }, [make("b", {}, ["Curves"]), make("label", {}, ["beside the losses ", metric])]),
    pictureView(context, "curves"),
  ]);
  const networks = make("div", { class: "nbann-networks", role: "group", "aria-label": "Networks" });
  const count = get("table").rows.length;
  networks.style.setProperty("--nbann-columns", String(networkColumns(count)));
  get("table").rows.forEach((/** @type {{name: string}} */ row, /** @type {number} */ i) => {
    const net = networkView(context, { slot: `net${i}`, trait: `net${i}`, label: row.name });
    networks.append(make("div", { class: `nbann-net-box nbann-run${i + 1}` }, [swatch(i), net.el]));
  });
  transport.where.insertBefore(ahead, transport.where.lastChild);
  root.append(transport.bar, transport.help, top, transport.where, notice, runTableView(context), differs, curves, networks, live);

  listen(seekButton, "click", () => say("seek"));
  listen(metric, "change", () => put("metric", metric.value));
  follow("metrics", () => metric.replaceChildren(...get("metrics").map((/** @type {string} */ name) => make("option", { value: name }, [columnWords(name)]))));
  follow("metric", () => (metric.value = get("metric")));
  follow("ahead", () => (ahead.textContent = get("ahead")));
  follow("notice", () => {
    notice.hidden = !get("notice");
    notice.textContent = get("notice");
  });
  follow("seeking", () => {
    seeking.textContent = get("seeking");
    disable(seekButton, get("seeking") !== "", root);
  });
  follow("parting", () => parting.replaceChildren(...get("parting").map((/** @type {string} */ text) => make("li", {}, [text]))));

  tellWidth(context, 18); // padding and borders
  context.ready();
  return context.close;
}

export default { render };

// @ts-check
/**
 * The view of SweepView: how far it is, a button that ends it, its picture, its table.
 *
 * @typedef {object} Traits
 * @property {string} told       how far it is, in words
 * @property {number} ended      runs that have ended
 * @property {number} total      all runs
 * @property {boolean} running
 * @property {string[]} heads    of the table
 * @property {string[][]} rows
 * @property {string} notice
 * @property {string} words
 * @property {string} error
 */
import { disable, make } from "./parts/dom.js";
import { pictureView } from "./parts/frames.js";
import { openView } from "./parts/view.js";
import { tellWidth } from "./parts/width.js";

export const TRAITS = ["told", "ended", "total", "running", "heads", "rows", "notice", "words", "error"];

/** Rows of a table as elements; text stays text. @param {string[]} heads @param {string[][]} rows */
export function tableRows(heads, rows) {
  const cells = (/** @type {string[]} */ row) => row.map((text) => make("td", {}, [text]));
  return [
    make("thead", {}, [make("tr", {}, heads.map((text) => make("th", { scope: "col" }, [text])))]),
    make("tbody", {}, rows.map((row) => make("tr", {}, cells(row)))),
  ];
}

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "sweep-view", "Sweep");
  const { get, say, listen, follow, root, top, live } = context;
  const bar = make("progress", { "aria-label": "Runs that have ended" });
  const cancel = make("button", { class: "nbann-button nbann-sweep-cancel", type: "button" }, ["Cancel"]);
  const told = make("div", { class: "nbann-sweep-told" });
  const table = make("table", { "aria-label": "Runs" });
  const scroll = make("div", { class: "nbann-sweep-table", tabIndex: 0, role: "region", "aria-label": "Table of runs" }, [table]);
  const details = make("details", {}, [make("summary", {}, ["Table"]), scroll]);
  root.append(
    make("div", { class: "nbann-sweep-head" }, [bar, cancel]), told, top, pictureView(context, "board"), details, live,
  );
  listen(cancel, "click", () => say("cancel"));
  follow("told", () => (told.textContent = get("told")));
  const count = () => {
    bar.setAttribute("max", String(Math.max(get("total"), 1)));
    bar.setAttribute("value", String(get("ended")));
  };
  follow("ended", count);
  follow("total", count);
  follow("running", () => disable(cancel, !get("running"), root));
  const list = () => {
    if (details.open) table.replaceChildren(...tableRows(get("heads"), get("rows")));
  };
  follow("rows", list);
  listen(details, "toggle", list);
  tellWidth(context, 16); // its padding
  context.ready();
  return context.close;
}

export default { render };

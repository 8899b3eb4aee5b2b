// @ts-check
/**
 * Several runs: the swatch of each (color, dash, marker), the table of their numbers, what they were told otherwise.
 *
 * @typedef {{text: string, exact: string, best: boolean}} Cell
 * @typedef {{head: string[], rows: {name: string, cells: Cell[], state: string, why: string}[]}} RunTable
 * @typedef {{name: string, values: string[]}} Setting
 */
import { make } from "./dom.js";

// as DASHES and RUN_MARKERS in panels/overlaid_curves.py
export const RUN_DASHES = ["", "6 2", "2 2", "8 2 2 2", "12 3", "5 2 1 2 1 2"];
const RUN_SHAPES = [
  "M15 6a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z", "M15.3 3.3h5.4v5.4h-5.4z", "M18 2.6l3.6 6.4h-7.2z",
  "M18 2l3.8 4l-3.8 4l-3.8 -4z", "M18 9.4l3.6 -6.4h-7.2z", "M15 4.2l1.2 -1.2l1.8 1.8l1.8 -1.8l1.2 1.2l-1.8 1.8l1.8 1.8l-1.2 1.2l-1.8 -1.8l-1.8 1.8l-1.2 -1.2l1.8 -1.8z",
];

/** The line and marker of a run, as they are in the curves. @param {number} i */
export function swatch(i) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 36 12");
  svg.setAttribute("class", `nbann-swatch nbann-run${i + 1}`);
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(ns, "path");
  line.setAttribute("d", "M0 6h36");
  line.setAttribute("class", "nbann-swatch-line");
  if (RUN_DASHES[i]) line.setAttribute("stroke-dasharray", RUN_DASHES[i]);
  const mark = document.createElementNS(ns, "path");
  mark.setAttribute("d", RUN_SHAPES[i]);
  mark.setAttribute("class", "nbann-swatch-mark");
  svg.append(line, mark);
  return svg;
}

/** The name of a run beside its swatch. @param {string} name @param {number} i */
export function runLabel(name, i) {
  return make("span", { class: "nbann-run-label" }, [swatch(i), make("span", { class: "nbann-run-name", title: name }, [name])]);
}

/** The table of numbers; a step changes its texts alone. @param {import("./view.js").Context} context */
export function runTableView({ get, follow }) {
  const head = make("thead");
  const body = make("tbody");
  const el = make("div", { class: "nbann-runs", tabIndex: 0, role: "region", "aria-label": "Numbers of the runs" }, [make("table", {}, [head, body])]);
  let key = "";
  follow("table", () => {
    /** @type {RunTable} */
    const table = get("table");
    const now = JSON.stringify([table.head, table.rows.map((row) => row.name)]);
    if (now !== key) {
      key = now;
      head.replaceChildren(make("tr", {}, table.head.map((text) => make("th", { scope: "col" }, [text]))));
      body.replaceChildren(...table.rows.map((row, i) =>
        make("tr", {}, [make("th", { scope: "row" }, [runLabel(row.name, i)]), ...row.cells.map(() => make("td"))])));
    }
    table.rows.forEach((row, i) => {
      const cells = [...body.children[i].children].slice(1);
      row.cells.forEach((cell, j) => {
        const into = /** @type {HTMLElement} */ (cells[j]);
        const state = j === 0 && row.state ? ` (${row.state})` : "";
        const text = cell.text + state;
        if (into.dataset.text === text && into.classList.contains("nbann-best") === cell.best) return;
        into.dataset.text = text;
        into.title = (j === 0 && row.why) || cell.exact;
        into.classList.toggle("nbann-best", cell.best);
        into.replaceChildren(text, ...(cell.best ? [make("span", { class: "nbann-hidden" }, [" (best)"])] : []));
      });
    });
  });
  return el;
}

/** What the runs were told otherwise. @param {import("./view.js").Context} context */
export function settingsView({ get, follow }) {
  const el = make("div", { class: "nbann-runs nbann-settings", tabIndex: 0, role: "region", "aria-label": "Settings that differ" });
  follow("settings", () => {
    /** @type {Setting[]} */
    const settings = get("settings");
    if (!settings.length) {
      el.replaceChildren(make("p", {}, ["None: model, loss, optimizer, data and seed are the same."]));
      return;
    }
    const names = get("table").rows.map((/** @type {{name: string}} */ row) => row.name);
    el.replaceChildren(make("table", {}, [
      make("thead", {}, [make("tr", {}, [make("th", { scope: "col" }, ["setting"]),
        ...names.map((/** @type {string} */ name, /** @type {number} */ i) => make("th", { scope: "col" }, [runLabel(name, i)]))])]),
      make("tbody", {}, settings.map((setting) => make("tr", {}, [make("th", { scope: "row" }, [setting.name]),
        ...setting.values.map((value) => make("td", {}, [value]))]))),
    ]));
  });
  return el;
}

// @ts-check
/**
 * An explanation: rows that open one level further in place.
 *
 * @typedef {{kind: "head"|"formula"|"note"|"check"|"term"|"rest", level: number, label?: string, math?: any, value?: string,
 *   pad?: number, exact?: string, verdict?: string, text?: string, factors?: string, parts?: string, bar?: number,
 *   share?: string, opens?: boolean, open?: boolean, path?: string}} Row
 */
import { make, typeset } from "./dom.js";

/** The explanation below the equation: rows that open one level further in place.
 * @param {import("./view.js").Context} context */
export function whyView({ say, get, follow }) {
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
    (again || el.closest(".nbann-view"))?.focus({ preventScroll: true });
  });
  return el;
}

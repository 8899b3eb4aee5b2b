// @ts-check
/**
 * The ops of a training step by phase and layer, with the current one marked and breakpoints to click; and as a band.
 * Of long programs the groups are folded, but for the one at hand and those that were opened.
 *
 * @typedef {{phase: string, layer: string, name: string, op: string, math: string}} OpRow   math: MathML from Python
 * @typedef {{phase: string, layer: string, from: number, to: number}} Group
 */
import { make, typeset } from "./dom.js";
import { phaseClass } from "./phases.js";

const MOST_ROWS = 80; // of a program that is shown unfolded

/** Stretches of ops of one phase and layer, for headings in the list.
 * @param {OpRow[]} ops @returns {Group[]} */
export function groups(ops) {
  const found = [];
  ops.forEach((op, i) => {
    const last = found[found.length - 1];
    if (last && last.phase === op.phase && last.layer === op.layer) last.to = i;
    else found.push({ phase: op.phase, layer: op.layer, from: i, to: i });
  });
  return found;
}

/** @param {import("./view.js").Context} context */
export function opListView({ get, say, follow, listen, cleanups }) {
  const list = make("ol", { class: "nbann-ops", "aria-label": "Operations of a training step; click one to stop after it" });
  const band = make("div", { class: "nbann-band", "aria-hidden": "true" });
  /** @type {{group: Group, item: HTMLElement, title: HTMLElement, rows: HTMLElement, wanted: boolean}[]} */ let blocks = [];
  /** @type {Map<number, HTMLElement>} */ const rows = new Map();
  /** @type {HTMLElement[]} */ let ticks = [];
  /** @type {OpRow[] | null} */ let built = null;
  let folds = false;

  /** @param {number} i */
  const rowOf = (i) => {
    const op = get("ops")[i];
    const math = make("span", { class: "nbann-op-math" });
    typeset(math, [op.math]);
    const row = make("button", { type: "button", class: "nbann-op", tabIndex: -1 }, [
      make("i", { class: "nbann-stop", "aria-hidden": "true" }), make("span", { class: "nbann-op-name" }, [op.name]), math]);
    row.dataset.place = String(i);
    rows.set(i, row);
    return row;
  };
  /** @param {typeof blocks[0]} block @param {boolean} open */
  const unfold = (block, open) => {
    if (open === block.rows.hasChildNodes()) return;
    const { from, to } = block.group;
    if (open) block.rows.replaceChildren(...Array.from({ length: to - from + 1 }, (_, i) => make("li", {}, [rowOf(from + i)])));
    else {
      for (let i = from; i <= to; i++) rows.delete(i);
      block.rows.replaceChildren();
    }
    if (folds) block.title.setAttribute("aria-expanded", String(open));
  };
  const build = () => {
    const ops = (built = get("ops"));
    folds = ops.length > MOST_ROWS;
    rows.clear();
    blocks = groups(ops).map((group) => {
      const words = [make("b", {}, [group.phase]), ` ${group.layer}`];
      const look = { class: "nbann-group-title", title: `${group.phase} ${group.layer}` };
      const title = folds ? make("button", { type: "button", "aria-expanded": "false", ...look }, words) : make("div", look, words);
      const inner = make("ol");
      return { group, title, rows: inner, wanted: false, item: make("li", { class: `nbann-group ${phaseClass(group.phase, ops)}` }, [title, inner]) };
    });
    list.replaceChildren(...blocks.map(({ item }) => item));
    ticks = ops.map((/** @type {OpRow} */ op) => make("i", { class: phaseClass(op.phase, ops) }));
    band.replaceChildren(...ticks);
  };
  const mark = () => {
    if (built !== get("ops")) build(); // a program that is divided over workers has other ops
    const here = get("here");
    const current = here.op - 1;
    const stops = new Set(get("breakpoints"));
    for (const block of blocks) unfold(block, !folds || block.wanted || (block.group.from <= current && current <= block.group.to));
    for (const [i, row] of rows) {
      const op = get("ops")[i];
      const stop = stops.has(op.op);
      row.classList.toggle("nbann-current", i === current);
      row.classList.toggle("nbann-next", i === current && !here.ran);
      row.classList.toggle("nbann-stops", stop);
      row.setAttribute("aria-pressed", String(stop));
      row.title = stop ? `Stops after ${op.op}; click to go on` : `Click to stop after ${op.op}`;
      row.tabIndex = i === current ? 0 : -1;
      if (i === current) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    }
    for (const block of blocks) {
      const { from, to } = block.group;
      block.title.classList.toggle("nbann-stops", folds && get("ops").slice(from, to + 1).some((/** @type {OpRow} */ op) => stops.has(op.op)));
    }
    ticks.forEach((tick, i) => {
      tick.classList.toggle("nbann-done", i < current || (i === current && here.ran));
      tick.classList.toggle("nbann-current", i === current);
      tick.classList.toggle("nbann-stops", stops.has(get("ops")[i].op));
    });
    reveal();
  };
  const reveal = () => {
    const row = rows.get(get("here").op - 1);
    if (!row) return;
    // scroll the list alone: scrollIntoView would move the whole notebook
    const top = row.getBoundingClientRect().top - list.getBoundingClientRect().top;
    if (top < 24 || top > list.clientHeight - 48) list.scrollTop += top - list.clientHeight / 2;
  };
  const sizes = new ResizeObserver(reveal); // when it comes onto the page, too
  sizes.observe(list);
  cleanups.push(() => sizes.disconnect());

  follow("ops", mark);
  follow("here", mark);
  follow("breakpoints", mark);
  listen(list, "click", (event) => {
    const row = event.target.closest(".nbann-op");
    if (row) say("breakpoint", { op: get("ops")[Number(row.dataset.place)].op });
    const block = blocks.find(({ title }) => folds && title.contains(event.target));
    if (block) {
      block.wanted = !block.rows.hasChildNodes();
      mark();
    }
  });
  listen(list, "keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const all = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("button")]);
    const next = all[all.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + (event.key === "ArrowDown" ? 1 : -1)];
    next?.focus();
  });
  return { list, band };
}

// @ts-check
/**
 * The card of the current op: its formula, the numbers of one element, a field to set it, why it is so.
 *
 * @typedef {{phase: string, layer: string, title: string, writes: string[], array: string,
 *   shape: number[], index: number[], axes: string[], symbols: string[], numbers: string[], text: string,
 *   exact?: string, note: string, fixed: string}} Equation
 * @typedef {{array: string, index: number[]}} Element   an element of a named array
 */
import { clampIndex, disable, make, shortNumber, typed, typeset } from "./dom.js";
import { phaseClass } from "./phases.js";
import { whyView } from "./why.js";

/** Which element a piece of an equation stands for: Python has marked its numbers.
 * @param {any} node @returns {Element | null} */
export function elementOf(node) {
  const marked = node?.closest?.("[data-array]");
  if (!marked) return null;
  const text = marked.getAttribute("data-index");
  return { array: marked.getAttribute("data-array"), index: text ? text.split(",").map(Number) : [] };
}

/** @param {Element} one @param {Element} other */
export function sameElement(one, other) {
  return one.array === other.array && one.index.join() === other.index.join();
}

/** `ask` opens or closes the explanation; `hovered` is told which element the pointer is on, or null.
 * @param {import("./view.js").Context} context
 * @param {{ask: () => void, hovered?: (element: Element | null) => void}} options */
export function equationView(context, { ask, hovered = () => {} }) {
  const { get, put, say, listen, follow, root } = context;
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
  const why = whyView(context);
  const el = make("section", { class: "nbann-equation", "aria-label": "Current operation" }, [heading, symbols, picker, setter, numbers, notice, why]);

  listen(whyButton, "click", ask);
  const setText = typed(setField, () => shortNumber(get("equation").exact), (value) =>
    say("set", { name: get("equation").array, index: get("equation").index, value }),
    () => JSON.stringify([get("equation").array, get("equation").index]));
  listen(setField, "keydown", (event) => event.key === "Enter" && setText.send());
  listen(setButton, "click", setText.send);
  listen(el, "pointerover", (event) => hovered(elementOf(event.target)));
  listen(el, "pointerleave", () => hovered(null));

  follow("why_rows", () => {
    const open = get("why_rows").length > 0;
    el.classList.toggle("nbann-explains", open);
    whyButton.textContent = open ? "close" : "why?";
    whyButton.setAttribute("aria-expanded", String(open));
  });
  follow("notice", () => {
    notice.hidden = !get("notice");
    notice.textContent = get("notice");
  });
  follow("equation", () => {
    const view = get("equation");
    el.className = `nbann-equation ${phaseClass(view.phase, get("ops"))}`;
    el.classList.toggle("nbann-explains", get("why_rows").length > 0);
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
  return {
    el,
    /** Mark the numbers of elements that are pointed at elsewhere.
     * @param {Element[]} elements */
    light(elements) {
      for (const node of el.querySelectorAll("[data-array]")) {
        const one = elementOf(node);
        node.classList.toggle("nbann-pointed", Boolean(one && elements.some((element) => sameElement(one, element))));
      }
    },
  };
}

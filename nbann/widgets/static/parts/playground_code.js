// @ts-check
/** The code of a playground: which library's, the text, a button that copies it. */
import { make } from "./dom.js";

/** Copy text; where the page may not, select it so that the person can. @param {string} text @param {HTMLElement} from @returns {Promise<boolean>} */
export async function copyText(text, from) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(from);
    const selection = window.getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
    return false;
  }
}

/** @param {import("./view.js").Context} context @param {{control: (name: string, el: HTMLElement) => HTMLElement}} shared */
export function playgroundCode({ get, put, listen, follow }, { control }) {
  const text = make("pre", { class: "nbann-pg-code-text", tabIndex: 0, "aria-label": "Code" });
  const kinds = make("div", { class: "nbann-units", role: "radiogroup", "aria-label": "Code for" });
  const copy = make("button", { type: "button", class: "nbann-button nbann-pg-plain" }, ["Copy"]);
  const said = make("span", { class: "nbann-pg-label", role: "status" });
  const group = `nbann-code-${Math.random().toString(36).slice(2)}`;
  const inputs = get("choices").kinds.map((/** @type {string[]} */ [kind, label]) => {
    const input = make("input", { type: "radio", name: group, value: kind });
    listen(input, "change", () => put("code_kind", kind));
    kinds.append(make("label", { title: `Code for ${label}` }, [input, make("span", {}, [label])]));
    return input;
  });
  listen(copy, "click", async () => {
    said.textContent = (await copyText(get("code_text"), text)) ? "Copied." : "Selected: press Ctrl+C.";
  });
  follow("code_kind", () => inputs.forEach((/** @type {HTMLInputElement} */ input) => (input.checked = input.value === get("code_kind"))));
  follow("code_text", () => {
    text.textContent = get("code_text");
    said.textContent = "";
  });
  return control("code", make("details", { class: "nbann-pg-code" }, [
    make("summary", {}, ["The same in Python"]),
    make("div", { class: "nbann-pg-code-bar" }, [kinds, copy, said]), text,
  ]));
}

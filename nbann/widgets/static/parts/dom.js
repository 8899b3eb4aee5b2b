// @ts-check
/** Small helpers for making and changing elements. Text always goes in as text. */

/** @param {string} tag @param {Record<string, any>} [props] @param {(Node|string)[]} [children] */
export function make(tag, props = {}, children = []) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key === "class") node.className = value;
    else if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** @param {string} path */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** Typeset pieces: MathML that Python made (names in it are escaped there).
 * @param {HTMLElement} into @param {string[]} pieces */
export function typeset(into, pieces) {
  into.replaceChildren(
    ...pieces.map((piece) => {
      const span = make("span", { class: "nbann-piece" });
      span.innerHTML = piece;
      return span;
    }),
  );
}

/** Disable a control; one that has the focus hands it on, so that keys still reach the widget.
 * @param {any} control @param {boolean} off @param {HTMLElement} root */
export function disable(control, off, root) {
  if (off && control === document.activeElement) root.focus({ preventScroll: true });
  control.disabled = off;
}

/** What a traceback says in the end. @param {string} traceback */
export function lastLine(traceback) {
  return traceback.trimEnd().split("\n").pop() ?? "";
}

/** A number as a field shows it: 4 significant digits. @param {string | undefined} exact */
export function shortNumber(exact) {
  const value = Number(exact);
  return exact && Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "";
}

/** A number put into the range of an index. @param {string} text @param {number} size */
export function clampIndex(text, size) {
  const value = Math.trunc(Number(text));
  return Number.isFinite(value) ? Math.min(Math.max(value, 0), size - 1) : 0;
}

/** A field that shows a number and takes another: what is being typed is not overwritten, Escape takes it back.
 * `of` names what the number is of: what was typed for one thing is not kept for another.
 * @param {any} field @param {() => string} shown @param {(text: string) => void} send @param {() => string} [of] */
export function typed(field, shown, send, of = () => "") {
  let typing = false;
  let subject = "";
  const refresh = () => {
    if (of() !== subject) typing = false;
    subject = of();
    if (!typing && field.value !== shown()) field.value = shown();
  };
  field.oninput = () => (typing = true);
  field.onkeydown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    typing = false;
    refresh();
  };
  return {
    refresh,
    send() {
      typing = false;
      if (field.value !== shown()) send(field.value);
    },
  };
}

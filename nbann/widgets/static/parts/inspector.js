// @ts-check
/**
 * What is selected in a net: its number, why it is so, and what can be done to it.
 *
 * @typedef {{name?: string, index?: number[], parameter?: boolean, exact?: string, value?: string, gradient?: string, slope?: string,
 *   fixed?: string, frozen?: boolean, all_frozen?: boolean, layer?: string, silenced?: boolean, note?: string}} Inspected
 */
import { disable, make, shortNumber, typed } from "./dom.js";
import { elementName } from "./network_places.js";
import { newestOnly } from "./timeline.js";

const HANDLE_STEPS = 400;
const NICE = [1, 2, 5, 10];

const HINT =
  "Point at a neuron, an edge or a bias to read its number. Click it to change it and to see what it is made of; " +
  "drag an edge or a bias up or down to change it.";
const NOT_NATIVE = "This model has no layers of neurons with edges between them: its picture can be looked at, not pointed into.";

/** How far the handle reaches to each side: a round number, at least twice the largest of its like.
 * @param {number} largest @param {number} value */
export function handleReach(largest, value) {
  const wanted = Math.max(2 * largest, 1.25 * Math.abs(value)) || 1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return Number(((NICE.find((step) => step * power >= wanted) ?? 10) * power).toPrecision(3));
}

/** The drags of a view: each is sent once the one before has been told, the newest of several alone.
 * @param {import("./view.js").Context} context */
export function dragging({ say, hear }) {
  let last = "";
  const wishes = newestOnly((/** @type {{name: string, index: number[], value: number}} */ wish, id) => say("drag", { ...wish, id }));
  let dropped = false;
  hear("dragged", (message) => {
    if (!wishes.met(message.id) || !dropped) return;
    dropped = false;
    say("drop");
  });
  return {
    /** @param {string} name @param {number[]} index @param {number} value */
    to(name, index, value) {
      const now = JSON.stringify([name, index, value]);
      if (now === last) return;
      last = now;
      dropped = false;
      wishes.wish({ name, index, value });
    },
    /** Let go: once the last wish is met, the drag is done. */
    drop() {
      last = "";
      if (wishes.idle()) say("drop");
      else dropped = true;
    },
  };
}

/** The inspector of a network view: `told` says what an element is, `scale` how large its like are. `below` stands under the controls.
 * @param {import("./view.js").Context} context @param {ReturnType<typeof import("./network.js").networkView>} network
 * @param {ReturnType<typeof dragging>} drags @param {{below?: Node[], help?: Node[]}} [more] help: shown while nothing is selected */
export function inspectorView({ get, put, say, listen, follow, root }, network, drags, { below = [], help = [] } = {}) {
  const title = make("b", { class: "nbann-inspect-title" });
  const close = make("button", { type: "button", class: "nbann-button nbann-icon nbann-inspect-close", title: "Let go of it (Escape in the net)", "aria-label": "Let go of what is selected" }, ["×"]);
  const name = make("span", { class: "nbann-inspect-name" });
  const value = make("span", { class: "nbann-inspect-value" });
  const slope = make("span", { class: "nbann-inspect-slope" });
  const handle = make("input", { type: "range", class: "nbann-inspect-handle", "aria-label": "Drag to change the number" });
  const field = make("input", { type: "text", inputMode: "decimal", class: "nbann-inspect-field", "aria-label": "Set the selected number to" });
  const set = make("button", { type: "button", class: "nbann-button nbann-inspect-set" }, ["set"]);
  const freeze = make("button", { type: "button", class: "nbann-button nbann-inspect-freeze" });
  const freezeAll = make("button", { type: "button", class: "nbann-button nbann-inspect-all" });
  const silence = make("button", { type: "button", class: "nbann-button nbann-inspect-silence" });
  const notice = make("div", { class: "nbann-inspect-notice", role: "status" });
  const body = make("div", { class: "nbann-inspect-body", hidden: true }, [
    make("div", { class: "nbann-inspect-head" }, [title, close]),
    make("div", { class: "nbann-inspect-numbers" }, [name, value, slope]),
    make("div", { class: "nbann-inspect-controls" }, [handle, field, set, freeze, freezeAll, silence]),
    notice, ...below,
  ]);
  const hint = make("p");
  const refused = make("div", { class: "nbann-inspect-refused", role: "status" }); // e.g. of the learning rate, while nothing is selected
  const more = make("div", {}, help);
  const empty = make("div", { class: "nbann-inspect-empty" }, [refused, hint, more]);
  const el = make("section", { class: "nbann-inspector", "aria-label": "What is selected" }, [empty, body]);

  let held = false; // a person has the handle: it stays where it is put
  let reach = 1;
  let shown = "";
  /** @returns {Inspected} */
  const now = () => get("inspected");
  const fieldText = typed(field, () => shortNumber(now().exact), (text) => say("set", { name: now().name, index: now().index, value: text }),
    () => JSON.stringify([now().name, now().index]));

  const show = () => {
    const it = now();
    const there = Boolean(it.name);
    empty.hidden = there;
    body.hidden = !there;
    refused.textContent = there ? "" : get("notice");
    if (!it.name || !it.index) return;
    const element = /** @type {import("./network_places.js").Element} */ ([it.name, it.index]);
    const told = network.told(element);
    title.textContent = told?.title ?? (it.parameter ? "parameter" : "number of the batch");
    name.textContent = elementName(element);
    name.title = title.title = `${title.textContent}: ${name.textContent}`;
    value.textContent = it.value ? `= ${it.value}` : "not computed yet in this batch";
    value.title = it.exact ?? "";
    slope.textContent = it.slope ? `gradient ${it.slope}` : "gradient: not yet in this batch";
    slope.title = it.gradient ?? "";
    const key = JSON.stringify(element);
    const number = Number(it.exact);
    if (told && (key !== shown || Math.abs(number) > reach)) reach = handleReach(network.scale(told.place), number);
    shown = key;
    Object.assign(handle, { min: String(-reach), max: String(reach), step: String((2 * reach) / HANDLE_STEPS) });
    if (!held) handle.value = it.exact ? it.exact : "0";
    handle.setAttribute("aria-valuetext", it.value || "not computed yet");
    const off = Boolean(it.fixed) || !it.exact;
    for (const control of [handle, field, set]) disable(control, off, root);
    handle.title = it.fixed || `Drag: from −${reach} to ${reach}; all that follows from it is computed again`;
    field.title = it.fixed || "Type a number, Enter sets it";
    toggle(freeze, !it.parameter, it.frozen, "freeze", "unfreeze", "Let training leave this number as it is");
    toggle(freezeAll, !it.parameter, it.all_frozen, "freeze all", "unfreeze all", `Let training leave all of ${it.name} as it is`);
    toggle(silence, !it.layer, it.silenced, "silence", "unsilence", "Let this neuron give 0, in training as in predicting");
    notice.textContent = get("notice") || (off ? it.fixed || "" : "") || it.note || "";
    notice.classList.toggle("nbann-inspect-refused", Boolean(get("notice")));
    fieldText.refresh();
  };
  /** @param {any} button @param {boolean | undefined} hidden @param {boolean | undefined} on @param {string} word @param {string} undo @param {string} help */
  const toggle = (button, hidden, on, word, undo, help) => {
    button.hidden = Boolean(hidden);
    button.textContent = on ? undo : word;
    button.title = help;
    button.setAttribute("aria-pressed", String(Boolean(on)));
  };

  follow("inspected", show);
  follow("notice", show);
  follow("net", () => {
    const { reason } = get("net");
    more.hidden = Boolean(reason);
    hint.textContent = reason ? NOT_NATIVE : HINT;
    show();
  });
  follow("selected", () => network.select(get("selected").length ? get("selected") : null));
  listen(close, "click", () => {
    network.canvas.focus({ preventScroll: true });
    put("selected", []);
  });
  listen(handle, "input", () => {
    held = true;
    drags.to(now().name ?? "", now().index ?? [], Number(handle.value));
  });
  listen(handle, "change", () => {
    held = false;
    drags.drop();
  });
  listen(field, "keydown", (event) => event.key === "Enter" && fieldText.send());
  listen(set, "click", fieldText.send);
  listen(freeze, "click", () => say("freeze", { name: now().name, index: now().index, on: !now().frozen }));
  listen(freezeAll, "click", () => say("freeze", { name: now().name, on: !now().all_frozen }));
  listen(silence, "click", () => say("silence", { layer: now().layer, neuron: now().index?.at(-1), on: !now().silenced }));
  return { el, show };
}

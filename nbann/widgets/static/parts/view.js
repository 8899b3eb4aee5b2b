// @ts-check
/**
 * What all widgets share: the root with its keys, being told of traits and messages, errors, the live region.
 *
 * @typedef {{get: (name: string) => any, put: (name: string, value: any) => void,
 *   say: (type: string, more?: object) => void, hear: (type: string, fn: (message: any, buffers: DataView[]) => void) => void,
 *   listen: (target: EventTarget, event: string, fn: (e: any) => void) => void, follow: (name: string, fn: () => void) => void,
 *   cleanups: (() => void)[], root: HTMLElement, top: HTMLElement, live: HTMLElement,
 *   keys: (act: (key: string, event: KeyboardEvent) => boolean) => void, ready: () => void, close: () => void}} Context
 *   what the parts of a widget are given
 */
import { lastLine, make } from "./dom.js";
import { ownsKey } from "./keys.js";

const UNREACHED = "Nothing answers any more: the kernel was restarted or has ended. Run this cell again.";
const NARROW = 700; // pixels of width up to which everything stands in one column, as in view.css

/** Open a widget's view. What is made for it is listed in `cleanups`; `close` undoes all of it.
 * @param {{model: any, el: HTMLElement}} where @param {string} name of the widget: its CSS class
 * @param {string} label what a screen reader calls it @returns {Context} */
export function openView({ model, el }, name, label) {
  const view = Math.random().toString(36).slice(2);
  /** @type {(() => void)[]} */
  const cleanups = [];
  const get = (/** @type {string} */ trait) => model.get(trait);
  /** Hand something to the kernel; where nobody is there any more, say so. @param {() => void} act */
  const reach = (act) => {
    try {
      act();
    } catch (lost) { // JupyterLab throws once the kernel was restarted
      error.hidden = false;
      errorTitle.textContent = UNREACHED;
      errorText.textContent = String(lost);
    }
  };
  const say = (/** @type {string} */ type, more = {}) => reach(() => model.send({ type, view, ...more }));
  /** @type {Context["listen"]} */
  const listen = (target, event, fn) => {
    target.addEventListener(event, fn);
    cleanups.push(() => target.removeEventListener(event, fn));
  };
  /** @type {Context["follow"]} */
  const follow = (trait, fn) => {
    model.on(`change:${trait}`, fn);
    cleanups.push(() => model.off(`change:${trait}`, fn));
    fn();
  };
  /** @type {Context["hear"]} */
  const hear = (type, fn) => {
    const handle = (/** @type {any} */ message, /** @type {DataView[]} */ buffers) => message?.type === type && fn(message, buffers);
    model.on("msg:custom", handle);
    cleanups.push(() => model.off("msg:custom", handle));
  };
  const put = (/** @type {string} */ trait, /** @type {any} */ value) => {
    reach(() => {
      model.set(trait, value);
      model.save_changes();
    });
  };

  const errorTitle = make("b");
  const errorText = make("pre", { tabIndex: 0 });
  const error = make("div", { class: "nbann-error", role: "alert", hidden: true }, [
    errorTitle, make("details", {}, [make("summary", {}, ["Where it happened"]), errorText]),
  ]);
  const live = make("div", { class: "nbann-live", "aria-live": "polite" });
  const root = make("div", { class: `nbann-view nbann-${name}`, tabIndex: 0, role: "group", "aria-label": label });
  el.append(root);
  follow("error", () => {
    error.hidden = !get("error");
    errorTitle.textContent = lastLine(get("error"));
    errorText.textContent = get("error");
  });
  follow("words", () => (live.textContent = get("words")));

  /** @type {Context["keys"]} */
  const keys = (act) =>
    listen(root, "keydown", (event) => {
      // JupyterLab's own shortcuts must not act on keys that are meant for the widget
      event.stopPropagation();
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || ownsKey(event.target.tagName, event.key, event.target.type)) return;
      if (act(event.key, event)) event.preventDefault();
    });

  // what the pictures should look like here; told to Python when it changes
  let narrow = false; // as it was last seen: JupyterLab hides everything while it changes the theme
  const look = () => {
    if (root.clientWidth > 0) narrow = root.clientWidth <= NARROW;
    return { dark: document.body.dataset.jpThemeLight === "false", narrow, density: window.devicePixelRatio || 1 };
  };
  let told = "";
  const tellLook = () => {
    const now = JSON.stringify(look());
    if (now === told) return;
    told = now;
    say("look", look());
  };
  const ready = () => {
    told = JSON.stringify(look());
    say("ready", look());
    const themes = new MutationObserver(tellLook);
    themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
    const sizes = new ResizeObserver(tellLook);
    sizes.observe(root);
    cleanups.push(() => themes.disconnect(), () => sizes.disconnect());
    listen(window, "pagehide", () => say("gone")); // a page that is left or loaded anew closes no view
    listen(window, "pageshow", (event) => event.persisted && say("ready", look()));
  };
  const close = () => {
    cleanups.splice(0).forEach((cleanup) => cleanup());
    say("gone");
  };
  return { get, put, say, hear, listen, follow, cleanups, root, top: error, live, keys, ready, close };
}

// A page and a model for tests of whole views: listeners are counted, messages and changes are noted.
import { Window } from "happy-dom";

/** Put a page's globals in place; returns the page with what a view needs and what a test asks.
 * `listeners()` counts those that were added anywhere and not removed, observers among them. */
export function openPage() {
  const window = new Window({ width: 1200, height: 900 });
  let open = 0;
  const names = ["document", "window", "MutationObserver", "Blob", "CSS", "HTMLElement", "Node", "Event", "KeyboardEvent", "MouseEvent"];
  for (const name of names) globalThis[name] = name === "window" ? window : window[name];
  for (const name of ["MutationObserver", "ResizeObserver", "IntersectionObserver"]) {
    globalThis[name] = class {
      observe() {
        if (!this.on) open++;
        this.on = true;
      }
      unobserve() {}
      disconnect() {
        if (this.on) open--;
        this.on = false;
      }
    };
  }
  globalThis.requestAnimationFrame = (fn) => setTimeout(() => fn(performance.now()), 0);
  globalThis.cancelAnimationFrame = clearTimeout;
  globalThis.matchMedia = window.matchMedia.bind(window);
  let proto = window.document.createElement("div");
  while (!Object.hasOwn(proto, "addEventListener")) proto = Object.getPrototypeOf(proto);
  const { addEventListener: add, removeEventListener: remove } = proto;
  const known = new Map();
  proto.addEventListener = function (type, fn, options) {
    const of = known.get(this) ?? known.set(this, []).get(this);
    if (!of.some((l) => l.type === type && l.fn === fn)) of.push({ type, fn });
    return add.call(this, type, fn, options);
  };
  proto.removeEventListener = function (type, fn, options) {
    const of = known.get(this) ?? [];
    const i = of.findIndex((l) => l.type === type && l.fn === fn);
    if (i >= 0) of.splice(i, 1);
    return remove.call(this, type, fn, options);
  };
  const el = window.document.createElement("div");
  window.document.body.append(el);
  return {
    window, el,
    /** How much still listens, in the page and of observers. */
    listeners: () => [...known.values()].reduce((sum, of) => sum + of.length, 0) + open,
    /** End the page's own timers. */
    close: () => window.happyDOM.close(),
  };
}

/** A stand-in for anywidget's model: traits with "change:..." events, messages both ways.
 * @param {Record<string, any>} traits */
export function fakeModel(traits) {
  const handlers = new Map();
  const at = (event) => handlers.get(event) ?? handlers.set(event, new Set()).get(event);
  return {
    sent: [], saved: 0,
    get: (name) => {
      if (!(name in traits)) throw new Error(`the view asks for a trait that is not there: ${name}`);
      return traits[name];
    },
    /** One trait, or several in one message: then all of them are there before the first event. */
    set(name, value) {
      const changes = typeof name === "string" ? { [name]: value } : name;
      Object.assign(traits, changes);
      for (const one of Object.keys(changes)) for (const fn of [...at(`change:${one}`)]) fn();
    },
    save_changes() {
      this.saved++;
    },
    send(content) {
      this.sent.push(content);
    },
    on: (event, fn) => at(event).add(fn),
    off: (event, fn) => at(event).delete(fn),
    /** A message of Python. */
    message(content, buffers = []) {
      for (const fn of [...at("msg:custom")]) fn(content, buffers);
    },
    /** How many handlers are on. */
    handlers: () => [...handlers.values()].reduce((sum, set) => sum + set.size, 0),
  };
}

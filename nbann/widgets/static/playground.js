// @ts-check
/**
 * The view of Playground: data, net and answers, with everything that can be changed.
 * It holds no state of the training; everything shown comes from the traits below or from frames.
 *
 * @typedef {object} Traits
 * @property {"op"|"layer"|"phase"|"batch"|"epoch"} unit
 * @property {number} speed                units a second
 * @property {string[]} units
 * @property {number[]} speeds
 * @property {"play"|"run"|""} mode
 * @property {Here} here
 * @property {string} rate                 the learning rate in force
 * @property {string} locked               why nothing can be moved; empty where it can
 * @property {{fraction?: number, words?: string}} progress
 * @property {Record<string, any>} settings   the setup's fields, with the loss that is in use
 * @property {Record<string, any>} choices    what can be chosen, and pictures of the data sets
 * @property {Net} net
 * @property {Plane} plane
 * @property {Record<string, string>} scores
 * @property {string} told                 what the last change did, in words
 * @property {string[]} hidden             names of the controls that are not there
 * @property {boolean} show_test
 * @property {boolean} discretize
 * @property {"nbann"|"torch"|"sklearn"} code_kind
 * @property {string} code_text
 * @property {string} notice               what can not be done, in words
 * @property {string} words
 * @property {string} error
 *
 * @typedef {import("./parts/transport.js").Here} Here
 * @typedef {import("./parts/playground_edges.js").Net} Net
 * @typedef {import("./parts/playground_plane.js").Plane} Plane
 */
import { disable, make } from "./parts/dom.js";
import { receiveFrames } from "./parts/frames.js";
import { keyAction, ownsKey } from "./parts/keys.js";
import { playgroundCode } from "./parts/playground_code.js";
import { playgroundControls } from "./parts/playground_controls.js";
import { playgroundCurve } from "./parts/playground_curve.js";
import { playgroundNet } from "./parts/playground_net.js";
import { playgroundPlane } from "./parts/playground_plane.js";
import { transportView } from "./parts/transport.js";
import { openView } from "./parts/view.js";

export const TRAITS = [
  "unit", "speed", "units", "speeds", "mode", "here", "rate", "locked", "progress", "settings", "choices", "net", "plane",
  "scores", "told", "hidden", "show_test", "discretize", "code_kind", "code_text", "notice", "words", "error",
];

const KEYS = {
  space: "Play or pause",
  "→": "Step",
  "←": "Back",
  "1 – 5": "Step and go back by op, layer, phase, batch, epoch",
  "+  −": "Add a hidden layer, or take the last one away",
  r: "Reset: the same start again",
  "on the plane": "1, 2, … choose a class, e erases, 0 stops drawing; arrow keys and Enter draw",
  "on a neuron": "Arrow keys go from neuron to neuron",
  "?": "Show or hide this list",
};

/** Parts of one buffer as numbers of a type, whatever its place in memory. @param {DataView} view */
export const bytesOf = (view) => new Int8Array(view.buffer, view.byteOffset, view.byteLength);
/** @param {DataView} view */
export const floatsOf = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "playground", "Playground: build a net and watch it learn");
  const { get, put, say, listen, follow, root, top, live } = context;

  /** Let an element be there unless its control is hidden. @param {string} name @param {HTMLElement} el */
  const control = (name, el) => {
    follow("hidden", () => (el.hidden = get("hidden").includes(name)));
    return el;
  };
  const notice = make("div", { class: "nbann-notice", role: "alert", hidden: true });
  const tell = (/** @type {string} */ text) => {
    notice.hidden = !text;
    notice.textContent = text;
  };

  listen(root, "keydown", (event) => {
    // without the bar, its keys do nothing either: this comes before what listens to them
    if (!get("hidden").includes("transport") || ownsKey(event.target.tagName, event.key, event.target.type) || !keyAction(event.key, get("units"))) return;
    event.stopImmediatePropagation();
  });
  const atStart = () => get("here").epoch === 1 && get("here").batch === 1 && !get("here").ran;
  const transport = transportView(context, { keys: KEYS, rate: false, atStart });
  follow("here", () => disable(transport.backButton, atStart(), root));
  control("transport", transport.bar);
  control("speed", /** @type {HTMLElement} */ (transport.bar.querySelector(".nbann-pace")));
  control("run", /** @type {HTMLElement} */ (transport.bar.querySelector(".nbann-run")));
  listen(root, "keydown", (event) => {
    if (event.target !== root && !event.target.closest("button")) return;
    if ((event.key === "+" || event.key === "-") && !get("hidden").includes("layers")) say("layers", { by: event.key === "+" ? 1 : -1 });
  });

  const told = make("div", { class: "nbann-pg-told", role: "status" });
  const plane = playgroundPlane(context, { control });
  const net = playgroundNet(context, { control, look: plane.look });
  const curve = playgroundCurve(context);
  control("curve", curve.canvas);
  const controls = playgroundControls(context, { control, tell });

  /** @param {string} trait @param {string} label @param {string} title */
  const option = (trait, label, title) => {
    const box = make("input", { type: "checkbox" });
    listen(box, "change", () => put(trait, box.checked));
    follow(trait, () => (box.checked = get(trait)));
    return make("label", { class: "nbann-pg-check", title }, [box, label]);
  };
  const options = control("view", make("div", { class: "nbann-pg-options" }, [
    option("show_test", "show test data", "Draw the points that are not learned from: hollow, or as diamonds where values are learned"),
    option("discretize", "discretize output", "Show the answer alone, not how sure the net is"),
  ]));
  const output = make("section", { class: "nbann-pg-output", "aria-label": "Output" }, [curve.el, plane.el, options]);
  root.append(
    transport.bar, transport.help, top, transport.where, controls.training, notice, told,
    make("div", { class: "nbann-pg-main" }, [controls.data, net.el, output]),
    playgroundCode(context, { control }), live,
  );

  follow("notice", () => tell(get("notice")));
  follow("told", () => (told.textContent = get("told")));
  receiveFrames(context, "run", (message, buffers) => {
    plane.show(buffers[0], message.words);
    net.show(bytesOf(buffers[1]), floatsOf(buffers[2]));
    curve.show(buffers[3]);
    if (theme !== document.body.dataset.jpThemeLight) {
      theme = document.body.dataset.jpThemeLight;
      plane.rekey();
      controls.repaint();
    }
  });
  let theme = document.body.dataset.jpThemeLight;
  receiveFrames(context, "features", (message, buffers) => net.showFeatures(bytesOf(buffers[0])));

  context.ready();
  return context.close;
}

export default { render };

// @ts-check
/**
 * The view of Slider: a name, a range, the number. While it is dragged the newest place is sent, one at a time.
 *
 * @typedef {object} Traits
 * @property {string} label
 * @property {string[]} texts   the numbers that can be chosen
 * @property {number} place     which of them is chosen
 * @property {number} heard     the number of the last message that was done
 * @property {string} notice
 * @property {string} words
 * @property {string} error
 */
import { make } from "./parts/dom.js";
import { openView } from "./parts/view.js";

export const TRAITS = ["label", "texts", "place", "heard", "notice", "words", "error"];

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "slider", where.model.get("label"));
  const { get, say, listen, follow, root, top, live, keys } = context;
  const last = get("texts").length - 1;
  const range = make("input", { type: "range", min: "0", max: String(last), step: "1" });
  const output = make("output");
  const end = (/** @type {number} */ place) => make("span", { class: "nbann-slider-end", "aria-hidden": "true" }, [get("texts")[place]]);
  root.append(
    make("label", { class: "nbann-slider-row" }, [
      make("span", { class: "nbann-slider-label" }, [get("label")]), end(0), range, end(last), output,
    ]),
    top, live,
  );

  const show = (/** @type {number} */ place) => {
    range.value = String(place);
    output.textContent = get("texts")[place];
    range.setAttribute("aria-valuetext", output.textContent);
  };
  let wanted = get("place");
  let sent = wanted;
  let number = 0; // of the message that is waited for; 0 while there is none
  const send = () => {
    sent = wanted;
    number = get("heard") + 1;
    say("move", { place: wanted, number });
  };
  listen(range, "input", () => {
    wanted = Number(range.value);
    show(wanted);
    if (!number) send();
  });
  const settle = () => {
    wanted = get("place");
    show(wanted);
  };
  follow("place", () => number || settle()); // while it is dragged, where the hand is counts
  follow("heard", () => {
    if (!number || get("heard") < number) return;
    number = 0;
    if (wanted === sent) settle();
    else send(); // it was moved on meanwhile
  });
  keys(() => false);
  context.ready();
  return context.close;
}

export default { render };

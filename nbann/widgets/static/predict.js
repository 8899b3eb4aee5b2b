// @ts-check
/**
 * The view of Predict: a question, a guess, and once it is revealed guess and truth side by side.
 *
 * @typedef {object} Traits
 * @property {string} question
 * @property {"choices"|"slider"|"number"} kind
 * @property {string[]} choices
 * @property {Ends} ends                   of a slider
 * @property {any} guess                   null before it is recorded
 * @property {any} truth                   null before it is revealed
 * @property {boolean} revealed
 * @property {string} guess_text
 * @property {string} truth_text
 * @property {string} verdict
 * @property {string} explanation
 * @property {string} waiting              what has to be done before it can be revealed
 * @property {string} notice
 * @property {string} words
 * @property {string} error
 *
 * @typedef {{low?: number, high?: number, step?: number}} Ends
 */
import { disable, make } from "./parts/dom.js";
import { openView } from "./parts/view.js";

export const TRAITS = [
  "question", "kind", "choices", "ends", "guess", "truth", "revealed", "guess_text", "truth_text", "verdict",
  "explanation", "waiting", "notice", "words", "error",
];

/** Where numbers lie on one line, from 0 to 1; it begins and ends with the slider, or has 0 on it.
 * @param {number[]} values @param {Ends} ends @returns {number[]} */
export function places(values, { low, high }) {
  const least = Math.min(...values, low ?? 0);
  const most = Math.max(...values, high ?? 0);
  return values.map((value) => (most > least ? (value - least) / (most - least) : 0.5));
}

/** The middle of a slider, on one of its steps. @param {Ends} ends */
export function middle({ low = 0, high = 1, step = 0.01 }) {
  return low + Math.round((high - low) / 2 / step) * step;
}

/** A slider's number with as many decimals as its step has. @param {number} value @param {Ends} ends */
export function sliderText(value, { step = 0.01 }) {
  const [, fraction = ""] = String(step).split(".");
  const decimals = Math.max(fraction.length, Math.ceil(-Math.log10(step) - 1e-9), 0);
  return value.toFixed(Math.min(decimals, 10)).replace("-", "−");
}

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "predict", "Predict, then reveal");
  const { get, say, listen, follow, root, top, live } = context;
  const group = `nbann-guess-${Math.random().toString(36).slice(2)}`;

  // ---- the guess
  /** @type {HTMLInputElement[]} */ let inputs = [];
  const fields = make("div", { class: "nbann-guess-fields" });
  const output = make("output", { class: "nbann-guess-output" });
  const record = make("button", { type: "button", class: "nbann-button nbann-primary nbann-wide-button" }, ["Record my guess"]);
  if (get("kind") === "choices") {
    inputs = get("choices").map((/** @type {string} */ choice, /** @type {number} */ i) => {
      const input = make("input", { type: "radio", name: group, value: String(i) });
      fields.append(make("label", { class: "nbann-choice" }, [input, make("span", {}, [choice])]));
      return input;
    });
  } else if (get("kind") === "slider") {
    const { low, high, step } = get("ends");
    const range = make("input", { type: "range", min: String(low), max: String(high), step: String(step), value: String(middle(get("ends"))), "aria-label": "Your guess" });
    range.value = String(middle(get("ends")));
    const show = () => {
      output.textContent = sliderText(Number(range.value), get("ends"));
      range.setAttribute("aria-valuetext", output.textContent);
    };
    listen(range, "input", show);
    show();
    inputs = [range];
    fields.append(make("span", { class: "nbann-end" }, [sliderText(low, get("ends"))]), range, make("span", { class: "nbann-end" }, [sliderText(high, get("ends"))]), output);
  } else {
    const field = make("input", { type: "text", inputMode: "decimal", "aria-label": "Your guess", placeholder: "a number", class: "nbann-guess-number" });
    listen(field, "keydown", (event) => event.key === "Enter" && send());
    inputs = [field];
    fields.append(field);
  }
  const legend = make("legend", { class: "nbann-question" });
  const guess = make("fieldset", { class: "nbann-guess" }, [legend, fields]);
  const send = () => {
    if (get("kind") !== "choices") return say("answer", { value: inputs[0].value });
    const chosen = inputs.findIndex((input) => input.checked);
    if (chosen >= 0) say("answer", { choice: chosen });
  };
  listen(record, "click", send);
  const chosen = () => disable(record, get("guess") !== null || (get("kind") === "choices" && !inputs.some((input) => input.checked)), root);
  inputs.forEach((input) => listen(input, "change", chosen));

  // ---- the truth
  const recorded = make("span", { class: "nbann-recorded", hidden: true });
  const reveal = make("button", { type: "button", class: "nbann-button nbann-wide-button" }, ["Reveal"]);
  const waiting = make("span", { class: "nbann-waiting" });
  listen(reveal, "click", () => say("reveal"));
  const notice = make("div", { class: "nbann-notice", role: "alert", hidden: true });
  const [guessed, isTrue, verdict, explanation] = ["dd", "dd", "p", "p"].map((tag) => make(tag));
  verdict.className = "nbann-verdict";
  const [guessMark, trueMark] = ["nbann-guess-mark", "nbann-true-mark"].map((name) => make("i", { class: name }));
  const line = make("div", { class: "nbann-number-line", "aria-hidden": "true" }, [guessMark, trueMark]);
  const result = make("section", { class: "nbann-result", "aria-label": "Guess and truth", hidden: true }, [
    make("dl", { class: "nbann-both" }, [
      make("div", {}, [make("dt", {}, [make("i", { class: "nbann-guess-mark", "aria-hidden": "true" }), "your guess"]), guessed]),
      make("div", {}, [make("dt", {}, [make("i", { class: "nbann-true-mark", "aria-hidden": "true" }), "the truth"]), isTrue]),
    ]),
    line, verdict, explanation,
  ]);
  root.append(guess, make("div", { class: "nbann-guess-buttons" }, [record, recorded, reveal, waiting]), notice, top, result, live);

  follow("question", () => (legend.textContent = get("question")));
  let wasDone = false;
  const state = () => {
    const done = get("guess") !== null;
    guess.disabled = done;
    chosen();
    record.hidden = done;
    recorded.hidden = !done;
    recorded.textContent = `Your guess: ${get("guess_text")}`;
    disable(reveal, !done || get("revealed"), root);
    waiting.textContent = !done ? "The answer is revealed after your guess." : get("revealed") ? "" : get("waiting");
    if (done && get("kind") === "choices") inputs.forEach((input, i) => (input.checked = get("choices")[i] === get("guess_text")));
    else if (done) {
      inputs[0].value = String(get("guess"));
      output.textContent = sliderText(Number(get("guess")), get("ends"));
    } else if (get("kind") === "choices" && wasDone) inputs.forEach((input) => (input.checked = false)); // it was reset
    wasDone = done;
  };
  ["guess", "waiting", "revealed"].forEach((trait) => follow(trait, state));
  follow("revealed", () => {
    result.hidden = !get("revealed");
    guessed.textContent = get("guess_text");
    isTrue.textContent = get("truth_text");
    verdict.textContent = get("verdict");
    explanation.textContent = get("explanation");
    explanation.hidden = !get("explanation");
    const values = [get("guess"), get("truth")];
    line.hidden = get("kind") === "choices" || !values.every((value) => Number.isFinite(value));
    if (line.hidden) return;
    places(values, get("ends")).forEach((place, i) => ([guessMark, trueMark][i].style.left = `${100 * place}%`));
  });
  follow("notice", () => {
    notice.hidden = !get("notice");
    notice.textContent = get("notice");
  });
  context.keys(() => false); // JupyterLab's own shortcuts do not act on what is typed here

  context.ready();
  return context.close;
}

export default { render };

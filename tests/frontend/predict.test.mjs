// Predict as a whole, on a page that is none: guessing by choice, slider and number, revealing, asking anew.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeModel, openPage } from "./fake_dom.mjs";

const page = openPage();
const { default: widget, TRAITS, middle, places, sliderText } = await import("../../nbann/widgets/static/predict.js");

const STATE = (more = {}) => ({
  question: "<b>What?</b>", kind: "choices", choices: ["up", "<img>"], ends: {}, guess: null, truth: null, revealed: false,
  guess_text: "", truth_text: "", verdict: "", explanation: "", waiting: "", notice: "", words: "", error: "", ...more,
});

const open = (more) => {
  const model = fakeModel(STATE(more));
  const el = page.window.document.createElement("div");
  page.el.append(el);
  const close = widget.render({ model, el });
  const find = (selector) => el.querySelector(selector);
  const button = (text) => [...el.querySelectorAll("button")].find((b) => b.textContent === text);
  return { model, el, close, find, button };
};
const changed = (input) => input.dispatchEvent(new page.window.Event("change", { bubbles: true }));

test("closing leaves no listener, observer or handler behind", () => {
  for (const kind of ["choices", "slider", "number"]) {
    const before = page.listeners();
    const { model, el, close } = open({ kind, ends: kind === "slider" ? { low: 0, high: 1, step: 0.1 } : {} });
    close();
    assert.equal(model.handlers(), 0);
    el.remove();
    assert.equal(page.listeners(), before);
  }
  assert.deepEqual(new Set(TRAITS), new Set(Object.keys(STATE())));
});

test("a choice is made, recorded, and can not be changed", () => {
  const { model, el, close, find, button } = open();
  assert.equal(el.querySelectorAll("img").length, 0);
  assert.equal(find("legend").textContent, "<b>What?</b>");
  assert.ok(button("Record my guess").disabled);
  assert.ok(button("Reveal").disabled);
  const second = el.querySelectorAll("input")[1];
  second.checked = true;
  changed(second);
  assert.ok(!button("Record my guess").disabled);
  button("Record my guess").click();
  assert.deepEqual([model.sent.at(-1).type, model.sent.at(-1).choice], ["answer", 1]);
  model.set("guess_text", "<img>");
  model.set("guess", "<img>");
  assert.ok(find("fieldset").disabled);
  assert.ok(find(".nbann-primary").hidden);
  assert.equal(find(".nbann-recorded").textContent, "Your guess: <img>");
  assert.ok(!button("Reveal").disabled);
  model.set("guess", null);
  assert.ok(!find("fieldset").disabled);
  assert.ok(!second.checked);
  close();
});

test("a slider begins in its middle and sends its number", () => {
  const { model, close, find, button } = open({ kind: "slider", ends: { low: 0, high: 2, step: 0.01 } });
  assert.equal(find(".nbann-guess-output").textContent, "1.00");
  find("input").value = "0.37";
  find("input").dispatchEvent(new page.window.Event("input", { bubbles: true }));
  assert.equal(find(".nbann-guess-output").textContent, "0.37");
  assert.equal(find("input").getAttribute("aria-valuetext"), "0.37");
  button("Record my guess").click();
  assert.equal(Number(model.sent.at(-1).value), 0.37);
  close();
});

test("guess and truth are shown side by side once they are revealed", () => {
  const { model, close, find, button } = open({ kind: "number", guess: 1, guess_text: "1", waiting: "Run 3 epochs first; 0 are done." });
  assert.equal(find(".nbann-waiting").textContent, "Run 3 epochs first; 0 are done.");
  assert.ok(find(".nbann-result").hidden);
  button("Reveal").click();
  assert.equal(model.sent.at(-1).type, "reveal");
  for (const [name, value] of Object.entries({ truth: 4, truth_text: "4", verdict: "3 too low", explanation: "Because.", waiting: "", revealed: true })) model.set(name, value);
  assert.ok(!find(".nbann-result").hidden);
  assert.deepEqual([...find(".nbann-both").querySelectorAll("dd")].map((dd) => dd.textContent), ["1", "4"]);
  assert.equal(find(".nbann-verdict").textContent, "3 too low");
  assert.equal(find(".nbann-number-line .nbann-guess-mark").style.left, "25%");
  assert.equal(find(".nbann-number-line .nbann-true-mark").style.left, "100%");
  assert.ok(button("Reveal").disabled);
  close();
});

test("numbers lie on one line", () => {
  assert.deepEqual(places([0.5, 1], { low: 0, high: 2 }), [0.25, 0.5]);
  assert.deepEqual(places([0, 4], { low: 0, high: 2 }), [0, 1]);
  assert.deepEqual(places([-1, 1], {}), [0, 1]);
  assert.deepEqual(places([0, 0], {}), [0.5, 0.5]);
});

test("a slider's number has as many decimals as its step", () => {
  assert.equal(sliderText(0.5, { step: 0.01 }), "0.50");
  assert.equal(sliderText(-3, { step: 1 }), "−3");
  assert.equal(sliderText(0.3, { step: 0.025 }), "0.300");
  assert.equal(sliderText(0.0000003, { step: 1e-7 }), "0.0000003");
  assert.equal(middle({ low: 0, high: 1, step: 0.4 }), 0.4);
});
test.after(() => page.close());

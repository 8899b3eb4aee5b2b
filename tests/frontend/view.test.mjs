// A view as a whole, on a page that is none: what it shows of its traits, what it sends, that nothing is left.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeModel, openPage } from "./fake_dom.mjs";

const page = openPage();
const { default: widget } = await import("../../nbann/widgets/static/step_through.js");

const TRAITS = () => ({
  unit: "op", speed: 2, units: ["op", "layer", "phase", "batch", "epoch"], speeds: [1, 2, 5], mode: "",
  ops: [{ phase: "forward", layer: "a", name: "affine", op: "a.affine", math: "<math></math>" }, { phase: "loss", layer: "loss", name: "mean", op: "loss.mean", math: "" }],
  here: { epoch: 1, batch: 1, batches: 3, op: 1, ops: 2, ran: true, loss: "" },
  equation: { phase: "forward", layer: "<img>", title: "affine", writes: ["a.out"], array: "a.out", shape: [2, 2], index: [0, 1],
    axes: ["sample", "neuron"], symbols: ["<math><mi>z</mi></math>"], numbers: ['<math><mrow data-array="a.out" data-index="0,1"><mn>3</mn></mrow></math>'], text: "z = 3", exact: "3.0", note: "", fixed: "" },
  element: [], timeline: { first: 0, end: 3, at: 1, start: false, batches: 3 }, curve: { stride: 1, loss: [0.5] }, marks: [], branches: [], rate: "0.1", locked: "",
  why_rows: [], notice: "", progress: {}, breakpoints: [], stop_when: "", stopped: "", words: "now", error: "",
  net: { version: 1, reason: "", first: 0, strip: [], phases: ["forward"], columns: [], links: [] }, sample: 0, edges: "weight", most: 8, selected: [], inspected: {},
});

const open = () => {
  const model = fakeModel(TRAITS());
  const el = page.window.document.createElement("div");
  page.el.append(el);
  return { model, el, close: widget.render({ model, el }) };
};

test("closing a view leaves no listener, observer or handler behind", () => {
  const before = page.listeners();
  const { model, el, close } = open();
  assert.ok(model.handlers() > 10);
  assert.ok(page.listeners() > before);
  close();
  assert.equal(model.handlers(), 0);
  el.remove();
  assert.equal(page.listeners(), before);
  assert.equal(model.sent.at(-1).type, "gone");
  assert.equal(model.sent.at(-1).view, model.sent[0].view);
});

test("a view whose kernel is gone says so, and closes without an error", () => {
  const { model, el, close } = open();
  const error = el.querySelector(".nbann-error");
  assert.equal(error.hidden, true);
  model.send = () => {
    throw new Error("Cannot send");
  };
  el.querySelector(".nbann-primary").dispatchEvent(new page.window.Event("click", { bubbles: true }));
  assert.equal(error.hidden, false);
  assert.match(error.textContent, /kernel was restarted.*Run this cell again/);
  close();
});

test("a page that is left tells Python that its views are gone", () => {
  const { model, close } = open();
  page.window.dispatchEvent(new page.window.Event("pagehide"));
  assert.equal(model.sent.at(-1).type, "gone");
  close();
});

test("names are shown as text", () => {
  const { el, close } = open();
  assert.equal(el.querySelectorAll("img").length, 0);
  assert.match(el.querySelector(".nbann-op-title").textContent, /<img>/);
  close();
});

test("two views of one model have names of their own", () => {
  const one = open();
  const other = open();
  assert.notEqual(one.model.sent[0].view, other.model.sent[0].view);
  one.close();
  other.close();
});

test("a key acts once, and only without modifiers", () => {
  const { model, el, close } = open();
  const root = el.querySelector(".nbann-view");
  const press = (key, more = {}) => root.dispatchEvent(new page.window.KeyboardEvent("keydown", { key, bubbles: true, ...more }));
  press("ArrowRight");
  press("ArrowRight", { ctrlKey: true });
  assert.deepEqual(model.sent.filter(({ type }) => type === "step").length, 1);
  press("3");
  assert.equal(model.get("unit"), "phase");
  close();
  press("ArrowRight");
  assert.deepEqual(model.sent.filter(({ type }) => type === "step").length, 1);
});
test.after(() => page.close());

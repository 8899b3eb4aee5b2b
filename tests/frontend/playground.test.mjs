// The playground as a whole, on a page that is none: what it shows of its traits, what it sends, that nothing is left.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fakeModel, openPage } from "./fake_dom.mjs";

const page = openPage();
const { TRAITS, default: widget } = await import("../../nbann/widgets/static/playground.js");
const STATE = readFileSync(new URL("./playground_state.json", import.meta.url), "utf-8"); // tests/widgets/test_playground.py checks it

const open = (changes = {}) => {
  const model = fakeModel({ ...JSON.parse(STATE), ...changes });
  const el = page.window.document.createElement("div");
  page.el.append(el);
  return { model, el, close: widget.render({ model, el }) };
};
const button = (el, name) => [...el.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === name);
const last = (model) => {
  const { view, ...message } = model.sent.at(-1);
  return message;
};

test("every trait is named once and followed", () => {
  assert.deepEqual([...TRAITS].sort(), Object.keys(JSON.parse(STATE)).sort());
});

test("closing a view leaves no listener, observer or handler behind", () => {
  const before = page.listeners();
  const { model, el, close } = open();
  assert.ok(model.handlers() > 20);
  close();
  assert.equal(model.handlers(), 0);
  el.remove();
  assert.equal(page.listeners(), before);
  assert.equal(model.sent.at(-1).type, "gone");
});

test("buttons say what they are for", () => {
  const { model, el, close } = open();
  button(el, "Add a hidden layer").click();
  assert.deepEqual(last(model), { type: "layers", by: 1 });
  button(el, "Fewer neurons in layer 1").click();
  assert.deepEqual(last(model), { type: "neurons", layer: 0, by: -1 });
  el.querySelectorAll(".nbann-pg-feature")[2].click();
  assert.deepEqual(last(model), { type: "feature", term: "x1^2" });
  button(el, "xor").click();
  assert.deepEqual(last(model), { type: "change", field: "data", value: "xor" });
  close();
});

test("controls that are hidden are not there, and come back", () => {
  const { model, el, close } = open({ hidden: ["code", "layers", "noise"] });
  const code = el.querySelector("details.nbann-pg-code");
  assert.ok(code.hidden);
  assert.ok(button(el, "Add a hidden layer").closest("[hidden]"));
  model.set("hidden", []);
  assert.ok(!code.hidden && !button(el, "Add a hidden layer").closest("[hidden]"));
  close();
});

test("without the bar of buttons its keys do nothing", () => {
  const { model, el, close } = open();
  const press = (key) => el.querySelector(".nbann-view").dispatchEvent(new page.window.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  press("ArrowRight");
  assert.equal(last(model).type, "step");
  model.set("hidden", ["transport"]);
  press(" ");
  press("r");
  assert.equal(last(model).type, "step");
  press("+");
  assert.deepEqual(last(model), { type: "layers", by: 1 });
  close();
});

test("names of data are shown as text", () => {
  const evil = '<img src=x onerror="alert(1)">';
  const { plane, net } = JSON.parse(STATE);
  const { el, close } = open({
    plane: { ...plane, classes: [evil, "\u202eb"], axes: [evil, evil] },
    net: { ...net, features: net.features.map((feature) => ({ ...feature, label: evil })) },
    notice: evil, code_text: evil, told: evil,
  });
  assert.equal(el.querySelectorAll("img").length, 0);
  assert.match(el.querySelector(".nbann-pg-key").textContent, /<img/);
  assert.match(el.querySelector(".nbann-pg-code-text").textContent, /<img/);
  close();
});

test("points are drawn on the plane by keyboard, where classes can be", () => {
  const { model, el, close } = open();
  const plane = el.querySelector(".nbann-pg-plane");
  const press = (key) => plane.dispatchEvent(new page.window.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  press("Enter"); // nothing is drawn before a class has been chosen
  assert.equal(last(model).type, "ready");
  press("2");
  press("ArrowRight");
  press("ArrowUp");
  press("Enter");
  assert.deepEqual(last(model), { type: "draw", at: [0.3, 0.3], label: 1 });
  press("e");
  press("Enter");
  assert.deepEqual(last(model), { type: "erase", at: [0.3, 0.3], radius: 0.6000000000000001 });
  press("0");
  press("Enter");
  assert.equal(last(model).type, "erase");
  assert.equal(model.get("unit"), "epoch"); // digits on the plane are classes, not units
  close();
});

test("neurons are gone through by arrow keys, one stop of the tab key for all", () => {
  const { el, close } = open();
  const stops = () => [...el.querySelectorAll(".nbann-pg-neuron")].filter((one) => one.tabIndex === 0);
  assert.equal(stops().length, 1);
  const first = stops()[0];
  first.focus();
  first.dispatchEvent(new page.window.KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }));
  assert.equal(stops().length, 1);
  assert.equal(stops()[0].dataset.neuron, "1");
  stops()[0].dispatchEvent(new page.window.KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }));
  assert.equal(stops()[0].dataset.layer, "1");
  close();
});

test("the code's library is chosen, and what is typed is sent", () => {
  const { model, el, close } = open();
  const torch = [...el.querySelectorAll(".nbann-pg-code input")].find((input) => input.value === "torch");
  torch.click();
  assert.equal(model.get("code_kind"), "torch");
  const rate = [...el.querySelectorAll(".nbann-pg-field")].find((one) => one.textContent === "Learning rate").querySelector("input");
  rate.value = "0.25";
  rate.dispatchEvent(new page.window.Event("input"));
  rate.dispatchEvent(new page.window.Event("change"));
  assert.deepEqual(last(model), { type: "change", field: "learning_rate", value: "0.25" });
  close();
});
test.after(() => page.close());

test("every slider has a name of its own", () => {
  const { el, close } = open();
  const names = [...el.querySelectorAll(".nbann-pg-slider input")].map((field) => field.getAttribute("aria-label"));
  assert.ok(names.includes("Dropout") && names.includes("Noise"));
  assert.ok(names.every((name) => name));
  close();
});

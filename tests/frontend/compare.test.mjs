// Compare as a whole, on a page that is none: its table, settings, search, locks; that nothing is left.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeModel, openPage } from "./fake_dom.mjs";

const page = openPage();
const { default: widget, TRAITS, columnWords, networkColumns } = await import("../../nbann/widgets/static/compare.js");

const cell = (text, exact = "", best = false) => ({ text, exact, best });
const STATE = () => ({
  unit: "epoch", speed: 2, units: ["op", "layer", "phase", "batch", "epoch"], speeds: [1, 2, 5], mode: "", rate: "",
  here: { epoch: 1, batch: 1, batches: 3, op: 1, ops: 2, ran: true, loss: "" }, locked: "", progress: {},
  table: {
    head: ["run", "done", "train loss"],
    rows: [
      { name: "<img>", cells: [cell("1 epoch"), cell("0.3", "0.31", true)], state: "", why: "" },
      { name: "b", cells: [cell("1 epoch"), cell("0.4", "0.41")], state: "stopped: not finite in x", why: "at length" },
    ],
  },
  ahead: "", at_start: true, metric: "loss", metrics: ["test_accuracy", "loss"], settings: [{ name: "seed", values: ["0", "1"] }],
  parting: [], seeking: "", net0: { reason: "draws layers.", version: 1 }, net1: { reason: "draws layers.", version: 1 },
  net2: {}, net3: {}, net4: {}, net5: {}, notice: "", words: "", error: "",
});

const open = () => {
  const model = fakeModel(STATE());
  const el = page.window.document.createElement("div");
  page.el.append(el);
  return { model, el, close: widget.render({ model, el }) };
};

test("closing leaves no listener, observer or handler behind", () => {
  const before = page.listeners();
  const { model, el, close } = open();
  assert.ok(model.handlers() > 10);
  close();
  assert.equal(model.handlers(), 0);
  el.remove();
  assert.equal(page.listeners(), before);
});

test("the view asks for no trait that is not listed", () => {
  assert.deepEqual(new Set(TRAITS), new Set(Object.keys(STATE())));
});

test("a step changes the texts of the table, not its elements", () => {
  const { model, el, close } = open();
  const cells = () => [...el.querySelectorAll(".nbann-compare > .nbann-runs td")];
  const before = cells();
  assert.deepEqual(before.map((td) => td.textContent), ["1 epoch", "0.3 (best)", "1 epoch (stopped: not finite in x)", "0.4"]);
  assert.equal(before[1].title, "0.31");
  assert.equal(before[2].title, "at length");
  assert.ok(before[1].classList.contains("nbann-best"));
  const next = STATE().table;
  next.rows[0].cells[1] = cell("0.5", "0.51");
  model.set("table", next);
  assert.deepEqual(cells(), before);
  assert.equal(before[1].textContent, "0.5");
  assert.ok(!before[1].classList.contains("nbann-best"));
  close();
});

test("names are shown as text, each beside its swatch", () => {
  const { el, close } = open();
  assert.equal(el.querySelectorAll("img").length, 0);
  assert.equal(el.querySelector(".nbann-run-name").textContent, "<img>");
  assert.equal(el.querySelectorAll(".nbann-settings .nbann-swatch").length, 2);
  close();
});

test("the search is asked for, told of, and shown", () => {
  const { model, el, close } = open();
  const button = el.querySelector(".nbann-seek");
  button.click();
  assert.equal(model.sent.at(-1).type, "seek");
  model.set("seeking", "Looking …");
  assert.ok(button.disabled);
  model.set("seeking", "");
  model.set("parting", ["a and b part"]);
  assert.ok(!button.disabled);
  assert.equal(el.querySelector(".nbann-parting li").textContent, "a and b part");
  model.set("settings", []);
  assert.match(el.querySelector(".nbann-settings").textContent, /^None/);
  close();
});

test("a lock disables the buttons, says why, and keys do nothing", () => {
  const { model, el, close } = open();
  model.set("locked", "Guess first: <b>?</b>");
  const bar = el.querySelector(".nbann-transport");
  assert.ok(bar.disabled);
  assert.equal(el.querySelector(".nbann-locked").textContent, "Guess first: <b>?</b>");
  const press = (key) => el.querySelector(".nbann-view").dispatchEvent(new page.window.KeyboardEvent("keydown", { key, bubbles: true }));
  const sent = model.sent.length;
  press("ArrowRight");
  press(" ");
  press("r");
  assert.equal(model.sent.length, sent);
  model.set("locked", "");
  assert.ok(!bar.disabled);
  assert.ok(el.querySelector(".nbann-locked").hidden);
  press("ArrowRight");
  assert.equal(model.sent.at(-1).type, "step");
  close();
});

test("networks stand so that they can be read", () => {
  assert.deepEqual([2, 3, 4, 5, 6].map(networkColumns), [2, 3, 2, 3, 3]);
  assert.equal(columnWords("test_log_loss"), "test log loss");
  assert.equal(columnWords("loss"), "batch loss");
});
test.after(() => page.close());

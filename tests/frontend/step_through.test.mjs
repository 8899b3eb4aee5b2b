// The pure functions of the StepThrough view; what it does in a page is tested in tests/browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  TRAITS, clampIndex, groups, keyAction, lastLine, ownsKey, speedLabel, statusLine,
} from "../../nbann/widgets/static/step_through.js";

const UNITS = ["op", "layer", "phase", "batch", "epoch"];

test("keys do what the help says", () => {
  assert.deepEqual(keyAction(" ", UNITS), { command: "toggle" });
  assert.deepEqual(keyAction("ArrowRight", UNITS), { command: "step" });
  assert.deepEqual(keyAction("r", UNITS), { command: "reset" });
  assert.deepEqual(keyAction("?", UNITS), { command: "help" });
  UNITS.forEach((unit, i) => assert.deepEqual(keyAction(String(i + 1), UNITS), { unit }));
});

test("other keys are left alone", () => {
  for (const key of ["0", "6", "a", "Enter", "Tab", "ArrowLeft", "", "1.0", " 1", "Infinity"]) {
    assert.equal(keyAction(key, UNITS), null, key);
  }
});

test("a field keeps the keys that are typed into it", () => {
  assert.equal(ownsKey("INPUT", "r"), true);
  assert.equal(ownsKey("SELECT", "ArrowRight"), true);
  assert.equal(ownsKey("BUTTON", " "), true);
  assert.equal(ownsKey("BUTTON", "r"), false);
  assert.equal(ownsKey("DIV", " "), false);
});

test("the status line says what was run, and what comes next", () => {
  const here = { epoch: 3, batch: 2, batches: 5, op: 14, ops: 27, ran: true, loss: "0.412" };
  assert.equal(statusLine(here), "epoch 3 · batch 2 of 5 · op 14 of 27 · loss 0.412");
  assert.equal(
    statusLine({ ...here, ran: false, loss: "" }),
    "epoch 3 · batch 2 of 5 · next: op 14 of 27",
  );
});

test("ops are grouped by neighboring phase and layer", () => {
  const ops = ["forward a", "forward a", "forward b", "loss loss", "backward b", "backward a"].map((text) => {
    const [phase, layer] = text.split(" ");
    return { phase, layer, name: "", math: "" };
  });
  assert.deepEqual(
    groups(ops).map((g) => [g.phase, g.layer, g.from, g.to]),
    [["forward", "a", 0, 1], ["forward", "b", 2, 2], ["loss", "loss", 3, 3], ["backward", "b", 4, 4], ["backward", "a", 5, 5]],
  );
  assert.deepEqual(groups([]), []);
});

test("speed has its unit, in the right number", () => {
  assert.equal(speedLabel(2, "op"), "2 ops/s");
  assert.equal(speedLabel(1, "batch"), "1 batch/s");
  assert.equal(speedLabel(5, "batch"), "5 batches/s");
  assert.equal(speedLabel(0.5, "epoch"), "0.5 epochs/s");
});

test("an index stays in its range, whatever is typed", () => {
  assert.equal(clampIndex("3", 6), 3);
  assert.equal(clampIndex("-1", 6), 0);
  assert.equal(clampIndex("99", 6), 5);
  assert.equal(clampIndex("2.9", 6), 2);
  assert.equal(clampIndex("", 6), 0);
  assert.equal(clampIndex("abc", 6), 0);
});

test("every trait that the view follows is named once", () => {
  assert.equal(new Set(TRAITS).size, TRAITS.length);
});

test("an error is introduced by what it says, not by where it happened", () => {
  assert.equal(lastLine("Traceback:\n  File x\nValueError: no\n"), "ValueError: no");
  assert.equal(lastLine(""), "");
});

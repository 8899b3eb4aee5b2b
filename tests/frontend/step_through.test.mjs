// The pure functions of the StepThrough view; what it does in a page is tested in tests/browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  TRAITS, along, clampIndex, epochTicks, groups, isAhead, keyAction, lastLine, newestOnly, ownsKey, phaseClass, phasesOf, placeWords,
  shortNumber, speedLabel, statusLine,
} from "../../nbann/widgets/static/step_through.js";

const UNITS = ["op", "layer", "phase", "batch", "epoch"];

test("keys do what the help says", () => {
  assert.deepEqual(keyAction(" ", UNITS), { command: "toggle" });
  assert.deepEqual(keyAction("ArrowRight", UNITS), { command: "step" });
  assert.deepEqual(keyAction("ArrowLeft", UNITS), { command: "back" });
  assert.deepEqual(keyAction("w", UNITS), { command: "why" });
  assert.deepEqual(keyAction("r", UNITS), { command: "reset" });
  assert.deepEqual(keyAction("?", UNITS), { command: "help" });
  UNITS.forEach((unit, i) => assert.deepEqual(keyAction(String(i + 1), UNITS), { unit }));
});

test("other keys are left alone", () => {
  for (const key of ["0", "6", "a", "Enter", "Tab", "ArrowUp", "", "1.0", " 1", "Infinity"]) {
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

test("phases of other names have colors by their order in the program", () => {
  const ops = ["store", "update", "field", "state", "state", "energy", "update"].map((phase) => ({ phase }));
  assert.deepEqual(phasesOf(ops), ["store", "update", "field", "state", "energy"]);
  assert.deepEqual(
    phasesOf(ops).map((phase) => phaseClass(phase, ops)),
    ["nbann-phase1", "nbann-update", "nbann-phase2", "nbann-phase3", "nbann-phase4"],
  );
  const many = Array.from({ length: 9 }, (_, i) => ({ phase: `hidden ${i}` })); // no class may come of a name
  assert.equal(phaseClass("hidden 6", many), "nbann-phase1");
  assert.equal(phaseClass("not there", ops), "nbann-phase1");
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

test("a place on the timeline names the batch that has run there", () => {
  const timeline = { first: 0, end: 12, at: 12, start: false, batches: 5 };
  assert.equal(placeWords(0, timeline), "start");
  assert.equal(placeWords(1, timeline), "epoch 1, batch 1");
  assert.equal(placeWords(5, timeline), "epoch 1, batch 5");
  assert.equal(placeWords(12, timeline), "epoch 3, batch 2");
  assert.equal(placeWords(10, { ...timeline, first: 10 }), "start");
});

test("places lie between the ends, also where nothing has run", () => {
  const timeline = { first: 10, end: 30, at: 12, start: false, batches: 5 };
  assert.equal(along(10, timeline), 0);
  assert.equal(along(25, timeline), 0.75);
  assert.equal(along(30, timeline), 1);
  assert.equal(along(99, timeline), 1);
  assert.equal(along(10, { ...timeline, end: 10 }), 0);
});

test("epochs have ticks, of many only some, at round numbers", () => {
  const run = (epochs, batches = 5) => ({ first: 0, end: epochs * batches, at: 0, start: true, batches });
  assert.deepEqual(epochTicks(run(4)), [5, 10, 15]);
  assert.deepEqual(epochTicks(run(0)), []);
  assert.deepEqual(epochTicks(run(1)), []);
  assert.deepEqual(epochTicks({ ...run(4), first: 7 }), [10, 15]);
  assert.deepEqual(epochTicks(run(21, 1), 10), [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  for (const epochs of [59, 61, 100, 777, 12345, 1e6]) {
    const ticks = epochTicks(run(epochs));
    assert.ok(ticks.length <= 60 && ticks.length > 15, `${epochs}: ${ticks.length}`);
  }
});

test("what lies ahead: acts as Python says, forks by their place", () => {
  const timeline = { first: 0, end: 12, at: 5, start: false, batches: 5 };
  assert.equal(isAhead({ step: 5, words: "", kind: "act", ahead: true }, timeline), true);
  assert.equal(isAhead({ step: 9, words: "", kind: "act", ahead: false }, timeline), false);
  assert.equal(isAhead({ step: 5.5, words: "", kind: "fork", ahead: false }, timeline), true);
  assert.equal(isAhead({ step: 5, words: "", kind: "fork", ahead: false }, timeline), false);
});

test("of many wishes the first is sent at once, then only the newest", () => {
  const sent = [];
  const wishes = newestOnly((value, id) => sent.push([value, id]));
  for (const step of [1, 2, 3, 4]) wishes.wish(step);
  assert.deepEqual(sent, [[1, 1]]);
  assert.equal(wishes.met(1), false);
  assert.deepEqual(sent, [[1, 1], [4, 2]]);
  assert.equal(wishes.met(1), false, "an answer to what is over");
  assert.equal(wishes.met(2), true);
  wishes.wish(7);
  assert.deepEqual(sent.at(-1), [7, 3]);
});

test("a field shows four digits, and nothing of what is no number", () => {
  assert.equal(shortNumber("0.123456789"), "0.1235");
  assert.equal(shortNumber("-0.7"), "-0.7");
  assert.equal(shortNumber("2.0"), "2");
  assert.equal(shortNumber("nan"), "");
  assert.equal(shortNumber(undefined), "");
});

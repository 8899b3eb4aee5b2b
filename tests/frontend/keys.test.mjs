// The pure functions of parts/keys.js; what views do in a page is tested in tests/browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { keyAction, ownsKey } from "../../nbann/widgets/static/parts/keys.js";

const UNITS = ["op", "layer", "phase", "batch", "epoch"];

test("keys do what the help says", () => {
  assert.deepEqual(keyAction(" ", UNITS), { command: "toggle" });
  assert.deepEqual(keyAction("ArrowRight", UNITS), { command: "step" });
  assert.deepEqual(keyAction("ArrowLeft", UNITS), { command: "back" });
  assert.deepEqual(keyAction("w", UNITS), { command: "why" });
  assert.deepEqual(keyAction("f", UNITS), { command: "forward" });
  assert.deepEqual(keyAction("b", UNITS), { command: "breakpoint" });
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

test("a slider and a radio button keep the keys that move them, and no other", () => {
  for (const type of ["range", "radio"]) {
    for (const key of ["ArrowRight", "ArrowLeft", "Home", "PageUp"]) assert.equal(ownsKey("INPUT", key, type), true);
    for (const key of [" ", "r", "3", "?", "w"]) assert.equal(ownsKey("INPUT", key, type), false, key);
  }
  for (const type of ["text", "number"]) assert.equal(ownsKey("INPUT", " ", type), true);
});

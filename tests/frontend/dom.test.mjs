// The pure functions of parts/dom.js; what views do in a page is tested in tests/browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { clampIndex, lastLine, shortNumber, typed } from "../../nbann/widgets/static/parts/dom.js";

test("an index stays in its range, whatever is typed", () => {
  assert.equal(clampIndex("3", 6), 3);
  assert.equal(clampIndex("-1", 6), 0);
  assert.equal(clampIndex("99", 6), 5);
  assert.equal(clampIndex("2.9", 6), 2);
  assert.equal(clampIndex("", 6), 0);
  assert.equal(clampIndex("abc", 6), 0);
});

test("an error is introduced by what it says, not by where it happened", () => {
  assert.equal(lastLine("Traceback:\n  File x\nValueError: no\n"), "ValueError: no");
  assert.equal(lastLine(""), "");
});

test("a field shows four digits, and nothing of what is no number", () => {
  assert.equal(shortNumber("0.123456789"), "0.1235");
  assert.equal(shortNumber("-0.7"), "-0.7");
  assert.equal(shortNumber("2.0"), "2");
  assert.equal(shortNumber("nan"), "");
  assert.equal(shortNumber(undefined), "");
});

test("what was typed for one number is not kept for another", () => {
  const field = { value: "" };
  let [number, name] = ["0.1", "a"];
  const sent = [];
  const text = typed(field, () => number, (value) => sent.push([name, value]), () => name);
  text.refresh();
  field.value = "0.7";
  field.oninput();
  number = "0.2"; // the run goes on: what is being typed stays
  text.refresh();
  assert.equal(field.value, "0.7");
  [number, name] = ["0.3", "b"];
  text.refresh();
  assert.equal(field.value, "0.3");
  text.send();
  assert.deepEqual(sent, []);
});

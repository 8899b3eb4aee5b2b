// The pure functions of parts/timeline.js; what views do in a page is tested in tests/browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { along, curvePath, epochTicks, isAhead, newestOnly, placeWords } from "../../nbann/widgets/static/parts/timeline.js";

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

test("the loss is a curve over the batches that have run, with gaps where it is no number", () => {
  const timeline = { first: 0, end: 4, at: 4, start: false, batches: 5 };
  assert.equal(curvePath({ stride: 1, loss: [3, 1, null, 2] }, timeline), "M0.25 0L0.5 1M1 0.5");
  assert.equal(curvePath({ stride: 2, loss: [3, 1] }, timeline), "M0.25 0L0.75 1");
  assert.equal(curvePath({ stride: 1, loss: [2] }, { ...timeline, end: 1 }), "M1 1");
  assert.equal(curvePath({ stride: 1, loss: [] }, { ...timeline, end: 0 }), "");
});

// Frames: the newest alone is drawn, and what is drawn is told to Python now and then, for all slots at once.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acknowledged, newestFrame, receiveFrames } from "../../nbann/widgets/static/parts/frames.js";

const turn = () => new Promise((done) => setTimeout(done, 0));

test("of many frames only the newest is drawn, and one that fails does not stop the next", async () => {
  const drawn = [];
  const frames = newestFrame(async (value) => {
    drawn.push(value);
    if (value === 3) throw new Error("no picture");
  }, (draw) => setTimeout(() => draw().catch(() => drawn.push("failed")), 0));
  for (const value of [1, 2, 3]) frames.show(value);
  await turn();
  await turn();
  assert.deepEqual(drawn, [3, "failed"]);
  frames.show(4);
  await turn();
  frames.close();
  frames.show(5);
  await turn();
  assert.deepEqual(drawn, [3, "failed", 4]);
});

test("all slots are told of once one is three frames ahead", () => {
  const slots = new Map([["a", { drawn: 2, told: 0 }], ["b", { drawn: 1, told: 0 }], ["c", { drawn: 5, told: 5 }]]);
  assert.equal(acknowledged(slots), null);
  slots.get("a").drawn = 3;
  assert.deepEqual(acknowledged(slots), { a: 3, b: 1 });
  assert.equal(acknowledged(slots), null);
});

test("a view is never more than four frames behind without saying so", async () => {
  globalThis.requestAnimationFrame = (fn) => setTimeout(fn, 0);
  const handlers = [];
  const said = [];
  const context = { root: {}, cleanups: [], hear: (_, fn) => handlers.push(fn), say: (type, more) => said.push(more.drawn) };
  receiveFrames(context, "panels", () => {});
  receiveFrames(context, "network", () => {});
  let sent = 40; // earlier views have had those before
  let told = sent;
  for (let round = 0; round < 50; round++) {
    if (sent - told < 4) sent += 1; // as Python does
    for (const slot of ["network", "panels"]) handlers.forEach((fn) => fn({ type: "frame", slot, id: sent }, []));
    if (round % 3 !== 1) await turn();
    told = said.reduce((last, { panels }) => Math.max(last, panels ?? 0), told);
  }
  await turn();
  assert.ok(sent > 60, `it went on to ${sent}`);
  assert.ok(said.length < 25, `${said.length} messages back`);
  assert.deepEqual(Object.keys(said.at(-1)).sort(), ["network", "panels"]);
});

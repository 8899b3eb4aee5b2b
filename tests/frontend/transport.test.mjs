// The pure functions of parts/transport.js; what views do in a page is tested in tests/browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { speedLabel, statusLine } from "../../nbann/widgets/static/parts/transport.js";

test("the status line says what was run, and what comes next", () => {
  const here = { epoch: 3, batch: 2, batches: 5, op: 14, ops: 27, ran: true, loss: "0.412" };
  assert.equal(statusLine(here), "epoch 3 · batch 2 of 5 · op 14 of 27 · loss 0.412");
  assert.equal(
    statusLine({ ...here, ran: false, loss: "" }),
    "epoch 3 · batch 2 of 5 · next: op 14 of 27",
  );
});

test("speed has its unit, in the right number", () => {
  assert.equal(speedLabel(2, "op"), "2 ops/s");
  assert.equal(speedLabel(1, "batch"), "1 batch/s");
  assert.equal(speedLabel(5, "batch"), "5 batches/s");
  assert.equal(speedLabel(0.5, "epoch"), "0.5 epochs/s");
});

// The pure functions of parts/phases.js; what views do in a page is tested in tests/browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { phaseClass, phasesOf } from "../../nbann/widgets/static/parts/phases.js";

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

// The pure functions of step_through.js; what views do in a page is tested in tests/browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { TRAITS, groups } from "../../nbann/widgets/static/step_through.js";

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

test("every trait that the view follows is named once", () => {
  assert.equal(new Set(TRAITS).size, TRAITS.length);
});

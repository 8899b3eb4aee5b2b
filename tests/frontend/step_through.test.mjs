// The pure functions of step_through.js; what views do in a page is tested in tests/browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { TRAITS } from "../../nbann/widgets/static/step_through.js";

test("every trait that the view follows is named once", () => {
  assert.equal(new Set(TRAITS).size, TRAITS.length);
});

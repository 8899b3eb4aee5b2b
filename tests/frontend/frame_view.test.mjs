// FrameView as a whole, on a page that is none: it tells its width, and nothing is left.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeModel, openPage } from "./fake_dom.mjs";

const page = openPage();
const { default: widget, TRAITS } = await import("../../nbann/widgets/static/frame_view.js");
const { pictureWidth } = await import("../../nbann/widgets/static/parts/width.js");

test("it says how wide it is before it is ready, and leaves nothing behind", () => {
  const before = page.listeners();
  const model = fakeModel({ notice: "", words: "", error: "" });
  const el = page.window.document.createElement("div");
  page.el.append(el);
  Object.defineProperty(page.window.HTMLElement.prototype, "clientWidth", { get: () => 651, configurable: true });
  const close = widget.render({ model, el });
  assert.deepEqual(model.sent.map(({ type, width }) => [type, width]), [["width", 632], ["ready", undefined]]);
  close();
  el.remove();
  assert.equal(model.handlers(), 0);
  assert.equal(page.listeners(), before);
  assert.deepEqual(TRAITS.toSorted(), ["error", "notice", "words"]);
});

test("widths are told in steps, so that a page being resized is not drawn at every pixel", () => {
  assert.equal(pictureWidth(639.9), 632);
  assert.equal(pictureWidth(640), 640);
  assert.equal(pictureWidth(3), 8);
});
test.after(() => page.close());

// SweepView as a whole, on a page that is none: its bar, its button, its table, and nothing left behind.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeModel, openPage } from "./fake_dom.mjs";

const page = openPage();
const { default: widget, TRAITS } = await import("../../nbann/widgets/static/sweep_view.js");

const traits = {
  told: "Sweep of 3 runs: 1 done, 2 waiting.", ended: 1, total: 3, running: true,
  heads: ["run", "status"], rows: [["0", "<b>done</b>"]], notice: "", words: "", error: "",
};

test("it shows how far it is, cancels, and leaves nothing behind", () => {
  const before = page.listeners();
  const model = fakeModel({ ...traits });
  const el = page.window.document.createElement("div");
  page.el.append(el);
  Object.defineProperty(page.window.HTMLElement.prototype, "clientWidth", { get: () => 651, configurable: true });
  const close = widget.render({ model, el });
  const bar = el.querySelector("progress");
  assert.deepEqual([bar.getAttribute("value"), bar.getAttribute("max")], ["1", "3"]);
  const button = el.querySelector("button");
  assert.equal(button.disabled, false);
  button.click();
  assert.equal(model.sent.at(-1).type, "cancel");
  close();
  el.remove();
  assert.equal(model.handlers(), 0);
  assert.equal(page.listeners(), before);
  assert.deepEqual(TRAITS.toSorted(), Object.keys(traits).toSorted());
});

test("a sweep that is done can not be canceled, and text stays text", () => {
  const model = fakeModel({ ...traits, running: false });
  const el = page.window.document.createElement("div");
  page.el.append(el);
  const close = widget.render({ model, el });
  assert.equal(el.querySelector("button").disabled, true);
  const details = el.querySelector(".nbann-sweep-table").parentElement;
  details.open = true;
  details.dispatchEvent(new page.window.Event("toggle"));
  assert.equal(el.querySelector("td b"), null);
  assert.equal(el.querySelectorAll("td")[1].textContent, "<b>done</b>");
  close();
});
test.after(() => page.close());

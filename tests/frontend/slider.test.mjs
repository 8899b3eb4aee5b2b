// Slider on a page that is none: moving it, waiting for the kernel, being moved from Python.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeModel, openPage } from "./fake_dom.mjs";

const page = openPage();
const { default: widget, TRAITS } = await import("../../nbann/widgets/static/slider.js");

const STATE = { label: "<b>rate</b>", texts: ["0.1", "0.2", "0.4", "0.8"], place: 1, heard: 0, notice: "", words: "", error: "" };

const open = () => {
  const model = fakeModel({ ...STATE });
  const el = page.window.document.createElement("div");
  page.el.append(el);
  const close = widget.render({ model, el });
  const range = el.querySelector("input");
  const move = (place) => {
    range.value = String(place);
    range.dispatchEvent(new page.window.Event("input", { bubbles: true }));
  };
  const moves = () => model.sent.filter(({ type }) => type === "move").map(({ place, number }) => [place, number]);
  return { model, el, close, range, move, moves, output: el.querySelector("output") };
};

test("closing leaves nothing behind, and text from Python is text", () => {
  const before = page.listeners();
  const { model, el, close } = open();
  assert.equal(el.querySelectorAll("label b").length, 0);
  assert.equal(el.querySelector(".nbann-slider-label").textContent, "<b>rate</b>");
  assert.ok(el.querySelector("label").contains(el.querySelector("input")), "the label names the range");
  close();
  assert.equal(model.handlers(), 0);
  el.remove();
  assert.equal(page.listeners(), before);
  assert.deepEqual(new Set(TRAITS), new Set(Object.keys(STATE)));
});

test("while the kernel works, the newest place waits and the others are left out", () => {
  const { model, close, range, move, moves, output } = open();
  assert.deepEqual([range.value, output.textContent], ["1", "0.2"]);
  move(2);
  move(3);
  move(0);
  assert.deepEqual(moves(), [[2, 1]]);
  assert.equal(output.textContent, "0.1");
  model.set("place", 2); // what the kernel did first: the hand is elsewhere
  assert.equal(range.value, "0");
  model.set("heard", 1);
  assert.deepEqual(moves(), [[2, 1], [0, 2]]);
  model.set("place", 0);
  model.set("heard", 2);
  assert.deepEqual([range.value, output.textContent, range.getAttribute("aria-valuetext")], ["0", "0.1", "0.1"]);
  close();
});

test("Python moves it, and what the kernel refuses goes back", () => {
  const { model, close, range, move } = open();
  model.set("place", 3);
  assert.equal(range.value, "3");
  move(1);
  model.set("heard", 1); // done, but the place is as it was
  assert.equal(range.value, "3");
  close();
});

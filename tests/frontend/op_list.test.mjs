// The list of ops: its groups, and on a page that is none, breakpoints and folding of long programs.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeModel, openPage } from "./fake_dom.mjs";
import { groups, opListView } from "../../nbann/widgets/static/parts/op_list.js";
import { openView } from "../../nbann/widgets/static/parts/view.js";

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

const page = openPage();
const open = (count, layers, op = 1) => {
  const ops = Array.from({ length: count }, (_, i) => (
    { phase: "forward", layer: `layer${Math.floor((i * layers) / count)}`, name: "affine", op: `op${i}`, math: "" }));
  const here = { epoch: 1, batch: 1, batches: 1, op, ops: count, ran: true, loss: "" };
  const model = fakeModel({ ops, here, breakpoints: [], error: "", words: "" });
  const context = openView({ model, el: page.el }, "test", "test");
  const view = opListView(context);
  context.root.append(view.list, view.band);
  return { model, view, context };
};

test("a click on an op asks for a breakpoint, which is then marked in list and band", () => {
  const { model, view, context } = open(6, 2);
  const rows = view.list.querySelectorAll(".nbann-op");
  assert.equal(rows.length, 6);
  rows[3].querySelector(".nbann-op-name").click();
  assert.deepEqual(model.sent.map(({ type, op }) => [type, op]), [["breakpoint", "op3"]]);
  model.set("breakpoints", ["op3"]);
  assert.deepEqual([...rows].map((row) => row.getAttribute("aria-pressed")), ["false", "false", "false", "true", "false", "false"]);
  assert.equal(view.band.children[3].classList.contains("nbann-stops"), true);
  context.close();
});

test("only the current op is in the order of the Tab key", () => {
  const { model, view, context } = open(6, 2, 4);
  const stops = () => [...view.list.querySelectorAll(".nbann-op")].map((row) => row.tabIndex);
  assert.deepEqual(stops(), [-1, -1, -1, 0, -1, -1]);
  model.set("here", { ...model.get("here"), op: 1 });
  assert.deepEqual(stops(), [0, -1, -1, -1, -1, -1]);
  context.close();
});

test("a long program is folded, but for the group at hand and those that were opened", () => {
  const { model, view, context } = open(600, 100, 1);
  const shown = () => [...view.list.querySelectorAll(".nbann-op")].map((row) => Number(row.dataset.place));
  assert.deepEqual(shown(), [0, 1, 2, 3, 4, 5]);
  model.set("here", { ...model.get("here"), op: 13 });
  assert.deepEqual(shown(), [12, 13, 14, 15, 16, 17]);
  const titles = view.list.querySelectorAll("button.nbann-group-title");
  assert.equal(titles.length, 100);
  titles[99].click();
  assert.equal(titles[99].getAttribute("aria-expanded"), "true");
  model.set("here", { ...model.get("here"), op: 1 });
  assert.deepEqual(shown(), [0, 1, 2, 3, 4, 5, 594, 595, 596, 597, 598, 599]);
  titles[99].click();
  assert.deepEqual(shown(), [0, 1, 2, 3, 4, 5]);
  model.set("breakpoints", ["op40"]);
  assert.equal(titles[6].classList.contains("nbann-stops"), true, "a breakpoint in a folded group shows");
  context.close();
});

test("a program with other ops has another list, whichever of its traits comes first", () => {
  const { model, view, context } = open(30, 2, 25);
  const named = (names) => names.map((op) => ({ phase: "scatter", layer: op, name: "scatter", op, math: "" }));
  const shown = () => [...view.list.querySelectorAll(".nbann-op")].map((row) => row.getAttribute("aria-current"));
  model.set({ here: { ...model.get("here"), op: 2, ops: 3 }, ops: named(["a", "b", "c"]) });
  assert.deepEqual(shown(), [null, "step", null]);
  assert.equal(view.band.children.length, 3);
  model.set({ ops: named(["a", "b", "c", "d"]), here: { ...model.get("here"), op: 4, ops: 4 } });
  assert.deepEqual(shown(), [null, null, null, "step"]);
  context.close();
});

test.after(() => page.close());

// Where things stand in a net, what they are called, where keys lead; and the view as a whole.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeModel, openPage } from "./fake_dom.mjs";

const page = openPage();
const parts = "../../nbann/widgets/static/parts";
const { elementAt, elementName, networkOffsets, networkPlaces, placesOf, placeTitle, placeUnder, unravelled, biasPoint, edgeEnds } = await import(`${parts}/network_places.js`);
const { nextPlace } = await import(`${parts}/network_keys.js`);
const { bandAlpha, edgeWidth, fourCharacters } = await import(`${parts}/network_draw.js`);
const { fittedText } = await import(`${parts}/network_names.js`);
const { asideWords, draggedTo, exactNumber } = await import(`${parts}/network_text.js`);
const { handleReach } = await import(`${parts}/inspector.js`);
const { default: widget } = await import("../../nbann/widgets/static/network_view.js");

const column = (more) => ({
  names: [more.title], steps: [], width: more.units.length, slots: more.units.map((_, k) => k), band: "", labels: more.units.map(() => ""),
  end: false, bias: "", offset: 0, layer: more.title, silenced: [], frozen: [], skips: [], loop: false, reverse: false, counts: false, ...more,
});
const link = (from, to, weight, more = {}) => ({ from, to, weight, turned: false, offset: 0, looks_up: false, frozen: [], ...more });
const NET = {
  version: 1, reason: "", first: 0, strip: [], phases: ["forward", "loss", "backward", "update"], wires: [], chances: true,
  columns: [
    column({ title: "inputs", arrays: ["x"], units: [0, 1], depth: 0, labels: ["<img>", "b"], layer: "" }),
    column({ title: "hidden", names: ["hidden", "relu"], arrays: ["hidden.out", "relu.out"], units: [0, 1, 8, 9], slots: [0, 1, 3, 4], width: 10, depth: 1, bias: "hidden.bias" }),
    column({ title: "output", arrays: ["output.out"], units: [0, 1], depth: 2, bias: "output.bias", end: true }),
  ],
  links: [link(0, 1, "hidden.weight"), link(1, 2, "output.weight")],
};
const INDEX = [2, 10, 2].map((size) => ({ start: [3], shape: [size] }));
const FRAME = {
  layout: 1, at: ["x", "relu.out", ""], index: INDEX, looked_up: [-1, -1], graded: ["hidden.weight"], dropped: [[], [1], []], sample: 3, rows: 5, time: -1, steps: 0,
  ends: [2], edges: "weight", limits: { nodes: [1, 1, 1], biases: [1, 1], edges: [1, 2], bias_gradients: [1, 1], edge_gradients: [1, 1] },
  op: { name: "hidden.affine", phase: "forward", layer: "hidden", ran: true }, read: { nodes: [0], edges: [0], biases: [], ways: [] },
  written: { nodes: [1], edges: [], biases: [1], ways: [] }, way: 1, chances: [[]], loss: "", words: "Network: 2-10-2",
};
const every = () => {
  const offsets = networkOffsets(NET);
  const nodes = NET.columns.flatMap(({ units, bias }, at) => units.flatMap((_, k) => [{ kind: "node", at, k }, ...(bias ? [{ kind: "bias", at, k }] : [])]));
  const edges = NET.links.flatMap((l, at) => Array.from({ length: NET.columns[l.from].units.length * NET.columns[l.to].units.length }, (_, k) => ({ kind: "edge", at, k })));
  assert.equal(nodes.length + edges.length, offsets.size);
  return [...nodes, ...edges];
};

test("bands under many lit edges are paler, as in NetworkDiagram", () => {
  assert.deepEqual([10, 96, 9000].map((edges) => +bandAlpha(edges).toFixed(4)), [0.28, 0.14, 0.08]);
});

test("every place has a number of its own, and an element that leads back to it", () => {
  const places = every();
  const names = new Set();
  for (const place of places) {
    const element = elementAt(NET, place, FRAME);
    assert.deepEqual(placesOf(NET, element, FRAME), [place]);
    assert.deepEqual(placesOf(NET, [`${element[0]}.grad`, element[1]], FRAME), [place]);
    names.add(elementName(element));
  }
  assert.equal(names.size, places.length);
  assert.ok(names.has("hidden.weight[1, 8]") && names.has("relu.out[3, 9]") && names.has("output.bias[1]"));
  assert.equal(placesOf(NET, ["hidden.weight", null]).length, 8);
  assert.deepEqual(placesOf(NET, ["hidden.weight", [0, 5]]), []); // folded away
  assert.deepEqual(placesOf(NET, ["nothing", [0]]), []);
});

test("turned matrices, gates and tables say the element that is meant", () => {
  const net = { ...NET, links: [link(0, 1, "w", { turned: true }), link(1, 2, "v", { offset: 4 })] };
  assert.deepEqual(elementAt(net, { kind: "edge", at: 0, k: 2 }, FRAME), ["w", [8, 0]]);
  assert.deepEqual(placesOf(net, ["w", [8, 0]]), [{ kind: "edge", at: 0, k: 2 }]);
  assert.deepEqual(elementAt(net, { kind: "edge", at: 1, k: 1 }, FRAME), ["v", [0, 5]]);
  const table = { ...NET, links: [link(0, 1, "t", { looks_up: true })] };
  assert.deepEqual(elementAt(table, { kind: "edge", at: 0, k: 2 }, { ...FRAME, looked_up: [6] }), ["t", [6, 8]]);
  assert.deepEqual(unravelled(7, [2, 3, 2]), [1, 0, 1]);
  const steps = { ...NET, columns: [NET.columns[0], { ...NET.columns[1], steps: ["rnn.t*.h"] }, NET.columns[2]] };
  assert.deepEqual(placesOf(steps, ["rnn.t12.h", [0, 9]]), [{ kind: "node", at: 1, k: 3 }]);
});

test("what is under the pointer is what is drawn there", () => {
  const places = networkPlaces(NET, 600, 400, 80, 60);
  for (const place of every()) {
    const { kind, at, k } = place;
    const [x1, y1, x2, y2] = kind === "edge" ? edgeEnds(NET, places, at, k) : [];
    const [x, y] = kind === "node" ? [places.x[at], places.y[at][k]] : kind === "bias" ? biasPoint(places, at, k) : [0.71 * x1 + 0.29 * x2, 0.71 * y1 + 0.29 * y2];
    assert.deepEqual(placeUnder(NET, places, x, y), place);
  }
  assert.equal(placeUnder(NET, places, 5, 5), null);
});

test("all stands within its picture, at any size", () => {
  for (const [width, height] of [[250, 200], [480, 330], [1100, 400]]) {
    const places = networkPlaces(NET, width, height, 60, 60);
    assert.ok(places.radius >= 2.5 && places.radius <= 17);
    NET.columns.forEach((_, at) => {
      assert.ok(places.x[at] - places.radius >= 59 && places.x[at] + places.radius <= width - 59);
      places.y[at].forEach((y) => assert.ok(y - places.radius > 0 && y + places.radius < places.foot));
    });
  }
});

test("heads stand above one another and never overlap", () => {
  const head = (band, units) => column({ title: band, arrays: [`${band}.out`], units, depth: 1, band });
  const net = { ...NET, links: [], columns: [NET.columns[0], head("kind", [0, 1, 2]), head("size", [0])] };
  const { y, radius, x } = networkPlaces(net, 500, 300, 50, 50);
  assert.equal(x[1], x[2]);
  assert.ok(Math.max(...y[1]) + radius < Math.min(...y[2]) - radius);
});

test("the arrow keys reach every neuron, bias and edge, and lead back", () => {
  const keys = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];
  const seen = new Map();
  const open = [nextPlace(NET, null, "ArrowRight")];
  while (open.length) {
    const spot = open.pop();
    if (seen.has(JSON.stringify(spot))) continue;
    seen.set(JSON.stringify(spot), spot);
    for (const key of keys) open.push(nextPlace(NET, spot, key));
  }
  const reached = new Set([...seen.values()].map(({ kind, at, k }) => `${kind} ${at} ${k}`));
  for (const { kind, at, k } of every()) assert.ok(reached.has(`${kind} ${at} ${k}`), `${kind} ${at} ${k}`);
  const edge = nextPlace(NET, { kind: "node", at: 0, k: 1 }, "ArrowRight");
  assert.equal(edge.kind, "edge");
  assert.deepEqual(nextPlace(NET, edge, "ArrowLeft"), { kind: "node", at: 0, k: 1 });
  assert.equal(nextPlace(NET, edge, "x"), null);
  assert.deepEqual(nextPlace(NET, { kind: "node", at: 1, k: 2 }, "End"), { kind: "node", at: 1, k: 3 });
});

test("numbers in four characters, as the panels have them", () => {
  // worked by hand from the rule: two decimals below 1, one below 100, none above, a power of ten outside
  const known = [[0, "0"], [0.5, "0.50"], [-0.371, "−0.37"], [12.34, "12.3"], [123.4, "123"], [0.00432, "4e−3"], [-12345, "−1e4"], [NaN, "NaN"], [-Infinity, "−∞"]];
  for (const [value, text] of known) assert.equal(fourCharacters(value), text);
  assert.equal(exactNumber(-1e-7), "−1e−7");
  assert.equal(edgeWidth(NaN, 1), 0.3);
  assert.ok(Math.abs(edgeWidth(-5, 1) - 2.7) < 1e-9);
});

test("a drag goes by the size of its like, a handle reaches a round number", () => {
  assert.equal(draggedTo(0.5, 50, 2), 1.5);
  assert.equal(draggedTo(0.5, -100, 1), -0.5);
  assert.equal(handleReach(0.7, 0.1), 2);
  assert.equal(handleReach(0.7, -9), 20);
  assert.equal(handleReach(0, 0), 1);
});

test("long and foreign text is cut to its room", () => {
  const ctx = { measureText: (text) => ({ width: 10 * [...text].length }) };
  assert.equal(fittedText(ctx, "abcdef", 60), "abcdef");
  assert.equal(fittedText(ctx, "abcdefg", 60), "abcde…");
  assert.equal(fittedText(ctx, "🙂🙂🙂🙂", 30), "🙂🙂…");
  assert.equal(fittedText(ctx, "abc", 5), "");
});

test("what stands aside", () => {
  assert.equal(asideWords({ time: 2, steps: 6, edges: "gradient" }), "time step 2 of 0 to 5 · edges: gradients");
  assert.equal(asideWords({ time: -1, steps: 0, edges: "weight" }), "");
  assert.equal(placeTitle(NET, { kind: "edge", at: 0, k: 7 }), "weight from b to hidden 9");
  assert.equal(placeTitle(NET, { kind: "bias", at: 2, k: 1 }), "bias of output 1");
});

// ---- the view as a whole
const drawn = [];
const context = new Proxy({}, {
  get: (_, name) => (name === "measureText" ? (text) => ({ width: 6 * text.length }) : (...args) => drawn.push([name, ...args])),
  set: () => true,
});
page.window.HTMLCanvasElement.prototype.getContext = () => context;
for (const [side, size] of [["clientWidth", 600], ["clientHeight", 400]]) {
  Object.defineProperty(page.window.HTMLElement.prototype, side, { configurable: true, get: () => size });
}
globalThis.getComputedStyle = () => ({ fontFamily: "x", getPropertyValue: () => "#00756b" });
globalThis.performance ??= { now: Date.now };

const TRAITS = () => ({
  unit: "op", speed: 2, units: ["op", "layer", "phase", "batch", "epoch"], speeds: [1, 2, 5], mode: "", locked: "",
  here: { epoch: 1, batch: 1, batches: 3, op: 1, ops: 2, ran: true, loss: "" }, equation: {}, element: [],
  timeline: { first: 0, end: 3, at: 1, start: false, batches: 3 }, curve: {}, marks: [], branches: [], rate: "0.1", why_rows: [],
  notice: "", progress: {}, net: NET, sample: 3, edges: "weight", most: 8, selected: [], inspected: {}, words: "now", error: "",
});
const numbers = () => Float64Array.from({ length: networkOffsets(NET).size }, (_, i) => i / 7);
const later = () => new Promise((done) => setTimeout(done, 5));
const open = async (frame = FRAME) => {
  const model = fakeModel(TRAITS());
  const el = page.window.document.createElement("div");
  page.el.append(el);
  const close = widget.render({ model, el });
  const view = (array) => new DataView(array.buffer);
  model.message({ type: "frame", slot: "network", id: 1, ...frame }, [view(numbers()), view(numbers())]);
  await later();
  return { model, el, close, canvas: el.querySelector("canvas"), key: (key) => el.querySelector("canvas").dispatchEvent(new page.window.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })) };
};

test("what is pointed at is told to the last digit, as text", async () => {
  const { canvas, el, close, key } = await open();
  key("ArrowDown");
  const under = el.querySelector(".nbann-net-under");
  assert.match(under.textContent, /^x\[3, 0\] = 0; neuron <img>; gradient not computed yet/);
  key("ArrowRight");
  assert.match(under.textContent, new RegExp(`hidden\\.weight\\[0, 0\\] = ${numbers()[networkOffsets(NET).edges[0]]}; .*; gradient ${numbers()[networkOffsets(NET).edges[0]]}`));
  assert.equal(el.querySelectorAll("img").length, 0);
  const { nbannNetwork } = canvas;
  assert.equal(nbannNetwork.told(["output.out", [3, 1]]).known, false);
  close();
});

test("Enter selects, Escape lets go, and neither steps the trainer", async () => {
  const { model, close, key } = await open();
  key("ArrowRight");
  key("ArrowRight");
  key("Enter");
  assert.deepEqual(model.get("selected"), ["hidden.weight", [0, 0]]);
  key("Escape");
  assert.deepEqual(model.get("selected"), []);
  assert.equal(model.sent.filter(({ type }) => type === "step").length, 0);
  close();
});

test("a frame of another layout is not drawn", async () => {
  const { el, close } = await open({ ...FRAME, layout: 2 });
  assert.equal(el.querySelector(".nbann-net-words").textContent, "");
  close();
});

test("drags are sent one at a time, the newest alone, and dropped at the end", async () => {
  const { model, el, close } = await open();
  model.set("inspected", { name: "hidden.weight", index: [0, 1], parameter: true, exact: "0.5", value: "0.5", gradient: "", slope: "", fixed: "", frozen: false, all_frozen: false, layer: "", silenced: false, note: "" });
  const handle = el.querySelector(".nbann-inspect-handle");
  for (const value of ["0.6", "0.7", "0.8"]) {
    handle.value = value;
    handle.dispatchEvent(new page.window.Event("input"));
  }
  handle.dispatchEvent(new page.window.Event("change"));
  const drags = () => model.sent.filter(({ type }) => type === "drag" || type === "drop").map(({ type, value }) => value ?? type);
  assert.deepEqual(drags(), [0.6]);
  model.message({ type: "dragged", id: 1 });
  model.message({ type: "dragged", id: 2 });
  assert.deepEqual(drags(), [0.6, 0.8, "drop"]);
  close();
});

test("closing leaves nothing behind, and lets a flow end", async () => {
  const before = page.listeners();
  const { model, el, close, key } = await open();
  key("ArrowRight");
  assert.ok(model.handlers() > 10);
  close();
  const painted = drawn.length;
  assert.equal(model.handlers(), 0);
  el.remove();
  assert.equal(page.listeners(), before);
  await new Promise((done) => setTimeout(done, 250));
  assert.equal(drawn.length, painted);
});
test.after(() => page.close());

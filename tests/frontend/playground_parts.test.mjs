// The pure functions of a playground's parts; the view as a whole is tested in playground.test.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";

import { bytesOf, floatsOf } from "../../nbann/widgets/static/playground.js";
import { copyText } from "../../nbann/widgets/static/parts/playground_code.js";
import { PALETTES, paintClasses, paintSigned, rgb, signedColor, signedTable } from "../../nbann/widgets/static/parts/playground_colors.js";
import { readFile } from "../../nbann/widgets/static/parts/playground_controls.js";
import { curvesOf, limitOf } from "../../nbann/widgets/static/parts/playground_curve.js";
import { distanceTo, edgesOf, placesOf, shown, weightOf } from "../../nbann/widgets/static/parts/playground_edges.js";
import { marker, scales, tick } from "../../nbann/widgets/static/parts/playground_plane.js";

const NET = {
  features: [{ term: "x1", label: "x1", on: true, place: 0 }, { term: "x2", label: "x2", on: false, place: -1 }, { term: "x1*x2", label: "", on: true, place: 1 }],
  inputs: 2, switches: true, layers: [{ units: 3, shown: 3, activation: "tanh" }, { units: 9, shown: 8, activation: "relu" }], outputs: 1, shown: 1, small: 2, grid: 4,
};

test("edges lead from every input and neuron to every neuron that follows", () => {
  const edges = edgesOf(NET);
  assert.equal(edges.length, 2 * 3 + 3 * 8 + 8);
  assert.deepEqual(edges[1], { layer: 0, from: 0, to: 1, name: "hidden1.weight", index: [0, 1] });
  assert.deepEqual(edges.at(-1), { layer: 2, from: 7, to: 0, name: "output.weight", index: [7, 0] });
});

test("a weight is found where Python has put it: row by row, each layer's biases behind its weights", () => {
  const places = placesOf(NET);
  assert.deepEqual(places.map(({ weights, biases }) => [weights, biases]), [[0, 6], [9, 33], [41, 49]]);
  const numbers = Float32Array.from({ length: 50 }, (_, i) => i);
  const edge = edgesOf(NET).find(({ layer, from, to }) => layer === 1 && from === 2 && to === 5);
  assert.equal(weightOf(NET, numbers, edge), 9 + 2 * 8 + 5);
});

test("a net without hidden layers has edges from inputs to output", () => {
  const net = { ...NET, layers: [], inputs: 12, shown: 3 };
  assert.equal(edgesOf(net).length, 8 * 3);
  assert.deepEqual(placesOf(net), [{ weights: 0, biases: 24, inputs: 8, units: 3 }]);
});

test("the distance to an edge is 0 at its ends and in its middle", () => {
  const a = { x: 0, y: 0 };
  const b = { x: 100, y: 40 };
  for (const at of [a, b, { x: 50, y: 20 }]) assert.ok(distanceTo(at, a, b) < 1e-9);
  assert.ok(distanceTo({ x: 50, y: 60 }, a, b) > 20);
});

test("numbers have three digits and a true minus sign", () => {
  assert.equal(shown(-0.12345), "−0.123");
  assert.equal(shown(NaN), "no number");
  assert.equal(tick(-6), "−6");
  assert.equal(tick(0.5234), "0.52");
  assert.equal(tick(-0.0068, 7.4), "0");
});

test("the plane's scales lead there and back", () => {
  const place = scales([[-6, 6], [0, 3]], 300, 294);
  for (const [x, y] of [[-6, 0], [6, 3], [1.5, 0.25]]) {
    const [u, v] = place.back(place.x(x), place.y(y));
    assert.ok(Math.abs(u - x) + Math.abs(v - y) < 1e-9);
  }
  assert.ok(place.y(3) < place.y(0), "up is up");
});

test("every class has a marker of its own", () => {
  const shapes = Array.from({ length: 10 }, (_, kind) => {
    const calls = [];
    const note = (name) => (...args) => calls.push([name, ...args.map((v) => Math.round(10 * v))]);
    marker({ beginPath() {}, closePath() {}, arc: note("arc"), lineTo: note("line") }, kind, 0, 0, 3);
    return JSON.stringify(calls);
  });
  assert.equal(new Set(shapes).size, 10);
});

test("signed bytes are blue below, neutral at 0, orange above, with the lowest row at the bottom", () => {
  const table = signedTable(PALETTES.light.signed);
  const pixels = new Uint8ClampedArray(16);
  paintSigned(Int8Array.from([-127, 0, 127, -128]), 2, table, pixels);
  const pixel = (i) => [...pixels.subarray(4 * i, 4 * i + 3)];
  assert.deepEqual(pixel(2), rgb(PALETTES.light.signed[0]));
  assert.deepEqual(pixel(3), rgb(PALETTES.light.signed[2]));
  assert.deepEqual(pixel(0), rgb(PALETTES.light.signed[4]));
  assert.deepEqual(pixel(1), rgb(PALETTES.light.signed[0]));
  assert.equal(signedColor(table, NaN), signedColor(table, 0));
  assert.equal(signedColor(table, 7), signedColor(table, 1));
});

test("a class's tint is the stronger the surer the net is", () => {
  const pixels = new Uint8ClampedArray(16);
  paintClasses(Uint8Array.from([1, 1, 9, 0, 0, 255, 255, 255]), 2, PALETTES.light, pixels);
  const far = (i) => [0, 1, 2].reduce((sum, c) => sum + Math.abs(255 - pixels[4 * i + c]), 0);
  assert.ok(far(3) > 3 * far(2) && far(2) > 0);
  assert.notDeepEqual([...pixels.subarray(0, 3)], [...pixels.subarray(4, 7)]);
});

test("curves are read as epochs, training and test losses", () => {
  const bytes = new DataView(Float32Array.from([1, 2, 0.5, 0.25, NaN, 0.75]).buffer);
  const { epochs, train, test: held } = curvesOf(bytes);
  assert.deepEqual([...epochs], [1, 2]);
  assert.deepEqual([...train], [0.5, 0.25]);
  assert.equal(held[1], 0.75);
});

test("the limit of a curve grows in steps, whatever is no number", () => {
  assert.equal(limitOf(Float32Array.from([0.3, NaN, Infinity])), 0.5);
  assert.equal(limitOf(Float32Array.from([7]), Float32Array.from([70])), 100);
  assert.equal(limitOf(new Float32Array()), 1);
});

test("buffers are read wherever they lie in memory", () => {
  const whole = new Uint8Array(21);
  new DataView(whole.buffer).setFloat32(1, 2.5, true);
  assert.deepEqual([...floatsOf(new DataView(whole.buffer, 1, 8))], [2.5, 0]);
  whole[3] = 255;
  assert.deepEqual([...bytesOf(new DataView(whole.buffer, 3, 1))], [-1]);
});

test("a file that is too large is not read", async () => {
  const { wrong } = await readFile({ name: "a.csv", size: 3e6, arrayBuffer: () => assert.fail("it was read") });
  assert.match(wrong, /at most 2 MB; received 3.0 MB/);
  const given = (...bytes) => ({ name: "a.csv", size: 3, arrayBuffer: async () => new Uint8Array(bytes).buffer });
  assert.deepEqual(await readFile(given(0x61, 0x2c, 0xc3, 0xa9)), { text: "a,\u00e9" }); // UTF-8
  assert.deepEqual(await readFile(given(0x61, 0x2c, 0xe9)), { text: "a,\u00e9" }); // a Windows program's
  assert.deepEqual(await readFile(given(0xff, 0xfe, 0x61, 0, 0xe9, 0)), { text: "a\u00e9" }); // UTF-16
  assert.deepEqual(await readFile(given(0xef, 0xbb, 0xbf, 0x61)), { text: "a" }); // with a byte order mark
});

test("text that may not be copied is selected", async () => {
  const chosen = [];
  globalThis.document = { createRange: () => ({ selectNodeContents: (node) => chosen.push(node) }) };
  globalThis.window = { getSelection: () => ({ removeAllRanges() {}, addRange: (range) => chosen.push(range) }) };
  assert.equal(await copyText("code", "element"), false);
  assert.equal(chosen.length, 2);
  delete globalThis.document;
  delete globalThis.window;
});

// @ts-check
/**
 * Paints a net onto a canvas, as panels/network_diagram.py does with matplotlib.
 *
 * @typedef {import("./network_places.js").Layout} Layout
 * @typedef {import("./network_places.js").Places} Places
 * @typedef {import("./network_places.js").Place} Place
 * @typedef {{nodes: number[], edges: number[], biases: number[], ways: number[]}} LitPlaces
 * @typedef {{layout: number, at: string[], index: {start: number[], shape: number[]}[], looked_up: number[], time: number, steps: number, ends: number[], graded: string[], dropped: number[][], sample: number, rows: number, edges: "weight" | "gradient",
 *   limits: {nodes: number[], biases: number[], edges: number[], bias_gradients: number[], edge_gradients: number[]},
 *   op: {name: string, phase: string, layer: string, ran: boolean}, read: LitPlaces, written: LitPlaces, way: number,
 *   chances: number[][], loss: string, words: string, sizes?: (number | null)[]}} Frame
 * @typedef {{layout: Layout, places: Places, offsets: ReturnType<typeof import("./network_places.js").networkOffsets>,
 *   frame: Frame, values: Float64Array, gradients: Float64Array, palette: import("./network_colors.js").Palette,
 *   phase: string, font: string, width: number, height: number, left: number, right: number}} Scene
 */
import { paintNames } from "./network_names.js";
import { biasPoint, edgeEnds, hasBiasDots } from "./network_places.js";
import { line, paintStrip, paintWays, paintWires } from "./network_ways.js";

const MINUS = "−";
const READ_DASH = [4, 3];
const TURN = 2 * Math.PI;

/** A number in about four characters. @param {number} value */
export function fourCharacters(value) {
  const size = Math.abs(value);
  if (Number.isNaN(value)) return "NaN";
  if (size === Infinity) return value > 0 ? "∞" : `${MINUS}∞`;
  if (size === 0) return "0";
  const small = size < 0.00995 || size >= 9999.5;
  const text = small ? value.toExponential(0).replace("e+", "e") : value.toFixed(size < 0.995 ? 2 : size < 99.95 ? 1 : 0);
  return text.replaceAll("-", MINUS);
}

/** The width of an edge, and of a place's number along it. @param {number} value @param {number} limit */
export const edgeWidth = (value, limit) => 0.3 + 2.4 * (Math.min(Math.abs(value) / limit, 1) || 0);

/** What edges and biases show: numbers and limits. @param {Scene} scene */
function shownOf({ frame, values, gradients }) {
  const { limits } = frame;
  return frame.edges === "gradient"
    ? { numbers: gradients, edges: limits.edge_gradients, biases: limits.bias_gradients }
    : { numbers: values, edges: limits.edges, biases: limits.biases };
}

/** Paint everything but what the mouse or keys point at. @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
export function paintNetwork(ctx, scene) {
  ctx.clearRect(0, 0, scene.width, scene.height);
  ctx.direction = "ltr";
  ctx.lineCap = "butt";
  paintStrip(ctx, scene);
  paintWires(ctx, scene);
  paintEdgeBands(ctx, scene);
  paintEdges(ctx, scene);
  paintNodes(ctx, scene);
  if (hasBiasDots(scene.places)) paintBiases(ctx, scene);
  paintRings(ctx, scene);
  paintWays(ctx, scene);
  paintNames(ctx, scene);
}

/** @param {Scene} scene @param {number} link */
const edgeCount = ({ layout }, link) =>
  layout.columns[layout.links[link].from].units.length * layout.columns[layout.links[link].to].units.length;

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} radius */
function circle(ctx, x, y, radius) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, TURN);
}

/** How strong the bands under lit edges are: the paler the more they cover. @param {number} edges */
export function bandAlpha(edges) {
  return Math.max(0.08, Math.min(0.28, 0.28 * Math.sqrt(24 / Math.max(edges, 1))));
}

/** @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
function paintEdgeBands(ctx, scene) {
  const { layout, places, frame } = scene;
  ctx.strokeStyle = scene.phase;
  ctx.lineWidth = 4;
  for (const [lit, dash] of /** @type {[LitPlaces, number[]][]} */ ([[frame.read, READ_DASH], [frame.written, []]])) {
    ctx.setLineDash(dash);
    ctx.globalAlpha = bandAlpha(lit.edges.reduce((sum, link) => sum + edgeCount(scene, link), 0));
    ctx.beginPath();
    for (const link of lit.edges) for (let k = 0; k < edgeCount(scene, link); k++) line(ctx, edgeEnds(layout, places, link, k));
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
  ctx.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
function paintEdges(ctx, scene) {
  const { layout, places, offsets, palette } = scene;
  const { numbers, edges } = shownOf(scene);
  layout.links.forEach((link, at) => {
    for (let k = 0; k < edgeCount(scene, at); k++) {
      const value = numbers[offsets.edges[at] + k];
      ctx.strokeStyle = palette.fill(value, edges[at]);
      ctx.lineWidth = edgeWidth(value, edges[at]);
      ctx.beginPath();
      line(ctx, edgeEnds(layout, places, at, k));
      ctx.stroke();
    }
  });
}

/** Padlocks on what is frozen; a matrix that is frozen as a whole has one. @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
export function paintLocks(ctx, scene) {
  const { layout, places } = scene;
  layout.links.forEach((link, at) => {
    const across = layout.columns[link.to].units.length;
    if (link.frozen.length === edgeCount(scene, at)) {
      paintLock(ctx, scene, (places.x[link.from] + places.x[link.to]) / 2, 12);
    } else for (const k of link.frozen) {
      const [x1, y1, x2, y2] = edgeEnds(layout, places, at, k);
      const share = 0.3 + (0.4 * ((k % across) + 0.5)) / across; // locks of one neuron's edges are not in one heap
      paintLock(ctx, scene, x1 + share * (x2 - x1), y1 + share * (y2 - y1));
    }
  });
  layout.columns.forEach((column, at) => {
    if (hasBiasDots(places)) for (const k of column.frozen) {
      const [x, y] = biasPoint(places, at, k);
      paintLock(ctx, scene, x - 10, y);
    }
  });
}

/** A padlock: what is frozen. @param {CanvasRenderingContext2D} ctx @param {Scene} scene @param {number} x @param {number} y */
function paintLock(ctx, { palette }, x, y) {
  ctx.fillStyle = palette.background;
  circle(ctx, x, y - 0.5, 8);
  ctx.fill();
  ctx.strokeStyle = palette.ink;
  ctx.fillStyle = palette.ink;
  ctx.lineWidth = 1.3;
  ctx.beginPath();
  ctx.arc(x, y - 2, 2.6, Math.PI, TURN);
  ctx.stroke();
  ctx.fillRect(x - 4, y - 2, 8, 6.5);
}

/** @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
function paintNodes(ctx, scene) {
  const { layout, places, offsets, palette, frame, values } = scene;
  const { radius } = places;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.font = `${radius >= 14 ? 10 : 9}px ${scene.font}`;
  layout.columns.forEach((column, at) => {
    const limit = frame.limits.nodes[at];
    column.units.forEach((_, k) => {
      const value = values[offsets.nodes[at] + k];
      const [x, y] = [places.x[at], places.y[at][k]];
      circle(ctx, x, y, radius);
      const color = column.counts ? 0 : value; // the number of a thing is not a size
      ctx.fillStyle = frame.at[at] ? palette.fill(color, limit) : palette.faint;
      ctx.fill();
      ctx.strokeStyle = palette.muted;
      ctx.lineWidth = 0.8;
      ctx.stroke();
      if (column.silenced.includes(k)) paintHatch(ctx, scene, x, y);
      if (frame.dropped[at].includes(k)) {
        ctx.strokeStyle = palette.ink;
        ctx.beginPath();
        line(ctx, [x - 0.7 * radius, y + 0.7 * radius, x + 0.7 * radius, y - 0.7 * radius]);
        ctx.stroke();
      }
      if (radius < 10 || !frame.at[at]) return;
      let word = column.counts ? String(value) : fourCharacters(value);
      if (radius < 14) word = word.replace(/^(−?)0\./, "$1.");
      if (column.silenced.includes(k)) {
        ctx.strokeStyle = palette.fill(value, limit);
        ctx.lineWidth = 5;
        ctx.strokeText(word, x, y + 0.5);
      }
      ctx.fillStyle = palette.on(color, limit);
      if (radius >= 14 || ctx.measureText(word).width < 2 * radius) ctx.fillText(word, x, y + 0.5);
    });
  });
}

/** Lines across a neuron that is silenced. @param {CanvasRenderingContext2D} ctx @param {Scene} scene @param {number} x @param {number} y */
function paintHatch(ctx, { palette, places }, x, y) {
  ctx.save();
  circle(ctx, x, y, places.radius);
  ctx.clip();
  ctx.strokeStyle = palette.muted;
  ctx.lineWidth = 1;
  ctx.beginPath();
  const out = places.radius;
  for (let shift = -2 * out; shift <= 2 * out; shift += 5) line(ctx, [x + shift - out, y + out, x + shift + out, y - out]);
  ctx.stroke();
  ctx.restore();
}

/** @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
function paintBiases(ctx, scene) {
  const { layout, places, offsets, palette } = scene;
  const { numbers, biases } = shownOf(scene);
  ctx.textAlign = "left";
  ctx.lineJoin = "round";
  ctx.font = `9px ${scene.font}`;
  let which = 0;
  layout.columns.forEach((column, at) => {
    if (!column.bias) return;
    const limit = biases[which++];
    const told = places.pitch[at] >= 2 * places.radius + 18 && places.spread >= 60;
    column.units.forEach((_, k) => {
      const value = numbers[offsets.biases[at] + k];
      const [x, y] = biasPoint(places, at, k);
      circle(ctx, x, y, 3.2);
      ctx.fillStyle = palette.fill(value, limit);
      ctx.fill();
      ctx.strokeStyle = palette.muted;
      ctx.lineWidth = 0.7;
      ctx.stroke();
      if (!told || Number.isNaN(value)) return;
      ctx.strokeStyle = palette.background; // a halo, as edges pass behind
      ctx.lineWidth = 3;
      ctx.strokeText(fourCharacters(value), x + 8, y - 3);
      ctx.fillStyle = palette.muted;
      ctx.fillText(fourCharacters(value), x + 8, y - 3);
    });
  });
}

/** @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
function paintRings(ctx, { places, frame, phase }) {
  ctx.strokeStyle = phase;
  ctx.lineWidth = 1.5;
  const sets = /** @type {[LitPlaces, number[], number][]} */ ([[frame.read, READ_DASH, 2.8], [frame.written, [], 5.2]]);
  for (const [lit, dash, out] of sets) {
    ctx.setLineDash(dash);
    for (const at of lit.nodes) for (const y of places.y[at]) {
      circle(ctx, places.x[at], y, places.radius + out);
      ctx.stroke();
    }
    for (const at of hasBiasDots(places) ? lit.biases : []) places.y[at].forEach((_, k) => {
      const [x, y] = biasPoint(places, at, k);
      circle(ctx, x, y, 5.2);
      ctx.stroke();
    });
  }
  ctx.setLineDash([]);
}

/** A line without what lies within the neurons at its ends. @param {number[]} ends @param {number} by */
function shortened([x1, y1, x2, y2], by) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [(by * (x2 - x1)) / length, (by * (y2 - y1)) / length];
  return [x1 + dx, y1 + dy, x2 - dx, y2 - dy];
}

/** Marks round places: what is under the mouse, selected, or lit from elsewhere.
 * @param {CanvasRenderingContext2D} ctx @param {Scene} scene @param {Place[]} marked @param {string} color @param {number[]} [dash] */
export function paintMarks(ctx, { layout, places, palette }, marked, color, dash = []) {
  ctx.lineCap = "round";
  for (const { kind, at, k } of marked) {
    ctx.setLineDash(dash);
    const ends = kind === "edge" ? shortened(edgeEnds(layout, places, at, k), places.radius + 1) : null;
    const [x, y] = kind === "bias" ? biasPoint(places, at, k) : [places.x[at], places.y[at]?.[k]];
    for (const [style, width] of /** @type {[string, number][]} */ ([[palette.background, 5], [color, 2.5]])) {
      ctx.strokeStyle = style;
      ctx.lineWidth = width;
      if (ends) {
        ctx.beginPath();
        line(ctx, ends);
      } else circle(ctx, x, y, kind === "bias" ? 5.5 : places.radius + 1.5);
      ctx.stroke();
    }
  }
  ctx.setLineDash([]);
}

/** Beads on the lit edges, a share of the way. @param {CanvasRenderingContext2D} ctx @param {Scene} scene @param {number} share */
export function paintFlow(ctx, scene, share) {
  const { layout, places, frame } = scene;
  const along = frame.way < 0 ? 1 - share : share;
  ctx.fillStyle = scene.phase;
  for (const link of new Set([...frame.read.edges, ...frame.written.edges])) {
    for (let k = 0; k < edgeCount(scene, link); k++) {
      const [x1, y1, x2, y2] = edgeEnds(layout, places, link, k);
      circle(ctx, x1 + along * (x2 - x1), y1 + along * (y2 - y1), 2.6);
      ctx.fill();
    }
  }
}

// @ts-check
/**
 * Where neurons, edges and biases stand, which one is under a point, and what it is called.
 *
 * @typedef {{title: string, names: string[], arrays: string[], width: number, units: number[], slots: number[],
 *   labels: string[], bias: string, layer: string, silenced: number[], frozen: number[]}} Column
 * @typedef {{from: number, to: number, weight: string, turned: boolean, frozen: number[]}} Link
 * @typedef {{version: number, reason: string, columns: Column[], links: Link[], strip: string[], first: number, phases: string[]}} Layout
 * @typedef {{kind: "node" | "bias" | "edge", at: number, k: number}} Place
 *   at: which column, of an edge which link; k: which of its neurons or edges that are drawn
 * @typedef {[string, number[] | null]} Element an array and an index; null for all of it
 */

const FOOT = 40; // pixels under the neurons for the layers' names
const WIDEST_PITCH = 64;
const LARGEST_RADIUS = 17;

/** Where the numbers of each column, bias and link begin in a frame's vectors. @param {Layout} layout */
export function networkOffsets({ columns, links }) {
  let at = 0;
  const nodes = columns.map((column) => (at += column.units.length) - column.units.length);
  const biases = columns.map((column) => (column.bias ? (at += column.units.length) - column.units.length : -1));
  const edges = links.map((link) => {
    const size = columns[link.from].units.length * columns[link.to].units.length;
    return (at += size) - size;
  });
  return { nodes, biases, edges, size: at };
}

/** The geometry of a picture: `left` and `right` are pixels for names beside it.
 * @param {Layout} layout @param {number} width @param {number} height @param {number} left @param {number} right */
export function networkPlaces({ columns }, width, height, left, right) {
  const room = height - FOOT;
  const last = columns.map(({ slots }) => slots[slots.length - 1]);
  const pitch = last.map((slot) => Math.min((room - 12) / (slot + 1), WIDEST_PITCH));
  const gaps = Math.max(columns.length - 1, 1);
  let radius = Math.min(0.41 * Math.min(...pitch), LARGEST_RADIUS);
  const span = width - left - right - 2 * radius;
  radius = Math.max(Math.min(radius, (0.3 * span) / gaps), 2.5);
  const x = columns.map((_, i) => left + radius + (columns.length > 1 ? (i * span) / gaps : span / 2));
  const y = columns.map(({ slots }, i) => slots.map((slot) => room / 2 + 4 + (slot - last[i] / 2) * pitch[i]));
  return { x, y, radius, spread: span / gaps, pitch, foot: room + 8 };
}

/** @typedef {ReturnType<typeof networkPlaces>} Places */

/** Where a bias stands: at the upper left of its neuron. @param {Places} places @param {number} column @param {number} k */
export function biasPoint({ x, y, radius }, column, k) {
  return [x[column] - 0.75 * radius - 6, y[column][k] - 0.75 * radius - 8];
}

/** The ends of an edge. @param {Layout} layout @param {Places} places @param {number} link @param {number} k */
export function edgeEnds({ columns, links }, { x, y }, link, k) {
  const { from, to } = links[link];
  const across = columns[to].units.length;
  return [x[from], y[from][Math.floor(k / across)], x[to], y[to][k % across]];
}

/** Whether there is room for biases beside the neurons. @param {Places} places */
export const hasBiasDots = ({ radius }) => radius >= 8;

/** How far a point is from a line between two others.
 * @param {number} px @param {number} py @param {number[]} ends */
export function distanceToEdge(px, py, [x1, y1, x2, y2]) {
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const along = length ? Math.min(Math.max(((px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)) / length, 0), 1) : 0;
  return Math.hypot(px - x1 - along * (x2 - x1), py - y1 - along * (y2 - y1));
}

/** What is under a point: a bias or a neuron, else the nearest edge.
 * @param {Layout} layout @param {Places} places @param {number} px @param {number} py @param {number} [near]
 * @returns {Place | null} */
export function placeUnder(layout, places, px, py, near = 5) {
  for (let at = 0; at < layout.columns.length; at++) {
    for (let k = 0; k < places.y[at].length; k++) {
      if (Math.hypot(px - places.x[at], py - places.y[at][k]) <= places.radius + 1) return { kind: "node", at, k };
      const [bx, by] = biasPoint(places, at, k);
      if (layout.columns[at].bias && hasBiasDots(places) && Math.hypot(px - bx, py - by) <= 6) return { kind: "bias", at, k };
    }
  }
  /** @type {Place | null} */ let found = null;
  layout.links.forEach((link, at) => {
    if (px < places.x[link.from] || px > places.x[link.to]) return;
    const count = layout.columns[link.from].units.length * layout.columns[link.to].units.length;
    for (let k = 0; k < count; k++) {
      const distance = distanceToEdge(px, py, edgeEnds(layout, places, at, k));
      if (distance > near) continue;
      near = distance;
      found = { kind: "edge", at, k };
    }
  });
  return found;
}

/** The array and index of a place. @param {Layout} layout @param {Place} place
 * @param {{at: string[], sample: number}} frame @returns {Element} */
export function elementAt({ columns, links }, { kind, at, k }, frame) {
  if (kind === "node") return [frame.at[at] || columns[at].arrays[0], [frame.sample, columns[at].units[k]]];
  if (kind === "bias") return [columns[at].bias, [columns[at].units[k]]];
  const { from, to, weight, turned } = links[at];
  const across = columns[to].units.length;
  const index = [columns[from].units[Math.floor(k / across)], columns[to].units[k % across]];
  return [weight, turned ? index.reverse() : index];
}

/** The places of an element, or of all of an array: a gradient's are those of what it is the gradient of.
 * @param {Layout} layout @param {Element} element @returns {Place[]} */
export function placesOf({ columns, links }, [array, index]) {
  const name = array.replace(/(\.data)?[._]grad(ient)?$/, "");
  /** @type {Place[]} */ const found = [];
  columns.forEach((column, at) => {
    const kind = column.arrays.includes(name) ? "node" : column.bias === name ? "bias" : null;
    const unit = index?.[index.length - 1];
    if (kind) column.units.forEach((u, k) => (unit === undefined || unit === u) && found.push({ kind, at, k }));
  });
  links.forEach(({ from, to, weight, turned }, at) => {
    if (weight !== name) return;
    const [row, column] = index ? (turned ? [index[1], index[0]] : index) : [];
    columns[from].units.forEach((a, i) => columns[to].units.forEach((b, j) => {
      if (!index || (a === row && b === column)) found.push({ kind: "edge", at, k: i * columns[to].units.length + j });
    }));
  });
  return found;
}

/** What to call a neuron: its feature or class, or its layer and number. @param {Layout} layout @param {number} at @param {number} k */
export function neuronName({ columns }, at, k) {
  const { labels, title, units } = columns[at];
  return labels[k] || `${title} ${units[k]}`;
}

/** What a place is, in words. @param {Layout} layout @param {Place} place */
export function placeTitle(layout, { kind, at, k }) {
  if (kind === "node") return `neuron ${neuronName(layout, at, k)}`;
  if (kind === "bias") return `bias of ${neuronName(layout, at, k)}`;
  const { from, to } = layout.links[at];
  const across = layout.columns[to].units.length;
  return `weight from ${neuronName(layout, from, Math.floor(k / across))} to ${neuronName(layout, to, k % across)}`;
}

/** How an element is written: "hidden.weight[0, 2]". @param {Element} element */
export const elementName = ([name, index]) => (index?.length ? `${name}[${index.join(", ")}]` : name);

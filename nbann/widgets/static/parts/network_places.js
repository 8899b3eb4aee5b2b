// @ts-check
/**
 * Where neurons, edges and biases stand, which one is under a point, and what it is called.
 *
 * @typedef {{title: string, names: string[], arrays: string[], steps: string[], width: number, units: number[], slots: number[],
 *   depth: number, band: string, labels: string[], end: boolean, bias: string, offset: number, layer: string,
 *   silenced: number[], frozen: number[], skips: number[], loop: boolean, reverse: boolean, counts: boolean}} Column
 * @typedef {{from: number, to: number, weight: string, turned: boolean, offset: number, looks_up: boolean, frozen: number[]}} Link
 * @typedef {{version: number, reason: string, columns: Column[], links: Link[], wires: number[][], strip: string[], first: number, phases: string[]}} Layout
 * @typedef {{kind: "node" | "bias" | "edge", at: number, k: number}} Place
 *   at: which column, of an edge which link; k: which of its neurons or edges that are drawn
 * @typedef {{at: string[], index: {start: number[], shape: number[]}[], looked_up: number[]}} Indices
 *   of a frame: which array each column shows, where its neurons' numbers are in it, which row of a table is looked up
 * @typedef {[string, number[] | null]} Element an array and an index; null for all of it
 */

const FOOT = 44; // pixels under the neurons for the layers' names
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

/** The geometry of a picture: `left` and `right` are pixels for names beside it, `top` for what stands above.
 * @param {Layout} layout @param {number} width @param {number} height @param {number} left @param {number} right @param {number} [top] */
export function networkPlaces({ columns }, width, height, left, right, top = 0) {
  const depths = Math.max(...columns.map(({ depth }) => depth));
  const rows = Math.min(Math.max(...columns.map(({ depth }) => columns.filter((other) => other.depth === depth).length)), 4);
  const foot = height - FOOT - 15 * Math.max(rows - 2, 0);
  const { middles, pitch } = columnHeights(columns, top, foot);
  const gaps = Math.max(depths, 1);
  let radius = Math.min(0.41 * Math.min(...pitch), LARGEST_RADIUS);
  const span = width - left - right - 2 * radius;
  radius = Math.max(Math.min(radius, (0.3 * span) / gaps), 2.5);
  const x = columns.map(({ depth }) => left + radius + (depths ? (depth * span) / gaps : span / 2));
  const y = columns.map(({ slots }, i) => slots.map((slot) => middles[i] + (slot - slots[slots.length - 1] / 2) * pitch[i]));
  return { x, y, radius, spread: span / gaps, pitch, foot: foot + 8 };
}

/** Whether a column has the whole height for itself. @param {Column[]} columns @param {Column} column */
export const isAlone = (columns, { band, depth }) => !band && columns.filter((other) => other.depth === depth).length === 1;

/** From where to where each head reaches: the more, the more neurons it has. @param {Column[]} columns @param {number} top @param {number} foot */
function headBands(columns, top, foot) {
  /** @type {Map<string, Map<number, number>>} */ const most = new Map();
  for (const { band, depth, slots } of columns) {
    const at = most.get(band) ?? most.set(band, new Map()).get(band);
    at?.set(depth, (at.get(depth) ?? 0) + slots[slots.length - 1] + 2);
  }
  const counts = [...most].filter(([band]) => band).map(([band, at]) => /** @type {[string, number]} */ ([band, Math.max(...at.values())]));
  const whole = counts.reduce((sum, [, count]) => sum + count, 0);
  /** @type {Map<string, number[]>} */ const bands = new Map([["", [top, foot]]]);
  let high = top;
  for (const [band, count] of counts) bands.set(band, [high, (high += ((foot - top) * count) / whole)]);
  return bands;
}

/** The middle of each column, and the distance of its neurons. @param {Column[]} columns @param {number} top @param {number} foot */
function columnHeights(columns, top, foot) {
  const bands = headBands(columns, top, foot);
  const middles = columns.map(() => 0);
  const pitch = columns.map(() => WIDEST_PITCH);
  /** @type {Map<string, number[]>} */ const groups = new Map();
  columns.forEach(({ band, depth }, i) => {
    const key = JSON.stringify([band, depth]);
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  for (const members of groups.values()) {
    const first = columns[members[0]];
    const [high, low] = bands.get(first.band) ?? [top, foot];
    const [above, below] = isAlone(columns, first) ? [0, 0] : [first.band ? 16 : 4, 4];
    const counts = members.map((i) => columns[i].slots[columns[i].slots.length - 1] + 1);
    const all = counts.reduce((sum, count) => sum + count, 0);
    const step = Math.min((low - high - 12 - members.length * (above + below)) / all, WIDEST_PITCH);
    let y = (high + low) / 2 + 4 - (step * all + members.length * (above + below)) / 2;
    members.forEach((i, n) => {
      pitch[i] = step;
      middles[i] = y + above + (counts[n] * step) / 2;
      y += counts[n] * step + above + below;
    });
  }
  return { middles, pitch };
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

/** A place counted along an array's rows, as an index. @param {number} place @param {number[]} shape */
export function unravelled(place, shape) {
  const index = [];
  for (const size of [...shape].reverse()) {
    index.unshift(place % size);
    place = Math.floor(place / size);
  }
  return index;
}

/** The array and index of a place. @param {Layout} layout @param {Place} place @param {Indices} frame @returns {Element} */
export function elementAt({ columns, links }, { kind, at, k }, frame) {
  if (kind === "node") {
    const { start, shape } = frame.index[at];
    return [frame.at[at] || columns[at].arrays[0], [...start, ...unravelled(columns[at].units[k], shape)]];
  }
  if (kind === "bias") return [columns[at].bias, [columns[at].offset + columns[at].units[k]]];
  const { from, to, weight, turned, offset, looks_up } = links[at];
  const across = columns[to].units.length;
  const row = looks_up ? frame.looked_up[at] : columns[from].units[Math.floor(k / across)];
  const column = offset + columns[to].units[k % across];
  return [weight, turned ? [column, row] : [row, column]];
}

/** All array elements that a place stands for: what the layers of a neuron compute, and the gradients.
 * @param {Layout} layout @param {Place} place @param {Indices} frame @returns {Element[]} */
export function elementsAt(layout, place, frame) {
  const [name, index] = elementAt(layout, place, frame);
  const names = place.kind === "node" && layout.columns[place.at].arrays.includes(name) ? layout.columns[place.at].arrays : [name];
  return names.flatMap((one) => /** @type {Element[]} */ ([[one, index], [`${one}.grad`, index]]));
}

/** The places of an element, or of all of an array: a gradient's are those of what it is the gradient of.
 * @param {Layout} layout @param {Element} element @param {Indices | null} [frame] for the row of a table that is looked up
 * @returns {Place[]} */
export function placesOf({ columns, links }, [array, index], frame = null) {
  const name = array.replace(/(\.data)?[._]grad(ient)?$/, "");
  const step = name.replace(/\.t\d+\./, ".t*.");
  /** @type {Place[]} */ const found = [];
  const unit = index?.[index.length - 1];
  columns.forEach((column, at) => {
    const isNode = column.arrays.includes(name) || column.steps.includes(step);
    const kind = isNode ? "node" : column.bias === name ? "bias" : null;
    const wanted = kind === "bias" && unit !== undefined ? unit - column.offset : unit;
    if (kind) column.units.forEach((u, k) => (wanted === undefined || wanted === u) && found.push({ kind, at, k }));
  });
  links.forEach(({ from, to, weight, turned, offset, looks_up }, at) => {
    if (weight !== name) return;
    const [row, column] = index ? (turned ? [index[1], index[0]] : index) : [];
    columns[from].units.forEach((a, i) => columns[to].units.forEach((b, j) => {
      const isRow = looks_up ? frame?.looked_up[at] === row : a === row;
      if (!index || (isRow && offset + b === column)) found.push({ kind: "edge", at, k: i * columns[to].units.length + j });
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

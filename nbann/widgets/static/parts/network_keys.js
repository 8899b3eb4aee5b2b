// @ts-check
/**
 * Where the arrow keys lead in a net: right and left from a neuron to an edge and on; up and down from a neuron to
 * its bias, which stands above it, and on to the next neuron, and among the edges of a neuron.
 */

/** @typedef {import("./network_places.js").Place & {from?: "left" | "right"}} Spot
 *   from: of an edge, at which end the cursor came onto it */

const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** The place after a key; null where it is none of these keys. Home and End: the first and the last neuron of a column.
 * @param {import("./network_places.js").Layout} layout @param {Spot | null} spot @param {string} key @returns {Spot | null} */
export function nextPlace(layout, spot, key) {
  const step = STEPS[/** @type {keyof typeof STEPS} */ (key)];
  if (!step && key !== "Home" && key !== "End") return null;
  if (!spot) return { kind: "node", at: 0, k: 0 };
  if (spot.kind === "edge") return step ? fromEdge(layout, spot, step) : spot;
  const { at, k } = spot;
  const last = layout.columns[at].units.length - 1;
  if (!step) return { kind: "node", at, k: key === "Home" ? 0 : last };
  if (step[1]) return upOrDown(layout, spot, step[1]);
  if (spot.kind === "bias") return { kind: "node", at, k };
  const link = layout.links.findIndex(({ from, to }) => (step[0] > 0 ? from : to) === at);
  if (link < 0) return ontoColumn(layout, at + step[0], k) ?? spot;
  return { kind: "edge", at: link, k: ontoEdge(layout, link, k, step[0]), from: step[0] > 0 ? "left" : "right" };
}

/** Neurons and their biases, from top to bottom. @param {import("./network_places.js").Layout} layout @param {Spot} spot @param {number} down
 * @returns {Spot} */
function upOrDown({ columns }, { kind, at, k }, down) {
  const { bias, units } = columns[at];
  if (!bias) return { kind: "node", at, k: Math.min(Math.max(k + down, 0), units.length - 1) };
  const place = Math.min(Math.max(2 * k + (kind === "node" ? 1 : 0) + down, 0), 2 * units.length - 1);
  return { kind: place % 2 ? "node" : "bias", at, k: Math.floor(place / 2) };
}

/** The neuron at the same height of another column. @param {import("./network_places.js").Layout} layout @param {number} at @param {number} k
 * @returns {Spot | null} */
function ontoColumn({ columns }, at, k) {
  return columns[at] ? { kind: "node", at, k: Math.min(k, columns[at].units.length - 1) } : null;
}

/** The edge that leads straight on from a neuron. @param {import("./network_places.js").Layout} layout
 * @param {number} link @param {number} k @param {number} way */
function ontoEdge({ columns, links }, link, k, way) {
  const { from, to } = links[link];
  const [rows, across] = [columns[from].units.length, columns[to].units.length];
  return way > 0 ? k * across + Math.min(k, across - 1) : Math.min(k, rows - 1) * across + k;
}

/** @param {import("./network_places.js").Layout} layout @param {Spot} spot @param {number[]} step @returns {Spot} */
function fromEdge({ columns, links }, spot, [right, down]) {
  const { from, to } = links[spot.at];
  const [rows, across] = [columns[from].units.length, columns[to].units.length];
  const [row, column] = [Math.floor(spot.k / across), spot.k % across];
  if (right) return right > 0 ? { kind: "node", at: to, k: column } : { kind: "node", at: from, k: row };
  const clamp = (/** @type {number} */ value, /** @type {number} */ size) => Math.min(Math.max(value, 0), size - 1);
  const k = spot.from === "right" ? clamp(row + down, rows) * across + column : row * across + clamp(column + down, across);
  return { ...spot, k };
}

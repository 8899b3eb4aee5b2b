// @ts-check
/** Where the arrow keys lead in a net: right and left from a neuron to an edge and on, up and down among their like. */

/** @typedef {import("./network_places.js").Place & {from?: "left" | "right"}} Spot
 *   from: of an edge, at which end the cursor came onto it */

/** The place after a key; null where the key leads nowhere. Home and End: the first and the last neuron of a column; b: the bias.
 * @param {import("./network_places.js").Layout} layout @param {Spot | null} spot @param {string} key @returns {Spot | null} */
export function nextPlace(layout, spot, key) {
  const steps = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const step = steps[/** @type {keyof typeof steps} */ (key)];
  if (!step && !["Home", "End", "b"].includes(key)) return null;
  if (!spot) return { kind: "node", at: 0, k: 0 };
  if (spot.kind === "edge") return step ? fromEdge(layout, spot, step) : null;
  const { at, k } = spot;
  const last = layout.columns[at].units.length - 1;
  if (key === "Home" || key === "End") return { kind: spot.kind, at, k: key === "Home" ? 0 : last };
  if (key === "b") {
    if (spot.kind === "bias") return { kind: "node", at, k };
    return layout.columns[at].bias ? { kind: "bias", at, k } : spot;
  }
  if (step[1]) return { kind: spot.kind, at, k: Math.min(Math.max(k + step[1], 0), last) };
  if (spot.kind === "bias") return { kind: "node", at, k };
  const link = layout.links.findIndex(({ from, to }) => (step[0] > 0 ? from : to) === at);
  if (link < 0) return ontoColumn(layout, at + step[0], k) ?? spot;
  return { kind: "edge", at: link, k: ontoEdge(layout, link, k, step[0]), from: step[0] > 0 ? "left" : "right" };
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

// @ts-check
/**
 * Edges of a playground's net: which there are, where their weights stand, how they run.
 *
 * @typedef {{term: string, label: string, title: string, on: boolean, place: number}} Feature
 * @typedef {{features: Feature[], inputs: number, switches: boolean, layers: {units: number, shown: number, activation: string}[],
 *   outputs: number, shown: number, small: number, grid: number}} Net
 * @typedef {{layer: number, from: number, to: number, name: string, index: number[]}} Edge   layer 0 leads to the first hidden one
 */

const MOST_INPUTS = 8; // features that are shown one by one

/** Every edge between what is shown, in the order of the weights that Python sends. @param {Net} net @returns {Edge[]} */
export function edgesOf(net) {
  const found = [];
  const widths = [Math.min(MOST_INPUTS, net.inputs), ...net.layers.map((layer) => layer.shown), net.shown];
  for (let layer = 0; layer + 1 < widths.length; layer++)
    for (let from = 0; from < widths[layer]; from++)
      for (let to = 0; to < widths[layer + 1]; to++) {
        const name = layer === net.layers.length ? "output.weight" : `hidden${layer + 1}.weight`;
        found.push({ layer, from, to, name, index: [from, to] });
      }
  return found;
}

/** Where weights and biases of each layer begin in what Python sends. @param {Net} net */
export function placesOf(net) {
  const widths = [Math.min(MOST_INPUTS, net.inputs), ...net.layers.map((layer) => layer.shown), net.shown];
  let at = 0;
  return widths.slice(1).map((units, layer) => {
    const weights = at;
    const biases = at + widths[layer] * units;
    at = biases + units;
    return { weights, biases, inputs: widths[layer], units };
  });
}

/** The weight of an edge. @param {Net} net @param {Float32Array} numbers @param {Edge} edge */
export function weightOf(net, numbers, edge) {
  const place = placesOf(net)[edge.layer];
  return numbers[place.weights + edge.from * place.units + edge.to];
}

/** A number in three digits with a true minus sign. @param {number} value */
export function shown(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))).replace("-", "−") : "no number";
}

/** Four points of an edge's curve. @param {{x: number, y: number}} a @param {{x: number, y: number}} b */
export function bend(a, b) {
  const middle = (a.x + b.x) / 2;
  return [a, { x: middle, y: a.y }, { x: middle, y: b.y }, b];
}

/** How far a point is from an edge's curve. @param {{x: number, y: number}} at @param {{x: number, y: number}} a @param {{x: number, y: number}} b */
export function distanceTo(at, a, b) {
  const [p, q, r, s] = bend(a, b);
  let least = Infinity;
  for (let i = 0; i <= 24; i++) {
    const t = i / 24;
    const u = 1 - t;
    const x = u * u * u * p.x + 3 * u * u * t * q.x + 3 * u * t * t * r.x + t * t * t * s.x;
    const y = u * u * u * p.y + 3 * u * u * t * q.y + 3 * u * t * t * r.y + t * t * t * s.y;
    least = Math.min(least, Math.hypot(at.x - x, at.y - y));
  }
  return least;
}

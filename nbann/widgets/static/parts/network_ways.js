// @ts-check
/** What there is in a net beside neurons and weights: shortcuts, loops, wires, and the strip of a deep one. */

/** @typedef {import("./network_draw.js").Scene} Scene */
/** @typedef {import("./network_places.js").Layout} Layout */

const STRIP = 38; // pixels for the strip of a deep net

/** Go on from one point to another. @param {CanvasRenderingContext2D} ctx @param {number[]} ends */
export function line(ctx, [x1, y1, x2, y2]) {
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
}

/** Lines between neurons that are one and the same number. @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
export function paintWires(ctx, { layout, places, palette }) {
  ctx.strokeStyle = palette.muted;
  ctx.globalAlpha = 0.45;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (const [from, k, to, j] of layout.wires) line(ctx, [places.x[from], places.y[from][k], places.x[to], places.y[to][j]]);
  ctx.stroke();
  ctx.globalAlpha = 1;
}

/** How much room the arcs above the columns and the strip of a deep net need. @param {Layout} layout */
export function roomAbove({ columns, strip }) {
  const nested = Math.max(0, ...columns.map(({ skips }) => skips.length && 12 + 10 * skips.length));
  return (strip.length ? STRIP : 0) + Math.max(nested, columns.some(({ loop }) => loop) ? 12 : 0);
}

/** Shortcuts as arcs, a state of its own as a loop. @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
export function paintWays(ctx, { layout, places, palette, frame, phase }) {
  const { x, y, radius } = places;
  const isLit = (/** @type {number} */ at) => frame.read.ways.includes(at) || frame.written.ways.includes(at);
  layout.columns.forEach((column, at) => {
    ctx.strokeStyle = ctx.fillStyle = isLit(at) ? phase : palette.muted;
    ctx.lineWidth = isLit(at) ? 2 : 1.3;
    column.skips.forEach((from, nested) => {
      const [x1, y1, x2, y2] = [x[from], y[from][0] - radius - 3, x[at] - 4 * nested, y[at][0] - radius - 6];
      const top = Math.min(y1, y2) - 16 - 10 * nested;
      ctx.beginPath();
      ctx.moveTo(x1, y1);
      ctx.bezierCurveTo(x1, top, x2, top, x2, y2);
      ctx.stroke();
      arrowHead(ctx, x2, y2 + 2, Math.PI / 2);
    });
    if (!column.loop) return;
    const [cx, cy] = [x[at] + 0.72 * radius + 6, y[at][0] - 0.72 * radius - 6];
    ctx.beginPath();
    ctx.arc(cx, cy, 6, 0.75 * Math.PI, 0.75 * Math.PI + 1.55 * Math.PI);
    ctx.stroke();
    if (column.reverse) arrowHead(ctx, cx - 6, cy + 3, 0.4 * Math.PI);
    else arrowHead(ctx, cx + 3, cy + 6, Math.PI);
  });
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} turn */
function arrowHead(ctx, x, y, turn) {
  ctx.beginPath();
  for (const [out, angle] of [[0, 0], [7, Math.PI - 0.5], [7, Math.PI + 0.5]]) ctx.lineTo(x + out * Math.cos(turn + angle), y + out * Math.sin(turn + angle));
  ctx.fill();
}

/** All layers of a deep net as cells, the larger their numbers the stronger; those below are within the bracket.
 * @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
export function paintStrip(ctx, { layout, frame, palette, width, phase, font }) {
  const { strip, first, columns } = layout;
  if (!strip.length || !frame.sizes) return;
  const most = Math.max(...frame.sizes.map((size) => size ?? 0)) || 1;
  const step = (width - 4) / strip.length;
  const cell = Math.max(step - 2, 1);
  frame.sizes.forEach((size, i) => {
    ctx.fillStyle = size === null ? palette.faint : palette.fill(size, most);
    ctx.fillRect(2 + i * step, 4, cell, 14);
    ctx.strokeStyle = palette.muted;
    ctx.lineWidth = 0.6;
    ctx.strokeRect(2 + i * step, 4, cell, 14);
  });
  ctx.strokeStyle = ctx.fillStyle = phase;
  ctx.lineWidth = 2;
  for (const lit of [frame.read, frame.written]) for (const at of [...lit.nodes, ...lit.biases, ...lit.edges.map((link) => layout.links[link].to)]) {
    ctx.strokeRect(2 + (first + at) * step, 4, cell, 14);
  }
  ctx.strokeStyle = palette.muted;
  ctx.lineWidth = 1.2;
  ctx.strokeRect(0.6 + first * step, 1, columns.length * step, 20);
  ctx.font = `10px ${font}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = palette.muted;
  ctx.fillText(`${strip.length} columns; below: ${first} to ${first + columns.length - 1}`, 2, 30);
}

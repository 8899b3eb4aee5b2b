// @ts-check
/** What is written beside and under the columns of a net. */
import { isAlone } from "./network_places.js";

/** @typedef {import("./network_draw.js").Scene} Scene */

/** Text cut with an ellipsis where it is wider than its room.
 * @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} room */
export function fittedText(ctx, text, room) {
  if (ctx.measureText(text).width <= room) return text;
  const characters = [...text];
  let [least, most] = [0, characters.length];
  while (least < most) {
    const half = (least + most + 1) >> 1;
    if (ctx.measureText(`${characters.slice(0, half).join("")}…`).width <= room) least = half;
    else most = half - 1;
  }
  return least ? `${characters.slice(0, least).join("").trimEnd()}…` : "";
}

/** @param {CanvasRenderingContext2D} ctx @param {Scene} scene */
export function paintNames(ctx, scene) {
  const { layout, places, frame, palette, font } = scene;
  const { columns } = layout;
  const out = places.radius + 9;
  ctx.font = `11px ${font}`;
  ctx.fillStyle = palette.muted;
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  columns[0].labels.forEach((label, k) =>
    ctx.fillText(fittedText(ctx, label, scene.left - 12), places.x[0] - out, places.y[0][k]));
  ctx.textAlign = "left";
  frame.ends.forEach((end, which) => end > 0 && paintEndNames(ctx, scene, end, frame.chances[which]));
  ctx.textAlign = "center";
  columns.forEach((column, at) => {
    paintLayerNames(ctx, scene, at);
    if (column.units.length === column.width) return;
    const gap = column.slots.findIndex((slot, k) => slot !== k);
    ctx.fillStyle = palette.muted;
    ctx.fillText("⋮", places.x[at], (places.y[at][gap - 1] + places.y[at][gap]) / 2);
  });
}

/** Names and probabilities of outputs. @param {CanvasRenderingContext2D} ctx @param {Scene} scene @param {number} end @param {number[]} chances */
function paintEndNames(ctx, { layout, places, palette, font, right }, end, chances) {
  const { labels, band } = layout.columns[end];
  const x = places.x[end] + places.radius + 9;
  const lift = chances.length && labels.some(Boolean) ? 7 : 0;
  labels.forEach((label, k) => {
    const y = places.y[end][k];
    ctx.fillStyle = palette.muted;
    ctx.fillText(fittedText(ctx, label, right - 12), x, y - lift);
    if (!chances.length) return;
    ctx.fillStyle = palette.ink;
    ctx.fillText(`${(100 * chances[k]).toFixed(1)} %`, x, y + lift);
  });
  if (!band) return;
  ctx.font = `bold 11px ${font}`;
  ctx.fillStyle = palette.ink;
  ctx.fillText(fittedText(ctx, band, right - 12), x, places.y[end][0] - places.radius - 8);
  ctx.font = `11px ${font}`;
}

/** A column's layers under it; the one whose numbers are shown has a bar. @param {CanvasRenderingContext2D} ctx @param {Scene} scene @param {number} at */
function paintLayerNames(ctx, { layout, places, frame, palette }, at) {
  const { columns } = layout;
  const column = columns[at];
  const room = Math.max(places.spread - 8, 14);
  const fold = column.units.length < column.width ? ` (${column.width.toLocaleString("en")})` : "";
  if (!isAlone(columns, column)) { // a row for each of the columns above one another
    const row = columns.slice(0, at).filter(({ depth }) => depth === column.depth).length;
    ctx.fillStyle = palette.muted;
    if (row < 4) ctx.fillText(fittedText(ctx, column.names.map(lastPart).join(" · ") + fold, room), places.x[at], places.foot + 8 + 15 * row);
    return;
  }
  const ends = column.names.length < 3 ? column.names : [column.names[0], column.names[column.names.length - 1]];
  const arrays = column.names.length < 3 ? column.arrays : [column.arrays[0], column.arrays[column.names.length - 1]];
  ends.forEach((name, row) => {
    const long = ctx.measureText(name).width > room;
    const text = (long ? lastPart(name) : name) + (row === 0 ? fold : "");
    const word = room > 30 ? fittedText(ctx, text, room) : row === 0 ? String(layout.first + at) : "";
    const y = places.foot + 8 + 15 * row;
    ctx.fillStyle = palette.muted;
    ctx.fillText(word, places.x[at], y);
    if (ends.length < 2 || arrays[row] !== frame.at[at]) return;
    const half = ctx.measureText(word).width / 2;
    ctx.fillStyle = palette.ink;
    ctx.fillRect(places.x[at] - half, y + 7, 2 * half, 1.2);
  });
}

/** A layer's name without the block it is in. @param {string} name */
const lastPart = (name) => name.slice(name.lastIndexOf(".") + 1);

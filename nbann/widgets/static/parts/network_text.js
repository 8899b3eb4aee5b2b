// @ts-check
/** What a net's view says of numbers, and the small sums behind it. */
import { fittedText } from "./network_names.js";
import { elementName } from "./network_places.js";

const MOST_OF_WIDTH = 0.24; // for names on one side

/** A number to the last digit. @param {number} value */
export const exactNumber = (value) => String(value).replaceAll("-", "−").replace("Infinity", "∞");

/** @typedef {import("./network.js").Told} Told */

/** Lines that say all of a place. @param {Told} told */
export const linesOf = (told) => [
  `${elementName(told.element)} = ${told.known ? exactNumber(told.value) : "not computed yet in this batch"}`,
  told.title,
  `gradient ${told.graded ? exactNumber(told.gradient) : "not computed yet in this batch"}`,
];

/** What stands beside the key: the time step, and what edges show if not weights.
 * @param {{time: number, steps: number, edges: string}} frame */
export function asideWords({ time, steps, edges }) {
  return [...(time >= 0 ? [`time step ${time} of 0 to ${steps - 1}`] : []), ...(edges === "gradient" ? ["edges: gradients"] : [])].join(" · ");
}

/** The numbers of a buffer, whatever it is aligned to. @param {DataView} view */
export const numbersIn = (view) => new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

/** The number that a drag leads to: 100 pixels are the scale. @param {number} from @param {number} pixels @param {number} scale */
export const draggedTo = (from, pixels, scale) => Number((from + (scale * pixels) / 100).toPrecision(3));

/** Pixels for names at the left and at the right.
 * @param {CanvasRenderingContext2D} ctx @param {any} layout @param {number} width */
export function sideRooms(ctx, layout, width) {
  const { columns } = layout;
  const widest = (/** @type {string[]} */ names) =>
    Math.max(0, ...names.map((name) => ctx.measureText(fittedText(ctx, name, width * MOST_OF_WIDTH)).width));
  const chance = layout.chances ? ctx.measureText("100.0 %").width : 0; // kept free always: nothing moves when they come
  const names = columns.flatMap((/** @type {any} */ { end, labels, band }) => (end ? [...labels, band] : []));
  return [Math.max(widest(columns[0].labels), 16) + 14, Math.max(widest(names), chance, 16) + 14];
}

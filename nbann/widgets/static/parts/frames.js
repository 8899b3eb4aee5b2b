// @ts-check
/** Frames that Python sends: only the newest is drawn, on the next animation frame, and acknowledged. */
import { make } from "./dom.js";

/** Calls `draw` with the newest of what is shown, once an animation frame.
 * @template T @param {(newest: T) => void | Promise<void>} draw @param {(fn: () => void) => void} [nextFrame] */
export function newestFrame(draw, nextFrame = requestAnimationFrame) {
  /** @type {{value: T} | null} */ let newest = null;
  let busy = false;
  let closed = false;
  async function drawAll() {
    try {
      while (newest && !closed) {
        const { value } = newest;
        newest = null;
        await draw(value);
      }
    } finally {
      busy = false; // what can not be drawn must not stop what comes after it
    }
  }
  return {
    /** @param {T} value */
    show(value) {
      newest = { value };
      if (!busy) nextFrame(drawAll);
      busy = true;
    },
    close() {
      closed = true;
    },
  };
}

const EVERY = 3; // of so many frames one message back: each costs the kernel as much as a small frame

/** What is drawn and not told of yet, of each slot of a view. @type {WeakMap<object, Map<string, {drawn: number, told: number}>>} */
const accounts = new WeakMap();

/** The frames to acknowledge now: those of all slots, once one of them is so many frames ahead; else null.
 * @param {Map<string, {drawn: number, told: number}>} slots @returns {Record<string, number> | null} */
export function acknowledged(slots) {
  const all = [...slots].filter(([, { drawn, told }]) => drawn > told);
  if (!all.some(([, { drawn, told }]) => drawn - told >= EVERY)) return null;
  for (const [, slot] of all) slot.told = slot.drawn;
  return Object.fromEntries(all.map(([name, { drawn }]) => [name, drawn]));
}

/** Receive the frames of one slot and acknowledge what is drawn.
 * @param {import("./view.js").Context} context @param {string} slot
 * @param {(message: any, buffers: DataView[]) => void | Promise<void>} draw */
export function receiveFrames(context, slot, draw) {
  const { hear, say, cleanups, root } = context;
  const slots = accounts.get(root) ?? new Map();
  accounts.set(root, slots);
  const mine = { drawn: 0, told: 0 };
  slots.set(slot, mine);
  let received = 0;
  const frames = newestFrame(async (/** @type {{message: any, buffers: DataView[]}} */ { message, buffers }) => {
    await draw(message, buffers);
    if (!mine.drawn) mine.told = message.id - EVERY; // the first is told at once: frames may have been sent before
    mine.drawn = received;
    const drawn = acknowledged(slots);
    if (drawn) say("drawn", { drawn });
  });
  hear("frame", (message, buffers) => {
    if (message.slot !== slot) return;
    received = message.id;
    frames.show({ message, buffers });
  });
  cleanups.push(frames.close);
}

/** Draw a compressed picture onto a canvas, which takes its size. @param {HTMLCanvasElement} canvas @param {any} message @param {DataView[]} buffers */
export async function drawPicture(canvas, message, buffers) {
  const bitmap = await createImageBitmap(new Blob([buffers[0]], { type: message.mime }));
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  canvas.setAttribute("aria-label", message.words);
  bitmap.close();
}

/** A canvas that shows the pictures of a slot. @param {import("./view.js").Context} context @param {string} slot */
export function pictureView(context, slot) {
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { class: "nbann-picture", role: "img" }));
  canvas.dataset.slot = slot;
  receiveFrames(context, slot, (message, buffers) => drawPicture(canvas, message, buffers));
  return canvas;
}

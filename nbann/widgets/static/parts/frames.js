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

/** Receive the frames of one slot and acknowledge what is drawn.
 * @param {import("./view.js").Context} context @param {string} slot
 * @param {(message: any, buffers: DataView[]) => void | Promise<void>} draw */
export function receiveFrames({ hear, say, cleanups }, slot, draw) {
  let received = 0;
  let acknowledged = 0;
  const frames = newestFrame(async (/** @type {{message: any, buffers: DataView[]}} */ { message, buffers }) => {
    await draw(message, buffers);
    // every second frame: each message delays the next by the server's Nagle timer
    if (received > acknowledged && received - acknowledged < 2) return;
    acknowledged = received;
    say("drawn", { slot, id: acknowledged });
  });
  hear("frame", (message, buffers) => {
    if (message.slot !== slot) return;
    received = message.id;
    frames.show({ message, buffers });
  });
  cleanups.push(frames.close);
}

/** A canvas that shows the pictures of a slot. @param {import("./view.js").Context} context @param {string} slot */
export function pictureView(context, slot) {
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { class: "nbann-picture", role: "img" }));
  canvas.dataset.slot = slot;
  receiveFrames(context, slot, async (message, buffers) => {
    const bitmap = await createImageBitmap(new Blob([buffers[0]], { type: message.mime }));
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
    }
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    canvas.setAttribute("aria-label", message.words);
    bitmap.close();
  });
  return canvas;
}

// @ts-check
/**
 * The view of FrameView: one live picture, as wide as the page has room.
 *
 * @typedef {object} Traits
 * @property {string} notice
 * @property {string} words
 * @property {string} error
 */
import { pictureView } from "./parts/frames.js";
import { openView } from "./parts/view.js";

export const TRAITS = ["notice", "words", "error"];

const WIDTH_STEP = 8; // pixels in which widths are told: not every one is worth a new drawing
const SETTLED = 120; // milliseconds without another width, while a page is being resized

/** The width of a picture for the room that there is, in pixels. @param {number} room */
export function pictureWidth(room) {
  return Math.max(WIDTH_STEP, Math.floor(room / WIDTH_STEP) * WIDTH_STEP);
}

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "frame-view", "Live picture of training");
  const { root, top, live, say, cleanups } = context;
  const picture = pictureView(context, "board");
  root.append(top, picture, live);

  let told = 0;
  const tellWidth = () => {
    const room = root.clientWidth - 16; // less its padding
    if (room <= 0 || pictureWidth(room) === told) return; // hidden, as while the theme changes
    told = pictureWidth(room);
    say("width", { width: told });
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let later;
  const sizes = new ResizeObserver(() => {
    clearTimeout(later);
    later = setTimeout(tellWidth, SETTLED);
  });
  sizes.observe(root);
  cleanups.push(() => sizes.disconnect(), () => clearTimeout(later));

  tellWidth();
  context.ready();
  return context.close;
}

export default { render };

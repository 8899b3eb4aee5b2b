// @ts-check
/** Tells Python how wide a picture may be, so that it is drawn for the page and not scaled. */

const WIDTH_STEP = 8; // pixels in which widths are told: not every one is worth a new drawing
const SETTLED = 120; // milliseconds without another width, while a page is being resized

/** The width of a picture for the room that there is, in pixels. @param {number} room */
export function pictureWidth(room) {
  return Math.max(WIDTH_STEP, Math.floor(room / WIDTH_STEP) * WIDTH_STEP);
}

/** Tell the width now and whenever it has changed; `less` pixels beside the picture are not its own.
 * @param {import("./view.js").Context} context @param {number} less */
export function tellWidth({ root, say, cleanups }, less) {
  let told = 0;
  const tell = () => {
    const room = root.clientWidth - less;
    if (room <= 0 || pictureWidth(room) === told) return; // hidden, as while the theme changes
    told = pictureWidth(room);
    say("width", { width: told });
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let later;
  const widths = new ResizeObserver(() => {
    clearTimeout(later);
    later = setTimeout(tell, SETTLED);
  });
  widths.observe(root);
  cleanups.push(() => widths.disconnect(), () => clearTimeout(later));
  tell();
}

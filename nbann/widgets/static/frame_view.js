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
import { tellWidth } from "./parts/width.js";

export const TRAITS = ["notice", "words", "error"];

/** @param {{model: any, el: HTMLElement}} where */
function render(where) {
  const context = openView(where, "frame-view", "Live picture of training");
  const { root, top, live } = context;
  root.append(top, pictureView(context, "board"), live);
  tellWidth(context, 16); // its padding
  context.ready();
  return context.close;
}

export default { render };

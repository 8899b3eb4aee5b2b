// @ts-check
/**
 * The run as a range to drag: ticks for epochs, marks for what was done.
 *
 * @typedef {{first: number, end: number, at: number, start: boolean, batches: number}} Timeline
 * @typedef {{stride: number, loss: (number|null)[]}} Curve   the loss of every stride-th batch
 * @typedef {{step: number, words: string, kind: "act"|"fork"|"more", ahead: boolean}} Mark
 */
import { make } from "./dom.js";

const MOST_EPOCHS = 60; // epoch ticks on the timeline; of more epochs, every second, fifth, tenth ...

/** A place on the timeline in words: the number of batches begun, as the batch that has run there.
 * @param {number} step @param {Timeline} timeline */
export function placeWords(step, { first, batches }) {
  if (step <= first) return "start";
  const done = step - 1;
  return `epoch ${Math.floor(done / batches) + 1}, batch ${(done % batches) + 1}`;
}

/** How far a place lies along the timeline, from 0 to 1. @param {number} step @param {Timeline} timeline */
export function along(step, { first, end }) {
  return end > first ? Math.min(Math.max((step - first) / (end - first), 0), 1) : 0;
}

/** Ends of epochs that get a tick: all, or so many that they can still be told apart.
 * @param {Timeline} timeline @param {number} [most] */
export function epochTicks({ first, end, batches }, most = MOST_EPOCHS) {
  const from = Math.floor(first / batches) + 1;
  const to = Math.ceil(end / batches) - 1;
  let every = 1;
  for (let i = 0; (to - from + 1) / every > most; i++) every = [2, 5, 10][i % 3] * 10 ** Math.floor(i / 3);
  const ticks = [];
  for (let epoch = Math.ceil(from / every) * every; epoch <= to; epoch += every) ticks.push(epoch * batches);
  return ticks;
}

/** Whether a mark lies ahead of where the trainer stands. @param {Mark} mark @param {Timeline} timeline */
export function isAhead(mark, timeline) {
  return mark.kind === "act" ? mark.ahead : mark.step > timeline.at;
}

/** Sends the newest of many wishes: one at a time, the next once the last is met.
 * @template T @param {(value: T, id: number) => void} send */
export function newestOnly(send) {
  let id = 0;
  /** @type {{value: T} | null} */ let waiting = null;
  let busy = false;
  /** @param {T} value */
  const go = (value) => {
    busy = true;
    send(value, ++id);
  };
  return {
    /** @param {T} value */
    wish(value) {
      if (busy) waiting = { value };
      else go(value);
    },
    /** A wish has been met; returns whether nothing is left to do. @param {number} met */
    met(met) {
      if (met !== id) return !busy;
      busy = false;
      if (waiting) {
        const { value } = waiting;
        waiting = null;
        go(value);
      }
      return !busy;
    },
    /** Whether every wish is met. */
    idle: () => !busy,
  };
}

/** The loss along the run as a path in a square of size 1, from the least at the bottom to the most at the top.
 * @param {Curve} curve @param {Timeline} timeline */
export function curvePath({ stride, loss: values }, { first, end }) {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const high = Math.max(...known);
  let pen = "M";
  return values.map((value, i) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const x = (i * stride + 1) / Math.max(1, end - first); // where this batch has run
    const y = high > low ? 1 - (value - low) / (high - low) : 1;
    const piece = `${pen}${+x.toFixed(4)} ${+y.toFixed(4)}`;
    pen = "L";
    return piece;
  }).join("");
}

/** The timeline: a range over the batches of the run, with ticks for epochs and marks for what was done.
 * @param {import("./view.js").Context} context */
export function timelineView({ get, say, listen, follow }) {
  const range = make("input", { type: "range", step: "1", class: "nbann-scrub", "aria-label": "Timeline", title: "Drag to go to any batch of the run" });
  const past = make("i", { class: "nbann-past" });
  const epochs = make("div", { class: "nbann-epoch-ticks", "aria-hidden": "true" });
  const marks = make("ol", { class: "nbann-marks", "aria-label": "What was done to the run" });
  const curve = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  curve.setAttribute("class", "nbann-curve");
  curve.setAttribute("viewBox", "0 0 1 1");
  curve.setAttribute("preserveAspectRatio", "none");
  curve.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  curve.append(line);
  const el = make("div", { class: "nbann-timeline" }, [
    curve, make("div", { class: "nbann-rail" }, [past, epochs]), range, make("div", { class: "nbann-lane" }, [marks]),
  ]);
  const wishes = newestOnly((/** @type {number} */ step, id) => say("goto", { step, id }));
  let held = false; // a person has the handle: it stays where it is put

  const speak = () => range.setAttribute("aria-valuetext", placeWords(Number(range.value), get("timeline")));
  const place = () => {
    const timeline = get("timeline");
    range.min = String(timeline.first);
    range.max = String(Math.max(timeline.end, timeline.first + 1)); // a range of nothing has no handle
    range.disabled = timeline.end <= timeline.first;
    if (!held) range.value = String(timeline.at);
    speak();
    past.hidden = timeline.at <= timeline.first;
    past.style.width = `${100 * along(timeline.at, timeline)}%`;
    const key = JSON.stringify([timeline.first, timeline.end, timeline.batches]);
    if (epochs.dataset.key !== key) {
      epochs.dataset.key = key;
      epochs.replaceChildren(...epochTicks(timeline).map((step) => {
        const tick = make("i");
        tick.style.left = `${100 * along(step, timeline)}%`;
        return tick;
      }));
    }
    [...marks.children].forEach((item, i) => {
      const mark = get("marks")[i];
      if (!mark) return;
      item.style.left = `${100 * along(mark.step, timeline)}%`;
      item.classList.toggle("nbann-ahead", isAhead(mark, timeline));
    });
  };
  follow("marks", () => {
    /** @param {Mark} mark */
    const here = (mark) => get("marks").filter((other) => other.step === mark.step).map((other) => other.words);
    marks.replaceChildren(...get("marks").map((mark) =>
      make("li", { class: `nbann-mark nbann-mark-${mark.kind}`, title: here(mark).join("\n") }, [
        make("span", { class: "nbann-hidden" }, [mark.words + (mark.ahead ? " (ahead)" : "")]),
      ])));
    marks.hidden = !get("marks").length;
    place();
  });
  const draw = () => line.setAttribute("d", curvePath(get("curve"), get("timeline")));
  follow("timeline", () => {
    place();
    draw();
  });
  follow("curve", draw);
  listen(range, "input", () => {
    held = true;
    speak();
    wishes.wish(Number(range.value));
  });
  return {
    el,
    /** Python has been where it was sent. @param {number} id */
    went(id) {
      if (!wishes.met(id)) return;
      held = false;
      place();
    },
  };
}

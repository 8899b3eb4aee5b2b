// @ts-check
/**
 * Reset, back, step, play, unit, speed, rate, run, and where the run stands: for every widget that moves a trainer.
 *
 * @typedef {{epoch: number, batch: number, batches: number, op: number, ops: number, ran: boolean, loss: string}} Here
 */
import { disable, icon, make, typed } from "./dom.js";
import { keyAction } from "./keys.js";

const ICONS = {
  reset: "M5 3v5h5M5.5 8a6 6 0 1 1-1.2 4.5",
  back: "M13 4l-7 5 7 5zM4 4v10",
  step: "M5 4l7 5-7 5zM14 4v10",
  play: "M5 3.5l9 5.5-9 5.5z",
  pause: "M6 4v10M12 4v10",
  run: "M3 4l6 5-6 5zM9 4l6 5-6 5z",
};

const UNIT_HELP = {
  op: "one operation",
  layer: "to the end of this layer's operations",
  phase: "to the end of this phase",
  batch: "to the end of this batch of samples",
  epoch: "to the end of this pass over all the data",
};

/** Where the run stands, in one line. @param {Here} here */
export function statusLine(here) {
  const verb = here.ran ? "" : "next: ";
  const loss = here.loss ? ` · loss ${here.loss}` : "";
  return `epoch ${here.epoch} · batch ${here.batch} of ${here.batches} · ${verb}op ${here.op} of ${here.ops}${loss}`;
}

/** "0.5 ops/s" @param {number} speed @param {string} unit */
export function speedLabel(speed, unit) {
  const plural = { batch: "batches" }[unit] ?? `${unit}s`;
  return `${speed} ${speed === 1 ? unit : plural}/s`;
}

/** A button with an icon and a word. @param {string} label @param {string} path @param {string} title @param {string} [extra] */
export function iconAndWord(label, path, title, extra = "") {
  return make("button", { type: "button", class: `nbann-button ${extra}`, title }, [icon(path), make("span", {}, [label])]);
}

/** A button with an icon alone. @param {string} label @param {string} path @param {string} title */
export function iconAlone(label, path, title) {
  return make("button", { type: "button", class: "nbann-button nbann-icon", title, "aria-label": label }, [icon(path)]);
}

/** The bar of buttons, the list of keys, the line that says where the run stands with its progress.
 * `more` are acts of the widget's own that keys can call. `atStart` says whether Back has anywhere to go,
 * which changes with the trait `start`. `rate`: whether there is a field for the learning rate.
 * While the trait "locked" gives a reason, all of it is disabled.
 * @param {import("./view.js").Context} context
 * @param {{keys: Record<string, string>, units?: (unit: string) => string, atStart?: () => boolean, start?: string, rate?: boolean, more?: Record<string, () => void>}} options */
export function transportView(context, { keys, units = () => "", atStart = () => false, start = "timeline", rate: hasRate = true, more = {} }) {
  const { get, put, say, listen, follow, root } = context;
  const resetButton = iconAlone("Reset", ICONS.reset, "Reset: to the very same start (r)");
  const backButton = iconAlone("Back", ICONS.back, "Go back by one of the unit chosen (←)");
  const stepButton = iconAndWord("Step", ICONS.step, "Go on by one of the unit chosen (→)", "nbann-primary");
  const playButton = iconAndWord("Play", ICONS.play, "Go on by itself, at the speed chosen (space)", "nbann-play");
  const unitGroup = make("div", { class: "nbann-units", role: "radiogroup", "aria-label": "Step by" });
  const speed = make("input", { type: "range", min: "0", step: "1", class: "nbann-speed", "aria-label": "Speed of Play" });
  const speedText = make("output", { class: "nbann-speed-text" });
  const epochs = make("input", { type: "number", min: "1", value: "100", class: "nbann-epochs", "aria-label": "Epochs to run" });
  const runButton = iconAndWord("Run", ICONS.run, "Train this many epochs at full speed");
  const rate = make("input", { type: "text", inputMode: "decimal", class: "nbann-rate", "aria-label": "Learning rate", title: "Learning rate: how far each update goes; Enter sets it" });
  const helpButton = make("button", { type: "button", class: "nbann-button nbann-help-button", title: "Keys (?)", "aria-label": "Keys", "aria-expanded": "false" }, ["?"]);
  // a fieldset: what is locked is disabled, whatever else each control depends on
  const buttons = make("fieldset", { class: "nbann-transport" }, [
    resetButton, backButton, stepButton, playButton, unitGroup,
    make("label", { class: "nbann-pace" }, ["speed", speed, speedText]),
    ...(hasRate ? [make("label", { class: "nbann-pace" }, ["rate", rate])] : []),
    make("span", { class: "nbann-run" }, [runButton, epochs, "epochs"]),
    helpButton,
  ]);
  const lock = make("div", { class: "nbann-locked", role: "status", hidden: true });
  const bar = make("div", {}, [make("div", { role: "toolbar", "aria-label": "Training" }, [buttons]), lock]);
  const help = make("dl", { class: "nbann-help", hidden: true },
    Object.entries(keys).flatMap(([key, what]) => [make("dt", {}, [make("kbd", {}, [key])]), make("dd", {}, [what])]));
  const status = make("div", { class: "nbann-status" });
  const progress = make("progress", { class: "nbann-progress", max: 1, value: 0, "aria-label": "Progress of the run" });
  const progressText = make("span", { class: "nbann-progress-text" });
  const where = make("div", { class: "nbann-where" }, [status, make("div", { class: "nbann-bar" }, [progressText, progress])]);

  /** @type {Record<string, () => void>} */
  const act = {
    step: () => say("step"),
    back: () => atStart() || say("back"),
    reset: () => say("reset"),
    toggle: () => say(get("mode") ? "pause" : "play"),
    run: () => say("run", { epochs: Math.max(1, Math.trunc(Number(epochs.value)) || 1) }),
    help: () => {
      help.hidden = !help.hidden;
      helpButton.setAttribute("aria-expanded", String(!help.hidden));
    },
    ...more,
  };
  listen(resetButton, "click", act.reset);
  listen(backButton, "click", act.back);
  listen(stepButton, "click", act.step);
  listen(playButton, "click", act.toggle);
  listen(runButton, "click", act.run);
  listen(helpButton, "click", act.help);
  listen(epochs, "keydown", (event) => event.key === "Enter" && act.run());
  listen(speed, "input", () => put("speed", get("speeds")[Number(speed.value)]));
  const rateText = typed(rate, () => get("rate"), (value) => say("rate", { value }));
  listen(rate, "change", rateText.send);
  context.keys((key) => {
    const action = keyAction(key, get("units"));
    if (!action) return false;
    if (get("locked") && action.command !== "help") return true;
    if (action.unit) put("unit", action.unit);
    else if (action.command) act[action.command]?.();
    return true;
  });

  const group = `nbann-unit-${Math.random().toString(36).slice(2)}`; // radios of one view belong together
  const unitInputs = get("units").map((/** @type {string} */ unit, /** @type {number} */ i) => {
    const input = /** @type {HTMLInputElement} */ (make("input", { type: "radio", name: group, value: unit }));
    listen(input, "change", () => put("unit", unit));
    const title = `Step by ${unit}: ${UNIT_HELP[unit] ?? unit}${units(unit)} (${i + 1})`;
    unitGroup.append(make("label", { title }, [input, make("span", {}, [unit])]));
    return input;
  });
  const pace = () => {
    const speeds = get("speeds");
    speed.max = String(speeds.length - 1);
    speed.value = String(Math.max(0, speeds.indexOf(get("speed"))));
    speedText.textContent = speedLabel(get("speed"), get("unit"));
    speed.setAttribute("aria-valuetext", speedText.textContent);
  };
  follow("unit", () => {
    unitInputs.forEach((/** @type {HTMLInputElement} */ input) => (input.checked = input.value === get("unit")));
    pace();
  });
  follow("speed", pace);
  follow("mode", () => {
    const playing = get("mode") !== "";
    playButton.replaceChildren(icon(playing ? ICONS.pause : ICONS.play), make("span", {}, [playing ? "Pause" : "Play"]));
    playButton.setAttribute("aria-pressed", String(playing));
    disable(stepButton, playing, root);
    disable(runButton, playing, root);
    root.classList.toggle("nbann-playing", playing);
  });
  follow("rate", rateText.refresh);
  follow("notice", rateText.refresh);
  follow("here", () => {
    status.textContent = statusLine(get("here"));
  });
  follow(start, () => disable(backButton, atStart(), root));
  follow("locked", () => {
    const reason = get("locked");
    if (reason && buttons.contains(document.activeElement)) root.focus({ preventScroll: true });
    buttons.disabled = Boolean(reason);
    lock.hidden = !reason;
    lock.textContent = reason;
  });
  follow("progress", () => {
    const { fraction, words } = get("progress");
    progress.value = fraction ?? 0;
    progress.classList.toggle("nbann-idle", fraction === undefined);
    progressText.textContent = words ?? "";
  });
  return { bar, help, where, backButton, act };
}

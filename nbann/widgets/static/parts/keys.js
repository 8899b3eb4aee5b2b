// @ts-check
/** What keys do while a widget has the focus. */

/** What a key does while the widget has focus: a command, a unit, "help", or null.
 * @param {string} key @param {string[]} units @returns {{command?: string, unit?: string} | null} */
export function keyAction(key, units) {
  if (key === " ") return { command: "toggle" };
  if (key === "ArrowRight") return { command: "step" };
  if (key === "ArrowLeft") return { command: "back" };
  if (key === "w" || key === "W") return { command: "why" };
  if (key === "f" || key === "F") return { command: "forward" };
  if (key === "b" || key === "B") return { command: "breakpoint" };
  if (key === "r" || key === "R") return { command: "reset" };
  if (key === "?") return { command: "help" };
  const unit = units[Number(key) - 1];
  return unit && /^[1-9]$/.test(key) ? { unit } : null;
}

const MOVES = /^(Arrow|Page|Home$|End$|Tab$|Enter$)/;

/** Whether a key belongs to the element it was typed into (a number field, a list); a slider and a radio
 * button need those alone that move them.
 * @param {string} tag @param {string} key @param {string} [type] of an input */
export function ownsKey(tag, key, type = "") {
  if (tag === "INPUT" && (type === "radio" || type === "range")) return MOVES.test(key);
  if (tag === "INPUT" || tag === "SELECT" || tag === "TEXTAREA") return true;
  return tag === "BUTTON" && (key === " " || key === "Enter");
}

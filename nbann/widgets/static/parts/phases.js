// @ts-check
/** Phases of a program and the CSS classes that give them their colors (see view.css). */

const PHASES = ["forward", "loss", "backward", "update"]; // those of backpropagation have colors by name
const MORE_PHASES = 6; // colors in the CSS for phases of other names

/** The phases of a program, in order. @param {{phase: string}[]} ops @returns {string[]} */
export function phasesOf(ops) {
  return [...new Set(ops.map((op) => op.phase))];
}

/** The CSS class that gives a phase its color: by name, or by its place among those of other names.
 * @param {string} phase @param {{phase: string}[]} ops */
export function phaseClass(phase, ops) {
  if (PHASES.includes(phase)) return `nbann-${phase}`;
  const others = phasesOf(ops).filter((other) => !PHASES.includes(other));
  return `nbann-phase${(Math.max(0, others.indexOf(phase)) % MORE_PHASES) + 1}`;
}

// @ts-check
/** Colors of values and classes, as `nbann.panels.style` has them (a test holds them against it). */

export const PALETTES = {
  light: {
    background: "#ffffff",
    ink: "#1f2328",
    muted: "#59636e",
    signed: ["#0b5394", "#7db3dc", "#f3f4f5", "#f5b26b", "#c35400"],
    classes: ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000", "#703010", "#6000cf"],
  },
  dark: {
    background: "#111111",
    ink: "#e8eaed",
    muted: "#a3abb3",
    signed: ["#62b6f2", "#24648f", "#23272b", "#95581c", "#ffa647"],
    classes: ["#3d9bd9", "#e69f00", "#12b886", "#cc79a7", "#8fd3ff", "#f07020", "#f0e442", "#e8eaed", "#706030", "#6030ff"],
  },
};

const TIE = 0.12; // strength of a class's tint where two classes tie, and where the net is sure
const SURE = 0.62;

/** The colors of the page as it is now. */
export function palette() {
  return document.body.dataset.jpThemeLight === "false" ? PALETTES.dark : PALETTES.light;
}

/** "#0b5394" as three numbers. @param {string} hex @returns {[number, number, number]} */
export function rgb(hex) {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** A table of 255 colors for -127 ... 127, low to high. @param {string[]} stops @returns {Uint8ClampedArray} */
export function signedTable(stops) {
  const colors = stops.map(rgb);
  const table = new Uint8ClampedArray(255 * 4);
  for (let i = 0; i < 255; i++) {
    const at = (i / 254) * (colors.length - 1);
    const left = Math.min(Math.floor(at), colors.length - 2);
    for (let c = 0; c < 3; c++) table[4 * i + c] = colors[left][c] + (at - left) * (colors[left + 1][c] - colors[left][c]);
    table[4 * i + 3] = 255;
  }
  return table;
}

/** The color of a share in [-1, 1] as CSS. @param {Uint8ClampedArray} table @param {number} share */
export function signedColor(table, share) {
  const i = 4 * (Math.round(127 * Math.max(-1, Math.min(1, share || 0))) + 127);
  return `rgb(${table[i]},${table[i + 1]},${table[i + 2]})`;
}

/** Pixels of signed bytes, whose first row is the lowest. @param {Int8Array} values @param {number} side @param {Uint8ClampedArray} table @param {Uint8ClampedArray} into */
export function paintSigned(values, side, table, into) {
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const from = 4 * (Math.max(-127, values[row * side + column]) + 127);
      const to = 4 * ((side - 1 - row) * side + column);
      for (let c = 0; c < 4; c++) into[to + c] = table[from + c];
    }
}

/** Pixels of classes: the likeliest one's tint, the stronger the surer.
 * @param {Uint8Array} values which class of each point, then how sure @param {number} side
 * @param {{background: string, classes: string[]}} colors @param {Uint8ClampedArray} into */
export function paintClasses(values, side, colors, into) {
  const ground = rgb(colors.background);
  const classes = colors.classes.map(rgb);
  const count = side * side;
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const from = row * side + column;
      const to = 4 * ((side - 1 - row) * side + column);
      const color = classes[values[from] % classes.length];
      const share = TIE + (SURE - TIE) * (values[count + from] / 255);
      for (let c = 0; c < 3; c++) into[to + c] = ground[c] + share * (color[c] - ground[c]);
      into[to + 3] = 255;
    }
}

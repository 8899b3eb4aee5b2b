// @ts-check
/** The colors of panels/style.py for a canvas: the signed map, ink, and what can be read on a color. */

export const NETWORK_COLORS = {
  light: {
    background: "#ffffff", ink: "#1f2328", muted: "#59636e", faint: "#e4e7eb",
    stops: ["#0b5394", "#7db3dc", "#f3f4f5", "#f5b26b", "#c35400"],
  },
  dark: {
    background: "#111111", ink: "#e8eaed", muted: "#a3abb3", faint: "#30353b",
    stops: ["#62b6f2", "#24648f", "#23272b", "#95581c", "#ffa647"],
  },
};

const MAP_STEPS = 256; // on each side of 0
const AS_DARK_AS_LIGHT = 0.1791; // the luminance on which black and white have the same contrast

/** @param {string} hex @returns {number[]} */
const channelsOf = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** The colors from the most negative to the most positive, 513 of them. @param {string[]} stops @returns {number[][]} */
export function divergingTable(stops) {
  const rgb = stops.map(channelsOf);
  return Array.from({ length: 2 * MAP_STEPS + 1 }, (_, i) => {
    const at = (i / (2 * MAP_STEPS)) * (stops.length - 1);
    const below = Math.min(Math.floor(at), stops.length - 2);
    return rgb[below].map((low, channel) => Math.round(low + (at - below) * (rgb[below + 1][channel] - low)));
  });
}

/** Which entry of the table stands for a number. @param {number} value @param {number} limit */
export function divergingPlace(value, limit) {
  return Math.round(Math.min(Math.max(value / limit, -1), 1) * MAP_STEPS) + MAP_STEPS;
}

/** @param {number[]} rgb from 0 to 255 */
function luminanceOf(rgb) {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Colors of a theme as CSS, with what is readable on each. @param {"light" | "dark"} theme */
function paletteOf(theme) {
  const colors = NETWORK_COLORS[theme];
  const table = divergingTable(colors.stops);
  const css = table.map((rgb) => `rgb(${rgb.join(" ")})`);
  const inks = table.map((rgb) => (luminanceOf(rgb) > AS_DARK_AS_LIGHT ? "#000000" : "#ffffff"));
  return {
    ...colors,
    /** Gray for what is not a number. @param {number} value @param {number} limit */
    fill: (value, limit) => (Number.isNaN(value) ? colors.faint : css[divergingPlace(value, limit)]),
    /** @param {number} value @param {number} limit */
    on: (value, limit) => (Number.isNaN(value) ? colors.ink : inks[divergingPlace(value, limit)]),
  };
}

/** @typedef {ReturnType<typeof paletteOf>} Palette */

/** @type {Record<string, Palette>} */
const palettes = {};

/** The palette of a theme, made once. @param {"light" | "dark"} theme @returns {Palette} */
export function networkPalette(theme) {
  palettes[theme] ??= paletteOf(theme);
  return palettes[theme];
}

// @ts-check
/** The losses of a playground: numbers of now, and the curves that led there. */
import { make } from "./dom.js";
import { palette } from "./playground_colors.js";

/** Epochs, training losses and test losses of what Python sends. @param {DataView} bytes */
export function curvesOf(bytes) {
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const count = all.length / 3;
  return { epochs: all.subarray(0, count), train: all.subarray(count, 2 * count), test: all.subarray(2 * count) };
}

/** The largest loss that is a number, as a limit that grows in steps. @param {Float32Array[]} curves */
export function limitOf(...curves) {
  let most = 0;
  for (const curve of curves) for (const loss of curve) if (Number.isFinite(loss) && loss > most) most = loss;
  if (!most) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= most) ?? most;
}

/** @param {import("./view.js").Context} context */
export function playgroundCurve({ get, follow, cleanups }) {
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { class: "nbann-pg-curve", role: "img", "aria-label": "Losses by epoch" }));
  const part = (/** @type {string} */ name) => {
    const loss = make("b", { class: `nbann-pg-${name}-loss` });
    const accuracy = make("span", { class: "nbann-pg-label" });
    return { loss, accuracy, el: make("div", { class: `nbann-pg-score nbann-pg-score-${name}` }, [make("span", {}, [`${name} loss`]), loss, accuracy]) };
  };
  const train = part("training");
  const test = part("test");
  const el = make("div", { class: "nbann-pg-losses" }, [make("div", { class: "nbann-pg-scores" }, [train.el, test.el]), canvas]);
  /** @type {DataView | null} */ let bytes = null;

  function paint() {
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    const pen = canvas.getContext("2d");
    if (!pen || !width) return;
    const sharp = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = width * sharp;
    canvas.height = height * sharp;
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, width, height);
    const colors = palette();
    pen.font = `10px ${getComputedStyle(canvas).fontFamily}`;
    pen.fillStyle = colors.muted;
    if (!bytes || bytes.byteLength < 12) {
      pen.fillText("Press Play: the losses are drawn here.", 4, height / 2);
      return;
    }
    const { epochs, train, test } = curvesOf(bytes);
    const top = limitOf(train, test);
    const end = Math.max(epochs[epochs.length - 1], 1);
    const x = (/** @type {number} */ epoch) => 2 + (epoch / end) * (width - 6);
    const y = (/** @type {number} */ loss) => height - 3 - (loss / top) * (height - 8);
    pen.strokeStyle = colors.muted;
    pen.globalAlpha = 0.5;
    pen.strokeRect(1.5, 3.5, width - 4, height - 6);
    pen.globalAlpha = 1;
    pen.fillText(String(Number(top.toPrecision(1))), 5, 14);
    pen.textAlign = "right";
    pen.fillText(`epoch ${end}`, width - 6, 14);
    pen.textAlign = "left";
    [{ losses: test, dash: [5, 3], color: colors.muted }, { losses: train, dash: [], color: colors.ink }].forEach(({ losses, dash, color }) => {
      pen.beginPath();
      let begun = false;
      losses.forEach((loss, i) => {
        if (!Number.isFinite(loss)) begun = false;
        else if (begun) pen.lineTo(x(epochs[i]), y(loss));
        else pen.moveTo(x(epochs[i]), y(loss));
        begun = Number.isFinite(loss);
      });
      pen.setLineDash(dash);
      pen.strokeStyle = color;
      pen.lineWidth = 1.8;
      pen.stroke();
    });
    pen.setLineDash([]);
  }

  follow("scores", () => {
    const scores = get("scores");
    train.loss.textContent = scores.train_loss ?? "–";
    test.loss.textContent = scores.test_loss ?? "–";
    train.accuracy.textContent = scores.train_accuracy ? `${scores.train_accuracy} right` : "";
    test.accuracy.textContent = scores.test_accuracy ? `${scores.test_accuracy} right` : scores.test_loss ? "" : "no test data";
    canvas.setAttribute("aria-label", `Losses by epoch; now training ${scores.train_loss ?? ""}, test ${scores.test_loss ?? "none"}`);
  });
  const sizes = new ResizeObserver(paint);
  sizes.observe(canvas);
  cleanups.push(() => sizes.disconnect());
  return {
    el,
    canvas,
    /** @param {DataView} newBytes */
    show(newBytes) {
      bytes = newBytes;
      paint();
    },
  };
}

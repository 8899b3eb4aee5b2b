// @ts-check
/** The controls of a playground: data sets, and the settings of the training. */
import { make, typed } from "./dom.js";
import { palette, signedColor, signedTable } from "./playground_colors.js";

const MOST_CHARACTERS = 2_000_000; // of a CSV file, as Python has it

const RANGES = {
  noise: { label: "Noise", max: 0.5, step: 0.05, shown: (/** @type {number} */ v) => v.toFixed(2), title: "How far points are moved at random; starts again" },
  points: { label: "Points", min: 20, max: 1000, step: 20, shown: String, title: "How many points; starts again" },
  test: { label: "Test share", max: 0.9, step: 0.1, shown: (/** @type {number} */ v) => `${Math.round(100 * v)}%`, title: "Share of the data that is not learned from; starts again" },
  dropout: { label: "Dropout", max: 0.9, step: 0.1, shown: (/** @type {number} */ v) => `${Math.round(100 * v)}%`, title: "Share of hidden neurons left out in each training step; the run goes on" },
};

/** A CSV file's text goes to Python, or what is wrong with it is told. @param {File} file @returns {Promise<{text?: string, wrong?: string}>} */
export async function readFile(file) {
  if (file.size > MOST_CHARACTERS) return { wrong: `${file.name}: expected a file of at most 2 MB; received ${(file.size / 1e6).toFixed(1)} MB.` };
  return { text: textOf(new Uint8Array(await file.arrayBuffer())) };
}

/** A file's text: UTF-16 if it begins so, UTF-8, or else what Windows writes. @param {Uint8Array} bytes */
export function textOf(bytes) {
  const two = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "";
  try {
    return new TextDecoder(two || "utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes); // where any bytes are text
  }
}

/** @param {import("./view.js").Context} context @param {{control: (name: string, el: HTMLElement) => HTMLElement, tell: (text: string) => void}} shared */
export function playgroundControls({ get, say, listen, follow }, { control, tell }) {
  const change = (/** @type {string} */ field, /** @type {any} */ value) => say("change", { field, value });
  const group = (/** @type {string} */ label, /** @type {any} */ field, title = "") => {
    field.setAttribute("aria-label", label); // else a list's options would be part of its name
    return make("label", { class: "nbann-pg-field", title }, [make("span", { class: "nbann-pg-label" }, [label]), field]);
  };

  /** A list to choose from. @param {string} name @param {string} label @param {() => string[]} offered @param {string} title */
  function select(name, label, offered, title) {
    const field = make("select");
    listen(field, "change", () => change(name, field.value));
    let known = "";
    const refresh = () => {
      const names = offered();
      if (known !== names.join()) {
        known = names.join();
        field.replaceChildren(...names.map((one) => make("option", { value: one }, [one.replaceAll("_", " ")])));
      }
      field.value = get("settings")[name];
    };
    follow("choices", refresh);
    follow("settings", refresh);
    follow("notice", refresh);
    return control(name, group(label, field, title));
  }

  /** A number that is typed. @param {string} name @param {string} label @param {string} title */
  function number(name, label, title) {
    const field = make("input", { type: "text", inputMode: "decimal" });
    const shown = () => {
      const value = get("settings")[name];
      return value === null ? "all" : String(value);
    };
    const text = typed(field, shown, (value) => change(name, value));
    listen(field, "change", text.send);
    listen(field, "keydown", (event) => event.key === "Enter" && text.send());
    follow("settings", text.refresh);
    follow("notice", text.refresh);
    return control(name, group(label, field, title));
  }

  /** A number that is slid to. @param {keyof typeof RANGES} name */
  function slider(name) {
    const { label, title, shown, ...range } = { min: 0, ...RANGES[name] };
    const field = make("input", { type: "range", ...Object.fromEntries(Object.entries(range).map(([k, v]) => [k, String(v)])) });
    field.setAttribute("aria-label", label); // the label element names its first field, which is the output
    const value = make("output");
    const show = () => {
      value.textContent = shown(Number(field.value));
      field.setAttribute("aria-valuetext", value.textContent);
    };
    listen(field, "input", show);
    listen(field, "change", () => change(name, Number(field.value)));
    const refresh = () => {
      field.value = String(get("settings")[name]);
      show();
      value.textContent = shown(get("settings")[name]);
    };
    follow("settings", refresh);
    follow("notice", refresh);
    const el = make("label", { class: "nbann-pg-slider", title }, [make("span", { class: "nbann-pg-label" }, [label, " ", value]), field]);
    return { el: control(name, el), field };
  }

  // ---- data
  const gallery = make("div", { class: "nbann-pg-gallery", role: "radiogroup", "aria-label": "Data set" });
  const cards = Object.keys(get("choices").gallery).map((name) => {
    const label = get("choices").sets.find((/** @type {{name: string}} */ one) => one.name === name).label;
    const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { width: 80, height: 80, "aria-hidden": "true" }));
    const card = make("button", { type: "button", class: "nbann-pg-card", role: "radio", "aria-label": label, title: label }, [canvas]);
    listen(card, "click", () => change("data", name));
    return { name, card, canvas };
  });
  listen(gallery, "keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const at = cards.findIndex(({ card }) => card === event.target);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = cards[(at + step + cards.length) % cards.length];
    next.card.focus({ preventScroll: true });
    next.card.click();
  });
  gallery.append(...cards.map(({ card }) => card));
  const others = make("select", { "aria-label": "Other data", title: "Measured data, or points that you draw" });
  listen(others, "change", () => others.value && change("data", others.value));
  const standardize = make("input", { type: "checkbox" });
  listen(standardize, "change", () => change("standardize", standardize.checked));
  const file = make("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv", class: "nbann-live", tabIndex: -1, "aria-hidden": "true" });
  const upload = make("button", { type: "button", class: "nbann-button nbann-pg-plain", title: "Learn from a table: names in its first row, the last column is learned; it stays on this machine's kernel" }, ["CSV file …"]);
  listen(upload, "click", () => file.click());
  const send = async (/** @type {File | undefined} */ chosen) => {
    if (!chosen) return;
    const { text, wrong } = await readFile(chosen);
    if (wrong) tell(wrong);
    else say("upload", { text, name: chosen.name });
    file.value = "";
  };
  listen(file, "change", () => send(file.files?.[0]));
  const sliders = { points: slider("points"), noise: slider("noise"), test: slider("test") };
  const classes = number("classes", "Classes", "How many classes, 2 to 6; starts again");
  const data = make("section", { class: "nbann-pg-data", "aria-label": "Data" }, [
    make("b", {}, ["Data"]),
    control("data", make("div", { class: "nbann-pg-stack" }, [gallery, others])),
    control("upload", make("div", {}, [upload, file])),
    sliders.points.el, sliders.noise.el, classes, sliders.test.el,
    control("standardize", make("label", { class: "nbann-pg-check", title: "Scale each feature to mean 0 and deviation 1; starts again" }, [standardize, "standardize"])),
  ]);
  listen(data, "dragover", (event) => event.preventDefault());
  listen(data, "drop", (event) => {
    event.preventDefault();
    if (!get("hidden").includes("upload")) send(event.dataTransfer?.files[0]);
  });

  function paintGallery() {
    const colors = palette();
    const table = signedTable(colors.signed);
    for (const { name, canvas } of cards) {
      const pen = canvas.getContext("2d");
      if (!pen) continue;
      pen.fillStyle = colors.background;
      pen.fillRect(0, 0, 80, 80);
      for (const [x, y, sign] of get("choices").gallery[name]) {
        pen.beginPath();
        pen.arc(40 + 33 * x, 40 - 33 * y, 3.4, 0, 2 * Math.PI);
        pen.fillStyle = Math.abs(sign) === 1 ? colors.classes[sign > 0 ? 1 : 0] : signedColor(table, sign);
        pen.fill();
      }
    }
  }

  follow("choices", () => {
    paintGallery();
    const rest = get("choices").sets.filter((/** @type {any} */ one) => !(one.name in get("choices").gallery));
    others.replaceChildren(
      make("option", { value: "" }, ["more …"]),
      make("option", { value: "drawn" }, ["draw your own"]),
      ...rest.map((/** @type {any} */ one) => make("option", { value: one.name }, [one.label])),
      ...(get("choices").own ? [make("option", { value: "own" }, ["your data"])] : []),
    );
    others.value = get("settings").data;
    if (others.selectedIndex < 0) others.value = "";
  });
  const refresh = () => {
    const { data: name, standardize: scaled } = get("settings");
    const kind = get("choices").sets.find((/** @type {any} */ one) => one.name === name);
    cards.forEach(({ name: own, card }, i) => {
      card.setAttribute("aria-checked", String(own === name));
      card.tabIndex = own === name || (i === 0 && !cards.some((one) => one.name === name)) ? 0 : -1;
    });
    others.value = name;
    if (others.selectedIndex < 0) others.value = "";
    standardize.checked = scaled;
    sliders.points.field.disabled = !kind?.points;
    sliders.noise.field.disabled = !kind?.noise;
    sliders.test.field.disabled = name === "drawn";
    classes.classList.toggle("nbann-pg-absent", !kind?.classes);
  };
  follow("settings", refresh);
  follow("notice", refresh);

  // ---- training
  const activation = make("select");
  listen(activation, "change", () => activation.value && say("activation", { value: activation.value }));
  const showActivation = () => {
    const kinds = [...new Set(get("settings").layers.map((/** @type {{activation: string}} */ layer) => layer.activation))];
    const names = get("choices").activations;
    activation.replaceChildren(...(kinds.length === 1 ? [] : [make("option", { value: "" }, [kinds.length ? "several" : "none"])]), ...names.map((/** @type {string} */ one) => make("option", { value: one }, [one.replaceAll("_", " ")])));
    activation.value = kinds.length === 1 ? kinds[0] : "";
  };
  follow("settings", showActivation);
  const dropout = slider("dropout");
  const momentum = number("momentum", "Momentum", "Share of the last step that is kept, 0 to below 1; the run goes on");
  const training = make("section", { class: "nbann-pg-training", "aria-label": "Training settings" }, [
    number("learning_rate", "Learning rate", "How far each update goes; the run goes on"),
    control("activation", group("Activation", activation, "Of all hidden layers; the run goes on")),
    select("optimizer", "Optimizer", () => get("choices").optimizers, "How weights follow the gradient; the run goes on"),
    momentum,
    number("batch_size", "Batch size", "Samples in each update, or “all”; the run goes on"),
    number("l1", "L1", "Adds L1 × Σ|w| to the loss: weights become 0; the run goes on"),
    number("l2", "L2", "Adds L2/2 × Σw² to the loss: weights stay small; the run goes on"),
    dropout.el,
    select("loss", "Loss", () => get("choices").losses, "What is made small; starts again"),
    select("init", "Start weights", () => get("choices").inits, "How the first weights are drawn; starts again"),
    number("seed", "Seed", "Of data, split, start weights and order: the same one gives the same run; starts again"),
  ]);
  follow("settings", () => {
    const has = get("choices").momentum.includes(get("settings").optimizer);
    /** @type {HTMLInputElement} */ (momentum.querySelector("input")).disabled = !has;
  });
  return { data, training, repaint: paintGallery };
}

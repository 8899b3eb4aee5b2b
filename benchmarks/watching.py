"""Watches a page's pixels: when what a canvas or an image shows has changed, and after which click.

A change counts once it is painted: the pixels are read right after each frame of the browser.
"""

import contextlib
import statistics

WATCH = """(() => {
  const scratch = document.createElement("canvas");
  const pen = scratch.getContext("2d", { willReadFrequently: true, alpha: false });
  const pixels = (node) => {
    const width = node.naturalWidth ?? node.width, height = node.naturalHeight ?? node.height;
    if (!width || !height) return null;
    if (scratch.width !== width) scratch.width = width;
    if (scratch.height !== height) scratch.height = height;
    pen.drawImage(node, 0, 0);
    const words = new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer);
    let sum = width;  // one pixel in seven will do, in other columns from row to row
    for (let i = 0; i < words.length; i += 7) sum = (Math.imul(sum, 31) + words[i]) | 0;
    return sum;
  };
  const watch = { selector: "", times: [], clicks: [], last: null };
  // reading pixels takes time that the page is to have: only what has been drawn into is read
  const drawn = new WeakSet();
  const kinds = [CanvasRenderingContext2D, ImageBitmapRenderingContext];
  const calls = ["clearRect", "fillRect", "strokeRect", "drawImage", "putImageData", "fillText",
    "fill", "stroke", "transferFromImageBitmap"];
  for (const { prototype } of kinds) {
    for (const name of calls.filter((call) => call in prototype)) {
      const original = prototype[name];
      prototype[name] = function (...args) {
        drawn.add(this.canvas);
        return original.apply(this, args);
      };
    }
  }
  let image = "";
  const isNew = (node) => {
    if (node.tagName === "CANVAS") return drawn.delete(node) || watch.last === null;
    if (!node.complete || node.src === image) return false;
    image = node.src;
    return true;
  };
  const painted = new MessageChannel();  // its message comes after the frame has been painted
  painted.port1.onmessage = () => {
    if (!watch.selector) return;
    const node = [...document.querySelectorAll(watch.selector)].at(-1);
    const now = node && isNew(node) ? pixels(node) : null;
    if (now !== null && now !== watch.last) {
      if (watch.last !== null) watch.times.push(performance.now());
      watch.last = now;
    }
  };
  const frame = () => { painted.port2.postMessage(0); requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  document.addEventListener("click", (event) => watch.clicks.push(event.timeStamp), true);
  window.nbannWatch = watch;
})()"""

ANSWER = """async (source) => {
  const { commands, shell } = window.jupyterapp;
  const notebook = shell.currentWidget.content;
  notebook.activeCellIndex = notebook.widgets.length - 1;
  await commands.execute("notebook:insert-cell-below");
  const cell = notebook.activeCell;
  cell.model.sharedModel.setSource(source);
  const start = performance.now();
  commands.execute("notebook:run-cell");
  while (!cell.outputArea.node.textContent.includes("answer"))
    await new Promise((done) => requestAnimationFrame(done));
  const taken = performance.now() - start;
  await commands.execute("notebook:delete-cell");
  return taken;
}"""


class Watch:
    """The pixels of one element of a page.

    Parameters
    ----------
    lab : LabPage
    selector : str
        A canvas or an image; where there are several, the last one.
    """

    def __init__(self, lab, selector):
        self.page = lab.page
        if not self.page.evaluate("() => Boolean(window.nbannWatch)"):
            self.page.evaluate(WATCH)
        self.selector = selector

    @contextlib.contextmanager
    def watching(self):
        """Look at each frame while this lasts, from the second one on."""
        start = "s => Object.assign(nbannWatch, {selector: s, times: [], clicks: [], last: null})"
        self.page.evaluate(start, self.selector)
        self.page.wait_for_timeout(100)
        try:
            yield self
        finally:
            self.page.evaluate("() => { nbannWatch.selector = ''; }")

    @property
    def times(self):
        """When it changed, in milliseconds of the page's clock."""
        return self.page.evaluate("() => nbannWatch.times")

    @property
    def click(self):
        """When the mouse was clicked last."""
        return self.page.evaluate("() => nbannWatch.clicks.at(-1)")

    def wait_change(self, after, seconds=10):
        """Wait for the first change after a time and return when it was."""
        self.page.wait_for_function(
            "after => nbannWatch.times.some((time) => time > after)",
            arg=after,
            timeout=1000 * seconds,
        )
        return next(time for time in self.times if time > after)

    def wait_quiet(self, seconds=0.3):
        """Wait until nothing has changed for so long."""
        self.page.wait_for_function(
            "ms => performance.now() - (nbannWatch.times.at(-1) ?? 0) > ms", arg=1000 * seconds
        )


def rate(times):
    """Return changes a second, from the first to the last."""
    if len(times) < 2:
        raise ValueError(f"expected at least 2 painted frames; received {len(times)}.")
    return 1000 * (len(times) - 1) / (times[-1] - times[0])


def median_and_95th(values):
    """Return the median and the 95th percentile."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]

"""Play in a real JupyterLab: painted frames, clicks and memory, against redrawing in a cell.

    python -m benchmarks.live                   # figures without memory; about three minutes
    python -m benchmarks.live --minutes 10      # and memory over ten minutes of play

Needs Chromium and Playwright. What is counted are pixels that have changed on the screen.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil

from tests.browser.lab import fresh_page, running_chromium, running_server

from .watching import ANSWER, Watch, median_and_95th, rate

SETUP = """
import nbann
net = nbann.Sequential([
    nbann.Dense(6, name="hidden"), nbann.ReLU(name="relu"), nbann.Dense(3, name="output")])
trainer = nbann.Trainer(net, nbann.datasets.iris().standardized(), batch_size=32)
"""
WIDGET = 'nbann.StepThrough(trainer, panels=["loss", "decision", "weights", "network"])'
PANELS = "canvas[data-slot=panels]"
NETWORK = "canvas[data-slot=network]"
IMAGE = ".jp-RenderedImage img"

# What people write in a cell today: a figure anew for each picture. As large as the widget's.
NEW_FIGURE = """
import time
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import clear_output
def redraw():
    fig, ((a, b), (c, d)) = plt.subplots(2, 2, figsize=(10.82, 6), dpi=100)
    a.plot(trainer.history["loss"]); a.set(title="loss", xlabel="batch")
    X, y = trainer["x"], trainer["y"]
    grid = np.linspace(-3, 3, 40)
    f, g = np.meshgrid(grid, grid)
    points = np.zeros((f.size, 4)); points[:, 0], points[:, 1] = f.ravel(), g.ravel()
    b.contourf(f, g, trainer.predict_proba(points).max(axis=1).reshape(f.shape), cmap="viridis")
    b.scatter(X[:, 0], X[:, 1], c=y); b.set_title("decision boundary")
    W, V = trainer["hidden.weight"], trainer["output.weight"]
    fig.colorbar(c.imshow(W, cmap="RdBu_r"), ax=c); c.set_title("hidden weights")
    for x, weight in enumerate((W, V)):
        for i in range(weight.shape[0]):
            for j in range(weight.shape[1]):
                d.plot([x, x + 1], [i, j], color="C0", lw=abs(weight[i, j]))
    for x, count in enumerate((4, 6, 3)):
        d.scatter([x] * count, range(count), s=200, zorder=3)
    d.set_title("network")
    clear_output(wait=True)
    plt.show()
"""
SAVED = """
import time
from IPython.display import Image, clear_output, display
from nbann import Dashboard
board = Dashboard(trainer, ["loss", "decision", "weights", "network"], width=1082)
def redraw():
    import io
    file = io.BytesIO()
    board.savefig(file, format="png", dpi=100)
    clear_output(wait=True)
    display(Image(file.getvalue()))
"""
LOOP = """
end = time.perf_counter() + {seconds}
while time.perf_counter() < end:
    trainer.step("batch")
    redraw()
"""


class Figure(NamedTuple):
    """One line of the table: what was measured, and the most (or least) that it should be."""

    what: str
    value: float
    unit: str
    target: float | None = None
    least: bool = False

    @property
    def met(self):
        if self.target is None:
            return True
        return self.value >= self.target if self.least else self.value <= self.target

    def row(self):
        """Return it as a line of a table."""
        aim = "-"
        if self.target is not None:
            aim = f"{'>=' if self.least else '<='} {self.target:g}{self.unit}"
        verdict = "" if self.target is None else "met" if self.met else "MISSED"
        return f"| {self.what} | {self.value:.3g}{self.unit} | {aim} | {verdict} |"


class Notebook:
    """The notebook that is measured: a trainer, the widget, and cells that redraw in their own way.

    Parameters
    ----------
    lab : LabPage
    widget : str
        The expression that makes the widget from `trainer`.
    """

    def __init__(self, lab, widget):
        self.lab, self.page = lab, lab.page
        setup = nbformat.v4.new_code_cell(f"{SETUP}widget = {widget}\nwidget")
        lab.open(nbformat.v4.new_notebook(cells=[setup]))
        lab.run_all_cells()
        lab.run_code("import os; print('pid', os.getpid())")
        pid = self.page.evaluate(
            r"""() => +[...document.querySelectorAll('.jp-OutputArea-output')]
                .map((node) => /pid (\d+)/.exec(node.textContent)).find(Boolean)[1]"""
        )
        self.kernel = psutil.Process(pid)
        self.root = self.page.locator(".nbann-step-through").first
        self.root.scroll_into_view_if_needed()
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.nbann-step-through canvas:not([hidden])')]"
            ".every((canvas) => canvas.width > 300)"
        )

    @property
    def busy(self):
        """The seconds of processor time that the kernel has had."""
        return sum(self.kernel.cpu_times()[:2])

    def press(self, name):
        """Click one of the widget's buttons."""
        self.root.get_by_role("button", name=name, exact=True).click()

    def choose(self, unit, speed=50):
        """Choose what Step and Play go on by, and how many a second."""
        self.root.get_by_role("radio", name=unit).check()
        self.lab.run_code(f"widget.speed = {float(speed)}; trainer.reset()")

    def run_aside(self, source):
        """Run a cell and take it away again, so that the page stays as it was."""
        self.lab.run_code(source)
        errors = self.lab.cell_errors()
        if errors:
            raise RuntimeError("\n".join(errors))
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:delete-cell')")


# ---- what is measured ---------------------------------------------------------------------------


def redrawn(notebook, source, seconds):
    """Return the frames a second of a cell that redraws in a loop, and the kernel's time a frame.

    The latter is processor time in milliseconds.
    """
    with Watch(notebook.lab, IMAGE).watching() as watch:
        busy = notebook.busy
        notebook.run_aside(source + LOOP.format(seconds=seconds))
        times = watch.times
        return rate(times), 1000 * (notebook.busy - busy) / len(times)


def played(notebook, selector, seconds):
    """Return the same of the widget in play."""
    with Watch(notebook.lab, selector).watching() as watch:
        notebook.press("Play")
        notebook.page.wait_for_timeout(1000)
        begin, busy = len(watch.times), notebook.busy
        notebook.page.wait_for_timeout(1000 * seconds)
        times, busy = watch.times[begin:], notebook.busy - busy
        notebook.press("Pause")
        watch.wait_quiet()
    return rate(times), 1000 * busy / len(times)


def steps(notebook, selector, clicks):
    """Return the milliseconds from each click on Step to the first changed pixels."""
    taken = []
    with Watch(notebook.lab, selector).watching() as watch:
        for _ in range(clicks):
            notebook.press("Step")
            click = watch.click
            taken.append(watch.wait_change(click) - click)
            watch.wait_quiet()
    return taken


def pauses(notebook, selector, clicks):
    """Return the milliseconds from each click on Pause to the last changed pixels, 0 for none."""
    taken = []
    with Watch(notebook.lab, selector).watching() as watch:
        for _ in range(clicks):
            notebook.press("Play")
            notebook.page.wait_for_timeout(700)
            notebook.press("Pause")
            watch.wait_quiet(1.0)
            taken.append(max(0.0, watch.times[-1] - watch.click))
    return taken


def answers(notebook, cells):
    """Return the milliseconds from running another cell to its output, while it plays."""
    taken = []
    notebook.press("Play")
    for _ in range(cells):
        notebook.page.wait_for_timeout(300)
        taken.append(notebook.page.evaluate(ANSWER, "print('ans' + 'wer')"))
    notebook.press("Pause")
    return taken


class Memory(NamedTuple):
    """What is in use: MB of the kernel and of the page's heap; objects and elements in them."""

    kernel: float
    heap: float
    nodes: float
    listeners: float

    @classmethod
    def of(cls, notebook, devtools):
        """Measure it, after the browser has collected its garbage."""
        devtools.send("HeapProfiler.collectGarbage")
        found = {m["name"]: m["value"] for m in devtools.send("Performance.getMetrics")["metrics"]}
        rss = notebook.kernel.memory_info().rss
        return cls(
            rss / 1e6, found["JSHeapUsedSize"] / 1e6, found["Nodes"], found["JSEventListeners"]
        )


def memory(notebook, minutes):
    """Return the use of memory at the start of so many minutes of play, and after each of them."""
    devtools = notebook.page.context.new_cdp_session(notebook.page)
    devtools.send("Performance.enable")
    devtools.send("HeapProfiler.enable")
    notebook.press("Play")
    notebook.page.wait_for_timeout(10_000)  # what is loaded and cached at first is no growth
    found, start = [Memory.of(notebook, devtools)], time.monotonic()
    while time.monotonic() - start < 60 * minutes:
        left = 60 * minutes - (time.monotonic() - start)
        notebook.page.wait_for_timeout(1000 * min(60, max(left, 0.1)))
        found.append(Memory.of(notebook, devtools))
        print(f"    {len(found) - 1} min: {found[-1]}", flush=True)
    notebook.press("Pause")
    devtools.detach()
    return found


TRACED = """
import gc, tracemalloc
gc.collect()
tracemalloc.start(5)
before, objects = tracemalloc.take_snapshot(), len(gc.get_objects())
"""
GROWN = """
gc.collect()
after = tracemalloc.take_snapshot().filter_traces([
    tracemalloc.Filter(False, tracemalloc.__file__), tracemalloc.Filter(False, "<ipython*")])
tracemalloc.stop()
print("objects", len(gc.get_objects()) - objects)
for line in after.compare_to(before, "lineno")[:8]:
    print(line)
"""


def traced(notebook, seconds):
    """Return in words what Python has allocated and kept during some play: leaks, not caches."""
    notebook.run_aside(TRACED)
    notebook.press("Play")
    notebook.page.wait_for_timeout(1000 * seconds)
    notebook.press("Pause")
    notebook.lab.run_code(GROWN)
    return notebook.page.evaluate(
        "() => [...document.querySelectorAll('.jp-OutputArea-output')].at(-1).textContent"
    )


# ---- the table ----------------------------------------------------------------------------------


def frames(notebook, options):
    """Measure play against redrawing, in turns."""
    rows = []
    for _ in range(options.rounds):
        fresh, fresh_cost = redrawn(notebook, NEW_FIGURE, options.seconds)
        saved, _ = redrawn(notebook, SAVED, options.seconds)
        notebook.choose("batch")
        play, cost = played(notebook, options.panels, options.seconds)
        rows.append((fresh, saved, play, play / fresh, play / saved, cost, fresh_cost / cost))
    middle = list(map(statistics.median, zip(*rows, strict=True)))
    return [
        Figure("a new figure, clear_output, show: frames/s", middle[0], ""),
        Figure("the same panels, savefig, clear_output, display: frames/s", middle[1], ""),
        Figure("StepThrough in play: frames/s", middle[2], ""),
        Figure("StepThrough over a new figure", middle[3], " x", 10, least=True),
        Figure("StepThrough over savefig", middle[4], " x"),
        Figure("the kernel's processor time a frame in play", middle[5], " ms"),
        Figure("the same of a new figure, over it", middle[6], " x"),
    ]


def clicks(notebook, options):
    """Measure what a click takes, and another cell."""
    figures = []
    notebook.choose("batch")
    median, slow = median_and_95th(steps(notebook, options.panels, options.clicks))
    figures += [
        Figure("Step to painted panels, median", median, " ms", 65),
        Figure("Step to painted panels, 95th percentile", slow, " ms", 100),
    ]
    notebook.choose("op")
    median, slow = median_and_95th(steps(notebook, options.network, options.clicks))
    figures += [
        Figure("Step to painted network, median", median, " ms", 50),
        Figure("Step to painted network, 95th percentile", slow, " ms", 100),
    ]
    notebook.choose("batch")
    median, slow = median_and_95th(pauses(notebook, options.panels, max(3, options.clicks // 4)))
    figures += [
        Figure("Pause to last new frame, median", median, " ms", 150),
        Figure("Pause to last new frame, 95th percentile", slow, " ms", 150),
    ]
    median, slow = median_and_95th(answers(notebook, max(3, options.clicks // 2)))
    figures += [
        Figure("another cell answers while it plays, median", median, " ms", 200),
        Figure("another cell answers while it plays, 95th percentile", slow, " ms", 200),
    ]
    return figures


def growth(notebook, minutes):
    """Measure what play leaves in memory."""
    notebook.choose("batch")
    found = memory(notebook, minutes)
    first, last = found[0], found[-1]
    return [
        Figure(f"kernel's growth in {minutes:g} min", last.kernel - first.kernel, " MB", 20),
        Figure(f"growth of the page's heap in {minutes:g} min", last.heap - first.heap, " MB", 20),
        Figure("elements of the page more", last.nodes - first.nodes, ""),
        Figure("listeners of the page more", last.listeners - first.listeners, ""),
    ]


def arguments():
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live")
    parser.add_argument("--minutes", type=float, default=0, help="play so long, and weigh memory")
    parser.add_argument("--rounds", type=int, default=3, help="turns of play and redrawing")
    parser.add_argument("--seconds", type=float, default=8, help="of each turn")
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--widget", default=WIDGET, help="an expression over `trainer`")
    parser.add_argument("--panels", default=PANELS, help="selector of its canvas of panels")
    parser.add_argument("--network", default=NETWORK, help="selector of its canvas of the network")
    parser.add_argument("--trace", action="store_true", help="tell what Python has kept")
    parser.add_argument("--quick", action="store_true", help="that it runs, not how fast")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.clicks = 1, 2, 4
    return options


def main():
    """Measure, print a table, and return 1 if a target was missed."""
    options = arguments()
    with (
        tempfile.TemporaryDirectory() as base,
        running_server(Path(base)) as server,
        running_chromium() as browser,
        fresh_page(browser, server, 1280, 2400) as lab,
    ):
        notebook = Notebook(lab, options.widget)
        figures = frames(notebook, options) + clicks(notebook, options)
        if options.minutes:
            figures += growth(notebook, options.minutes)
        kept = traced(notebook, 10 * options.seconds) if options.trace else ""
        errors = lab.console_errors
    print("| figure | | target | |\n| --- | ---: | ---: | --- |")
    print("\n".join(figure.row() for figure in figures))
    print(kept)
    if errors:
        print("the page's console reported:", *errors, sep="\n")
    missed = [figure.what for figure in figures if not figure.met]
    return int(bool(errors) or (bool(missed) and not options.quick))


if __name__ == "__main__":
    sys.exit(main())

"""Runs lessons in this one process, as a browser's Python must: no threads, no processes.

    python tests/alone.py NOTEBOOK ...

It refuses both as Pyodide does, imports every module of nbann, presses the widgets' buttons, and
runs the cells of each notebook. A line of JSON is printed for each part that went well; what did
not ends it. Imports IPython, matplotlib and nbann, and nothing of the tests.
"""

import asyncio
import importlib
import json
import os
import pkgutil
import sys
import tempfile
import time
from pathlib import Path

REFUSED = {  # as Pyodide has them: the first as there are no threads, the rest as no processes
    "_thread": ("start_new_thread", "start_new", "start_joinable_thread"),
    "threading": ("_start_new_thread", "_start_joinable_thread"),
    "os": ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system", "popen", "execv", "execve"),
    "_posixsubprocess": ("fork_exec",),
    "_winapi": ("CreateProcess",),
}
ATTEMPTS = []  # what was refused, though somebody caught the error


def refuse():
    """Have every way to another thread or process raise."""
    import subprocess  # it takes its function from _posixsubprocess when it is imported

    for module, names in REFUSED.items():
        try:
            place = importlib.import_module(module)
        except ImportError:  # another system's
            continue
        for name in names:
            if hasattr(place, name):
                setattr(place, name, _refusal(f"{module}.{name}"))
    subprocess._fork_exec = _refusal("subprocess._fork_exec")


def _refusal(name):
    def refused(*_, **__):
        ATTEMPTS.append(name)
        if "thread" in name:
            raise RuntimeError("can't start new thread")
        raise OSError(f"{name}: no processes here")

    return refused


def import_all():
    """Import every module of nbann; return how many there are."""
    import nbann

    names = [one.name for one in pkgutil.walk_packages(nbann.__path__, "nbann.")]
    for name in names:
        if not name.endswith("__main__"):  # that one is the command line
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:  # what a net is exported to need not be there
                if error.name not in ("torch", "onnx"):
                    raise
    return len(names)


async def press():
    """Press the widgets' buttons, and wait for what they play; return what was counted."""
    import nbann

    train = nbann.datasets.xor()
    net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)])
    trainer = nbann.Trainer(net, train, batch_size=2, seed=0)
    view = nbann.StepThrough(trainer, unit="batch", speed=50)
    message(view, {"type": "ready"})
    message(view, {"type": "step"})
    await asyncio.sleep(0)
    assert trainer.position == (0, 1, 0), trainer.position
    message(view, {"type": "play"})
    for _ in range(200):
        await asyncio.sleep(0.01)
        if trainer.position.epoch > 1:
            break
    message(view, {"type": "pause"})
    assert trainer.position.epoch > 1, view.error or trainer.position
    playground = nbann.Playground()
    before = playground.trainer.position
    message(playground, {"type": "step"})
    await asyncio.sleep(0)
    assert playground.trainer.position > before, playground.trainer.position
    return {"played": list(trainer.position)}


def message(widget, content):
    """Hand a widget what its front end would say."""
    widget._handle_custom_msg(content, [])


def shell():
    """Return an IPython shell without a history (which has a thread of its own to save it)."""
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    HistoryManager.enabled = False
    return InteractiveShell.instance()


async def run_notebook(ipython, path):
    """Run the code cells of a notebook, each as a kernel does; return how many there were."""
    notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    ipython.reset(new_session=True)
    for number, cell in enumerate(cells, 1):
        source = "".join(cell["source"])
        done = await ipython.run_cell_async(
            source, transformed_cell=ipython.transform_cell(source), store_history=False
        )
        await asyncio.sleep(0)  # what a widget has left for the loop
        error = done.error_before_exec or done.error_in_exec
        expected = "raises-exception" in cell["metadata"].get("tags", ())
        if error is not None and not expected:
            raise SystemExit(f"{Path(path).name}, code cell {number}: {error!r}")
    return len(cells)


async def main(paths):
    # Where matplotlib has no list of the fonts yet, it makes one and has a timer apologize for the
    # wait; Pyodide's brings its list.
    import matplotlib.font_manager

    assert matplotlib.font_manager.fontManager.ttflist
    save_jpeg()
    refuse()
    report("imports", modules=import_all())
    ipython = shell()
    report("widgets", **await press())
    import matplotlib.pyplot as plt

    folder = Path.cwd()
    for path in paths:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as scratch:  # a lesson saves files where it runs
            os.chdir(scratch)
            try:
                cells = await run_notebook(ipython, folder / path)
            finally:
                os.chdir(folder)
        plt.close("all")
        report(Path(path).stem, cells=cells, seconds=round(time.monotonic() - started, 1))


def save_jpeg():
    """Have a Pillow that was built without JPEG write PNG in its place; Pyodide's has both."""
    from PIL import Image, features

    if not features.check("jpg"):
        Image.init()
        save = Image.SAVE["PNG"]

        def png(image, *rest):
            plain = image.convert("RGB")
            plain.encoderinfo = {}
            save(plain, *rest)

        Image.register_save("JPEG", png)


class BareLoop(asyncio.BaseEventLoop):
    """An event loop without sockets, for a Python that has none: it only knows the time."""

    class _Selector:
        def select(self, timeout):
            time.sleep(min(timeout or 0, 1))
            return []

    def __init__(self):
        super().__init__()
        self._selector = self._Selector()

    def _process_events(self, events):
        assert not events

    def _write_to_self(self):
        """Wake the selector: nothing to do, as no other thread can have called."""


def report(part, **facts):
    """Say what went well, and which attempts were refused on the way."""
    line = {"part": part, **facts, "attempts": sorted(set(ATTEMPTS))}
    ATTEMPTS.clear()
    sys.__stdout__.write("\n" + json.dumps(line) + "\n")
    sys.__stdout__.flush()


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "Agg")
    has_sockets = sys.platform not in ("wasi", "emscripten")
    with asyncio.Runner(loop_factory=None if has_sockets else BareLoop) as runner:
        runner.run(main(sys.argv[1:]))

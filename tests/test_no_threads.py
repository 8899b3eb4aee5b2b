"""nbann needs neither threads nor processes: a browser's Python has none.

Another process refuses both and runs everything once, as `tests/alone.py` says.
"""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LITE = runpy.run_path(str(ROOT / "scripts" / "lite"))
# With the exercises done, where a lesson has any; what is to be filled in raises on purpose.
LESSONS = {path.stem: path for path in (ROOT / "notebooks").glob("*.ipynb")}
LESSONS |= {path.stem: path for path in (ROOT / "notebooks" / "solutions").glob("*.ipynb")}
ALONE = sorted(set(LESSONS) - set(LITE["NEEDS_PROCESSES"]))

# What is tried and may fail: nbann.check asks for a timer, and looks at the clock at each line of
# the learner's code where it gets none. The second is its name from Python 3.13 on.
TRIED = {"threading._start_new_thread", "threading._start_joinable_thread"}


def run(*words, source=None):
    """Run `tests/alone.py`, or the source of a test of it, in a process of its own."""
    command = [sys.executable, ROOT / "tests" / "alone.py", *words]
    if source is not None:
        command = [sys.executable, "-c", f"import alone; alone.refuse()\n{source}"]
    paths = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths).rstrip(os.pathsep),
        "PYTHONIOENCODING": "utf-8",
        "MPLBACKEND": "Agg",
    }
    return subprocess.run(
        [str(word) for word in command], cwd=ROOT, env=env, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def parts():
    """Return what was reported of each part that went well."""
    done = run(*(LESSONS[name].relative_to(ROOT) for name in ALONE))
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"part": ')]
    return {part.pop("part"): part for part in map(json.loads, lines)}


def test_every_module_is_imported(parts):
    files = [path for path in (ROOT / "nbann").rglob("*.py") if path.name != "__init__.py"]
    assert parts["imports"]["modules"] >= len(files) > 300


def test_widgets_step_and_play(parts):
    epoch, *_ = parts["widgets"]["played"]
    assert epoch > 1


@pytest.mark.parametrize("name", ALONE)
def test_a_lesson_runs(parts, name):
    cells = json.loads(LESSONS[name].read_text(encoding="utf-8"))["cells"]
    assert parts[name]["cells"] == sum(cell["cell_type"] == "code" for cell in cells)


def test_what_was_refused_on_the_way_is_known(parts):
    for name, part in parts.items():
        assert set(part["attempts"]) <= TRIED, name
    for name in ("imports", "widgets"):  # without a learner's code there is nothing to stop
        assert parts[name]["attempts"] == []


def test_lessons_that_need_processes_are_named_rightly():
    assert all(name[:2].isdigit() for name in LITE["NEEDS_PROCESSES"])
    assert len(ALONE) >= 18


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("import threading; threading.Thread(target=print).start()", "start new thread"),
        ("import _thread; _thread.start_new_thread(print, ())", "start new thread"),
        ("import subprocess, sys; subprocess.run([sys.executable, '-V'])", "no processes"),
        ("import os; os.fork()", "no processes"),
        ("import os; os.system('true')", "no processes"),
        (
            "from concurrent.futures import ThreadPoolExecutor as T; T().submit(print)",
            "start new thread",
        ),
        (
            "from concurrent.futures import ProcessPoolExecutor as P; P().submit(print)",
            "no processes",
        ),
        ("import multiprocessing as m; m.Process(target=print).start()", "no processes"),
    ],
)
def test_the_refusal_is_real(source, refused):
    done = run(source=source)
    assert done.returncode != 0
    assert refused in done.stderr

"""Sweeps on executors: the same numbers, killed workers, other versions, interrupts."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import nbann

from . import builds

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def here():
    return nbann.sweep(builds.build, builds.GRID, "in process", seeds=2, epochs=3)


class Inline(Executor):
    """The least that an executor can be: it calls at once."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def pool(name):
    if name == "inline":
        return Inline()
    if name == "threads":
        return ThreadPoolExecutor(2)
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(name))


@pytest.mark.parametrize("kind", ["threads", "processes", None])
def test_the_same_numbers_by_name(here, kind):
    builds.same(here, nbann.sweep(builds.build, builds.GRID, kind, seeds=2, epochs=3, workers=2))


@pytest.mark.parametrize("name", ["inline", "threads", "spawn", "fork", "forkserver"])
def test_the_same_numbers_on_an_executor_of_the_users(here, name):
    with pool(name) as executor:
        found = nbann.sweep(builds.build, builds.GRID, executor, seeds=2, epochs=3)
        builds.same(here, found)
        assert executor.submit(len, "it is still theirs").result() == 18
    back, by_hand = found[2].trainer(), here[2].trainer()
    np.testing.assert_array_equal(back["dense1.weight"], by_hand["dense1.weight"])


def test_larger_nets_have_the_same_bits_whatever_threads_a_worker_has():
    def build(seed):
        rng = np.random.default_rng(0)
        data = rng.normal(size=(512, 300)), rng.integers(0, 3, 512)
        net = nbann.Sequential([nbann.Dense(256), nbann.ReLU(), nbann.Dense(3)])
        return nbann.Trainer(net, data, batch_size=None, seed=seed, optimizer="adam")

    one = nbann.sweep(build, {"seed": [0, 1]}, "in process", epochs=2)
    builds.same(one, nbann.sweep(build, {"seed": [0, 1]}, "processes", epochs=2, workers=2))


def test_failures_come_back_with_their_traceback():
    def build(rate):
        if rate == 2:
            raise ZeroDivisionError("of the build's own")
        if rate == 3:
            raise type("Local", (Exception,), {})("can not be pickled")
        return builds.steep(1e120 if rate == 4 else 0.1)

    found = nbann.sweep(build, {"rate": [1, 2, 3, 4, 5]}, epochs=2)
    assert found.table["status"].tolist() == ["done", "failed", "failed", "diverged", "done"]
    assert found[1].reason == "ZeroDivisionError: of the build's own"
    assert "in build" in found[1].traceback
    assert found[2].reason == "Local: can not be pickled"


# ---- workers that die ----------------------------------------------------------------------------
def dies_once(folder, n):
    """Kill the worker the first time that run 2 comes to it."""
    flag = os.path.join(folder, "killed")
    if n == 2 and not os.path.exists(flag):
        with open(flag, "w"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    return builds.build(0.1 * (n + 1))


def by_hand(count, epochs):
    for n in range(count):
        trainer = builds.build(0.1 * (n + 1))
        trainer.run(epochs)
        yield trainer.history["loss"]


@pytest.mark.parametrize("name", ["processes", "spawn"])
def test_what_a_killed_worker_had_begun_is_run_again(tmp_path, name):
    def build(n):
        return dies_once(str(tmp_path), n)

    executor = name if name == "processes" else pool(name)
    found = nbann.sweep(build, {"n": list(range(6))}, executor, epochs=2, workers=2)
    assert (tmp_path / "killed").exists()
    assert found.table["status"].tolist() == ["done"] * 6
    for run, losses in zip(found, by_hand(6, 2), strict=True):
        np.testing.assert_array_equal(run.history["loss"], losses)
    assert any("killed" in note for note in found.notes)
    if name != "processes":
        executor.shutdown()


def test_a_run_that_kills_its_worker_each_time_is_a_failed_row_and_the_others_are_done():
    def build(n):
        if n == 1:
            os._exit(7)
        return builds.build(0.1 * (n + 1))

    found = nbann.sweep(build, {"n": list(range(5))}, "processes", epochs=1, workers=2)
    expected = ["failed" if n == 1 else "done" for n in range(5)]
    assert found.table["status"].tolist() == expected
    assert "its worker died" in found[1].reason


# ---- other versions ------------------------------------------------------------------------------
def pretend(version):
    nbann.__version__ = version


def test_workers_with_another_nbann_are_told_with_both_versions():
    trained = {"rate": [0.1, 0.2]}
    with (
        ProcessPoolExecutor(1, initializer=pretend, initargs=("0.0.7",)) as executor,
        pytest.raises(RuntimeError, match=rf"expected nbann {nbann.__version__}.*0\.0\.7.*pip"),
    ):
        nbann.sweep(builds.build, trained, executor)


def test_one_worker_of_several_with_another_nbann_computes_no_row(monkeypatch):
    asked = []

    class Mixed(Inline):
        def submit(self, fn, /, *args, **kwargs):
            asked.append(fn)
            if len(asked) == 3:  # after the question which version, and the first run
                with monkeypatch.context() as patch:
                    patch.setattr(nbann, "__version__", "9.9")
                    return super().submit(fn, *args, **kwargs)
            return super().submit(fn, *args, **kwargs)

    found = nbann.sweep(builds.build, {"rate": [0.1, 0.2, 0.3]}, Mixed(), epochs=1)
    assert found.table["status"].tolist() == ["done", "failed", "done"]
    assert "9.9" in found[1].reason


def test_workers_without_nbann_are_told():
    class Without(Inline):
        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            missing = ModuleNotFoundError("No module named 'nbann'", name="nbann")
            future.set_exception(missing)
            return future

    with pytest.raises(RuntimeError, match=r"can not import nbann.*pip install nbann=="):
        nbann.sweep(builds.build, {"rate": [0.1]}, Without())


def test_an_executor_that_is_shut_down_midway_leaves_rows_that_are_not_run():
    class Brief(Inline):
        left = 3

        def submit(self, fn, /, *args, **kwargs):
            self.left -= 1
            if self.left < 0:
                raise RuntimeError("cannot schedule new futures after shutdown")
            return super().submit(fn, *args, **kwargs)

    found = nbann.sweep(builds.build, {"rate": [0.1, 0.2, 0.3]}, Brief(), epochs=1)
    assert found.table["status"].tolist() == ["done", "done", "not run"]
    assert any("takes no more work" in note for note in found.notes)


# ---- interrupts and the background ---------------------------------------------------------------
INTERRUPTED = """
import os, signal, sys
sys.path.insert(0, {root!r})
import nbann
from tests.sweeping import builds

def build(n):
    if n == 3 and {here}:
        os.kill(os.getpid(), signal.SIGINT)
    trainer = builds.build(0.1)
    if not {here} and n >= 2:
        import time
        trainer.on("batch", lambda event: time.sleep(30))
    return trainer

def told(sweep):
    if not {here} and sweep.finished == 2 and not sweep.done:
        signal.raise_signal(signal.SIGINT)

def main():
    nbann.Sweep._changed = told
    found = nbann.sweep(build, {{"n": list(range(6))}}, {executor}, epochs=1, workers=2)
    print(",".join(found.table["status"]))
    print(found[0].trainer().position.epoch, len(found.notes))

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("executor", ["in process", "processes", "threads"])
def test_interrupts_return_what_is_done(tmp_path, executor):
    here = executor == "in process"
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED.format(root=str(ROOT), here=here, executor=repr(executor)))
    if executor == "threads":
        script.write_text(script.read_text().replace("time.sleep(30)", "time.sleep(0.3)"))
    result = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=100, check=False
    )
    assert result.returncode == 0, result.stderr
    rows, rest = result.stdout.split("\n")[:2]
    statuses = rows.split(",")
    assert statuses.count("done") in ((3,) if here else (2, 3))
    assert statuses[0] == "done"
    assert set(statuses[4:]) == {"not run"}
    assert rest == "1 1"


@pytest.mark.parametrize("executor", ["in process", "threads", "processes"])
def test_in_the_background_it_fills_in_and_can_be_waited_for(here, executor):
    found = nbann.sweep(
        builds.build, builds.GRID, executor, seeds=2, epochs=3, wait=False, workers=2
    )
    assert found.wait(100).done
    builds.same(here, found)


def test_in_the_background_it_can_be_cancelled_within_a_run():
    begun = threading.Event()

    def build(n):
        trainer = builds.build()
        if n == 1:
            trainer.on("batch", lambda event: begun.set())
        return trainer

    grid = {"n": [0, 1, 2]}
    found = nbann.sweep(build, grid, "in process", epochs=10**9, until=stops_first, wait=False)
    assert begun.wait(100)
    found.cancel()
    assert found.wait(100).done
    assert found.table["status"].tolist() == ["done", "interrupted", "not run"]
    assert "interrupted after" in found[1].reason
    assert found[1].trainer().history["loss"].tolist() == found[1].history["loss"].tolist()


def stops_first(trainer, seen=set()):  # noqa: B006 (it is meant to remember)
    seen.add(id(trainer))
    return len(seen) == 1 and trainer.position.epoch >= 1


def test_watchers_hear_of_each_run():
    heard = []
    found = nbann.sweep(builds.build, {"rate": [0.1, 0.2]}, "in process", epochs=1, wait=False)
    stop = found.watch(lambda sweep: heard.append(sweep.finished))
    found.wait()
    stop()
    assert heard[-1:] == [2] or found.finished == 2


GROUP = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
import nbann

def build(n):
    net = nbann.Sequential([nbann.Dense(2)])
    trainer = nbann.Trainer(net, nbann.datasets.xor())
    if n >= 2:
        trainer.on("batch", lambda event: time.sleep(0.5))
    return trainer

def told(sweep):
    if sweep.finished == 2:
        print("TWO", flush=True)

if __name__ == "__main__":
    nbann.Sweep._changed = told
    own = ProcessPoolExecutor(2) if {own} else "processes"
    found = nbann.sweep(build, {{"n": list(range(6))}}, own, epochs=2, workers=2)
    print(",".join(found.table["status"]), flush=True)
"""


@pytest.mark.parametrize("own", [True, False])
def test_ctrl_c_reaches_workers_as_well(tmp_path, own):
    """A terminal and a notebook interrupt the whole group of processes."""
    script = tmp_path / "script.py"
    script.write_text(GROUP.format(own=own))
    ran = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    first = ran.stdout.readline()
    assert first == "TWO\n", ran.stderr.read()
    os.killpg(ran.pid, signal.SIGINT)
    rest, errors = ran.communicate(timeout=60)
    assert ran.returncode == 0, errors
    statuses = rest.split("\n")[-2].split(",")
    assert statuses[:2] == ["done", "done"]
    assert statuses[-1] == "not run"


BACKGROUND = """
import nbann

def build(rate):
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
    trainer.on("batch", lambda event: None)
    return trainer

if __name__ == "__main__":
    found = nbann.sweep(build, {{"rate": [1, 2, 3, 4]}}, {kind!r}, epochs=10**9, wait=False)
    print(found.done)
"""


@pytest.mark.parametrize("kind", ["in process", "threads", "processes"])
def test_a_sweep_in_the_background_does_not_keep_python_from_ending(tmp_path, kind):
    script = tmp_path / "script.py"
    script.write_text(BACKGROUND.format(kind=kind))
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=90)
    assert (ran.returncode, ran.stdout) == (0, "False\n"), ran.stderr


ORPHANS = """
import os, time
import nbann

def build(n):
    os.write(1, f"PID {os.getpid()}\\n".encode())  # at once: print may write a line in pieces
    time.sleep(600)

if __name__ == "__main__":
    nbann.sweep(build, {"n": [0, 1]}, "processes", workers=2)
"""


def test_workers_do_not_outlive_a_killed_parent(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(ORPHANS)
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ran:
        pids = {ran.stdout.readline().split()[1] for _ in range(2)}
        ran.kill()
        rest, _ = ran.communicate(timeout=60)  # ends once no worker holds the pipe any more
    assert len(pids) == 2
    assert rest == ""

"""Sweeps that go on where they were stopped: killed, changed, with damaged records."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import nbann
from nbann.core.errors import UnknownNameError

from . import builds

ROOT = Path(__file__).parents[2]


def records(folder):
    return sorted(path for path in Path(folder).iterdir() if path.name.endswith(".run.npz"))


def counting(made):
    def build(rate=0.1, neurons=4, seed=0):
        made.append((rate, neurons, seed))
        return builds.build(rate, neurons, seed)

    return build


def test_what_is_there_is_not_run_again(tmp_path):
    folder, made = tmp_path / "new" / "folder", []
    plain = nbann.sweep(builds.build, builds.GRID, "in process", epochs=3)
    first = nbann.sweep(counting(made), builds.GRID, "in process", epochs=3, resume=folder)
    builds.same(plain, first)
    assert len(records(folder)) == len(made) == 4
    again = nbann.sweep(counting(made), builds.GRID, "in process", epochs=3, resume=str(folder))
    assert len(made) == 4
    builds.same(first, again, but=())  # the seconds, too, are those of then
    assert again.best("test_accuracy").index == first.best("test_accuracy").index
    assert "4 of 4 runs were there already" in again.notes[0]
    by_hand = builds.build(0.5, 6)
    by_hand.run(4)
    back = again[3].trainer()
    back.run(1)
    np.testing.assert_array_equal(back["dense1.weight"], by_hand["dense1.weight"])


def test_a_larger_grid_reuses_what_fits(tmp_path):
    made = []
    nbann.sweep(counting(made), {"rate": [0.1, 0.2]}, "in process", epochs=2, resume=tmp_path)
    found = nbann.sweep(
        counting(made), {"rate": [0.3, 0.2]}, "in process", epochs=2, resume=tmp_path
    )
    assert [rate for rate, _, _ in made] == [0.1, 0.2, 0.3]
    assert found.table["rate"].tolist() == [0.3, 0.2]
    assert any("1 more of another build, grid" in note for note in found.notes)


@pytest.mark.parametrize("change", ["epochs", "until", "seeds", "version", "build", "type"])
def test_another_run_is_another_run(tmp_path, monkeypatch, change):
    made = []
    grid, options = {"rate": [1, 2]}, {"epochs": 2}
    nbann.sweep(counting(made), grid, "in process", resume=tmp_path, **options)
    build = counting(made)
    if change == "epochs":
        options = {"epochs": 3}
    elif change == "until":
        options["until"] = nbann.TargetReached("train_loss", 0.0)
    elif change == "seeds":
        options["seeds"] = [0]
    elif change == "version":
        monkeypatch.setattr(nbann, "__version__", "0.2.0")
    elif change == "type":
        grid = {"rate": [1.0, 2.0]}
    else:

        def build(rate=0.1, neurons=4, seed=0):
            made.append(rate)
            return builds.build(rate / 2, neurons, seed)

    found = nbann.sweep(build, grid, "in process", resume=tmp_path, **options)
    assert len(made) == 4
    assert found.table["status"].tolist() == ["done"] * 2


def test_what_failed_is_run_again_and_what_diverged_is_not(tmp_path):
    made, luck = [], []

    def build(rate):
        made.append(rate)
        if rate == 2 and not luck:
            raise OSError("no luck today")
        return builds.steep(1e120 if rate == 3 else 0.1)

    grid = {"rate": [1, 2, 3]}
    first = nbann.sweep(build, grid, "in process", epochs=2, resume=tmp_path)
    assert first.table["status"].tolist() == ["done", "failed", "diverged"]
    luck.append(1)
    again = nbann.sweep(build, grid, "in process", epochs=2, resume=tmp_path)
    assert made == [1, 2, 3, 2]
    assert again.table["status"].tolist() == ["done", "done", "diverged"]
    assert again[2].reason == first[2].reason


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_a_damaged_record_is_warned_of_and_run_again(tmp_path, damage):
    made = []
    first = nbann.sweep(counting(made), {"rate": [0.1, 0.2]}, epochs=2, resume=tmp_path)
    path = records(tmp_path)[0]
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 1
    path.write_bytes({"cut": data[:-100], "empty": b"", "text": b"hello"}.get(damage, bytes(data)))
    with pytest.warns(UserWarning, match="a record can not be read, and run . is done again"):
        again = nbann.sweep(counting(made), {"rate": [0.1, 0.2]}, epochs=2, resume=tmp_path)
    assert len(made) == 3
    builds.same(first, again)
    nbann.sweep(counting(made), {"rate": [0.1, 0.2]}, epochs=2, resume=tmp_path)
    assert len(made) == 3


def test_a_record_is_no_pickle(tmp_path):
    nbann.sweep(builds.build, {"rate": [0.1]}, epochs=1, resume=tmp_path)
    with np.load(records(tmp_path)[0], allow_pickle=False) as members:
        assert all(members[name].dtype != object for name in members.files if name.endswith(".npy"))


def test_metrics_may_be_others_than_before(tmp_path):
    made = []
    nbann.sweep(counting(made), {"rate": [0.1]}, epochs=2, resume=tmp_path)
    options = {"epochs": 2, "resume": tmp_path}
    again = nbann.sweep(counting(made), {"rate": [0.1]}, metrics=["loss", "test_loss"], **options)
    assert len(made) == 1
    assert again.table["loss"][0] == again[0].history["loss"][-1]
    with pytest.raises(UnknownNameError, match="test_los"):
        nbann.sweep(counting(made), {"rate": [0.1]}, metrics="test_los", **options)
    own = nbann.sweep(counting(made), {"rate": [0.1]}, metrics={"one": lambda t: 1.0}, **options)
    assert own.table["one"].tolist() == [1.0]


class Experiment:
    """A build that is a method: what it makes depends on its object."""

    def __init__(self, neurons):
        self.neurons = neurons

    def build(self, rate):
        return builds.build(rate, self.neurons)

    __call__ = build


def within(neurons):
    def build(rate):
        return builds.build(rate, neurons)

    return build


HELD = {
    "a method": lambda neurons: Experiment(neurons).build,
    "an object": Experiment,
    "a variable of the function round it": within,
    "a function in such a variable": lambda neurons: within_a_function(lambda: neurons),
    "a default": lambda neurons: lambda rate, n=neurons: builds.build(rate, n),
}


def within_a_function(neurons):
    return lambda rate: builds.build(rate, neurons())


@pytest.mark.parametrize("how", HELD)
def test_what_a_build_holds_makes_another_run(tmp_path, how):
    grid = {"rate": [0.1]}
    for neurons in (2, 7, 2):
        found = nbann.sweep(HELD[how](neurons), grid, epochs=2, resume=tmp_path)
        by_hand = builds.build(0.1, neurons)
        by_hand.run(2)
        assert found.table["test_loss"][0] == by_hand.history["test_loss"][-1]
    assert found.notes[0] == "1 of 1 runs were there already."  # the first one's


def test_what_a_rule_holds_makes_another_run(tmp_path):
    def after(epochs):
        return lambda trainer: trainer.position.epoch >= epochs

    for epochs in (2, 4):
        options = {"until": after(epochs), "epochs": 9, "resume": tmp_path}
        found = nbann.sweep(builds.build, {"rate": [0.1]}, **options)
        assert found.table["epochs"].tolist() == [epochs]


def test_a_metric_that_was_changed_is_measured_again(tmp_path):
    options = {"epochs": 1, "resume": tmp_path}
    for function in (lambda trainer: 1.0, lambda trainer: 2.0):
        metrics = {"own": function}
        found = nbann.sweep(builds.build, {"rate": [0.1]}, metrics=metrics, **options)
        assert found.table["own"].tolist() == [function(None)]


NAMED = """
import sys
sys.path.insert(0, {root!r})
from nbann.sweeping.keys import said_of
import json, nbann

class Own:
    def __init__(self):
        self.names, self.itself = {{"a", "b", "c"}}, self

    def build(self, rate):
        return rate

values = Own(), Own().build, nbann.Adam(), lambda: {{"x", "y"}}
print(json.dumps([said_of(one) for one in values]))
"""


def test_objects_of_a_notebooks_own_classes_have_one_name_in_every_process():
    told = []
    for seed in ("1", "2"):
        command = [sys.executable, "-c", NAMED.format(root=str(ROOT))]
        env = {**os.environ, "PYTHONHASHSEED": seed}
        told.append(subprocess.run(command, env=env, capture_output=True, text=True, check=True))
    assert told[0].stdout == told[1].stdout
    assert "__main__.Own" in told[0].stdout


def test_a_record_of_another_run_is_no_record(tmp_path):
    grid = {"rate": [0.1, 0.2]}
    first = nbann.sweep(builds.build, grid, epochs=1, resume=tmp_path)
    one, other = records(tmp_path)
    one.write_bytes(other.read_bytes())
    with pytest.warns(UserWarning, match="received that of another one"):
        again = nbann.sweep(builds.build, grid, epochs=1, resume=tmp_path)
    builds.same(first, again)


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_trainer_whose_record_was_damaged_since_is_trained_again(tmp_path, damage):
    found = nbann.sweep(builds.build, {"rate": [0.1]}, epochs=3, resume=tmp_path)
    (path,) = records(tmp_path)
    if damage == "gone":
        path.unlink()
        trainer = found[0].trainer()
    else:
        path.write_bytes(path.read_bytes()[:50])
        with pytest.warns(UserWarning, match="a record can not be read") as warned:
            trainer = found[0].trainer()
        assert warned[0].filename == __file__
    by_hand = builds.build(0.1)
    by_hand.run(3)
    np.testing.assert_array_equal(trainer["dense1.weight"], by_hand["dense1.weight"])


KILLED = """
import sys, time
sys.path.insert(0, {root!r})
import nbann
from tests.sweeping import builds

def build(rate, seed=0):
    with open({log!r}, "a") as file:
        file.write(f"{{rate}} {{seed}}\\n")
    trainer = builds.build(rate, seed=seed)
    if {slow}:
        trainer.on("epoch", lambda event: time.sleep(0.02))
    return trainer

if __name__ == "__main__":
    found = nbann.sweep(
        build, {{"rate": [0.1, 0.2, 0.3, 0.4]}}, {executor!r}, seeds=3, epochs=6, workers=2,
        resume={folder!r},
    )
    assert found.table["status"].tolist() == ["done"] * 12
    import numpy as np
    np.savez({out!r}, **{{n: found.table[n] for n in found.table.dtype.names if n != "seconds"}})
"""


@pytest.mark.parametrize("executor", ["in process", "processes"])
def test_a_sweep_that_was_killed_goes_on_and_comes_to_the_same_table(tmp_path, executor):
    folder, log, out = tmp_path / "runs", tmp_path / "log", tmp_path / "out.npz"
    given = {"root": str(ROOT), "log": str(log), "folder": str(folder), "out": str(out)}
    script = tmp_path / "script.py"
    script.write_text(KILLED.format(slow=True, executor=executor, **given))
    command = [sys.executable, str(script)]
    killed = subprocess.Popen(command, start_new_session=True)
    try:
        while not folder.is_dir() or len(records(folder)) < 3:
            assert killed.poll() is None, "it ended before it was killed"
            time.sleep(0.005)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
    kept = len(records(folder))
    assert 3 <= kept < 12
    log.unlink()
    subprocess.run(command, check=True, timeout=200)
    redone = log.read_text().split("\n")[:-1]
    assert len(redone) == len(set(redone)) == 12 - kept
    whole = nbann.sweep(
        builds.build, {"rate": [0.1, 0.2, 0.3, 0.4]}, "in process", seeds=3, epochs=6
    )
    with np.load(out) as table:
        for name in table.files:
            np.testing.assert_array_equal(table[name], whole.table[name])
    assert [path.name for path in folder.iterdir() if not path.name.endswith(".run.npz")] == []

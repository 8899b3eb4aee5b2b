"""A run that saves by itself: when, how often, whole at any moment, and at what cost."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import nbann
from nbann.core.storing import atomic, autosave

from ..counting import calls_of
from . import nets


def make(**given):
    return nets.make(**{"batch_size": 4} | given)


def trained(epochs, **given):
    trainer = make(**given)
    trainer.run(epochs)
    return trainer


@pytest.mark.parametrize("given", [{}, {"batch_size": None, "evaluate_every": 7}])
def test_it_saves_after_every_so_many_epochs_exactly(given, tmp_path, monkeypatch):
    path, seen = tmp_path / "run.npz", []
    write = autosave.write
    monkeypatch.setattr(
        autosave, "write", lambda t, p: (seen.append(tuple(t.position)), write(t, p))
    )
    trainer = make(**given)
    handle = trainer.autosave(path, epochs=3)
    trainer.run(8)
    assert seen == [(3, 0, 0), (6, 0, 0), (8, 0, 0)]
    assert handle.saves == 3
    nets.same_run(trained(8, **given), nbann.Trainer.load(path))
    trainer.step("epoch", 3)
    assert seen[3:] == [(11, 0, 0)]
    trainer.reset()
    trainer.run(2)
    assert seen[4:] == [(2, 0, 0)]
    nets.same_run(trained(2, **given), nbann.Trainer.load(path))
    trainer.reset()
    trainer.learning_rate = 0.01
    trainer.run(2)  # to the same place, by another way
    nets.same_run(trainer, nbann.Trainer.load(path))
    trainer.reset()
    trainer.step("epoch", 3)
    assert seen[-1] == (3, 0, 0)


def test_whatever_is_wrong_the_run_goes_on(tmp_path, monkeypatch):
    trainer = make()
    handle = trainer.autosave(tmp_path / "run", epochs=1)

    def wrong(trainer, path):
        raise TypeError("what is this")

    monkeypatch.setattr(autosave, "write", wrong)
    with pytest.warns(UserWarning, match="what is this"):
        trainer.run(2)
    assert trainer.position.epoch == 2
    assert isinstance(handle.error, TypeError)


def test_it_saves_by_the_clock_between_batches(tmp_path, monkeypatch):
    now, seen = [0.0], []
    monkeypatch.setattr(autosave.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(autosave, "write", lambda t, p: seen.append(tuple(t.position)))
    X = np.random.default_rng(0).standard_normal((2000, 2))
    y = (X[:, 0] > 0) * 1
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), (X, y), batch_size=1)
    handle = trainer.autosave(tmp_path / "run", seconds=5)

    look = handle.look

    def tick():
        now[0] += 2.0
        look()

    monkeypatch.setattr(handle, "look", tick)
    trainer.run(1)
    assert seen == [(0, 768, 0), (0, 1536, 0), (1, 0, 0)]
    now[0] += 1
    trainer.step("op", 3)  # it is not time
    now[0] += 100
    trainer.step("op", 3)  # in the midst of a batch
    assert len(seen) == 3
    trainer.step("batch")
    assert seen[3:] == [(1, 1, 0)]


def test_saving_that_takes_long_happens_less_often(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(autosave.time, "monotonic", lambda: now[0])

    def slow(trainer, path):
        now[0] += 3.0

    monkeypatch.setattr(autosave, "write", slow)
    trainer = make()
    handle = trainer.autosave(tmp_path / "run", seconds=1)
    now[0] = 2.0
    trainer.step("batch")
    for time_of_day, saves in ((34.0, 1), (36.0, 2)):
        now[0] = time_of_day
        trainer.step("batch")
        assert handle.saves == saves


def test_the_numbers_are_those_of_a_run_without_it(tmp_path):
    trainer = make(optimizer=nbann.Adam(0.01))
    with trainer.autosave(tmp_path / "run", epochs=1) as handle:
        trainer.run(7)
        trainer.step("batch", 2)
    assert not handle.attached
    straight = make(optimizer=nbann.Adam(0.01))
    straight.run(7)
    straight.step("batch", 2)
    nets.same_run(trainer, straight)
    saves = handle.saves
    trainer.run(2)
    handle.remove()
    assert handle.saves == saves


def test_it_saves_when_ctrl_c_ends_a_run(tmp_path):
    trainer = make()
    trainer.autosave(tmp_path / "run", seconds=1000)

    def interrupt(event):
        if event.epoch == 2:
            signal.raise_signal(signal.SIGINT)

    hook = trainer.on("batch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(10)
    hook.remove()
    loaded = nbann.Trainer.load(tmp_path / "run")
    assert loaded.position == trainer.position == (2, 1, 0)
    nets.same_run(trainer, loaded)


def test_a_half_done_batch_is_not_saved(tmp_path):
    trainer = make()
    handle = trainer.autosave(tmp_path / "run", epochs=1)
    trainer.on("op", lambda event: event.pause(), op="tanh1.tanh")
    assert trainer.run(1).reason == "paused"
    assert handle.saves == 0
    assert not (tmp_path / "run").exists()


def test_a_full_disk_is_told_of_once_and_tried_again(tmp_path, monkeypatch):
    trainer = make()
    handle = trainer.autosave(tmp_path / "run", epochs=1)
    fsync = os.fsync

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.warns(UserWarning, match=r"could not save: .*No space left") as told:
        trainer.run(3)
    assert len(told) == 1
    assert handle.saves == 0
    assert "No space" in str(handle.error)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(atomic.os, "fsync", fsync)
    trainer.run(1)
    assert handle.error is None
    nets.same_run(trainer, nbann.Trainer.load(tmp_path / "run"))


def test_arguments_are_checked(tmp_path):
    trainer = make()
    for given in ({"seconds": 0}, {"epochs": 0}, {"epochs": 1.5}, {"seconds": "often"}):
        with pytest.raises(ValueError, match="expected"):
            trainer.autosave(tmp_path / "run", **given)
    with pytest.raises(FileNotFoundError):
        trainer.autosave(tmp_path / "no" / "run")
    assert trainer._autosaves == ()
    assert "every 60 seconds" in repr(trainer.autosave(tmp_path / "run"))


def test_a_notebook_goes_on_from_it(tmp_path):
    path = tmp_path / "run"
    for _ in range(3):
        trainer = nbann.Trainer.resume(path, make)
        with trainer.autosave(path):
            trainer.run(2)
    nets.same_run(trained(6), nbann.Trainer.load(path))


def test_the_bare_loop_does_no_more_work(tmp_path):
    """Counted in calls, not in seconds: the looks after each 256 batches, and nothing else."""
    X = np.random.default_rng(0).standard_normal((4000, 2))
    y = (X[:, 0] > 0) * 1

    def calls(saving):
        net = nbann.Sequential([nbann.Dense(2)])
        trainer = nbann.Trainer(net, (X, y), batch_size=1, evaluate_every=None)
        if saving:
            trainer.autosave(tmp_path / "run", seconds=1000)
        # without the save at the end
        return calls_of(lambda: trainer._cursor.run(1, [], guarded=True))[1]

    bare, saving = calls(False), calls(True)
    assert bare > 4000 * len(("forward", "loss", "backward", "update"))
    assert 0 < saving - bare < 4000 / 2  # of one call a batch it would be 4000


# ---- killed at any moment ------------------------------------------------------------------------
KILLS = 50
MAKE = """
    import sys, numpy as np, nbann
    X = np.random.default_rng(0).standard_normal((400, 30))
    net = nbann.Sequential([nbann.Dense(40), nbann.Tanh(), nbann.Dense(2)])
    trainer = nbann.Trainer(net, (X, (X[:, 0] > 0) * 1), batch_size=100)
"""
LOOP = f"""{MAKE}
    print("ready", flush=True)
    while True:
        trainer.step("batch")
        trainer.save(sys.argv[1])
        print(trainer.position.epoch * 4 + trainer.position.batch, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_process_killed_at_any_moment_leaves_a_whole_file(tmp_path):
    """The file holds the last version that was told of, or the one after it, and nothing else."""
    path, chance = tmp_path / "run.npz", random.Random(1)
    versions = set()
    for _ in range(KILLS):
        arguments = [sys.executable, "-c", textwrap.dedent(LOOP), str(path)]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        with process:
            assert process.stdout.readline() == "ready\n"
            first = process.stdout.readline()
            time.sleep(chance.random() * 0.03)
            process.send_signal(signal.SIGKILL)
            rest = process.stdout.read()
        told = [int(line) for line in (first + rest).split("\n") if line]
        loaded = nbann.Trainer.load(path)
        version = loaded.position.epoch * 4 + loaded.position.batch
        assert version - told[-1] in (0, 1)
        room = {}
        exec(textwrap.dedent(MAKE), room)
        room["trainer"].step("batch", version)
        nets.same_run(room["trainer"], loaded)
        versions.add(version)
    assert len(versions) > 1
    loaded.save(path)
    assert [left.name for left in tmp_path.iterdir()] == ["run.npz"]


def test_what_another_one_is_writing_is_left_alone(tmp_path):
    path = tmp_path / "run.npz"
    trainer = make()

    def write(file):
        file.write(b"half")
        trainer.save(path)  # cleans up what is left over
        assert len(list(tmp_path.iterdir())) == 2
        file.write(b"whole")

    atomic.write_atomically(path, write)
    assert path.read_bytes() == b"halfwhole"
    assert [left.name for left in tmp_path.iterdir()] == ["run.npz"]


def test_files_of_other_names_are_never_removed(tmp_path):
    names = [".run.npz.part", ".run.npz.0123456789abcdef.nbann-part.txt", ".other.npz.nbann-part"]
    for name in names:
        (tmp_path / name).write_text("mine")
    (tmp_path / ".run.npz.0123456789abcdef.nbann-part").write_text("left over")
    make().save(tmp_path / "run.npz")
    assert sorted(left.name for left in tmp_path.iterdir()) == sorted([*names, "run.npz"])


@pytest.mark.skipif(sys.platform == "win32", reason="such files are POSIX's")
def test_a_device_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="a device or the like"):
        make().save(tmp_path / "pipe")


@pytest.mark.skipif(sys.platform == "win32", reason="links and modes are POSIX's")
def test_links_and_permissions_stay(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    make().save(real)
    real.chmod(0o640)
    link.symlink_to(real)
    trained(1).save(link)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert nbann.Trainer.load(real).position.epoch == 1


def test_a_run_that_goes_on_from_its_past_over_its_end_is_saved_whole(tmp_path):
    """In the midst of the run the timeline has not heard yet that it has come past its end."""
    trainer = make()
    trainer.step("op", 5)
    trainer.back("op", 2)
    trainer.autosave(tmp_path / "run.npz", epochs=1)
    trainer.run(3)
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    nets.same_run(trainer, loaded)
    for one in (trainer, loaded):
        one.back("epoch", 2)
        one.run(3)
    nets.same_run(trainer, loaded)

"""What is recorded is what a hook sees, on disk step by step, in memory that is bounded."""

import csv
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import tracemalloc
import zipfile

import numpy as np
import pytest

import nbann
from nbann.core.errors import UnknownNameError

from . import nets

WITHOUT_PANDAS = importlib.util.find_spec("pandas") is None


def make(**given):
    return nets.make(**{"batch_size": 4, "n": 12} | given)


def by_hook(trainer, names, unit, move):
    """Return what a hook of the test's own sees of some arrays: the oracle."""
    rows = []

    def note(event):
        done = trainer.program.done
        rows.append((event.epoch, event.batch, done, *(trainer[name].copy() for name in names)))

    hook = trainer.on(unit, note)
    move(trainer)
    hook.remove()
    return [np.array(column) for column in zip(*rows, strict=True)]


def run(trainer):
    trainer.run(2)
    trainer.step("op", 7)
    trainer.step("batch", 2)


@pytest.mark.parametrize("unit", ["op", "batch", "epoch"])
def test_arrays_come_back_as_a_hook_saw_them(unit, tmp_path):
    names = ["dense1.weight", "loss", "dense2.bias.grad", "y", "tanh1.out"]
    trainer = make(dtype="float32")
    with trainer.record(tmp_path / "run.npz", names, unit=unit) as record:
        run(trainer)
    found = nbann.read_record(tmp_path / "run.npz")
    expected = by_hook(make(dtype="float32"), names, unit, run)
    assert list(found) == ["epoch", "batch", "op", *names]
    assert record.rows == len(expected[0])
    for array, one in zip(found.values(), expected, strict=True):
        np.testing.assert_array_equal(array, one)
    assert found["dense1.weight"].dtype == np.float32


def test_single_numbers_come_back_from_a_table(tmp_path):
    path = tmp_path / "run.csv"
    names = ["loss", "dense1.weight[0,-1]", "learning_rate", "train_loss", "dense1.bias.grad[ 2 ]"]
    rate = nbann.schedules.StepDecay(0.3, 1)
    trainer = make(optimizer=nbann.SGD(rate))
    rows = []

    def note(event):
        newest = trainer.history.last("train_loss")
        rows.append(
            [
                *(event.epoch, event.batch, trainer.program.done, float(trainer["loss"])),
                trainer["dense1.weight"][0, -1],
                trainer.learning_rate,
                np.nan if newest is None else newest,
                trainer["dense1.bias.grad"][2],
            ]
        )

    trainer.on("batch", note)
    with trainer.record(path, names):
        run(trainer)
    lines = list(csv.reader(path.read_text().splitlines()))
    assert lines[0] == ["epoch", "batch", "op", *names]
    np.testing.assert_array_equal(np.array(lines[1:], float), np.array(rows))
    found = nbann.read_record(path)
    assert found["epoch"].dtype == np.int64
    for array, one in zip(found.values(), np.array(rows).T, strict=True):
        np.testing.assert_array_equal(array, one)


def test_numpy_opens_it_meanwhile_and_so_does_the_reader(tmp_path):
    path = tmp_path / "run.npz"
    trainer = make()
    record = trainer.record(path, ["dense1.weight"])
    assert nbann.read_record(path)["dense1.weight"].shape == (0, 3, 4)
    for epochs in (1, 2):
        trainer.run(1)
        record.flush()
        with np.load(path, allow_pickle=False) as archive:
            assert sum(len(archive[n]) for n in archive if n.startswith("dense1")) == 3 * epochs
        assert len(nbann.read_record(path)["epoch"]) == 3 * epochs
    trainer.step("batch")
    record.close()
    record.close()
    assert record.closed
    trainer.run(1)
    assert len(nbann.read_record(path)["epoch"]) == 7


def test_every_so_many(tmp_path):
    trainer = make()
    with trainer.record(tmp_path / "run.csv", "loss", every=4):
        trainer.run(4)
    np.testing.assert_array_equal(
        nbann.read_record(tmp_path / "run.csv")["loss"], trainer.history["loss"][3::4]
    )


def test_recording_changes_no_number(tmp_path):
    trainer = make(optimizer="adam")
    with trainer.record(tmp_path / "run.npz", ["dense1.out"], unit="op"):
        run(trainer)
    straight = make(optimizer="adam")
    run(straight)
    nets.same_run(trainer, straight)


def test_a_metric_of_several_numbers_is_nan_before_it_was_measured(tmp_path):
    trainer = make(metrics=["confusion_matrix"])
    with trainer.record(tmp_path / "run.npz", ["train_confusion_matrix"]):
        trainer.run(2)
    found = nbann.read_record(tmp_path / "run.npz")["train_confusion_matrix"]
    assert found.shape == (6, 3, 3)
    assert np.isnan(found[:2]).all()
    measured = trainer.history["train_confusion_matrix"]
    np.testing.assert_array_equal(found[[2, 5]], measured)
    np.testing.assert_array_equal(found[[3, 4]], measured[[0, 0]])


def test_layers_of_any_name(tmp_path):
    X, y, _ = nets.data(12)
    net = nbann.Sequential([nbann.Dense(3, name="/a/b\\c ü"), nbann.Dense(3, name="x[0]")])
    trainer = nbann.Trainer(net, (X, y), batch_size=4)
    names = ["/a/b\\c ü.weight", "x[0].weight", "x[0].weight[1,2]"]
    with trainer.record(tmp_path / "run.npz", names):
        trainer.run(1)
    found = nbann.read_record(tmp_path / "run.npz")
    assert list(found)[3:] == names
    np.testing.assert_array_equal(found["x[0].weight"][:, 1, 2], found["x[0].weight[1,2]"])
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def test_memory_is_bounded(tmp_path):
    """Far more is recorded than is ever in memory."""
    X, y, _ = nets.data(64)
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(300), nbann.Dense(3)]), (X, y))
    path = tmp_path / "run.npz"
    trainer.run(1)
    with trainer.record(path, ["dense1.out", "dense1.weight"], unit="op"):
        trainer.step("op", 3)
        tracemalloc.start()
        trainer.run(30)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert os.path.getsize(path) > 40_000_000
    assert peak < 6_000_000
    found = nbann.read_record(path)
    assert len(found["epoch"]) == 30 * 2 * len(trainer.program)
    np.testing.assert_array_equal(found["dense1.weight"][-1], trainer["dense1.weight"])


# ---- what goes wrong -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"arrays": ["dense1.wieght"]}, "Did you mean 'dense1.weight'"),
        ({"arrays": ["dense9.weight[0,0]"]}, "array to record 'dense9.weight'"),
        ({"arrays": ["dense1.weight[9,9]"]}, "2 integers up to"),
        ({"arrays": ["dense1.weight[0,]"]}, "whole numbers in brackets"),
        ({"arrays": ["test_loss"]}, "Unknown array to record"),
        ({"arrays": []}, "at least one"),
        ({"arrays": ["loss", "loss"]}, "each name once"),
        ({"arrays": ["epoch"]}, "recorded by itself"),
        ({"arrays": ["dense1.weight"]}, "single number for a .csv"),
        ({"path": "run.txt"}, "ends in .csv or .npz"),
        ({"path": "run"}, "ends in .csv or .npz"),
        ({"unit": "layer"}, "Unknown unit to record"),
        ({"every": 0}, "at least 1"),
    ],
)
def test_nothing_is_written_when_something_is_wrong(given, match, tmp_path):
    given = {"path": "run.csv", "arrays": ["loss"]} | given
    with pytest.raises(ValueError, match=match):
        make().record(tmp_path / given.pop("path"), **given)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_name_is_that_error(tmp_path):
    with pytest.raises(UnknownNameError):
        make().record(tmp_path / "run.npz", ["nothing"])


def test_a_smaller_last_batch_is_told_of_at_once(tmp_path):
    trainer = nets.make(batch_size=4, n=13)
    with pytest.raises(ValueError, match=r"one shape in every batch.*\(1, 4\) and \(4, 4\)"):
        trainer.record(tmp_path / "run.npz", ["tanh1.out"])
    with trainer.record(tmp_path / "run.npz", ["tanh1.out"], unit="epoch"):
        trainer.run(2)
    assert nbann.read_record(tmp_path / "run.npz")["tanh1.out"].shape == (2, 1, 4)


def test_a_file_that_is_there_is_not_lost(tmp_path):
    path, trainer = tmp_path / "run.csv", make()
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        trainer.record(path)
    assert path.read_text() == "mine"
    with trainer.record(path, overwrite=True):
        trainer.run(1)
    assert len(nbann.read_record(path)["loss"]) == 3
    with pytest.raises(FileNotFoundError, match="expected one that is there"):
        trainer.record(tmp_path / "no" / "run.csv")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's full disk")
def test_a_full_disk_is_told_of(tmp_path):
    trainer = make()
    (tmp_path / "run.csv").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        trainer.record(tmp_path / "run.csv", overwrite=True)


def test_an_error_while_writing_reaches_the_user(tmp_path, monkeypatch):
    trainer = make()
    record = trainer.record(tmp_path / "run.npz", ["dense1.weight"])

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    trainer.run(1)
    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space left"):
        record.close()
    monkeypatch.undo()
    record.close()
    assert len(nbann.read_record(tmp_path / "run.npz")["epoch"]) == 3


def test_a_closed_file_is_told_of(tmp_path):
    for name in ("run.csv", "run.npz"):
        trainer = make()
        record = trainer.record(tmp_path / name)
        record._sink.close()
        with pytest.raises(ValueError, match="closed"):
            trainer.run(1)
        record.close()


KILLED = """
    import os, signal, sys, nbann, numpy as np
    X = np.random.default_rng(0).standard_normal((12, 3))
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(50)]), (X, X[:, :1] @ np.ones((1, 50))),
                            batch_size=4, seed=3)
    trainer.record(sys.argv[1] + ".csv", ["loss"])
    trainer.record(sys.argv[1] + ".npz", ["loss", "dense1.out"])
    trainer.run(2000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_a_killed_process_wrote_is_readable(tmp_path):
    code = textwrap.dedent(KILLED)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")], timeout=60)
    assert done.returncode == -signal.SIGKILL
    rows = nbann.read_record(tmp_path / "run.csv")
    assert len(rows["loss"]) == 6000
    chunks = nbann.read_record(tmp_path / "run.npz")
    whole = len(chunks["loss"])
    assert 6000 - whole <= 1_100_000 // (8 * (50 * 4 + 4))
    np.testing.assert_array_equal(chunks["loss"], rows["loss"][:whole])
    assert chunks["dense1.out"].shape == (whole, 4, 50)


def test_a_program_that_ends_closes_its_records(tmp_path):
    code = textwrap.dedent(KILLED).replace("os.kill(os.getpid(), signal.SIGKILL)", "")
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")], timeout=60, check=True)
    assert len(nbann.read_record(tmp_path / "run.npz")["loss"]) == 6000


def test_a_file_cut_anywhere_is_read_as_far_as_it_is_whole(tmp_path):
    path = tmp_path / "run.npz"
    trainer = make()
    with trainer.record(path, ["dense1.weight"]) as record:
        for _ in range(4):
            trainer.run(1)
            record.flush()
    raw, whole = path.read_bytes(), nbann.read_record(path)["dense1.weight"]
    lengths = set()
    with zipfile.ZipFile(path) as archive:
        end = archive.start_dir
    for length in range(2, len(raw), 97):
        path.write_bytes(raw[:length])
        found = nbann.read_record(path).get("dense1.weight", whole[:0])
        np.testing.assert_array_equal(found, whole[: len(found)])
        lengths.add(len(found))
    assert lengths == {0, 3, 6, 9, 12}
    changed = bytearray(raw)
    changed[end - 5] ^= 1
    path.write_bytes(changed)
    with pytest.raises(nbann.FileError, match="the bytes that were recorded"):
        nbann.read_record(path)


def test_a_process_killed_while_it_adds_a_chunk_loses_no_other(tmp_path):
    """The end of the archive is written over by the next chunk; what was before it is there."""
    path = tmp_path / "run.npz"
    trainer = make()
    states = []
    with trainer.record(path, ["dense1.weight"]) as record:
        for _ in range(3):
            trainer.run(1)
            record.flush()
            with zipfile.ZipFile(path) as archive:
                states.append((path.read_bytes(), archive.start_dir))
    (old, start), (new, end) = states[1:]
    whole = nbann.read_record(path)["dense1.weight"]
    for place in range(start, end, 7):
        path.write_bytes(new[:place] + old[place:])
        found = nbann.read_record(path)["dense1.weight"]
        assert len(found) in (6, 9)
        np.testing.assert_array_equal(found, whole[: len(found)])


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text("epoch,batch,op,loss\n0,0,1,what\n")
    (tmp_path / "c.csv").write_text("epoch,batch,op,loss\n0,0,1\n")
    (tmp_path / "d.csv").write_text("")
    (tmp_path / "e.npz").write_bytes(b"nothing")
    np.savez(tmp_path / "f.npz", a=np.arange(3))
    np.savez_compressed(tmp_path / "g.npz", a=np.zeros(10**6))
    for path in tmp_path.iterdir():
        with pytest.raises(nbann.FileError, match="expected"):
            nbann.read_record(path)
    with pytest.raises(FileNotFoundError):
        nbann.read_record(tmp_path / "h.npz")


# ---- frames -------------------------------------------------------------------------------------
@pytest.mark.skipif(WITHOUT_PANDAS, reason="pandas is not installed")
def test_the_history_as_a_frame():
    X, y, _ = nets.data(13)
    trainer = nets.make(batch_size=4, test=(X, y), metrics=["accuracy", "confusion_matrix"])
    empty = trainer.to_frame()
    assert (list(empty.columns), len(empty)) == (list(trainer.measured), 0)
    assert len(trainer.to_frame("batch")) == 0
    trainer.run(3)
    trainer.step("batch", 2)
    frame = trainer.to_frame()
    assert len(frame) == 3
    for name in trainer.measured:
        values = trainer.history[name]
        if values.ndim == 1:
            np.testing.assert_array_equal(frame[name], values)
        else:
            for i, j in np.ndindex(3, 3):
                np.testing.assert_array_equal(frame[f"{name}[{i},{j}]"], values[:, i, j])
    assert frame["epoch"].tolist() == [1, 2, 3]
    batches = trainer.to_frame("batch")
    np.testing.assert_array_equal(batches["loss"], trainer.history["loss"])
    assert batches["epoch"].tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 2
    assert batches["batch"].tolist() == [0, 1, 2, 3] * 3 + [0, 1]


def test_without_pandas_a_frame_says_what_to_install(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "pandas" else found(name, *a)
    )
    with pytest.raises(ModuleNotFoundError, match="pip install pandas"):
        make().to_frame()


def test_another_unit_of_a_frame():
    with pytest.raises(UnknownNameError, match="Unknown unit of a frame 'op'"):
        make().to_frame("op")

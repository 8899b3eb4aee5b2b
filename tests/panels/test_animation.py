"""Moving pictures of training: frames counted by Pillow and ffprobe, files whole or not there."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.animation import FFMpegWriter

import nbann
from nbann.panels import Dashboard, LossCurve

from .boards import classes


def board_of(**options):
    return Dashboard(classes(), ["loss", "decision"], width=420, row_height=200, **options)


def frames_of(path):
    image = pytest.importorskip("PIL.Image")
    with image.open(path) as file:
        durations, frames = [], []
        for i in range(file.n_frames):
            file.seek(i)
            durations.append(file.info["duration"])
            frames.append(np.asarray(file.convert("RGB")))
        return frames, durations


@pytest.mark.parametrize(
    ("options", "count"),
    [({}, 5), ({"every": 3}, 3), ({"unit": "batch"}, 13), ({"unit": "batch", "every": 5}, 4)],
)
def test_a_gif_has_the_start_each_stretch_and_the_end(tmp_path, options, count):
    board = board_of()  # 36 samples in batches of 16: 3 an epoch
    stop = board.animate(tmp_path / "run.gif", 4, fps=20, **options)
    assert stop.reason == "epochs"
    assert board.trainer.position == (4, 0, 0)
    frames, durations = frames_of(tmp_path / "run.gif")
    # Pillow adds up frames that are the same: what is shown, and for how long
    assert sum(durations) == 50 * count
    assert {f.shape for f in frames} == {(400, 420, 3)}
    last = board.render()[..., :3].astype(int)
    difference = np.abs(frames[-1].astype(int) - last)  # a GIF has 256 colors
    assert difference.mean() < 3
    assert difference.max() < 40
    assert (frames[0] != frames[-1]).any()
    assert [p.name for p in tmp_path.iterdir()] == ["run.gif"]


def test_it_trains_as_run_does_and_twice_the_same(tmp_path):
    boards = [board_of(), board_of()]
    other = classes()
    other.run(3)
    for board, name in zip(boards, "ab", strict=True):
        board.animate(tmp_path / f"{name}.gif", 3)
        for array in other.parameters:
            np.testing.assert_array_equal(board.trainer[array], other[array])
        assert board.trainer.history["loss"].tolist() == other.history["loss"].tolist()
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_a_branch_leaves_the_trainer_where_it_is(tmp_path):
    trainer = classes()
    Dashboard(trainer.branch(), ["loss"], width=300).animate(tmp_path / "run.gif", 2)
    assert trainer.position == (0, 0, 0)


@pytest.mark.skipif(not FFMpegWriter.isAvailable(), reason="needs the program ffmpeg")
@pytest.mark.parametrize("size", [{"width": 420}, {"width": 333, "row_height": 151}])
def test_an_mp4_has_all_frames(tmp_path, size):
    board = Dashboard(classes(), ["loss"], **size)
    before = board.figure.get_size_inches().tolist()
    board.animate(tmp_path / "run.mp4", 5, fps=25)
    assert board.figure.get_size_inches().tolist() == before
    ask = "-v error -count_frames -show_entries stream=nb_read_frames,width,r_frame_rate,pix_fmt"
    command = [shutil.which("ffprobe"), *ask.split(), "-of", "json", tmp_path / "run.mp4"]
    (stream,) = json.loads(subprocess.check_output(command))["streams"]
    assert int(stream["nb_read_frames"]) == 6
    assert abs(int(stream["width"]) - size["width"]) <= 1
    assert (stream["r_frame_rate"], stream["pix_fmt"]) == ("25/1", "yuv420p")
    assert [p.name for p in tmp_path.iterdir()] == ["run.mp4"]


def test_without_ffmpeg_it_says_so_and_names_gif(tmp_path, monkeypatch):
    monkeypatch.setattr(FFMpegWriter, "isAvailable", classmethod(lambda _: False))
    board = board_of()
    with pytest.raises(ValueError, match=r"ffmpeg.*Install ffmpeg, or write a GIF: .*'run.gif'"):
        board.animate(tmp_path / "run.mp4", 2)
    assert board.trainer.position == (0, 0, 0)


class Broken(LossCurve):
    """A panel that fails, or is interrupted, in the midst of it."""

    error: type[BaseException] = RuntimeError

    def _refresh(self):
        super()._refresh()
        if self.trainer.position.epoch == 2:
            raise self.error("in the midst of it")


@pytest.mark.parametrize("ending", ["gif", "mp4"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_fails_leaves_the_old_file_and_a_trainer_that_goes_on(tmp_path, ending, error):
    if ending == "mp4" and not FFMpegWriter.isAvailable():
        pytest.skip("needs the program ffmpeg")
    path = tmp_path / f"run.{ending}"
    path.write_bytes(b"old")
    panel = Broken()
    panel.error = error
    board = Dashboard(classes(), [panel], width=300, row_height=160)
    with pytest.raises(error, match="in the midst"):
        board.animate(path, 5)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    other = classes()
    other.run(3)
    assert board.trainer.run(1).position == (3, 0, 0)
    np.testing.assert_array_equal(board.trainer["hidden.weight"], other["hidden.weight"])


def test_an_interrupt_in_training_leaves_no_file(tmp_path):
    board = board_of()

    def interrupt(event):
        if event.epoch == 1:
            raise KeyboardInterrupt

    hook = board.trainer.on("batch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        board.animate(tmp_path / "run.gif", 5)
    assert list(tmp_path.iterdir()) == []
    hook.remove()
    assert board.trainer.run(2).reason == "epochs"


def test_a_breakpoint_and_nan_end_it_with_the_picture_so_far(tmp_path):
    board = board_of()
    board.trainer.on("epoch", lambda event: event.pause() if event.epoch == 1 else None)
    assert board.animate(tmp_path / "run.gif", 5, fps=10).reason == "paused"
    assert board.trainer.position.epoch == 2
    assert sum(frames_of(tmp_path / "run.gif")[1]) == 300
    board = board_of()
    board.trainer.learning_rate = 1e200
    assert board.animate(tmp_path / "nan.gif", 5).reason == "nan"
    assert (tmp_path / "nan.gif").exists()


@pytest.mark.parametrize(
    ("path", "options", "error", "message"),
    [
        ("run.avi", {}, ValueError, r"ends in .gif or .mp4"),
        ("run", {}, ValueError, r"ends in .gif or .mp4"),
        ("there/run.gif", {}, FileNotFoundError, "folder"),
        ("run.gif", {"epochs": 0}, ValueError, "at least 1"),
        ("run.gif", {"every": 0}, ValueError, "at least 1"),
        ("run.gif", {"unit": "op"}, ValueError, "'op'"),
        ("run.gif", {"fps": 0}, ValueError, "at least 0.1"),
        ("run.gif", {"fps": 100}, ValueError, "at most 50"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_trained(tmp_path, path, options, error, message):
    board = board_of()
    with pytest.raises(error, match=message):
        board.animate(tmp_path / path, **({"epochs": 2} | options))
    assert board.trainer.position == (0, 0, 0)
    assert list(tmp_path.iterdir()) == []


def test_no_pyplot_is_loaded():
    code = (
        "import sys, nbann, tempfile, os; t = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]),"
        " nbann.datasets.xor()); p = os.path.join(tempfile.mkdtemp(), 'a.gif');"
        " nbann.Dashboard(t, ['loss']).animate(p, 1); print('matplotlib.pyplot' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_picture_is_the_same_file(tmp_path, ending):
    names = ["loss", "decision", "landscape", "network"]
    for name in "ab":
        trainer = classes()
        board = Dashboard(trainer, names)
        trainer.step("batch", 2)
        board.savefig(tmp_path / f"{name}.{ending}")
    one, other = ((tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
    assert one == other
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert one.startswith(start)


def test_metadata_of_the_users_is_kept(tmp_path):
    board = Dashboard(classes(), ["loss"])
    board.savefig(tmp_path / "a.svg", metadata={"Title": "a title of mine"})
    assert "a title of mine" in (tmp_path / "a.svg").read_text()
    with pytest.raises(ValueError, match="xyz"):
        board.savefig(tmp_path / "a.xyz")


@pytest.mark.parametrize("count", range(1, 13))
@pytest.mark.parametrize("width", [480, 900, 1400])
def test_one_to_twelve_panels_fill_the_figure(count, width):
    board = nbann.Dashboard(classes(), [LossCurve() for _ in range(count)], width=width)
    most = {480: 1, 900: 2, 1400: 3}[width]
    rows = -(-count // most)
    assert board.height == 300 * rows
    boxes = [ax.get_position() for ax in board.figure.axes]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
    margins = LossCurve.margins
    cells = [(b.width * width + margins.left + margins.right) * 300 for b in boxes]
    assert sum(cells) == pytest.approx(width * board.height)
    assert max(cells) / min(cells) <= 2

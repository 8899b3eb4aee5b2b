"""A run of training as a moving picture, GIF or MP4; imports matplotlib and the core.

The file is written beside its place and put there once it is whole.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, PillowWriter

from ..core.checks import number_in, whole_number
from ..core.errors import UnknownNameError, bad_value
from ..core.storing.atomic import checked_target
from .style import style
from .text import families

if TYPE_CHECKING:
    from ..core.moves import Stop
    from ..core.trainer import Trainer
    from .dashboard import Dashboard

Unit = Literal["epoch", "batch"]
ENDINGS = (".gif", ".mp4")
_SLOWEST, _FASTEST = 0.1, 50.0  # frames a second; viewers of GIFs show no more than 50


class _Gif(PillowWriter):
    """Keeps frames as 256 colors, as a GIF has them, rather than 3 bytes for each pixel.

    They are chosen to cover all there are: the usual way, by how many pixels have a color, gives
    away those of small markers.
    """

    def grab_frame(self, **options: Any) -> None:
        super().grab_frame(**options)
        self._frames[-1] = self._frames[-1].convert("RGB").quantize(256, method=1, dither=0)


def animate(
    board: Dashboard,
    path: str | os.PathLike[str],
    epochs: int,
    *,
    every: int,
    unit: Unit,
    fps: float,
) -> Stop:
    """Train and write a picture of it; see `Dashboard.animate`."""
    epochs = whole_number("epochs", epochs, least=1)
    every = whole_number("every", every, least=1)
    if unit not in ("epoch", "batch"):
        raise UnknownNameError("unit", unit, ("epoch", "batch"))
    fps = number_in("fps", fps, least=_SLOWEST)
    if fps > _FASTEST:
        raise bad_value("fps", f"at most {_FASTEST:g} frames a second", f"{fps:g}", "Pass fps=25.")
    target = checked_target(path)
    writer = _writer(target, fps)
    part = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    size = board.figure.get_size_inches()
    try:
        with (
            mpl.rc_context({"savefig.bbox": None}),
            style(families()),
            writer.saving(board.figure, str(part), board.figure.dpi),
        ):
            _grab(board, writer)
            stops = []
            for stop in _stretches(board.trainer, epochs, every, unit):
                _grab(board, writer)
                stops.append(stop)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
        board.figure.set_size_inches(size)  # videos want an even number of pixels each way
    return stops[-1]


def _writer(target: Path, fps: float) -> AbstractMovieWriter:
    """Return what writes a file of this ending, or say what is missing."""
    if target.suffix not in ENDINGS:
        mend = "A GIF is shown everywhere: animate('training.gif')."
        raise bad_value("path", "a name that ends in .gif or .mp4", repr(target.name), mend)
    if target.suffix == ".gif":
        return _Gif(fps=fps)
    if not FFMpegWriter.isAvailable():
        mend = f"Install ffmpeg, or write a GIF: animate({str(target.with_suffix('.gif').name)!r})."
        raise bad_value("path", "the program ffmpeg for an .mp4", "a system without it", mend)
    return FFMpegWriter(fps=fps, codec="h264")  # matplotlib sees to what players need


def _grab(board: Dashboard, writer: AbstractMovieWriter) -> None:
    board.update()
    board.finish()
    writer.grab_frame()


def _stretches(trainer: Trainer, epochs: int, every: int, unit: Unit) -> Iterator[Stop]:
    """Train on by `every` units at a time; yield why each stretch ended, a shorter one at last."""
    goal = trainer.position.epoch + epochs
    while trainer.position.epoch < goal:
        left = goal - trainer.position.epoch
        if unit == "epoch":
            stop = trainer.run(min(every, left))
            going = stop.reason == "epochs"
        else:
            count = _Count(every, goal)
            stop = trainer.run(left, until=count)
            going = stop.reason == "until"
        yield stop
        if not going:
            return


class _Count:
    """A rule that ends a run after so many batches; at the end of the last epoch none is needed."""

    def __init__(self, batches: int, goal: int) -> None:
        self.left, self.goal = batches, goal

    def __call__(self, trainer: Trainer) -> bool:
        self.left -= 1
        return self.left <= 0 and trainer.position.epoch < self.goal

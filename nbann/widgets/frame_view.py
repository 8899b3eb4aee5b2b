"""FrameView: a dashboard of panels as a live picture in a notebook. Imports panels and the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from nbann.core.checks import whole_number
from nbann.core.errors import UnknownNameError, bad_value
from nbann.core.trainer import Trainer
from nbann.panels import Dashboard, Panel
from nbann.panels.dashboard import checked_trainer

from .board_view import BoardView
from .frames import Frame
from .module import css, esm

FORMATS = ("jpeg", "webp")


class FrameView(BoardView):
    """A live picture of any dashboard: it follows its trainer, up to 30 times a second.

    The picture is drawn as wide as the page, light or dark as the page is: the dashboard is changed
    for that (see `Dashboard.fit`). Without a live view it stays as it is. Only the newest frame is
    sent, and never more than 4 ahead of the browser. The panels' words are its alternative text.

    Parameters
    ----------
    dashboard : Dashboard or Trainer
        A trainer is drawn in a new dashboard of `panels`.
    panels : sequence of str or Panel, optional
        With a trainer; by default those of `Dashboard`.
    format : {"jpeg", "webp"}
        How a frame is compressed. WebP is smaller and takes longer to make.
    quality : int
        Of the compression, 1 to 95.

    Raises
    ------
    ValueError
        Neither a dashboard nor a trainer, panels beside a dashboard, an unknown format, a quality
        out of range, a Pillow without WebP.

    Examples
    --------
    >>> import nbann
    >>> trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
    >>> view = nbann.FrameView(trainer, panels=["loss"])
    >>> _ = trainer.run(epochs=3)
    >>> print(view.describe()[:20], "...", sep="")
    Loss: train loss 0.7...
    """

    _esm = esm("frame_view")
    _css = css("frame_view")

    def __init__(
        self,
        dashboard: Dashboard | Trainer,
        panels: Sequence[str | Panel] | None = None,
        *,
        format: Literal["jpeg", "webp"] = "jpeg",
        quality: int = 85,
    ) -> None:
        if format not in FORMATS:
            raise UnknownNameError("format", format, FORMATS)
        self.format = format
        self.quality = whole_number("quality", quality, least=1, mend="Pass e.g. quality=85.")
        if self.quality > 95:
            raise bad_value("quality", "at most 95", f"{quality}", "Pass e.g. quality=85.")
        board = _as_dashboard(dashboard, panels)
        checked_trainer("FrameView", board.trainer)
        if format == "webp":
            board.webp()  # so that a Pillow without it is told of now
        super().__init__(board)
        self._follow(board.trainer)

    def __repr__(self) -> str:
        return f"FrameView({self.dashboard.panels!r})"

    def _frame(self) -> Frame:
        board = self.dashboard
        picture = board.webp(self.quality) if self.format == "webp" else board.jpeg(self.quality)
        return {"mime": f"image/{self.format}", "words": board.describe()}, [picture]


def _as_dashboard(given: Dashboard | Trainer, panels: Sequence[str | Panel] | None) -> Dashboard:
    if isinstance(given, Dashboard):
        if panels is not None:
            mend = "Leave panels out, or pass the trainer: FrameView(trainer, panels=[...])."
            raise bad_value("panels", "none beside a dashboard, which has its own", "some", mend)
        return given
    if not isinstance(given, Trainer):
        mend = "Pass nbann.Dashboard(trainer), or the trainer itself."
        raise bad_value("FrameView", "a Dashboard or a Trainer", type(given).__name__, mend)
    return Dashboard(given) if panels is None else Dashboard(given, panels)

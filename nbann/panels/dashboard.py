"""Several panels in one figure, as a picture and in words; imports matplotlib and the core.

`render` keeps everything that stands still as a background and draws only what moves on top of it.
"""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from ..core.checks import number_in, whole_number
from ..core.errors import bad_value
from ..core.many_runs import ManyRuns
from ..core.trainer import Trainer
from .base import Panel
from .registry import as_panels
from .style import Theme, as_theme, style
from .sweep_curves import SweepCurves
from .sweep_map import SweepMap
from .text import families

if TYPE_CHECKING:
    from ..core.moves import Stop


DEFAULT = ("loss", "decision", "weights", "network")
OF_MANY = (SweepCurves, SweepMap)
_NARROW = 700  # below this width panels stand under one another
_READABLE = 450  # pixels in which a panel can be read
_DPI = 100
_DATES: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


class Dashboard:
    """Panels of one trainer, laid out in a grid; needs no display and no notebook.

    Parameters
    ----------
    trainer : Trainer or Sweep
    panels : sequence of str or Panel, optional
        By default loss, boundary, weights and network, or of a sweep its curves and its map. Short
        names ("loss", "decision", "weights", ...: the keys of `PANELS`) or panels made with
        options.
    theme : {"light", "dark"}
    width : int
        In pixels, at least 200.
    columns : int, optional
        Panels side by side, at most; by default as many as have 450 pixels each, at least 2, or 1
        where the width is below 700. Rows are filled evenly: 7 in 3 columns stand as 3, 2, 2.
    row_height : int
        In pixels, at least 120.
    scale : float
        Device pixels for each pixel: 2 for a sharp picture on a high-density screen.

    Raises
    ------
    ValueError
        An unknown panel, one panel object twice, a size out of range, a panel's option that the
        trainer can not meet.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(2)])
    >>> trainer = nbann.Trainer(net, nbann.datasets.xor())
    >>> nbann.Dashboard(trainer, ["loss"]).describe()
    'Loss: no epoch done yet: press Step or call trainer.run().'
    """

    def __init__(
        self,
        trainer: Trainer | ManyRuns,
        panels: Sequence[str | Panel] | None = None,
        *,
        theme: str | Theme = "light",
        width: int = 900,
        columns: int | None = None,
        row_height: int = 300,
        scale: float = 1.0,
    ) -> None:
        many = isinstance(trainer, ManyRuns)
        self.trainer: Any = trainer if many else checked_trainer("Dashboard", trainer)
        if panels is None:
            panels = [kind() for kind in OF_MANY] if many else DEFAULT
        self.panels = as_panels(panels)
        self.theme = as_theme(theme)
        self.width = whole_number("width", width, least=200)
        self.row_height = whole_number("row_height", row_height, least=120)
        self.scale = number_in("scale", scale, above=0.0)
        self._asked = None if columns is None else whole_number("columns", columns, least=1)
        self._count_rows()
        self.figure = Figure(figsize=(self.width / _DPI, self.height / _DPI), dpi=_DPI * self.scale)
        self._canvas = FigureCanvasAgg(self.figure)
        self._background: Any = None
        for i, panel in enumerate(self.panels):
            self.figure.add_axes(self._place(i, panel))
        self._attach()

    def _count_rows(self) -> None:
        """Settle columns and height for the width; rows are filled evenly."""
        columns = self._asked
        if columns is None:
            columns = 1 if self.width < _NARROW else max(2, self.width // _READABLE)
        rows = math.ceil(len(self.panels) / min(columns, len(self.panels)))
        self.columns = math.ceil(len(self.panels) / rows)
        self.height = rows * self.row_height

    def __repr__(self) -> str:
        return f"Dashboard([{', '.join(map(repr, self.panels))}], theme={self.theme.name!r})"

    def _place(self, i: int, panel: Panel) -> tuple[float, float, float, float]:
        """Return left, bottom, width and height of a panel's axes, as shares of the figure."""
        least, more = divmod(len(self.panels), self.height // self.row_height)
        wide = more * (least + 1)  # panels in the first rows, which have one more than the others
        if i < wide:
            row, column, in_row = i // (least + 1), i % (least + 1), least + 1
        else:
            row, column, in_row = more + (i - wide) // least, (i - wide) % least, least
        cell = self.width / in_row
        m = panel.margins
        left, bottom = column * cell + m.left, self.height - (row + 1) * self.row_height + m.bottom
        inner, tall = cell - m.left - m.right, self.row_height - m.top - m.bottom
        return left / self.width, bottom / self.height, inner / self.width, tall / self.height

    def _attach(self) -> None:
        self.figure.set_facecolor(self.theme.background)
        for panel, ax in zip(self.panels, self.figure.axes, strict=True):
            panel.attach(ax, self.trainer, theme=self.theme)
            for artist in panel.artists():
                artist.set_animated(True)  # left out of the background, but part of a saved figure
        self._background = None

    # ---- staying up to date ----------------------------------------------------------------------
    def update(self) -> None:
        """Change all panels in place to what the trainer holds now."""
        for panel in self.panels:
            panel.update()

    @property
    def unfinished(self) -> bool:
        """Whether a panel would show more at another update: see `LossLandscape`."""
        return any(panel.unfinished for panel in self.panels)

    def finish(self) -> None:
        """Complete at once what panels compute a stretch at each update."""
        for panel in self.panels:
            panel.finish()

    def set_theme(self, theme: str | Theme) -> None:
        """Draw all panels anew in another theme, "light" or "dark"; figure and axes stay."""
        self.theme = as_theme(theme)
        self._attach()

    def fit(
        self, width: int, *, theme: str | Theme | None = None, scale: float | None = None
    ) -> None:
        """Draw all panels anew for another width, theme or density; figure and axes stay.

        Parameters
        ----------
        width : int
            In pixels, at least 200. Where no number of columns was asked for, it follows.
        theme : {"light", "dark"} or Theme, optional
        scale : float, optional
            Device pixels for each pixel, above 0.

        Raises
        ------
        ValueError
            A number out of range, an unknown theme. Nothing has changed then.
        """
        width = whole_number("width", width, least=200)
        look = self.theme if theme is None else as_theme(theme)
        scale = self.scale if scale is None else number_in("scale", scale, above=0.0)
        self.width, self.theme, self.scale = width, look, scale
        self._count_rows()
        self.figure.set_dpi(_DPI * self.scale)
        self.figure.set_size_inches(self.width / _DPI, self.height / _DPI)
        for i, (panel, ax) in enumerate(zip(self.panels, self.figure.axes, strict=True)):
            ax.set_position(self._place(i, panel))
        self._attach()

    def describe(self) -> str:
        """Return what all panels show now, in words, a line for each."""
        return "\n".join(panel.describe() for panel in self.panels)

    # ---- pictures: each is of the trainer's present state ----------------------------------------
    def render(self) -> NDArray[np.uint8]:
        """Return the picture as RGBA values, shape (height, width, 4)."""
        return self._drawn().copy()

    def jpeg(self, quality: int = 85) -> bytes:
        """Return the picture as a JPEG file's bytes; quality from 1 to 95."""
        quality = min(whole_number("quality", quality, least=1), 95)
        drawn, file = self._drawn(), io.BytesIO()
        # nothing shows through, so that three of the four bytes of a pixel are the picture
        size = (drawn.shape[1], drawn.shape[0])
        picture = Image.frombuffer("RGB", size, drawn, "raw", "RGBX", 0, 1)
        picture.save(file, "jpeg", quality=quality, dpi=(_DPI * self.scale,) * 2)
        return file.getvalue()

    def webp(self, quality: int = 80) -> bytes:
        """Return the picture as a WebP file's bytes; quality from 1 to 100.

        Smaller than a JPEG of the same look, and slower to make.

        Raises
        ------
        ValueError
            This build of Pillow can not write WebP.
        """
        quality = min(whole_number("quality", quality, least=1), 100)
        try:
            file, drawn = io.BytesIO(), self._drawn()
            Image.fromarray(drawn[..., :3]).save(file, "webp", quality=quality, method=0)
        except (
            KeyError,
            OSError,
        ) as missing:  # as Pillow tells of a format that it was built without
            mend = "Use jpeg(), or install a Pillow that has it: pip install -U pillow."
            expected = "a Pillow that writes WebP"
            raise bad_value("webp", expected, f"one that does not ({missing})", mend) from None
        return file.getvalue()

    def png(self) -> bytes:
        """Return the picture as a PNG file's bytes."""
        file = io.BytesIO()
        imsave(file, self._drawn(), format="png", dpi=_DPI * self.scale)
        return file.getvalue()

    def html(self) -> str:
        """Return the picture, all panels finished, as an HTML image with its words."""
        self.update()
        self.finish()
        data = base64.b64encode(self.png()).decode()
        alt = html.escape(self.describe())
        return f'<img alt="{alt}" width="{self.width}" src="data:image/png;base64,{data}">'

    def savefig(self, path: str | PathLike[str], **options: Any) -> None:
        """Save the picture, all panels finished; the ending (.png, .svg, .pdf, ...) says as what.

        The same picture is the same file, byte for byte: no date is in it.

        Parameters
        ----------
        path : str or path
        **options
            For `matplotlib.figure.Figure.savefig`, e.g. ``dpi=200``.

        Raises
        ------
        ValueError
            An ending that matplotlib does not know.
        OSError
            A folder that is not there, no permission, ...
        """
        self.update()
        self.finish()
        kind = str(options.get("format") or fspath(path).rpartition(".")[2]).lower()
        metadata = _DATES.get(kind, {}) | dict(options.pop("metadata", None) or {})
        if metadata:  # formats such as JPEG take none at all
            options["metadata"] = metadata
        same = {"svg.hashsalt": "nbann", "svg.fonttype": "path"}
        with style(families()), rc_context(same):
            self.figure.savefig(path, **options)

    def animate(
        self,
        path: str | PathLike[str],
        epochs: int,
        *,
        every: int = 1,
        unit: Literal["epoch", "batch"] = "epoch",
        fps: float = 10.0,
    ) -> Stop:
        """Train for some epochs and write a moving picture of it: GIF, or MP4 where ffmpeg is.

        It is the dashboard's own trainer that is trained, as by ``trainer.run(epochs)``: it stands
        at the end afterwards, and `trainer.back` leads to any frame. To leave it where it is, show
        a branch of it: ``Dashboard(trainer.branch(), ...).animate(...)``.

        Breakpoints and NaN end it early, with the picture written up to there. The file is put in
        its place once it is whole: after an error or Ctrl-C there is none, or the old one, and the
        trainer stands where it has come to, at the end of a batch, ready to go on.

        Parameters
        ----------
        path : str or path
            Ending in .gif or .mp4.
        epochs : int
            As `Trainer.run` counts them.
        every : int
            Units between two frames, at least 1; one more is of the start, one of the end.
        unit : {"epoch", "batch"}
        fps : float
            Frames a second, from 0.1 to 50. (A GIF's frames last whole hundredths of a second.)

        Returns
        -------
        Stop
            Why the last stretch of training ended.

        Raises
        ------
        ValueError
            Another ending, .mp4 without ffmpeg, a number out of range; nothing has been trained.
        FileNotFoundError, IsADirectoryError
            The folder is not there; the path is that of one.

        Examples
        --------
        >>> import nbann, os, tempfile
        >>> trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
        >>> path = os.path.join(tempfile.mkdtemp(), "training.gif")
        >>> nbann.Dashboard(trainer, ["loss"], width=300).animate(path, epochs=2).reason
        'epochs'
        """
        from .animation import animate

        checked_trainer("animate", self.trainer)
        try:
            return animate(self, path, epochs, every=every, unit=unit, fps=fps)
        finally:
            self._background = None  # the figure has had another size meanwhile

    def _drawn(self) -> NDArray[np.uint8]:
        """Update, draw, and return the canvas's own pixels, valid until the next drawing."""
        self.update()
        changed = [panel.take_background_change() for panel in self.panels]
        if self._background is None or any(changed):
            with style(families()):
                self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        else:
            self._canvas.restore_region(self._background)
        renderer = self._canvas.get_renderer()
        for panel in self.panels:
            for artist in panel.artists():
                if not _is_empty(artist):
                    artist.draw(renderer)
        return np.asarray(self._canvas.buffer_rgba())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return what a notebook shows."""
        return {"text/plain": self.describe(), "text/html": self.html()}


def checked_trainer(taker: str, trainer: object) -> Trainer:
    """Return a trainer given to a dashboard or a widget, `taker` by name.

    Raises
    ------
    ValueError
        It is none.
    """
    if not isinstance(trainer, Trainer):
        mend = "Make one first: trainer = nbann.Trainer(net, data)."
        raise bad_value(taker, "a Trainer", type(trainer).__name__, mend)
    return trainer


def _is_empty(artist: Artist) -> bool:
    """Whether there is nothing to draw: matplotlib takes its time to find that out itself."""
    if isinstance(artist, Line2D):
        return len(artist.get_xdata(orig=True)) == 0
    if isinstance(artist, Collection):
        return not (len(artist.get_paths()) and len(artist.get_offsets()))
    return isinstance(artist, Text) and not artist.get_text()

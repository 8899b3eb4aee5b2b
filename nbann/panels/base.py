"""What every panel is: drawn once, changed in place, able to say in words what it shows.

Imports matplotlib and the core. A panel makes no figure, no axes and, after `attach`, no artist.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from ..core.many_runs import ManyRuns
from .stamp import Stamp
from .style import LABEL, MARKERS, PX, TITLE, Theme, as_theme, dress, marker_size, style
from .text import families, literal, text_width

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from matplotlib.transforms import Transform

    from ..core.trainer import Trainer

A = TypeVar("A", bound="Artist")
_FIRST_MOVING = (
    10.0  # moving artists lie above all that stands still, in a full drawing as in a blitted one
)


class Margins(NamedTuple):
    """Room in pixels that a panel needs round its axes, for title, labels and ticks."""

    left: float = 12.0
    right: float = 12.0
    top: float = 30.0
    bottom: float = 12.0


class Panel(ABC):
    """One picture of a trainer.

    Subclasses say when they fit (`fits`), draw once (`_draw`), change what they drew (`_refresh`)
    and describe it (`_describe`). Artists that change are passed through `moving`.
    """

    title = ""
    margins = Margins()
    header_room = 0.0
    """Pixels in the header to the right of a subtitle."""
    of_many = False
    """Whether it shows the runs of a sweep, and not a trainer."""
    frame = False
    """Whether the axes keep their lines and ticks."""

    def __init__(self) -> None:
        self._artists: list[Artist] = []
        self._reason: str | None = None
        self._changed = True
        self._attached = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    # ---- what users and dashboards call ----------------------------------------------------------
    def attach(
        self, ax: Axes, trainer: Trainer | ManyRuns, *, theme: str | Theme = "light"
    ) -> None:
        """Draw the panel into axes; what was in them before is cleared.

        Parameters
        ----------
        ax : matplotlib.axes.Axes
        trainer : Trainer or Sweep
            What is shown, now and at every `update`.
        theme : {"light", "dark"} or Theme

        Raises
        ------
        ValueError
            An option of the panel that this trainer can not meet (a feature it does not have, ...).
        """
        theme = as_theme(theme)
        reason = self._unfit(trainer) or self.fits(trainer)
        self.trainer: Any = trainer
        if reason is None:
            self._bind()
        self.ax, self.theme, self._reason = ax, theme, reason
        self._artists = []
        self._position, self._line = self._moment()
        with style(families()):
            ax.clear()
            dress(ax, theme, frame=self.frame and reason is None)
            self.still_text(
                self.title, (0, 1), (12 - self.margins.left, self.header), size=TITLE, weight="bold"
            )
            if reason is None:
                self._restart()
                self._draw()
                self._refresh()
            else:
                self._say(reason)
        self._attached = True
        self._changed = True

    def update(self) -> None:
        """Change the artists in place to what the trainer holds now."""
        if self._reason is None:
            self._check_attached()
            position, line = self._moment()
            if position < self._position or line != self._line:
                self._restart()
            self._position, self._line = position, line
            self._refresh()

    def _moment(self) -> tuple[Any, int]:
        """Return where what is shown stands, and on which branch."""
        if isinstance(self.trainer, ManyRuns):
            return self.trainer.moment, 0
        return self.trainer.position, self.trainer.timeline.number

    def _unfit(self, trainer: Trainer | ManyRuns) -> str | None:
        """Return why a panel of one kind can not show the other."""
        many = isinstance(trainer, ManyRuns)
        if many == self.of_many:
            return None
        if many:
            return "shows one run; take one of the sweep's: sweep.best().trainer()."
        return "shows the runs of a sweep; this is one trainer."

    def describe(self) -> str:
        """Return in plain words what the panel shows, with the trainer's numbers of this moment."""
        self._check_attached()
        words = self._reason if self._reason is not None else self._describe()
        return f"{self.title}: {words}"

    def artists(self) -> list[Artist]:
        """Return the artists that change, in the order in which they are drawn."""
        return list(self._artists)

    @property
    def unfinished(self) -> bool:
        """Whether `update` has left some of a long computation for later; see `finish`."""
        return False

    def finish(self) -> None:  # noqa: B027  # optional: most panels compute all at each update
        """Complete at once what `update` computes a stretch at a time."""

    def take_background_change(self) -> bool:
        """Return whether anything but `artists()` (limits, say) has changed since last asked."""
        changed, self._changed = self._changed, False
        return changed

    @abstractmethod
    def fits(self, trainer: Any) -> str | None:
        """Return None if the panel can show this trainer, else why not, in a sentence."""

    # ---- what a panel fills in -------------------------------------------------------------------
    def _bind(self) -> None:  # noqa: B027  # optional: most panels need nothing
        """Check options against `self.trainer` and work out what stays; before any drawing."""

    def _restart(self) -> None:  # noqa: B027  # optional as well
        """Forget limits that have grown: the trainer has gone back, or to another branch."""

    @abstractmethod
    def _draw(self) -> None:
        """Draw into `self.ax`, once."""

    @abstractmethod
    def _refresh(self) -> None:
        """Set the moving artists to the trainer's numbers."""

    @abstractmethod
    def _describe(self) -> str:
        """Say what is shown, without the title."""

    # ---- helpers ---------------------------------------------------------------------------------
    def _check_attached(self) -> None:
        if not self._attached:
            raise ValueError(
                f"{type(self).__name__}: expected a panel attached to axes; received a free one. "
                f"Call attach(ax, trainer) first, or use Dashboard(trainer, panels=[...])."
            )

    def moving(self, artist: A) -> A:
        """Register an artist that `_refresh` changes, above all registered before."""
        artist.set_zorder(_FIRST_MOVING + len(self._artists))
        self._artists.append(artist)
        return artist

    def still_text(
        self,
        text: str,
        at: tuple[float, float],
        offset: tuple[float, float] = (0, 0),
        *,
        size: float = LABEL,
        color: str = "",
        **options: Any,
    ) -> Text:
        """Write text, never as maths, at a share (0 to 1) of width and height, moved by pixels."""
        return self.ax.text(
            *at,
            text,
            transform=self._shifted(offset),
            fontsize=size,
            color=color or self.theme.ink,
            parse_math=False,
            **options,
        )

    def moving_text(
        self,
        at: tuple[float, float],
        offset: tuple[float, float] = (0, 0),
        *,
        size: float = LABEL,
        color: str = "",
        **options: Any,
    ) -> Text:
        """Make a text, empty at first, that `_refresh` sets; placed and written as `still_text`."""
        text = Stamp(
            *at,
            transform=self._shifted(offset),
            fontsize=size,
            color=color or self.theme.ink,
            parse_math=False,
            clip_on=False,
            **options,
        )
        self.ax.add_artist(text)
        return self.moving(text)

    def subtitle(self, text: str) -> None:
        """Write what is measured beside the title."""
        start = text_width(self.title, TITLE) * 1.12 + 12  # bold letters are wider
        at = (start - self.margins.left + 12, self.header)
        self.still_text(text, (0, 1), at, color=self.theme.muted)
        self.header_room = self.size[0] - at[0] - text_width(text, LABEL) - 16

    def mark(self, at: tuple[float, float], offset: tuple[float, float], label: int) -> None:
        """Draw a class's marker, placed as in `still_text`."""
        look = {
            "markerfacecolor": self.theme.class_color(label),
            "markeredgecolor": self.theme.background,
            "markeredgewidth": 0.45,
        }
        place = {"transform": self._shifted(offset), "clip_on": False, "zorder": 3}
        self.ax.add_line(
            Line2D(
                [at[0]],
                [at[1]],
                marker=MARKERS[label % len(MARKERS)],
                markersize=marker_size(label),
                linestyle="none",
                **look,
                **place,
            )
        )

    def _shifted(self, offset: tuple[float, float]) -> Transform:
        shift = ScaledTranslation(
            offset[0] * PX / 72, offset[1] * PX / 72, self._figure.dpi_scale_trans
        )
        return self.ax.transAxes + shift

    @property
    def header(self) -> float:
        """How many pixels the title's foot is above the axes."""
        return self.margins.top - 21

    @property
    def _figure(self) -> Any:
        return self.ax.get_figure()

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the axes in pixels (at 100 to the inch)."""
        box = self.ax.get_position()
        width, height = self._figure.get_size_inches()
        return float(box.width * width * 100), float(box.height * height * 100)

    def _use_pixels(self) -> tuple[float, float]:
        """Make a pixel the unit of both axes, from the lower left; return width and height."""
        width, height = self.size
        self.ax.set(xlim=(0, width), ylim=(0, height))
        return width, height

    def _say(self, words: str) -> None:
        """Write words in the middle of the axes, broken into lines that fit."""
        lines = wrapped(words, self.size[0] * 0.86, LABEL)
        self.still_text(
            "\n".join(lines),
            (0.5, 0.5),
            color=self.theme.muted,
            ha="center",
            va="center",
            linespacing=1.5,
        )


def wrapped(words: str, width: float, size: float) -> list[str]:
    """Break words into lines of at most `width` pixels."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and literal(longer, width, size) != longer:
            lines.append(literal(word, width, size))
        else:
            lines[-1] = literal(longer, width, size)
    return lines

"""The one style of all panels, light and dark; imports matplotlib and NumPy alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from ..core.errors import UnknownNameError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PX = 0.72
"""Points in a pixel: panels are laid out at 100 pixels to the inch."""

TITLE = 12.0 * PX
LABEL = 10.5 * PX
SMALL = 9.5 * PX
"""Font sizes in points; the smallest is 9.5 pixels."""

LINE = 1.6 * PX
THIN = 0.8 * PX

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
"""A shape for each class, so that classes are never told by color alone."""

_MARKER_SIZES = {"o": 5.2, "s": 4.8, "D": 4.5, "*": 7.5}

_AS_DARK_AS_LIGHT = 0.1791  # the luminance on which black and white have the same contrast, 4.58:1
_TABLE = 256  # steps on each side of 0 in the diverging map


@dataclass(frozen=True)
class Theme:
    """The colors of one theme.

    Attributes
    ----------
    background, ink, muted, faint : str
        Of the figure, of text and lines, of what is said aside, of grid lines.
    low, low_mid, neutral, high_mid, high : str
        Stops of the diverging map, from the most negative over 0 to the most positive.
    phases : dict
        A color for each phase, readable as text on the background (contrast at least 4.5:1).
    more_phases : tuple of str
        Likewise for phases of other names, in their order: see `phase_color`.
    classes : tuple of str
        Okabe and Ito's set (2008) and a brown and a violet, for ten; from the eleventh class on
        they come again, as the markers do.
    """

    name: str
    background: str
    ink: str
    muted: str
    faint: str
    low: str
    low_mid: str
    neutral: str
    high_mid: str
    high: str
    phases: dict[str, str]
    more_phases: tuple[str, ...]
    classes: tuple[str, ...]

    @cached_property
    def _table(self) -> NDArray[np.uint8]:
        stops = [
            to_rgb(c) for c in (self.low, self.low_mid, self.neutral, self.high_mid, self.high)
        ]
        at = np.linspace(-1, 1, 2 * _TABLE + 1)
        rgb = [
            np.interp(at, np.linspace(-1, 1, len(stops)), channel)
            for channel in zip(*stops, strict=True)
        ]
        missing = [[*to_rgb(self.faint), 1.0]]  # the last entry: no number
        return np.round(
            np.vstack([np.column_stack([*rgb, np.ones(at.size)]), missing]) * 255
        ).astype(np.uint8)

    def diverging(self, values: NDArray[Any], limit: float) -> NDArray[np.uint8]:
        """Return RGBA colors: blue at -limit, neutral at 0, orange at +limit; gray for NaN."""
        with np.errstate(all="ignore"):
            scaled = np.clip(np.asarray(values, float) / limit, -1, 1)
        place = np.round(np.nan_to_num(scaled) * _TABLE).astype(np.intp) + _TABLE
        place[np.isnan(scaled)] = len(self._table) - 1
        return self._table[place]

    def text_on(self, colors: NDArray[np.uint8]) -> list[str]:
        """Return for each RGBA color whichever of black and white has more contrast on it."""
        bright = luminance(colors[..., :3].reshape(-1, 3) / 255.0)
        return ["#000000" if b > _AS_DARK_AS_LIGHT else "#ffffff" for b in bright]

    def phase_color(self, phase: str, phases: Sequence[str]) -> str:
        """Return the color of one of a program's phases, known by name or by its order in it.

        A phase that is not one of backpropagation's ("positive", "match", ...) has the color of its
        place among those of the program.
        """
        if phase in self.phases:
            return self.phases[phase]
        others = [p for p in phases if p not in self.phases]
        return self.more_phases[others.index(phase) % len(self.more_phases)]

    def class_color(self, label: int) -> str:
        """Return the color of a class, by its number."""
        return self.classes[label % len(self.classes)]

    def tints(self, classes: int, steps: int, least: float, most: float) -> NDArray[np.uint8]:
        """Return a (classes, steps, 4) table of RGBA colors, from a light to a stronger tint."""
        share = np.linspace(least, most, steps)[None, :, None]
        colors = np.array([to_rgb(self.class_color(k)) for k in range(classes)])[:, None, :]
        rgb = (1 - share) * np.array(to_rgb(self.background)) + share * colors
        return np.round(np.concatenate([rgb, np.ones((classes, steps, 1))], axis=2) * 255).astype(
            np.uint8
        )


def marker_size(label: int) -> float:
    """Return the size in points at which a class's marker looks as large as the others."""
    return _MARKER_SIZES.get(MARKERS[label % len(MARKERS)], 6.0)


PHASE_COLORS = {
    "light": {"forward": "#00756b", "loss": "#7b3fb0", "backward": "#b5155c", "update": "#6b6000"},
    "dark": {"forward": "#3fd0c0", "loss": "#c79bf2", "backward": "#ff85b3", "update": "#d8c84a"},
}
"""A color for each phase of a training step, by theme; none is a color of the signed map."""

MORE_PHASE_COLORS = {
    "light": ("#0f7490", "#3a7a1e", "#4a4fc4", "#a626a4", "#5c6370", "#8d5a00"),
    "dark": ("#6cc9e6", "#8fd46a", "#a5a8ff", "#f08cf0", "#b4bcc8", "#e0b070"),
}
"""Colors for phases of other names, in their order in the program; as in step_through.css."""

RUN_COLORS = {
    "light": ("#0072b2", "#d55e00", "#008a64", "#b5578c", "#1f2328", "#8f6a00"),
    "dark": ("#3d9bd9", "#f07020", "#12b886", "#cc79a7", "#e8eaed", "#e69f00"),
}
"""A color for each of several runs: Okabe and Ito's, darker in light where lines would be faint
(contrast at least 3:1); each comes with a dash and a marker. As in compare.css."""

_OKABE_ITO = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")

THEMES = {
    "light": Theme(
        name="light",
        background="#ffffff",
        ink="#1f2328",
        muted="#59636e",
        faint="#e4e7eb",
        low="#0b5394",
        low_mid="#7db3dc",
        neutral="#f3f4f5",
        high_mid="#f5b26b",
        high="#c35400",
        phases=PHASE_COLORS["light"],
        more_phases=MORE_PHASE_COLORS["light"],
        classes=(*_OKABE_ITO, "#000000", "#703010", "#6000cf"),
    ),
    "dark": Theme(
        name="dark",
        background="#111111",
        ink="#e8eaed",
        muted="#a3abb3",
        faint="#30353b",
        low="#62b6f2",
        low_mid="#24648f",
        neutral="#23272b",
        high_mid="#95581c",
        high="#ffa647",
        phases=PHASE_COLORS["dark"],
        more_phases=MORE_PHASE_COLORS["dark"],
        classes=(
            "#3d9bd9",
            "#e69f00",
            "#12b886",
            "#cc79a7",
            "#8fd3ff",
            "#f07020",
            "#f0e442",
            "#e8eaed",
            "#706030",
            "#6030ff",
        ),
    ),
}


def as_theme(theme: str | Theme) -> Theme:
    """Return a theme given as such or by name, "light" or "dark"."""
    if isinstance(theme, Theme):
        return theme
    if theme not in THEMES:
        raise UnknownNameError("theme", theme, THEMES)
    return THEMES[theme]


def luminance(rgb: Any) -> NDArray[np.float64]:
    """Return the relative luminance of sRGB colors in [0, 1] (WCAG 2.2, "relative luminance")."""
    c = np.asarray(rgb, float)
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    a, b = sorted(float(luminance(to_rgb(c))) for c in (one, other))
    return (b + 0.05) / (a + 0.05)


_RESET = {
    "axes", "figure", "font", "grid", "hatch", "image", "lines", "markers", "patch", "path",
    "savefig", "text", "xtick", "ytick",
}  # fmt: skip


@contextmanager
def style(families: Sequence[str]) -> Iterator[None]:
    """Draw with matplotlib's own defaults and the panels' fonts, whatever the user has set."""
    rc = {key: value for key, value in mpl.rcParamsDefault.items() if key.split(".")[0] in _RESET}
    rc |= {"font.family": list(families), "font.size": LABEL, "axes.unicode_minus": True}
    with mpl.rc_context(rc):
        yield


def dress(ax: Axes, theme: Theme, *, frame: bool) -> None:
    """Give axes the look of a theme; `frame` keeps the left and bottom line with their ticks."""
    ax.set_facecolor(theme.background)
    for side, spine in ax.spines.items():
        spine.set_visible(frame and side in ("left", "bottom"))
        spine.set_color(theme.muted)
        spine.set_linewidth(THIN)
    ax.tick_params(
        colors=theme.muted, labelsize=SMALL, length=3 * PX, width=THIN, pad=3 * PX,
        left=frame, bottom=frame, labelleft=frame, labelbottom=frame,
    )  # fmt: skip
    ax.set_axisbelow(True)

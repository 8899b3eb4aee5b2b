"""Interventions and branches on a loss curve; imports matplotlib and the core.

What they are is `trainer.timeline`'s; a mark is where that batch has begun, as on the widgets'
timeline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection

from ..core.timeline.places import parting, place_of, where
from .style import SMALL, THIN
from .text import counted, listed, literal, plain

if TYPE_CHECKING:
    from ..core.timeline.branches import Branch
    from ..core.trainer import Trainer
    from .base import Panel

MOST_ACTS = 200
MOST_BRANCHES = 8
"""How many are drawn; of more, the latest."""
_LOW = 0.35  # share of the height at which the key hangs where the curves are high
_RING = 0.95  # share of the height at which rings are: under the triangles


class Mark(NamedTuple):
    """A place in batches, broken where it lies within one, and what was done there."""

    at: float
    words: str


def acts(trainer: Trainer) -> list[Mark]:
    """Return a mark for each intervention that lies behind where the trainer stands."""
    timeline = trainer.timeline
    behind = timeline[: timeline.applied][-MOST_ACTS:]
    return [
        Mark(
            place_of(timeline, act.moment),
            f"{where(timeline.position_of(act.moment))}: {plain(act.text, 80)}",
        )
        for act in behind
    ]


def forks(trainer: Trainer) -> list[tuple[Branch, Mark]]:
    """Return each branch that parts from this line of events, with a mark for where it does."""
    timeline = trainer.timeline
    found = []
    for branch in list(timeline.branches)[-MOST_BRANCHES:]:
        moment = parting(timeline, branch)
        if moment is not None:
            words = f"branch {branch.number} from {where(timeline.position_of(moment))}"
            found.append((branch, Mark(place_of(timeline, moment), words)))
    return found


def words(trainer: Trainer) -> list[str]:
    """Return what is marked, in words: parts of a sentence."""
    done, left = acts(trainer), forks(trainer)
    parts = []
    if done:
        latest = listed((mark.words for mark in done[::-1]), 3)
        parts.append(f"{counted(trainer.timeline.applied, 'intervention')}, latest first: {latest}")
    if left:
        names = listed(mark.words for _, mark in left)
        parts.append(f"{counted(len(left), 'branch', 'branches')} drawn faint: {names}")
    return parts


class Marks:
    """Thin upright lines with a triangle (an intervention) or a ring (a parting), and a key."""

    def __init__(self, panel: Panel) -> None:
        ax, theme = panel.ax, panel.theme
        self._panel = panel
        upright = ax.get_xaxis_transform()
        self.lines = panel.moving(
            ax.add_collection(
                LineCollection(
                    [], colors=theme.muted, linewidths=THIN, linestyles=[(0, (1.5, 2.5))],
                    transform=upright,
                ),
                autolim=False,
            )
        )  # fmt: skip
        look = {"color": theme.muted, "linestyle": "none", "transform": upright, "clip_on": False}
        self.acts = panel.moving(ax.plot([], [], "v", markersize=4.5, **look)[0])
        self.forks = panel.moving(
            ax.plot([], [], "o", markersize=4.5, markerfacecolor=theme.background, **look)[0]
        )
        self.key = panel.moving_text(
            (1, 1), (-2, -8), color=theme.muted, size=SMALL, ha="right", va="top", linespacing=1.4
        )
        self.key.set_bbox({"facecolor": theme.background, "edgecolor": "none", "pad": 1.0})

    def show(self, unit: float, *, low: bool) -> None:
        """Show what there is now.

        Parameters
        ----------
        unit : float
            How many batches one unit of the axis across is.
        low : bool
            Whether the key stands near the foot of the axes, out of the curves' way.
        """
        trainer = self._panel.trainer
        done, left = acts(trainer), forks(trainer)
        at = np.array([mark.at for mark in done]) / unit
        parted = np.array([mark.at for _, mark in left]) / unit
        self.lines.set_segments([[(x, 0), (x, 1)] for x in np.unique([*at, *parted])])
        self.acts.set_data(at, np.ones(len(at)))
        self.forks.set_data(parted, np.full(len(parted), _RING))
        room = self._panel.size[0] * 0.62
        self.key.set_position((1, _LOW if low else 1))
        key = []
        if done:
            last = trainer.timeline[trainer.timeline.applied - 1].text
            count = trainer.timeline.applied
            key.append(f"▾ {plain(last, 80)}" + (f" (last of {count})" if count > 1 else ""))
        if left:
            key.append(f"○ {counted(len(left), 'branch', 'branches')} (faint) parted here")
        self.key.set_text("\n".join(literal(line, room, SMALL) for line in key))

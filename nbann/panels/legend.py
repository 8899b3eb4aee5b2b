"""A row of class markers with their names, above a panel's axes; imports matplotlib alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .style import SMALL
from .text import ELLIPSIS, literal, names_of, text_width

if TYPE_CHECKING:
    from .base import Panel

_SPELLED = 6
_MARK, _GAP = 12.0, 12.0  # pixels that a marker takes, and between two entries
_LEAST = 5.0  # between two where they would not all fit


def draw_legend(panel: Panel, names: Sequence[str], above: float) -> None:
    """Draw a marker and a name for each class, as many as fit, `above` pixels over the axes."""
    room, muted = panel.size[0], panel.theme.muted
    gap = _GAP if _fits(names, room, _GAP) else _LEAST
    words = shortened(names, room, gap)
    x = 0.0
    for k, word in enumerate(words):
        if word != ELLIPSIS:
            panel.mark((0, 1), (x + 4, above), k)
            x += _MARK
        panel.still_text(word, (0, 1), (x, above), color=muted, size=SMALL, va="center")
        x += text_width(word, SMALL) + gap


def class_names(given: Sequence[str], count: int) -> tuple[str, ...]:
    """Return names of classes: the given ones, or "class 0", ...; of many the number alone."""
    return names_of(given, count, "class " if count <= _SPELLED else "")


def _fits(names: Sequence[str], room: float, gap: float) -> bool:
    """Return whether all names stand side by side in full."""
    full = (literal(name, room, SMALL) for name in names)
    return sum(_MARK + gap + text_width(name, SMALL) for name in full) <= room + gap


def shortened(names: Sequence[str], room: float, gap: float = _GAP) -> list[str]:
    """Return the names cut to fit side by side; if there are too many, the first ones and "…"."""
    share = room / len(names) - _MARK - gap
    if _fits(names, room, gap):
        return [literal(name, room, SMALL) for name in names]
    if share >= 24:
        return [literal(name, share, SMALL) for name in names]
    words, x = [], 0.0
    for name in names:
        word = literal(name, 60, SMALL)
        x += _MARK + gap + text_width(word, SMALL)
        if x > room - 12:
            return [*words, ELLIPSIS]
        words.append(word)
    return words

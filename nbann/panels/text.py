"""Words and numbers as they stand in pictures and descriptions; imports matplotlib's fonts alone.

Names come from data: they are shown literally, on one line, shortened where they are long, and a
character that no font at hand can draw becomes a hollow box.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from .style import PX

MISSING = "□"
ELLIPSIS = "…"
NAME = 40  # longest name in a description

# For scripts that DejaVu Sans, which comes with matplotlib, lacks: what systems commonly have.
_MORE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "PingFang SC", "Hiragino Sans",
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Thai",
)  # fmt: skip


@cache
def families() -> tuple[str, ...]:
    """Return the font families to draw with, in order of preference."""
    known = set(font_manager.get_font_names())
    return ("DejaVu Sans", *(name for name in _MORE_FONTS if name in known))


@cache
def _characters() -> frozenset[int]:
    fonts = [FT2Font(font_manager.findfont(family)) for family in families()]
    return frozenset(code for font in fonts for code in font.get_charmap())


def plain(text: object, longest: int = NAME) -> str:
    """Return text on one line, without control characters, shortened with an ellipsis."""
    line = " ".join(str(text)[: 8 * longest + 80].split())
    line = "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return line if len(line) <= longest else line[: longest - 1].rstrip() + ELLIPSIS


def literal(text: object, width: float, size: float) -> str:
    """Return text that can be drawn within `width` pixels at a font size in points."""
    drawn = "".join(c if ord(c) in _characters() else MISSING for c in plain(text, 200))
    if text_width(drawn, size) <= width:
        return drawn
    least, most = 0, len(drawn)
    while least < most:
        half = (least + most + 1) // 2
        fits = text_width(drawn[:half].rstrip() + ELLIPSIS, size) <= width
        least, most = (half, most) if fits else (least, half - 1)
    return drawn[:least].rstrip() + ELLIPSIS if least else ""


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Return the width of text in pixels at a font size in points."""
    if not text:
        return 0.0
    font = font_manager.get_font([font_manager.findfont(family) for family in families()])
    font.set_size(size / PX, 72.0)
    font.set_text(text)
    width, _ = font.get_width_height()
    return float(width / 64)


def number(value: float, digits: int = 3, *, noise: float = 0.0) -> str:
    """Return a number with significant digits and a true minus sign.

    One of no more than `noise` is told as 0: how large a rounding error is (`scale.rounding`)
    differs from one processor to the next, and it says nothing.
    """
    if abs(value) <= noise:
        return "0"
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    large = 10.0**digits - 0.5 <= abs(value) < 1e6
    text = f"{value:.0f}" if large else f"{value:#.{digits}g}".rstrip(".")
    return text.replace(".e", "e").replace("-", "−")


def short_number(value: float) -> str:
    """Return a number in about four characters, for cells and nodes."""
    size = abs(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else number(value)
    if size == 0:
        return "0"
    if size < 0.00995 or size >= 9999.5:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return f"{value:.{2 if size < 0.995 else 1 if size < 99.95 else 0}f}".replace("-", "−")


def percent(share: float) -> str:
    """Return a share in percent; what is not quite none or all does not look so."""
    if not math.isfinite(share):
        return "not a number"
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 < share < 1 else f"{share:.0%}"


def listed(items: Iterable[str], most: int = 8) -> str:
    """Join items with commas; of a long list, the first ones and how many more there are."""
    every = list(items)
    rest = len(every) - most
    return ", ".join(every) if rest <= 0 else ", ".join(every[:most]) + f" and {rest} more"


def counted(count: int, word: str, many: str | None = None) -> str:
    """Return "1 epoch", "2 epochs"; `many` is for words that do not just take an s."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"


def names_of(given: Sequence[str], count: int, prefix: str = "") -> tuple[str, ...]:
    """Return `count` names: the given ones if there are enough, else numbers from 0."""
    return tuple(given) if len(given) >= count else tuple(f"{prefix}{i}" for i in range(count))

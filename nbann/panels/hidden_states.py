"""What a recurrent layer remembers while it reads a sample; imports matplotlib and the core."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.checks import whole_number
from ..core.errors import bad_value
from ..core.layers.bidirectional import Bidirectional
from ..core.layers.recurrent import Recurrent
from ..core.scoring.hidden_states import hidden_states
from .asked import Asked, check_part, part_of
from .base import Margins, Panel
from .scale import largest, step_up
from .shade import Frame, picture
from .style import SMALL
from .text import counted, literal, number, plain, text_width
from .tokens import tokens_of
from .words import Words

if TYPE_CHECKING:
    from matplotlib.image import AxesImage

    from ..core.trainer import Trainer

_GAP = 8.0
_FOOT = 14.0
_ROW = 16.0  # pixels of a row of the input
_LETTER = 6.5  # pixels that a single character needs
_MOST_INPUTS = 6  # features of the input that are drawn, one row each
_LIMIT = 56.0  # pixels on the right for the color scale


class Direction(NamedTuple):
    """What one layer, or one direction of it, remembers: its name and (time, units)."""

    name: str
    states: NDArray[np.float64]


class HiddenStates(Panel):
    """The state of each unit of a recurrent layer (down) at each time step (to the right).

    Blue is below 0 and orange above; gray is where there is no time step. Of a `Bidirectional` both
    directions are shown, the forward one above; the backward one is read from right to left. Above
    stands what the layer reads: characters, values, or a row of cells for each feature.

    Parameters
    ----------
    sample : int
        Row of the data, from 0.
    layer : str, optional
        "lstm1", "both", "both.backward", ...; by default the last recurrent layer.
    state : {"h", "c"}
        Of an LSTM "c" too, its cells.
    tokens : Vocabulary or sequence of str, optional
        What the numbers stand for that an `Embedding` reads, such as ``nbann.datasets.LETTERS``. By
        default the targets' names, where there are as many as numbers and a target for each step;
        else the numbers themselves.
    of : {"train", "validation", "test"}, optional
        Which data; by default the test data, if there are some, else the training data.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.GRU(4, return_sequences=True), nbann.Dense(2)])
    >>> board = nbann.Dashboard(nbann.Trainer(net, nbann.datasets.echo(50, length=6)), ["states"])
    >>> board.describe().partition(";")[0]
    'Hidden states: sample 0 of the training data, 6 time steps'
    """

    title = "Hidden states"
    margins = Margins(left=12, right=12, top=30, bottom=10)

    def __init__(
        self,
        sample: int = 0,
        layer: str | None = None,
        *,
        state: str = "h",
        tokens: Iterable[str] | None = None,
        of: str | None = None,
    ) -> None:
        super().__init__()
        self.sample = whole_number("sample", sample, least=0)
        self.layer, self.state = layer, state
        self.tokens = None if tokens is None else tuple(str(t) for t in tokens)
        self.of = check_part(of, "HiddenStates")

    def __repr__(self) -> str:
        given = [] if self.sample == 0 else [f"{self.sample}"]
        given += [] if self.layer is None else [f"layer={self.layer!r}"]
        given += [] if self.state == "h" else [f"state={self.state!r}"]
        given += [] if self.of is None else [f"of={self.of!r}"]
        return f"HiddenStates({', '.join(given)})"

    def fits(self, trainer: Trainer) -> str | None:
        """Return None for a net with a recurrent layer; else the reason."""
        if any(isinstance(one, (Recurrent, Bidirectional)) for _, one in trainer.model.leaves()):
            return None
        return "this net has no recurrent layer (RNN, LSTM or GRU)."

    # ---- data ------------------------------------------------------------------------------------
    def _bind(self) -> None:
        self._part, data = part_of(self.trainer, self.of, "HiddenStates")
        if self.sample >= len(data):
            expected = f"a row from 0 to {len(data) - 1}"
            raise bad_value("sample", expected, f"{self.sample}", "Pass e.g. sample=0.")
        self._x = data.X[self.sample]
        self._mask = None if data.mask is None else data.mask[self.sample]
        there = np.ones(len(self._x), bool) if self._mask is None else self._mask > 0
        self._there = there
        found = dict(self.trainer.model.leaves())
        recurrent = [n for n, o in found.items() if isinstance(o, (Recurrent, Bidirectional))]
        # `leaves` gives a Bidirectional after its parts: the last is both of them
        name = recurrent[-1] if self.layer is None else self.layer
        both = found.get(name)
        self._layers = (
            [f"{name}.{part}" for part in both.names] if isinstance(both, Bidirectional) else [name]
        )
        self._names = self.trainer.train_data.feature_names
        self._tokens = tokens_of(self.trainer, self._x, there, self.tokens)
        self._states = Asked(self.trainer, self._ask)
        self._states.now()  # which refuses an unknown layer or state

    def _ask(self) -> list[Direction]:
        found = []
        for name in self._layers:
            with np.errstate(all="ignore"):
                states = hidden_states(
                    self.trainer, self._x, name, mask=self._mask, state=self.state
                ).astype(float)
            states[~self._there] = np.nan
            found.append(Direction(name, states))
        return found

    def states(self) -> list[Direction]:
        """Return what each direction remembers, (time, units); NaN where there is no time step."""
        return self._states.now()

    # ---- drawing ---------------------------------------------------------------------------------
    def _draw(self) -> None:
        width, height = self._use_pixels()
        self._painted: list[Direction] | None = None
        found = self.states()
        steps, units = found[0].states.shape
        labels = [d.name for d in found]
        features = [literal(n, 90, SMALL) for n in self._names] if self._tokens is None else []
        features = features[:_MOST_INPUTS]
        words = [*labels, counted(units, "unit"), "input", *features]
        longest = max(text_width(literal(word, 90, SMALL), SMALL) for word in words)
        left = longest + 12
        wide = width - left - _LIMIT
        inputs = _ROW * (1 if self._tokens is not None else len(features)) + 6
        high = (height - _FOOT - inputs - _GAP * (len(found) - 1)) / len(found)
        high = min(high, 30.0 * units)
        top = height
        self._draw_inputs((left, top - inputs + 6, wide, inputs - 6), features)
        top -= inputs
        self._images: list[AxesImage] = []
        self._numbers: list[Words] = []
        for i, name in enumerate(labels):
            y = top - (i + 1) * high - i * _GAP
            frame = (left, y, wide, high)
            fine = steps > 1.5 * wide or units > 1.5 * high
            self._images.append(self.moving(picture(self.ax, frame, fine=fine)))
            self._name(literal(name, 90, SMALL), left - 8, y + high / 2 + 7)
            self._name(counted(units, "unit"), left - 8, y + high / 2 - 7)
        foot = top - len(found) * high - (len(found) - 1) * _GAP
        self._draw_time(left, wide, foot - 4, steps)
        self._draw_scale(width, foot, top)
        self._status = self.moving_text(
            (1, 1), (0, self.header), color=self.theme.muted, ha="right"
        )

    def _name(self, name: str, x: float, y: float) -> None:
        look: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        self.ax.text(x, y, name, ha="right", va="center", **look)

    def _draw_inputs(self, frame: Frame, features: list[str]) -> None:
        """Draw what is read: a word at each time step, or a row of cells for each feature."""
        x, y, wide, high = frame
        steps = len(self._x)
        if self._tokens is None:
            values = np.where(self._there[:, None], self._x, np.nan)[:, : len(features)]
            image = picture(self.ax, frame, fine=steps > 1.5 * wide)
            image.set_data(self.theme.diverging(values.T, largest(values) or 1.0))
            for i, name in enumerate(features):
                self._name(name, x - 8, y + high - (i + 0.5) * _ROW)
            return
        self._name("input", x - 8, y + high / 2)
        look: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.ink, "parse_math": False}
        room = wide / steps
        widest = max(text_width(w, SMALL) for w in self._tokens)
        least = _LETTER if max(map(len, self._tokens)) == 1 else min(widest, 24.0) + 3
        stride = max(1, int(np.ceil(least / room)))
        for t in range(0, steps, stride):
            if self._there[t]:
                word = literal(self._tokens[t], stride * room - 1, SMALL)
                at = x + (t + 0.5) * room
                self.ax.text(at, y + high / 2, word, ha="center", va="center", **look)

    def _draw_time(self, left: float, wide: float, y: float, steps: int) -> None:
        look: dict[str, Any] = {
            "fontsize": SMALL,
            "color": self.theme.muted,
            "parse_math": False,
            "va": "top",
        }
        room = wide / steps
        stride = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if s * room >= 26)
        for t in range(0, steps, stride):
            word = "time 0" if t == 0 and room * stride >= 60 else str(t)
            self.ax.text(left + (t + 0.5) * room, y, word, ha="center", **look)
        if room * stride < 60:
            self.ax.text(left - 8, y, "time", ha="right", **look)

    def _draw_scale(self, width: float, low: float, high: float) -> None:
        left = width - _LIMIT + 12
        bar = picture(self.ax, (left, low, 7.0, high - low))
        bar.set_data(self.theme.diverging(np.linspace(1, -1, 128)[:, None], 1.0))
        look: dict[str, Any] = {"fontsize": SMALL, "color": self.theme.muted, "parse_math": False}
        self.ax.text(left + 11, (low + high) / 2, "0", va="center", **look)
        at = [(left + 11, high - 5), (left + 11, low + 5)]
        self._ends = self.moving(Words(self.ax, at, SMALL, align="left", color=self.theme.muted))

    def _refresh(self) -> None:
        found = self.states()
        if found is self._painted:
            return
        self._painted = found
        size = max(largest(d.states) for d in found)
        limit = step_up(size)
        top = f"{limit:g}"
        self._ends.set_words([top, f"−{top}"])
        for image, direction in zip(self._images, found, strict=True):
            image.set_data(self.theme.diverging(direction.states.T, limit))
        what = "" if self.state == "h" else f", state {plain(self.state)}"
        self._status.set_text(f"{self._part} sample {self.sample}{what}")

    # ---- words -----------------------------------------------------------------------------------
    def _describe(self) -> str:
        steps = counted(int(self._there.sum()), "time step")
        words = f"sample {self.sample} of the {self._part} data, {steps}"
        if self._tokens is not None and self.trainer.model.takes_indices:
            read = [t for t, there in zip(self._tokens, self._there, strict=True) if there]
            joined = ("" if max(map(len, read)) == 1 else " ").join(read)
            words += f" ({plain(joined)})"
        parts = [self._words(d) for d in self.states()]
        what = "" if self.state == "h" else f" (state {plain(self.state)})"
        return f"{words}{what}; {'; '.join(parts)}."

    def _words(self, direction: Direction) -> str:
        states = direction.states[self._there]
        name = f"{plain(direction.name)}, {counted(states.shape[1], 'unit')}"
        if not np.isfinite(states).all():
            return f"{name}: states are not numbers (NaN or infinity) everywhere"
        low, high = number(float(states.min())), number(float(states.max()))
        moves = np.abs(np.diff(states, axis=0)).mean(axis=0) if len(states) > 1 else np.zeros(1)
        steadiest = ""
        if moves.size > 1:
            steadiest = f"; unit {int(moves.argmax())} changes most from step to step"
        return f"{name}: from {low} to {high}{steadiest}"

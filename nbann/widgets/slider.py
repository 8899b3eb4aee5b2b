"""Slider: a number to move, with its name, for lessons of one's own. Imports the core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import traitlets as t

from nbann.core.checks import number_in, whole_number
from nbann.core.errors import bad_value

from .guesses import plain_value, text_of
from .module import css, esm
from .view import View

MOST = 10_001  # places of a slider; more could not be told apart


class Slider(View):
    """A slider with a name: by mouse, touch and arrow keys, and from Python.

    ipywidgets has sliders, too; a screen reader is not told what they are for. An error in
    `on_change`, or in what observes ``value``, is shown in the widget with its traceback.

    Parameters
    ----------
    label : str
        What is moved; shown before the slider.
    low, high : number, optional
        Its ends.
    step : number, optional
        Above 0; by default a hundredth of the way, or 1 where both ends are whole numbers.
    values : sequence of number, optional
        In place of ends and step: the numbers that can be chosen, in increasing order.
    value : number, optional
        Where it begins; by default at its lowest number. The nearest number of the slider is taken.
    on_change : callable, optional
        ``on_change(value)`` is called now and at each change.

    Attributes
    ----------
    value : int or float
        May be set, observed and linked, as that of any ipywidget.

    Raises
    ------
    ValueError
        No label, ends out of order, a step that is not above 0, ends and values at once, values
        that do not increase, a value out of range.

    Examples
    --------
    >>> import nbann
    >>> slider = nbann.Slider("hidden neurons", values=[1, 2, 4, 8], value=2, on_change=print)
    2
    >>> slider.value = 4
    4
    >>> slider
    Slider('hidden neurons', 4 of 1 to 8)
    """

    _esm = esm("slider")
    _css = css("slider")
    _drives: ClassVar[bool] = False

    label = t.Unicode("").tag(sync=True)
    texts = t.List(t.Unicode()).tag(sync=True)
    """The numbers that can be chosen, as they are shown."""
    place = t.Int(0).tag(sync=True)
    """Which of them is chosen, counted from 0."""
    heard = t.Int(0).tag(sync=True)
    """The number of the browser's last message that was done."""
    value = t.Any()

    def __init__(
        self,
        label: str,
        low: float | None = None,
        high: float | None = None,
        step: float | None = None,
        *,
        values: Sequence[float] | None = None,
        value: float | None = None,
        on_change: Callable[[Any], object] | None = None,
    ) -> None:
        if not isinstance(label, str) or not label.strip():
            mend = 'Pass e.g. Slider("learning rate", 0, 1).'
            raise bad_value("label", "text", f"{label!r:.40}", mend)
        if on_change is not None and not callable(on_change):
            mend = "Pass a function of the value."
            raise bad_value("on_change", "a callable", f"{on_change!r:.40}", mend)
        self._values = _spaced(low, high, step) if values is None else _listed(values, low, high)
        begin = self._values[0] if value is None else value
        super().__init__(label=label, texts=[text_of(number) for number in self._values])
        self.value = begin
        if on_change is not None:
            self.observe(lambda change: on_change(change["new"]), "value")
            on_change(self.value)
        self._show()

    @t.validate("value")
    def _nearest(self, proposal: Any) -> float:
        number = number_in("value", plain_value(proposal["value"]))
        low, high = self._values[0], self._values[-1]
        slack = 1e-9 * (high - low)
        if not low - slack <= number <= high + slack:
            mend = f"Set a number from {low:g} to {high:g}."
            raise bad_value("value", f"a number from {low:g} to {high:g}", f"{number:g}", mend)
        return min(self._values, key=lambda one: abs(one - number))

    @t.observe("value")
    def _place_follows(self, change: Any) -> None:
        self.place = self._values.index(change["new"])

    def describe(self) -> str:
        """Return in words where it stands."""
        return f"{self.label}: {self.texts[self.place]}, from {self.texts[0]} to {self.texts[-1]}."

    def __repr__(self) -> str:
        ends = f"{self.texts[0]} to {self.texts[-1]}"
        return f"Slider({self.label!r}, {self.texts[self.place]} of {ends})"

    # ---- what the browser says -------------------------------------------------------------------
    def _say_move(self, content: dict[str, Any]) -> None:
        self._begin()
        try:
            place = whole_number("place", content.get("place"), least=0)
            if place >= len(self._values):
                mend = "Run the cell again."
                raise bad_value("place", f"below {len(self._values)}", f"{place}", mend)
            self.value = self._values[place]
        finally:  # the browser waits for it, whatever an observer did
            self.heard = whole_number("number", content.get("number", 0), least=0)


def _spaced(low: float | None, high: float | None, step: float | None) -> list[float]:
    if low is None or high is None:
        mend = 'Pass e.g. Slider("learning rate", 0, 1), or values=[...].'
        raise bad_value("low and high", "two numbers", f"{low!r} and {high!r}", mend)
    low, high = plain_value(low), plain_value(high)
    least = number_in("low", low)
    most = number_in("high", high, above=least)
    whole = isinstance(low, int) and isinstance(high, int)
    if step is None:
        step = 1 if whole else (most - least) / 100
    step = plain_value(step)
    stride = number_in("step", step, above=0.0)
    count = int((most - least) / stride + 1e-9) + 1
    if not 2 <= count <= MOST:
        mend = "Pass a step that fits between the ends, or values=[...]."
        raise bad_value("step", f"2 to {MOST:,} places", f"{count:,}", mend)
    if whole and isinstance(step, int):
        return [low + step * place for place in range(count)]
    return [float(f"{least + stride * place:.12g}") for place in range(count)]


def _listed(values: Sequence[float], low: object, high: object) -> list[float]:
    if low is not None or high is not None:
        raise bad_value("Slider", "low and high, or values", "both", "Leave one of them out.")
    numbers = [plain_value(value) for value in values]
    for number in numbers:
        number_in("values", number)
    if not 2 <= len(numbers) <= MOST or any(after <= before for before, after in pairwise(numbers)):
        mend = "Pass e.g. values=[1, 2, 4, 8]."
        raise bad_value("values", "2 numbers or more, increasing", f"{numbers!r:.60}", mend)
    return numbers

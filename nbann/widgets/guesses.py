"""What can be guessed and how a guess is judged, in words; imports the core only."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from nbann.core.checks import number_in
from nbann.core.errors import bad_value
from nbann.core.render import significant

Guess = str | bool | int | float
DIGITS = 4


def text_of(value: Guess) -> str:
    """Return a guess or a truth as it is shown."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return str(value)
    number = float(value)
    if math.isnan(number):
        return "not a number"
    return significant(number, DIGITS).replace("-", "\N{MINUS SIGN}").replace("inf", "∞")


def plain_value(value: Any) -> Any:
    """Return a NumPy number, or an array of one element, as a plain number."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.size == 1):
        return value.item()
    return value


class Choices:
    """One of several answers.

    Raises
    ------
    ValueError
        Fewer than two, one of them twice, something else than text and numbers.
    """

    kind = "choices"

    def __init__(self, choices: Sequence[Guess]) -> None:
        mend = 'Pass e.g. choices=["up", "down"].'
        if isinstance(choices, str) or len(choices) < 2:
            raise bad_value("choices", "a list of at least 2", f"{choices!r:.60}", mend)
        self.values = [plain_value(choice) for choice in choices]
        for value in self.values:
            if not isinstance(value, (str, int, float)):
                raise bad_value("choices", "text or numbers", f"{type(value).__name__}", mend)
        self.texts = [text_of(value) for value in self.values]
        if len(set(self.texts)) < len(self.texts):
            raise bad_value("choices", "each of them once", f"{self.texts}", "Word them apart.")

    def checked(self, value: Any, what: str) -> Guess:
        """Return a guess or a truth as the choice that it is, or say that it is none."""
        value = plain_value(value)
        for choice in self.values:
            if type(choice) is type(value) and choice == value:
                return choice
        for choice in self.values:  # 1 and 1.0 are one answer, True and 1 are not
            same = isinstance(choice, bool) == isinstance(value, bool) and choice == value
            if same:
                return choice
        mend = "Let it be one of the choices."
        raise bad_value(what, f"one of {self.values}", f"{value!r:.60}", mend)

    def verdict(self, guess: Guess, truth: Guess) -> str:
        """Return whether the guess is right, in words."""
        if guess == truth:
            return f"Right: {_ended(text_of(truth))}"
        return f"Not quite: you guessed {text_of(guess)}; it is {_ended(text_of(truth))}"


class Number:
    """A number; between the ends of a slider if there are any.

    Raises
    ------
    ValueError
        Ends that are not (low, high) or (low, high, step), low not below high, a step that is not
        above 0, `within` below 0.
    """

    def __init__(self, slider: Sequence[float] | None, within: float | None) -> None:
        self.kind = "number" if slider is None else "slider"
        self.low, self.high, self.step = -math.inf, math.inf, 0.0
        if slider is not None:
            if isinstance(slider, str) or len(slider) not in (2, 3):
                mend = "Pass e.g. slider=(0, 2, 0.01)."
                raise bad_value("slider", "(low, high) or (low, high, step)", f"{slider!r}", mend)
            self.low = number_in("low", slider[0])
            self.high = number_in("high", slider[1], above=self.low)
            step = slider[2] if len(slider) == 3 else (self.high - self.low) / 100
            self.step = number_in("step", step, above=0.0)
        self.within = None if within is None else number_in("within", within, least=0.0)

    @property
    def ends(self) -> dict[str, float]:
        """Lowest, highest and step of a slider; empty without one."""
        if self.kind == "number":
            return {}
        return {"low": self.low, "high": self.high, "step": self.step}

    def checked(self, value: Any, what: str) -> float:
        """Return a guess or a truth as a number, or say that it is none."""
        value = plain_value(value)
        if what == "truth":  # a run may have diverged
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                mend = "Let the callable return a number, or raise nbann.NotYet(...)."
                raise bad_value(what, "a number", f"{value!r:.60}", mend)
            return float(value)
        number = number_in(what, value)
        if not self.low <= number <= self.high:
            mend = f"Guess from {self.low:g} to {self.high:g}."
            raise bad_value(
                what, f"a number from {self.low:g} to {self.high:g}", f"{number:g}", mend
            )
        return number

    def verdict(self, guess: float, truth: float) -> str:
        """Return how far the guess is from the truth, in words."""
        both = f"you guessed {text_of(guess)}; it is {text_of(truth)}"
        if not math.isfinite(truth):
            return f"{both[:1].upper()}{both[1:]}."
        away = guess - truth
        right = self.within is not None and abs(away) <= self.within
        if away == 0 or text_of(guess) == text_of(truth):
            return f"Right: it is {text_of(truth)}."
        distance = f"{text_of(abs(away))} too {'high' if away > 0 else 'low'}"
        if truth:
            distance += f" (off by {text_of(float(f'{abs(away / truth) * 100:.2g}'))}%)"
        if right:
            return f"Close enough: {both}, {distance}."
        return f"{both[:1].upper()}{both[1:]}, {distance}."


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."

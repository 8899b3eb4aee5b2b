"""Schedules: rules for a learning rate that changes; imports the core's own parts only.

A rule is written twice, as a number for training (`value`) and as an expression for reading
(`formula`). `optimizers/schedule_ops.py` makes an op of it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from ..checks import number_in, whole_number
from ..errors import UnknownNameError, bad_value
from ..expr import Call, Expr, Negative, Number, Power, Product, Quotient, Sum
from ..scoring.monitor import Mode
from .settings import Settings

if TYPE_CHECKING:
    from ..state import State

Unit = Literal["epoch", "batch"]
COUNTERS = {"epoch": "epoch_count", "batch": "step_count"}
"""The array that counts a schedule's units: epochs or batches done before the one at hand."""

Numbers = Callable[[str], float]
Expressions = Callable[[str], Expr]
_ONE = Number(1.0)


class Schedule(Settings, ABC):
    """A learning rate that changes as training goes on.

    Attributes
    ----------
    reads : tuple of str
        Names of the numbers of the state that the rule depends on: "epoch_count", "step_count", ...
    counter : str or None
        That of `reads` which counts the epochs or batches done.
    hyper, counters : dict of str to float
        What it adds to the hyper-parameters and counters of the state, and their start.
    monitor : str or None
        The history column that it watches.
    mode : {"min", "max"} or None
        Whether lower or higher is better in that column; None where the metric itself says it.
    """

    reads: tuple[str, ...] = ()
    counter: str | None = None
    monitor: str | None = None
    mode: Mode | None = None

    @property
    def hyper(self) -> dict[str, float]:
        """Numbers of its own that its op reads, and their start."""
        return {}

    @property
    def counters(self) -> dict[str, float]:
        """Further numbers of its own, and their start."""
        return {}

    @abstractmethod
    def value(self, read: Numbers) -> float:
        """Return the learning rate, at least 0; `read(name)` is a number of the state."""

    @abstractmethod
    def formula(self, read: Expressions) -> Expr:
        """Return the same as an expression; `read(name)` is a number of the state as one."""

    def observe(self, state: State, value: float, mode: Mode) -> None:
        """Take in a new number of the column `monitor`; a rule that watches none does nothing."""


class _Timed(Schedule):
    """A rule of the number of epochs or batches done."""

    counter: str

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.counter = _counter(unit)
        self.reads = (self.counter,)


def _counter(unit: object) -> str:
    if not isinstance(unit, str) or unit not in COUNTERS:
        raise UnknownNameError("unit of a schedule", unit, COUNTERS)
    return COUNTERS[unit]


class Constant(Schedule):
    """``rate = learning_rate``, for ever; the same as passing the number.

    Parameters
    ----------
    learning_rate : float
        Above 0.

    Raises
    ------
    ValueError
        A learning rate that is not above 0.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = number_in("learning_rate", learning_rate, above=0.0)

    def value(self, read: Numbers) -> float:
        return self.learning_rate

    def formula(self, read: Expressions) -> Expr:
        return Number(self.learning_rate)


class StepDecay(_Timed):
    """``rate = start * factor**floor(n / every)``: a step down at regular intervals.

    n counts the epochs (or batches) done. This is PyTorch's `StepLR`; the practice is older, see He
    et al., "Deep residual learning for image recognition", CVPR 2016, section 3.4.

    Parameters
    ----------
    start : float
        Learning rate of the first interval, above 0.
    every : int
        Length of an interval, at least 1.
    factor : float
        By which each interval's rate is multiplied for the next, in (0, 1).
    unit : {"epoch", "batch"}
        What is counted.

    Raises
    ------
    ValueError
        An argument out of its range, or an unknown unit.
    """

    def __init__(self, start: float, every: int, factor: float = 0.1, unit: Unit = "epoch") -> None:
        super().__init__(unit)
        self.start = number_in("start", start, above=0.0)
        self.every = whole_number("every", every, least=1)
        self.factor = number_in("factor", factor, above=0.0, below=1.0)

    def value(self, read: Numbers) -> float:
        return self.start * self.factor ** math.floor(read(self.counter) / self.every)

    def formula(self, read: Expressions) -> Expr:
        steps = Call("floor", (Quotient(read(self.counter), Number(self.every)),))
        return Product((Number(self.start), Power(Number(self.factor), steps)))


class ExponentialDecay(_Timed):
    """``rate = start * factor**n``: the same share off after every epoch (or batch).

    n counts the epochs (or batches) done. This is PyTorch's `ExponentialLR`.

    Parameters
    ----------
    start : float
        First learning rate, above 0.
    factor : float
        In (0, 1).
    unit : {"epoch", "batch"}
        What is counted.

    Raises
    ------
    ValueError
        An argument out of its range, or an unknown unit.
    """

    def __init__(self, start: float, factor: float, unit: Unit = "epoch") -> None:
        super().__init__(unit)
        self.start = number_in("start", start, above=0.0)
        self.factor = number_in("factor", factor, above=0.0, below=1.0)

    def value(self, read: Numbers) -> float:
        return float(self.start * self.factor ** read(self.counter))

    def formula(self, read: Expressions) -> Expr:
        return Product((Number(self.start), Power(Number(self.factor), read(self.counter))))


class CosineDecay(_Timed):
    """``rate = end + (start - end) * (1 + cos(pi * min(n, steps) / steps)) / 2``.

    Slow at first, fast in the middle, slow at the end, and `end` from then on; n counts the epochs
    (or batches) done. (Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts",
    ICLR 2017, equation 5, without the restarts; PyTorch's `CosineAnnealingLR` up to its end.)

    Parameters
    ----------
    start : float
        First learning rate, above 0.
    steps : int
        Epochs (or batches) until `end` is reached, at least 1.
    end : float
        Last learning rate, at least 0.
    unit : {"epoch", "batch"}
        What is counted.

    Raises
    ------
    ValueError
        An argument out of its range, or an unknown unit.
    """

    def __init__(self, start: float, steps: int, end: float = 0.0, unit: Unit = "epoch") -> None:
        super().__init__(unit)
        self.start = number_in("start", start, above=0.0)
        self.steps = whole_number("steps", steps, least=1)
        self.end = number_in("end", end, least=0.0)

    def value(self, read: Numbers) -> float:
        angle = math.pi * min(read(self.counter), self.steps) / self.steps
        return self.end + (self.start - self.end) * (1 + math.cos(angle)) / 2

    def formula(self, read: Expressions) -> Expr:
        steps, end = Number(self.steps), Number(self.end)
        done = Call("min", (read(self.counter), steps))
        wave = Call("cos", (Quotient(Product((Number(math.pi), done)), steps),))
        drop = Sum((Number(self.start), Negative(end))) if self.end else Number(self.start)
        rest = Quotient(Product((drop, Sum((_ONE, wave)))), Number(2.0))
        return Sum((end, rest)) if self.end else rest


class LinearWarmup(Schedule):
    """``rate = peak * (n + 1) / steps`` for n < `steps`, and then another rule from its start.

    The peak is where the other rule begins; n counts the epochs (or batches) done. A net's first
    gradients are large and point here and there; small steps at first keep it from being thrown
    off. (Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017,
    arXiv:1706.02677, section 2.2, "gradual warmup".)

    Parameters
    ----------
    steps : int
        Epochs (or batches) of rising, at least 1; the last of them has the peak's rate.
    then : float or Schedule
        What follows; it counts from the end of the warm-up on.
    unit : {"epoch", "batch"}, optional
        What is counted: by default what `then` counts, and epochs where that counts nothing.

    Raises
    ------
    ValueError
        An argument out of its range, an unknown unit, or another one than that of `then`.

    Examples
    --------
    >>> import nbann
    >>> nbann.schedules.LinearWarmup(5, then=nbann.schedules.CosineDecay(0.1, 20))
    LinearWarmup(steps=5, then=CosineDecay(start=0.1, steps=20))
    """

    def __init__(self, steps: int, then: float | Schedule, unit: Unit | None = None) -> None:
        self.steps = whole_number("steps", steps, least=1)
        self._rule = as_schedule("then", then)
        self.then = then if isinstance(then, Schedule) else float(then)
        self.unit = unit
        follows = self._rule.counter
        self._counts = follows or COUNTERS["epoch"] if unit is None else _counter(unit)
        if follows not in (None, self._counts):
            mend = f"Let both count the same, e.g. leave out unit={unit!r}."
            raise bad_value("then", f"a schedule that counts by {unit}", repr(then), mend)
        self.counter = self._counts
        self.reads = tuple(dict.fromkeys((self._counts, *self._rule.reads)))
        self.monitor, self.mode = self._rule.monitor, self._rule.mode

    @property
    def hyper(self) -> dict[str, float]:
        return self._rule.hyper

    @property
    def counters(self) -> dict[str, float]:
        return self._rule.counters

    def value(self, read: Numbers) -> float:
        def later(name: str) -> float:
            return max(0.0, read(name) - self.steps) if name == self._counts else read(name)

        return min((read(self._counts) + 1) / self.steps, 1.0) * self._rule.value(later)

    def formula(self, read: Expressions) -> Expr:
        def later(name: str) -> Expr:
            if name != self._counts:
                return read(name)
            past = Sum((read(name), Negative(Number(self.steps))))
            return Call("max", (Number(0.0), past))

        share = Quotient(Sum((read(self._counts), _ONE)), Number(self.steps))
        return Product((Call("min", (share, _ONE)), self._rule.formula(later)))

    def observe(self, state: State, value: float, mode: Mode) -> None:
        self._rule.observe(state, value, mode)


def as_schedule(name: str, rate: float | Schedule) -> Schedule:
    """Return a learning rate as a schedule, or say what is wrong with it."""
    return rate if isinstance(rate, Schedule) else Constant(number_in(name, rate, above=0.0))

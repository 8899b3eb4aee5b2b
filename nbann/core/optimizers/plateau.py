"""A schedule that watches a score: the rate falls where it stops improving."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..checks import number_in, whole_number
from ..errors import bad_value
from ..expr import Call, Expr, Number, Power, Product
from ..scoring.monitor import Mode, as_mode
from .schedules import Expressions, Numbers, Schedule

if TYPE_CHECKING:
    from ..state import State


class ReduceOnPlateau(Schedule):
    """``rate = max(start * factor**reductions, minimum)``, reduced where a score stops improving.

    After each evaluation, a score below ``best - min_delta`` is the new best; any other is one
    evaluation without improvement. When there have been more than `patience` of them in a row, the
    rate is reduced once, and `cooldown` evaluations follow that do not count. (PyTorch's
    `ReduceLROnPlateau` with ``threshold_mode="abs"``.)

    Parameters
    ----------
    start : float
        First learning rate, above 0.
    factor : float
        By which the rate is multiplied, in (0, 1).
    patience : int
        Evaluations without improvement that are put up with, at least 0.
    min_delta : float
        Least change that counts as an improvement, at least 0.
    cooldown : int
        Evaluations after a reduction that do not count, at least 0.
    minimum : float
        Least learning rate, at least 0 and at most `start`.
    monitor : str
        The history column that is watched, such as "test_loss".
    mode : {"min", "max"}, optional
        Whether lower or higher is better. By default inferred where that is known: losses are
        better low, and each metric of `nbann.metrics` says what it is. For another function it is
        to be said here, or by an attribute of it, ``f.lower_is_better = True``.

    Raises
    ------
    ValueError
        An argument out of its range, or an unknown mode; when the trainer is made, a column that
        it does not measure, or one without a mode of which neither is known.
    """

    reads = ("plateau_reductions",)

    def __init__(
        self,
        start: float,
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        cooldown: int = 0,
        minimum: float = 0.0,
        monitor: str = "train_loss",
        mode: Mode | None = None,
    ) -> None:
        self.start = number_in("start", start, above=0.0)
        self.factor = number_in("factor", factor, above=0.0, below=1.0)
        self.patience = whole_number("patience", patience, least=0)
        self.min_delta = number_in("min_delta", min_delta, least=0.0)
        self.cooldown = whole_number("cooldown", cooldown, least=0)
        self.minimum = number_in("minimum", minimum, least=0.0)
        if self.minimum > self.start:
            mend = "Pass a smaller minimum, or leave it out."
            raise bad_value("minimum", f"at most start, {self.start:g}", repr(minimum), mend)
        if not isinstance(monitor, str):
            mend = "Pass e.g. monitor='train_loss'."
            raise bad_value("monitor", "the name of a history column", repr(monitor), mend)
        self.monitor: str = monitor
        self.mode = as_mode(mode)

    @property
    def hyper(self) -> dict[str, float]:
        return {"plateau_reductions": 0.0}

    @property
    def counters(self) -> dict[str, float]:
        # NaN: none yet
        return {"plateau_best": math.nan, "plateau_wait": 0.0, "plateau_cooldown": 0.0}

    def value(self, read: Numbers) -> float:
        return float(max(self.start * self.factor ** read("plateau_reductions"), self.minimum))

    def formula(self, read: Expressions) -> Expr:
        power = Power(Number(self.factor), read("plateau_reductions"))
        return Call("max", (Product((Number(self.start), power)), Number(self.minimum)))

    def observe(self, state: State, value: float, mode: Mode) -> None:
        """Count an evaluation as an improvement or not, and reduce the rate when it is time.

        Parameters
        ----------
        state : State
            Holds "plateau_best", "plateau_wait", "plateau_cooldown" and "plateau_reductions".
        value : float
            The score; NaN is no improvement.
        mode : {"min", "max"}
            Whether a lower or a higher one is better.
        """
        best, wait, rest = (state.arrays[name] for name in self.counters)
        sign = 1.0 if mode == "min" else -1.0
        before = math.inf if math.isnan(best) else sign * best.item()
        if sign * value < before - self.min_delta:
            best[...] = value
            wait[...] = 0.0
        else:
            wait += 1.0
        if rest > 0.0:
            rest -= 1.0
            wait[...] = 0.0
        if wait > self.patience:
            # the op of the next batch reads it; the rate in force stays as its own op wrote it
            state.set_hyper("plateau_reductions", state.hyper["plateau_reductions"].item() + 1.0)
            rest[...] = self.cooldown
            wait[...] = 0.0

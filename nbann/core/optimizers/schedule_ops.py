"""The primitives of a schedule: the rate of this step, and the count of steps and epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from ..expr import Call, Equation, Expr, Number, Product, Quotient, Sum
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from ..state import State
from .schedules import Numbers, Schedule

_ONE = Number(1.0)


class ScheduleOp(Primitive):
    """``learning_rate = learning_rate_scale * rule``: the rate of the update that follows."""

    verb = "schedule"

    def __init__(self, state: State, schedule: Schedule) -> None:
        self.state = state
        self.schedule = schedule
        self.reads = ("learning_rate", "learning_rate_scale", *schedule.reads)
        self.writes = ("learning_rate",)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        rate, scale = (self.state.hyper[name] for name in self.reads[:2])
        read = numbers_of(self.state)
        yield partial(_write_rate, rate, scale.item, self.schedule.value, read)

    def equation(self, symbol: Symbols) -> Equation:
        right = Product((symbol("learning_rate_scale"), self.schedule.formula(symbol)))
        return Equation(symbol("learning_rate"), right)

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Product((entry("learning_rate_scale"), self.schedule.formula(entry)))


def numbers_of(state: State) -> Numbers:
    """Return how a schedule reads the numbers of a state."""
    arrays = state.arrays
    return lambda name: arrays[name].item()


def _write_rate(
    rate: Floats, scale: Callable[[], float], value: Callable[[Numbers], float], read: Numbers
) -> None:
    rate[()] = scale() * value(read)


class Count(Primitive):
    """``t = t + 1``, and where epochs are counted ``epoch = floor((t + 1) / batches)``."""

    verb = "count"

    def __init__(self, state: State, batches_per_epoch: int | None) -> None:
        self.state = state
        self.batches = batches_per_epoch
        # the epochs are state too, so they stand among what is read
        self.reads = ("step_count",) if self.batches is None else ("step_count", "epoch_count")
        self.writes = self.reads

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        steps = self.state.arrays["step_count"]
        yield partial(_add_one, steps, steps.item)
        if self.batches is not None:
            batches = np.array(float(self.batches))
            yield partial(np.floor_divide, steps, batches, self.state.arrays["epoch_count"])

    def equation(self, symbol: Symbols) -> Equation:
        t = symbol("step_count")
        return Equation(t, Sum((t, _ONE)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        steps = Sum((entry("step_count"), _ONE))
        if name == "step_count" or self.batches is None:
            return steps
        return Call("floor", (Quotient(steps, Number(self.batches)),))


def _add_one(count: Floats, value: Callable[[], float]) -> None:
    count[()] = value() + 1.0  # a tenth of the time of `np.add(count, one, count)`

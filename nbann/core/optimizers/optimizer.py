"""What all optimizers share: their settings, the order of their ops, the learning rate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..checks import number_in
from ..errors import UnknownNameError, bad_value
from ..expr import Symbol
from ..scoring.history import Value
from ..scoring.metric import MetricLike
from ..scoring.monitor import Mode, as_number, mode_of
from .clipping import ClipByNorm, ClipByValue, GradientNorm, WeightDecay
from .schedule_ops import Count, ScheduleOp, numbers_of
from .schedules import COUNTERS, Constant, Schedule, as_schedule
from .settings import Settings

if TYPE_CHECKING:
    from ..builder import Builder
    from ..state import State

_OnTheWay = type[ClipByValue] | type[ClipByNorm] | type[WeightDecay]


class Optimizer(Settings, ABC):
    """How a gradient changes the parameters.

    The ops of a step come in this order, each only where it is asked for: the schedule, the count
    of steps, clipping by value, clipping by norm, weight decay, and the optimizer's own.

    Parameters
    ----------
    learning_rate : float or Schedule
        Step size, above 0.
    weight_decay : float
        Share of the parameters, weights and biases alike, that is added to the gradient; at least
        0.
    clip_value : float, optional
        Largest size of an element of the gradient, above 0; larger ones are cut to it.
    clip_norm : float, optional
        Largest 2-norm of the whole gradient, above 0; a longer one is shortened to it.

    Raises
    ------
    ValueError
        An argument out of its range.
    """

    kind: str
    decoupled = False
    """Whether the optimizer's own op does the weight decay, apart from the gradient."""
    counts_steps = False
    """Whether the optimizer's own ops read "step_count"."""

    def __init__(
        self,
        learning_rate: float | Schedule,
        weight_decay: float = 0.0,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        rule = as_schedule("learning_rate", learning_rate)
        self.learning_rate = rule.learning_rate if isinstance(rule, Constant) else rule
        self.weight_decay = number_in("weight_decay", weight_decay, least=0.0)
        self.clip_value = _limit("clip_value", clip_value)
        self.clip_norm = _limit("clip_norm", clip_norm)

    @property
    def schedule(self) -> Schedule | None:
        """The rule of the learning rate, or None where it is constant."""
        return self.learning_rate if isinstance(self.learning_rate, Schedule) else None

    # ---- what an optimizer has to say ------------------------------------------------------------
    @property
    def memory(self) -> tuple[str, ...]:
        """Flat vectors of its own that outlive a batch, by suffix; they start at 0."""
        return ()

    @property
    def settings(self) -> dict[str, float]:
        """Hyper-parameters of its own that its kernels read, by name."""
        return {}

    @property
    def shares(self) -> dict[str, float]:
        """Shares that its averages keep, by name; in float64 whatever the state is in."""
        return {}

    @abstractmethod
    def emit_step(self, b: Builder, gradient: str) -> None:
        """Emit its own ops; `gradient` is the suffix of the vector that they take as gradient."""

    # ---- what the state holds for it -------------------------------------------------------------
    @property
    def vectors(self) -> dict[str, bool]:
        """Flat vectors that the state needs, by suffix, and whether each outlives a batch."""
        passing = {into: False for _, into in self._way_of_the_gradient()}
        return dict.fromkeys(self.memory, True) | passing

    @property
    def counters(self) -> dict[str, float]:
        """Further numbers that persist from batch to batch, in float64, and their start."""
        read = () if self.schedule is None else self.schedule.reads
        counted = [name for name in COUNTERS.values() if name in read]
        if self.counts_steps or counted:
            counted.append("step_count")
        own = {} if self.schedule is None else self.schedule.counters
        return dict.fromkeys(counted, 0.0) | own | self.shares

    def hyper(self) -> dict[str, float]:
        """Return the hyper-parameters that kernels read, by name, and their start."""
        if isinstance(self.learning_rate, Schedule):
            own = self.learning_rate.hyper
            start = self.counters | own
            rate = self.learning_rate.value(start.__getitem__)
            found = {"learning_rate": rate, "learning_rate_scale": 1.0} | own
        else:
            found = {"learning_rate": self.learning_rate}
        limits = {"clip_value": self.clip_value, "clip_norm": self.clip_norm}
        found |= {name: limit for name, limit in limits.items() if limit is not None}
        if self.weight_decay:
            found["weight_decay"] = self.weight_decay
        return found | self.settings

    # ---- its ops ---------------------------------------------------------------------------------
    def emit(self, b: Builder) -> None:
        """Emit the ops of one step."""
        if self.schedule is not None:
            b.emit(ScheduleOp(b.state, self.schedule))
        if "step_count" in self.counters:
            by_epoch = "epoch_count" in self.counters
            b.emit(Count(b.state, b.batches_per_epoch if by_epoch else None))
        gradient = ".grad"
        for op, into in self._way_of_the_gradient():
            if op is ClipByNorm:
                b.array("grad_norm", (), Symbol("||g||"))
                b.emit(GradientNorm(b.state, gradient))
            b.emit(op(b.state, gradient, into))
            gradient = into
        self.emit_step(b, gradient)

    def _way_of_the_gradient(self) -> list[tuple[_OnTheWay, str]]:
        """Return what happens to the gradient before the step, and the vector that each writes."""
        way: list[tuple[_OnTheWay, str]] = []
        if self.clip_value is not None:
            way.append((ClipByValue, ".clipped"))
        if self.clip_norm is not None:
            way.append((ClipByNorm, ".clipped_again" if way else ".clipped"))
        if self.weight_decay and not self.decoupled:
            way.append((WeightDecay, ".decayed"))
        return way

    # ---- the learning rate as it stands ----------------------------------------------------------
    def current_learning_rate(self, state: State) -> float:
        """Return the learning rate of the update that comes next."""
        rate = state.hyper["learning_rate"].item()
        if self.schedule is not None:
            scale = state.hyper["learning_rate_scale"].item()
            rate = scale * self.schedule.value(numbers_of(state))
        # float32 0.1 is 0.100000001490116; its shortest text is what was meant
        return float(str(state.dtype.type(rate)))

    def learning_rate_setting(self, state: State, value: float) -> tuple[str, float]:
        """Return what gives the next update a learning rate, from which a schedule goes on.

        Returns
        -------
        str, float
            The hyper-parameter to be set: "learning_rate", or under a schedule
            "learning_rate_scale", by which all that the schedule gives is multiplied; and to what.

        Raises
        ------
        ValueError
            A rate that is not above 0 or that the dtype can not hold, or a schedule that has come
            down to 0.
        """
        value = number_in("learning_rate", value, above=0.0)
        if self.schedule is None:
            state.check_hyper("learning_rate", value)
            return "learning_rate", value
        rule = self.schedule.value(numbers_of(state))
        if not rule > 0.0:
            mend = "Let the schedule end above 0, or train on with another optimizer."
            expected = "a schedule that is above 0 and can be scaled"
            raise bad_value("learning_rate", expected, f"{self.schedule!r}, now at 0", mend)
        state.check_hyper("learning_rate_scale", value / rule)
        return "learning_rate_scale", value / rule

    def check_monitor(
        self,
        columns: Sequence[str],
        metrics: Mapping[str, MetricLike],
        measures: Mapping[str, bool] | None = None,
    ) -> Mode | None:
        """Return what is better in the history column that the schedule watches, if it watches one.

        Parameters
        ----------
        columns : sequence of str
            The columns that there will be.
        metrics : mapping of str to metric
            What is measured beside the loss, by name.
        measures : mapping of str to bool, optional
            What the model measures of itself, and whether lower is better.

        Raises
        ------
        ValueError
            A column that is not among these, or there are no evaluations at all; or a column
            without a mode of which neither is known.
        """
        monitor = None if self.schedule is None else self.schedule.monitor
        if self.schedule is None or monitor is None:
            return None
        if monitor in columns:
            return self.schedule.mode or mode_of(monitor, metrics, measures)
        if not columns:
            mend = "Pass evaluate_every=1, or a schedule that does not depend on it."
            expected = f"evaluations of {monitor!r}, on which {self.schedule!r} depends"
            raise bad_value("evaluate_every", expected, "None", mend)
        raise UnknownNameError("history column to monitor", monitor, columns)

    def observe(
        self,
        state: State,
        metrics: Mapping[str, MetricLike],
        scores: Mapping[str, Value],
        measures: Mapping[str, bool] | None = None,
    ) -> None:
        """Tell a schedule that watches a score what an evaluation has found.

        Parameters
        ----------
        state : State
        metrics : mapping of str to metric
            What was measured beside the loss, by name.
        scores : mapping of str to float or array
            The evaluation's history columns, such as "train_loss"; see `check_monitor`.
        measures : mapping of str to bool, optional

        Raises
        ------
        ValueError
            What it watches is not a single number, but a confusion matrix, say.
        """
        mode = self.check_monitor(tuple(scores), metrics, measures)
        if self.schedule is not None and self.schedule.monitor is not None and mode is not None:
            monitor = self.schedule.monitor
            self.schedule.observe(state, as_number(monitor, scores[monitor]), mode)


def _limit(name: str, value: float | None) -> float | None:
    return None if value is None else number_in(name, value, above=0.0)

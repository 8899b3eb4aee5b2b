"""What energies a trainer has measured, as curves and in words; imports NumPy and the core."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.timeline.moment import START
from .text import counted, number

if TYPE_CHECKING:
    from ..core.trainer import Trainer

Floats = NDArray[np.float64]
_SAME = 1e-9  # what rounding may change of an energy, in terms of its size


class EnergyCurve(NamedTuple):
    """One line: its name, and energies over what is counted across."""

    name: str
    at: Floats
    values: Floats


class Source(ABC):
    """One kind of energy: its curves, what is counted across, and its words."""

    across: str
    stepped = False
    """Whether a value stays until the next one, rather than being one of a slope."""
    joined = True
    """Whether points are joined by a line."""
    empty = "nothing measured yet:\npress Step or call trainer.run()"

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer

    @property
    @abstractmethod
    def what(self) -> str:
        """What is measured, for the header."""

    @abstractmethod
    def curves(self) -> list[EnergyCurve]:
        """Return the lines, without those that have no point."""

    @abstractmethod
    def status(self, curves: list[EnergyCurve]) -> str:
        """Return what the header says of them."""

    @abstractmethod
    def words(self, curves: list[EnergyCurve]) -> str:
        """Return them as a sentence, without its stop."""


class Recall(Source):
    """A Hopfield net or BAM that recalls: its energy after every update, which never rises."""

    stepped = True

    def __init__(self, trainer: Trainer) -> None:
        super().__init__(trainer)
        if trainer.model.kind == "bam":
            self._unit, self._many = "round", "rounds"
        elif trainer.batches == 1:
            self._unit, self._many = "update of all units", "updates of all units"
        else:
            self._unit, self._many = "update", "updates"
        self.across = {"update": "updates (units asked)", "round": "rounds (to y and back)"}.get(
            self._unit, self._many
        )

    @property
    def what(self) -> str:
        """The formula of its energy."""
        return "E = −x W yᵀ" if self.trainer.model.kind == "bam" else "E = −½ s W sᵀ"

    def curves(self) -> list[EnergyCurve]:
        """Return the energy after each update, with that of the probe at 0 if nobody changed it."""
        values = self.trainer.history["loss"]
        if not values.size:
            return []
        at = np.arange(1.0, len(values) + 1)
        start = self._start()
        if start is not None:
            at, values = np.append(0.0, at), np.append(start, values)
        return [EnergyCurve("energy", at, values)]

    def _start(self) -> float | None:
        """Return the probe's energy; None where something was done before the first update."""
        timeline = self.trainer.timeline
        if timeline.first or any(act.moment.step == START.step for act in timeline):
            return None
        model: Any = self.trainer.model
        if model.kind == "bam":
            return 0.0  # the other side is undecided, at 0
        return float(-0.5 * model.state @ model.weight @ model.state)

    def _turns(self, values: Floats) -> tuple[int, int]:
        """Return in how many updates the energy fell, and rose."""
        change = np.diff(values[np.isfinite(values)])
        same = _SAME * float(np.abs(values[np.isfinite(values)]).max(initial=1.0))
        return int((change < -same).sum()), int((change > same).sum())

    def _rests(self) -> bool:
        turned = self.trainer.history.last("turned")
        whole = self.trainer.position.batch == 0
        return turned == 0 and whole

    def status(self, curves: list[EnergyCurve]) -> str:
        """Say whether it rests, or has risen."""
        if not curves:
            return ""
        _, rose = self._turns(curves[0].values)
        risen = f"rose {counted(rose, 'time')}" if rose else ""
        return risen or ("at rest" if self._rests() else "")

    def words(self, curves: list[EnergyCurve]) -> str:
        """Say how the energy has come down."""
        values, updates = curves[0].values, len(self.trainer.history.losses)
        fell, rose = self._turns(values)
        words = f"{number(float(values[-1]))} after {counted(updates, self._unit, self._many)}"
        if curves[0].at[0] == 0:
            words += f", from {number(float(values[0]))} of the probe"
        words += f"; it fell {counted(fell, 'time')} and " + (
            f"rose {counted(rose, 'time')}" if rose else "never rose"
        )
        if not self._rests():
            return words
        last = self.trainer.history.evaluations
        return f"{words}; no unit turned in epoch {last}: it is at rest"


class Storing(Source):
    """A Hopfield net or BAM that stores: the energy of what each of its steps has stored."""

    joined = False

    @property
    def what(self) -> str:
        """What it is the energy of."""
        return "energy once stored"

    @property
    def across(self) -> str:  # type: ignore[override]  # depends on the trainer
        """What is counted."""
        pairs = self.trainer.model.kind == "bam"
        one = self.trainer.batches == len(self.trainer.train_data)
        if one:
            return "pairs stored" if pairs else "patterns stored"
        return "batches of pairs stored" if pairs else "batches of patterns stored"

    def curves(self) -> list[EnergyCurve]:
        """Return the energy of each step's patterns, as it was once they were stored."""
        values = self.trainer.history["loss"]
        at = np.arange(1.0, len(values) + 1)
        return [EnergyCurve("energy", at, values)] if values.size else []

    def status(self, curves: list[EnergyCurve]) -> str:
        """Say nothing."""
        return ""

    def words(self, curves: list[EnergyCurve]) -> str:
        """Say what the energies are."""
        values = curves[0].values
        words = f"{number(float(values[-1]))} of what was stored last"
        words += f", after {len(values)} {self.across}"
        stable = self.trainer.history.last("train_stable")
        if stable is not None:
            words += f"; {float(stable):.0%} of all rest"
        return words


class Measured(Source):
    """A Boltzmann machine: what its evaluations have measured of train and unseen data."""

    across = "epochs"
    empty = "no epoch done yet:\npress Step or call trainer.run()"

    def __init__(self, trainer: Trainer, measure: str) -> None:
        super().__init__(trainer)
        self.measure = measure

    @property
    def what(self) -> str:
        """Which measure it is."""
        return self.measure.replace("_", " ")

    def curves(self) -> list[EnergyCurve]:
        """Return train, validation and test."""
        history = self.trainer.history
        if history.last("epoch") is None:
            return []
        names = ((part, f"{part}_{self.measure}") for part in ("train", "validation", "test"))
        at = history["epoch"]
        return [EnergyCurve(part, at, history[name]) for part, name in names if name in history]

    def gap(self, curves: list[EnergyCurve]) -> tuple[str, Floats] | None:
        """Return the name of the unseen data and, at each epoch, how far they are above train."""
        if len(curves) < 2:
            return None
        with np.errstate(invalid="ignore"):  # of a machine gone astray both may be infinite
            return curves[-1].name, curves[-1].values - curves[0].values

    def status(self, curves: list[EnergyCurve]) -> str:
        """Say how far unseen data are from the training data."""
        gap = self.gap(curves)
        return "" if gap is None else f"{gap[0]} − train: {number(float(gap[1][-1]))}"

    def words(self, curves: list[EnergyCurve]) -> str:
        """Say each part's value, and how their gap has grown."""
        parts = [f"{c.name} {number(float(c.values[-1]))}" for c in curves]
        words = f"mean {self.what} {', '.join(parts)}"
        words += f" after {counted(int(curves[0].at[-1]), 'epoch')}"
        gap = self.gap(curves)
        if gap is None:
            return words
        name, apart = gap
        words += f"; {name} is {number(abs(float(apart[-1])))} "
        words += f"{'above' if apart[-1] >= 0 else 'below'} train"
        if len(apart) > 1:
            words += f" ({number(float(apart[0]))} at epoch {int(curves[0].at[0])})"
        if self.measure != "free_energy":
            return words
        return words + "; a gap that grows tells overfitting, each number by itself nothing"

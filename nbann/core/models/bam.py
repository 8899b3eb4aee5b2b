"""The bidirectional associative memory: one weight matrix, read in both directions.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..data.dataset import Dataset
from ..errors import UnknownNameError
from ..expr import Symbol
from ..layers.initializers import Zeros
from ..layers.layer import Shape
from ..losses.machine_losses import Energy, PairEnergy, bipolar
from ..ops.change_ops import AddChange
from ..ops.recall_ops import EnergyOp, FieldOp, SignOp, TurnedOp
from ..ops.store_ops import HebbOp
from ..ops.tally_ops import TallyOp
from ..state import Start, check_given
from .memories import as_probe, check_units, warn_of_capacity, weight_of
from .rules import RuleModel, owned

if TYPE_CHECKING:
    from ..builder import Builder
    from ..losses.loss import Loss
    from ..plan import Plan
    from ..recipe import Recipe, Samples
    from ..state import Array
    from ..trainer import Trainer

SIDES = ("x", "y")


class BAM(RuleModel):
    """A bidirectional associative memory: pairs of patterns, each of which recalls the other.

    One matrix of weights binds N units to M others, ``y = sgn(x @ W)`` and back
    ``x = sgn(y @ W.T)``. Training stores pairs (x, y) of -1 and 1, one epoch of them, by Hebb's
    rule ``W = W + x.T @ y`` (Kosko, "Bidirectional Associative Memories", IEEE Transactions on
    Systems, Man, and Cybernetics 18, 1988). Recall is another trainer, which goes back
    and forth: see `recall`.

    ``history["loss"]`` is the mean energy ``E = -x @ W @ y`` of a batch's pairs once they are
    stored, ``history["train_stable"]`` the share of pairs that rest. ``predict(X)`` gives
    ``sgn(X @ W)``, 0 where a unit is undecided. Patterns of 0 and 1 are read as -1 and 1.

    Parameters
    ----------
    units : int
        M, how many columns y has.
    weight : array of shape (N, M), optional
        Given start values; 0 if left out.

    Raises
    ------
    ValueError
        Units below 1; in the trainer patterns of other numbers, y of another width, a loss, a
        penalty or another optimizer than plain SGD.

    Warns
    -----
    UserWarning
        More pairs than ``min(N, M)``, Kosko's estimate (1988) of how many can be
        recalled at most.

    Examples
    --------
    >>> import nbann
    >>> X, Y = [[1, -1, 1, -1], [1, 1, -1, -1]], [[1, 1, -1], [-1, 1, -1]]
    >>> trainer = nbann.Trainer(nbann.BAM(3), (X, Y))
    >>> _ = trainer.run()
    >>> trainer.predict([[1, -1, 1, -1]]).tolist()
    [[1.0, 1.0, -1.0]]
    """

    kind = "bam"
    rule_loss = PairEnergy
    sides = ("x unit", "y unit")
    takes_targets: ClassVar[bool] = True
    measures = ("stable",)
    lower_is_better: ClassVar[Mapping[str, bool]] = {"stable": False}

    def __init__(self, units: int, *, weight: Any = None) -> None:
        super().__init__()
        mend = "Pass the number of columns of y."
        self.units = whole_number("BAM units", units, least=1, mend=mend)
        self.weight = owned(weight)

    def __repr__(self) -> str:
        return f"BAM({self.units})"

    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask for the weights between both layers."""
        weight = (check_units(self.kind, shape), self.units)
        start: Start = Zeros()
        if self.weight is not None:
            mend = "One row for each unit of x, one column for each of y."
            start = check_given("bam.weight", self.weight, weight, mend)
        plan.parameter("bam.weight", weight, start, Symbol("W"), penalized=True)
        return (self.units,)

    def prepared(self, X: NDArray[np.float64], what: str) -> NDArray[np.float64]:
        """Return patterns of -1 and 1, given so or as 0 and 1."""
        return bipolar(X, what)

    def check_data(self, data: Dataset, loss: Loss, what: str) -> None:
        """Warn of more pairs than can be recalled."""
        super().check_data(data, loss, what)
        if what != "train":
            return
        pairs, most = len(np.unique(data.X, axis=0)), min(data.X.shape[-1], self.units)
        if pairs > most:
            source = "Kosko, IEEE Transactions on Systems, Man, and Cybernetics 18, 1988"
            warn_of_capacity(f"BAM({self.units})", pairs, f"min(N, M) = {most} at most", source)

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit the step from x to y: field and state."""
        shape = (b.shape(x)[0], self.units)
        b.phase, b.layer = "field", self.kind
        field = b.array("bam.field", shape, Symbol("h", "y"))
        b.emit(FieldOp(x, "bam.weight", field))
        b.phase = "state"
        out = b.array("bam.out", shape, Symbol("s", "y"))
        b.emit(SignOp(field, None, out))
        return out

    def compile(self, b: Builder, recipe: Recipe, *, scored: bool, train: bool) -> None:
        """Emit storing (phases "store", "update"), a step from x to y, and the energy."""
        self.check_recipe(recipe)
        if train:
            b.phase, b.layer = "store", self.kind
            change = b.array("bam.change", b.shape("bam.weight"), Symbol("C"))
            b.emit(HebbOp("x", "y", change, 1))
            b.phase = "update"
            b.emit(AddChange(b.state, {"bam.weight": change}))
        b.program.output = self.emit(b, "x")
        if scored:
            b.phase = "energy"
            b.emit(EnergyOp("y", "bam.field", b.array("loss", (), Symbol("E")), half=False))

    def measure(self, parameters: Mapping[str, Array], samples: Samples) -> dict[str, float]:
        """Return the share of pairs that rest: no unit on either side would turn."""
        x, y, weight = samples["x"], samples["y"], parameters["bam.weight"]
        there = ((x @ weight) * y >= 0).all(axis=1)
        back = ((y @ weight.T) * x >= 0).all(axis=1)
        return {"stable": float((there & back).mean())}

    def recall(
        self,
        trainer: Trainer,
        probe: Any,
        side: Literal["x", "y"] = "x",
        *,
        timeline_memory: float = 64.0,
    ) -> Trainer:
        """Return a trainer that recalls: each of its steps goes to y and back to x.

        Its phases are "field" and "state" of y, "field" and "state" of x, and "energy", which is
        ``history["loss"]``: ``E = -x @ W @ y`` never rises (Kosko, 1988). Where h = 0 a
        unit stays. ``history["turned"]`` counts the units that turned: with none the net rests. The
        side without a probe starts at 0: undecided.

        Parameters
        ----------
        trainer : Trainer
            That of the memory with its pairs stored, as it is now.
        probe : array of shape (N,), or (M,) for the side "y"
            -1 and 1, or 0 and 1.
        side : {"x", "y"}
            Where the probe is put in.
        timeline_memory : float
            As for any `Trainer`.

        Returns
        -------
        Trainer
            "bam.x" and "bam.y", of shapes (1, N) and (1, M), are the units.

        Raises
        ------
        ValueError
            Another trainer than one of a BAM, an unknown side, a probe of another length or of
            other numbers.
        """
        from ..trainer import Trainer as TrainerClass  # which imports the models' base

        weight = weight_of(trainer, BAM, "bam.weight")
        if side not in SIDES:
            raise UnknownNameError("side", side, SIDES)
        start = as_probe(probe, weight.shape[SIDES.index(side)], "probe")
        rounds = Dataset([[0.0]], task="unsupervised", feature_names=["round"])
        model = BAMRecall(weight, start, side)
        return TrainerClass(model, rounds, dtype=weight.dtype, timeline_memory=timeline_memory)


class BAMRecall(RuleModel):
    """A BAM that recalls; made by `BAM.recall`. Its one sample stands for going there and back.

    Parameters
    ----------
    weight : array of shape (N, M)
    state : array of shape (N,) or (M,)
        Where the units of one side start, -1 and 1.
    side : {"x", "y"}
        Which side that is.
    """

    kind = "bam"
    rule_loss = Energy
    sides = BAM.sides
    tallies: ClassVar[dict[str, str]] = {"turned": "bam.turns"}

    def __init__(self, weight: Any, state: Any, side: Literal["x", "y"] = "x") -> None:
        super().__init__()
        if side not in SIDES:
            raise UnknownNameError("side", side, SIDES)
        self.weight, self.state, self.side = owned(weight), owned(state), side

    def __repr__(self) -> str:
        rows, columns = np.shape(self.weight)
        return f"BAMRecall({rows} and {columns} units)"

    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask for the weights, the states of both sides, and the count of units that turn."""
        size = np.shape(self.weight)
        start = check_given("bam.weight", self.weight, size, "The weights of a BAM.")
        plan.parameter("bam.weight", size, start, Symbol("W"), penalized=True)
        for side, units in zip(SIDES, size, strict=True):
            given = side == self.side
            state = as_probe(self.state, units, "state")[None] if given else 0.0
            plan.buffer(f"bam.{side}", (1, units), state, Symbol(side))
        plan.buffer("bam.turns", (), 0.0, Symbol("T"))
        plan.buffer("bam.batch", (), 0.0, Symbol("k"))
        return (size[1],)

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit nothing: the units are there."""
        return "bam.y"

    def compile(self, b: Builder, recipe: Recipe, *, scored: bool, train: bool) -> None:
        """Emit there and back, and the energy."""
        self.check_recipe(recipe)
        weight, b.layer = "bam.weight", self.kind
        if train:
            turned = (self._side(b, "x", "y"), self._side(b, "y", "x"))
            b.emit(TallyOp(turned, "bam.turns", "bam.batch", b.batches_per_epoch))
        b.phase = "energy"
        support = b.array("bam.support", b.shape("bam.y"), Symbol("h"))
        b.emit(FieldOp("bam.x", weight, support, verb="support"))
        b.emit(EnergyOp("bam.y", support, b.array("loss", (), Symbol("E")), half=False))
        b.program.output = self.emit(b, "x")

    def _side(self, b: Builder, source: str, side: str) -> str:
        """Emit how one side follows the other; return which of its units turn."""
        state, shape = f"bam.{side}", b.shape(f"bam.{side}")
        b.phase = "field"
        field = b.array(f"{state}_field", shape, Symbol("h", side))
        back = side == "x"
        verb = f"{side}_field"
        b.emit(FieldOp(f"bam.{source}", "bam.weight", field, transposed=back, verb=verb))
        b.phase = "state"
        turned = b.array(f"{state}_turned", shape, Symbol("w", side))
        b.emit(TurnedOp(field, state, turned, verb=f"{side}_turned"))
        b.emit(SignOp(field, state, verb=f"{side}_state"))
        return turned

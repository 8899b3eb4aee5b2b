"""The Hopfield net that recalls: its samples are the units; imports the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import bad_value
from ..expr import Symbol
from ..layers.layer import Shape
from ..losses.machine_losses import Energy
from ..ops.recall_ops import EnergyOp, FieldOp, ReadUnitsOp, TurnedOp, UnitFieldOp, UnitStateOp
from ..ops.tally_ops import TallyOp
from ..state import check_given
from .memories import as_probe
from .rules import RuleModel, owned

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan
    from ..recipe import Recipe


class HopfieldRecall(RuleModel):
    """A Hopfield net that recalls; made by `Hopfield.recall`. Its samples are the units' numbers.

    Parameters
    ----------
    weight : array of shape (N, N)
        As they were stored: symmetric, with a diagonal of 0, if nobody has changed them.
    state : array of shape (N,)
        Where the units start, -1 and 1.
    """

    kind = "hopfield"
    rule_loss = Energy
    sides = ("unit", "unit")
    tallies: ClassVar[dict[str, str]] = {"turned": "hopfield.turns"}

    def __init__(self, weight: Any, state: Any) -> None:
        super().__init__()
        self.weight, self.state = owned(weight), owned(state)

    def __repr__(self) -> str:
        return f"HopfieldRecall({len(self.weight)} units)"

    @property
    def takes_indices(self) -> int:
        """How many units there are, whose numbers come in."""
        return len(self.weight)

    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask for the weights, the states of the units, and the count of those that turn."""
        units = len(self.weight)
        if shape != (1,):
            mend = "Use Hopfield.recall, which passes them."
            raise bad_value("Recall", "the numbers of the units, one a row", f"{shape}", mend)
        square = (units, units)
        start = check_given("hopfield.weight", self.weight, square, "One row for each unit.")
        state = as_probe(self.state, units, "state")
        plan.parameter("hopfield.weight", square, start, Symbol("W"), penalized=True)
        plan.buffer("hopfield.state", (units,), state, Symbol("s"))
        plan.buffer("hopfield.turns", (), 0.0, Symbol("T"))
        plan.buffer("hopfield.batch", (), 0.0, Symbol("k"))
        return (1,)

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit the reading of the units' states."""
        out = b.array("hopfield.out", b.shape(x), Symbol("a"))
        b.emit(ReadUnitsOp(x, "hopfield.state", out))
        return out

    def compile(self, b: Builder, recipe: Recipe, *, scored: bool, train: bool) -> None:
        """Emit the phases "field", "state" and "energy"."""
        self.check_recipe(recipe)
        weight, state, b.layer = "hopfield.weight", "hopfield.state", self.kind
        (units,), rows = b.shape(state), b.batch_size
        if train:
            b.phase = "field"
            field = b.array("hopfield.field", (rows,), Symbol("h"))
            b.emit(UnitFieldOp("x", weight, state, field))
            b.phase = "state"
            turned = b.array("hopfield.turned", (rows,), Symbol("w"))
            b.emit(TurnedOp(field, state, turned, "x"))
            b.emit(UnitStateOp("x", field, state))
            b.emit(TallyOp((turned,), "hopfield.turns", "hopfield.batch", b.batches_per_epoch))
        b.phase = "energy"
        all_fields = b.array("hopfield.all_fields", (units,), Symbol("h", "all"))
        b.emit(FieldOp(state, weight, all_fields, verb="all_fields"))
        b.emit(EnergyOp(state, all_fields, b.array("loss", (), Symbol("E")), half=True))
        b.program.output = self.emit(b, "x")

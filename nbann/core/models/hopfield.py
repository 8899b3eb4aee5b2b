"""The Hopfield net: patterns stored in symmetric weights, and their recall unit by unit.

Storing and recalling are two trainers: the second one's "samples" are the units, in the order in
which they are asked. Imports the core's own parts only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import Dataset
from ..errors import UnknownNameError, bad_value
from ..expr import Symbol
from ..layers.initializers import Zeros
from ..layers.layer import Shape
from ..losses.machine_losses import PatternEnergy, bipolar
from ..ops.change_ops import AddChange
from ..ops.recall_ops import (
    EnergyOp,
    FieldOp,
    SignOp,
)
from ..ops.store_ops import HebbOp, ProjectionOp, ResidualOp, SquareOp, StorkeyOp, TowardsOp
from ..state import Start, check_given
from .hopfield_recall import HopfieldRecall
from .memories import as_probe, check_units, given_order, warn_of_capacity, weight_of
from .rules import RuleModel, owned

if TYPE_CHECKING:
    from ..builder import Builder
    from ..losses.loss import Loss
    from ..plan import Plan
    from ..recipe import Recipe, Samples
    from ..state import Array
    from ..trainer import Trainer

Rule = Literal["hebb", "storkey", "pseudo_inverse"]
_CAPACITY = {
    "hebb": ("0.138 * N", "Amit, Gutfreund & Sompolinsky, Physical Review Letters 55, 1985"),
    "storkey": ("N / sqrt(2 * ln(N))", "Storkey, ICANN 1997"),
    "pseudo_inverse": ("N", "Personnaz, Guyon & Dreyfus, Journal de Physique Lettres 46, 1985"),
}
ORDERS = ("random", "in order", "synchronous")


def symmetric(name: str, weight: Any, units: int) -> Start:
    """Return given weights of a net within one layer as a start: symmetric, 0 on the diagonal."""
    array = check_given(name, weight, (units, units), "One row and one column for each unit.")
    if (array != array.T).any() or array.diagonal().any():
        mend = "Pass (W + W.T) / 2 with np.fill_diagonal(W, 0)."
        expected = "symmetric weights with a diagonal of 0, for which the energy never rises"
        raise bad_value(name, expected, "others", mend)
    return array


class Hopfield(RuleModel):
    """An associative memory: patterns of -1 and 1 become the resting points of a net.

    The weights of N units are symmetric and 0 on the diagonal. Training stores: one epoch, a
    pattern at a time, by a rule:

    - "hebb": ``W = W + x.T @ x / N`` off the diagonal (Hopfield, "Neural networks and physical
      systems with emergent collective computational abilities", PNAS 79, 1982, equation 2). Each
      further epoch adds the same once more, which changes no resting point.
    - "storkey": ``W_ij = W_ij + (s_i s_j - s_i h_ji - h_ij s_j) / N``, h_ij being the field of i
      without what i and j give (Storkey, "Increasing the capacity of a Hopfield network without
      sacrificing functionality", ICANN 1997).
    - "pseudo_inverse": the projection onto the patterns, off the diagonal, taken in pattern by
      pattern, ``P = P + r.T @ r / (r @ r.T)`` with ``r = s - s @ P``: every pattern rests, however
      alike they are, as long as they are fewer than the units and linearly independent (Personnaz,
      Guyon & Dreyfus, "Information storage and retrieval in spin-glass like neural networks",
      Journal de Physique Lettres 46, 1985; what the diagonal adds to a field has the sign of the
      unit, so that a pattern rests without it as well).

    Recall is another trainer, whose steps are units: see `recall`. ``history["loss"]`` is the mean
    energy ``E = -1/2 * s @ W @ s`` of a batch's patterns once they are stored,
    ``history["train_stable"]`` the share of patterns that rest. `predict` gives the states after
    one step of all units at once.

    Patterns may be given as 0 and 1 as well: they are read as -1 and 1, which is how
    ``trainer["x"]`` and all that is predicted have them.

    Parameters
    ----------
    rule : {"hebb", "storkey", "pseudo_inverse"}
    weight : array of shape (N, N), optional
        Given start values, symmetric with a diagonal of 0; 0 if left out.

    Raises
    ------
    ValueError
        An unknown rule; in the trainer patterns of other numbers, weights that are not symmetric,
        a loss, a penalty or another optimizer than plain SGD; for other rules than Hebb's a batch
        of several patterns.

    Warns
    -----
    UserWarning
        More patterns than can be recalled with few errors: 0.138 * N by Hebb's rule (Amit,
        Gutfreund & Sompolinsky, "Storing infinite numbers of patterns in a spin-glass model of
        neural networks", Physical Review Letters 55, 1985), ``N / sqrt(2 * ln(N))`` by Storkey's, N
        by the pseudo-inverse.

    Examples
    --------
    >>> import nbann
    >>> pattern = [1, -1, 1, 1, -1, -1, 1, -1]
    >>> trainer = nbann.Trainer(nbann.Hopfield(), [pattern])
    >>> _ = trainer.run()
    >>> recall = trainer.model.recall(trainer, [-1, -1, 1, 1, -1, -1, 1, -1], order="in order")
    >>> _ = recall.run()
    >>> recall["hopfield.state"].astype(int).tolist() == pattern
    True
    """

    kind = "hopfield"
    rule_loss = PatternEnergy
    sides = ("unit", "unit")
    measures = ("stable",)
    lower_is_better: ClassVar[Mapping[str, bool]] = {"stable": False}

    def __init__(self, rule: Rule = "hebb", *, weight: Any = None) -> None:
        super().__init__()
        if rule not in _CAPACITY:
            raise UnknownNameError("rule", rule, _CAPACITY)
        self.rule = rule
        self.weight = owned(weight)

    def __repr__(self) -> str:
        return f"Hopfield({self.rule!r})"

    # ---- what it is ------------------------------------------------------------------------------
    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask for the weights, and for the projection where that is the rule."""
        name, units = prefix + self.kind, check_units(self.kind, shape)
        start: Start = Zeros()
        if self.weight is not None:
            start = symmetric(f"{name}.weight", self.weight, units)
        square = (units, units)
        plan.parameter(f"{name}.weight", square, start, Symbol("W"), penalized=True)
        if self.rule == "pseudo_inverse":
            plan.buffer(f"{name}.projection", square, 0.0, Symbol("P"))
        return (units,)

    def prepared(self, X: NDArray[np.float64], what: str) -> NDArray[np.float64]:
        """Return patterns of -1 and 1, given so or as 0 and 1."""
        return bipolar(X, what)

    def check_data(self, data: Dataset, loss: Loss, what: str) -> None:
        """Warn of more patterns than can be recalled."""
        super().check_data(data, loss, what)
        if what != "train":
            return
        patterns, units = len(np.unique(data.X, axis=0)), data.X.shape[-1]
        rule, source = _CAPACITY[self.rule]
        most = {"hebb": 0.138 * units, "pseudo_inverse": float(units)}.get(self.rule, 0.0)
        if self.rule == "storkey":
            most = units / math.sqrt(2 * math.log(units)) if units > 1 else 1.0
        if patterns > max(most, 1.0):
            warn_of_capacity(f"Hopfield({self.rule!r})", patterns, f"{rule} = {most:.3g}", source)

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit one step of all units at once: field and state."""
        name = prefix + self.kind
        b.phase, b.layer = "field", name
        field = b.array(f"{name}.field", b.shape(x), Symbol("h"))
        b.emit(FieldOp(x, f"{name}.weight", field))
        b.phase = "state"
        out = b.array(f"{name}.out", b.shape(x), Symbol("s'"))
        b.emit(SignOp(field, x, out))
        return out

    # ---- how it learns ---------------------------------------------------------------------------
    def compile(self, b: Builder, recipe: Recipe, *, scored: bool, train: bool) -> None:
        """Emit storing (phases "store", "update"), a step of all units, and the energy."""
        self.check_recipe(recipe)
        if train:
            self._store(b)
        b.program.output = self.emit(b, "x")
        if scored:
            b.phase = "energy"
            field = f"{self.kind}.field"
            b.emit(EnergyOp("x", field, b.array("loss", (), Symbol("E")), half=True))

    def _store(self, b: Builder) -> None:
        weight, (rows, units) = "hopfield.weight", b.shape("x")
        if rows > 1 and self.rule != "hebb":
            mend = "Pass batch_size=1, or leave it out."
            raise bad_value("batch_size", f"1, for the rule {self.rule!r}", rows, mend)
        b.phase, b.layer = "store", self.kind
        change = b.array("hopfield.change", (units, units), Symbol("C"))
        if self.rule == "hebb":
            b.emit(HebbOp("x", "x", change, units))
        elif self.rule == "storkey":
            before = b.array("hopfield.field_before", (1, units), Symbol("h", "before"))
            b.emit(FieldOp("x", weight, before, verb="field_before"))
            b.emit(StorkeyOp("x", before, weight, change))
        else:
            projection = "hopfield.projection"
            residual = b.array("hopfield.residual", (1, units), Symbol("r"))
            b.emit(ResidualOp("x", projection, residual))
            square = b.array("hopfield.square", (), Symbol("q"))
            b.emit(SquareOp(residual, square))
            b.emit(ProjectionOp(projection, residual, square))
            b.emit(TowardsOp(projection, weight, change))
        b.phase = "update"
        b.emit(AddChange(b.state, {weight: change}))

    def measure(self, parameters: Mapping[str, Array], samples: Samples) -> dict[str, float]:
        """Return the share of the patterns that rest: no unit of them would turn."""
        x = samples["x"]
        field = x @ parameters["hopfield.weight"]
        return {"stable": float((field * x >= 0).all(axis=1).mean())}

    # ---- recall ----------------------------------------------------------------------------------
    def recall(
        self,
        trainer: Trainer,
        probe: Any,
        order: str | Iterable[int] = "random",
        *,
        seed: int = 0,
        timeline_memory: float = 64.0,
    ) -> Trainer:
        """Return a trainer that recalls: it starts at a probe, and each of its steps asks units.

        Its batches are the units in their order, and an epoch asks each of them once: the phase
        "field" computes ``h_u = sum_k W_uk s_k``, "state" sets ``s_u = sgn(h_u)`` (where h = 0 it
        stays), "energy" computes ``E = -1/2 * s @ W @ s``, which is ``history["loss"]``. One unit
        after the other E never rises (Hopfield, 1982); all at once they may end in a circle of two
        states (Bruck & Goodman, IEEE Transactions on Information Theory 34, 1988).
        ``history["turned"]`` counts the units that turned in an epoch: with none the net rests.

        The weights are those of now; what `trainer` stores later does not reach the recall.

        Parameters
        ----------
        trainer : Trainer
            That of the net with its patterns stored.
        probe : array of shape (N,)
            Where the units start: -1 and 1, or 0 and 1.
        order : {"random", "in order", "synchronous"} or sequence of int
            Units one by one: in an order drawn for each epoch, from the first to the last, or as
            given (each unit once); or "synchronous": all at once.
        seed : int
            Of random orders.
        timeline_memory : float
            As for any `Trainer`.

        Returns
        -------
        Trainer
            "hopfield.state" are the units; `run`, `step`, `back` and hooks work as for any other.

        Raises
        ------
        ValueError
            Another trainer than one of a Hopfield net, a probe of another length or of other
            numbers, an unknown order or one that leaves units out.
        """
        from ..trainer import Trainer as TrainerClass  # which imports the models' base

        weight = weight_of(trainer, Hopfield, "hopfield.weight")
        units = len(weight)
        state = as_probe(probe, units, "probe")
        by_name = order if isinstance(order, str) else None
        if isinstance(order, str) and order not in ORDERS:
            raise UnknownNameError("order", order, ORDERS)
        asked = np.arange(units) if isinstance(order, str) else given_order(order, units)
        numbers = Dataset(asked[:, None], task="unsupervised", feature_names=["unit"])
        return TrainerClass(
            HopfieldRecall(weight, state),
            numbers,
            batch_size=None if by_name == "synchronous" else 1,
            shuffle=by_name == "random",
            seed=seed,
            dtype=trainer[f"{self.kind}.weight"].dtype,
            timeline_memory=timeline_memory,
        )

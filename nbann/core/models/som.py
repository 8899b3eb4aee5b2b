"""The self-organizing map: units on a grid that spread over the data, neighbors side by side.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ..checks import as_features, number_in
from ..errors import UnknownNameError, bad_value
from ..expr import Symbol
from ..layers.initializers import as_initializer
from ..layers.layer import Shape
from ..losses.loss import Task
from ..losses.machine_losses import MachineLoss
from ..ops.change_ops import AddChange
from ..ops.som_batch_ops import GapOp, GatherOp, MeanOp, MembersOp
from ..ops.som_match_ops import DifferenceOp, DistancesOp, QuantizationOp, SquaresOp, WinnerOp
from ..ops.som_update_ops import FollowOp, NeighborhoodOp, RadiusOp
from ..optimizers.schedule_ops import Count, ScheduleOp
from ..optimizers.schedules import ExponentialDecay, Schedule
from ..optimizers.sgd import SGD
from ..program import Floats
from ..state import Initializer, Start, check_given
from .grid import (
    Grid,
    Topology,
    along_components,
    distance_to_neighbors,
    squared_distances,
    topographic_error,
)
from .rules import RuleModel, owned

if TYPE_CHECKING:
    from ..builder import Builder
    from ..optimizers.optimizer import Optimizer
    from ..plan import Plan
    from ..recipe import Recipe, Samples
    from ..state import Array
    from ..trainer import Trainer

Rule = Literal["online", "batch"]
Neighborhood = Literal["gaussian", "bubble"]
RULES, NEIGHBORHOODS = ("online", "batch"), ("gaussian", "bubble")
LEAST_RADIUS = 0.3
"""Where a schedule of the radius ends: a neighbor at a distance of 1 then has 0.4% of a step."""
_COUNTED = ("step_count", "epoch_count")


class QuantizationError(MachineLoss):
    """The mean distance of samples from their units; predicted is the number of the nearest."""

    kind = "quantization_error"

    def targets_of(self, y: NDArray[Any], task: Task, shape: Shape, what: str) -> NDArray[Any]:
        return y.copy() if y.ndim == 1 else np.zeros(len(y))  # labels, or X itself

    def predict(self, outputs: Floats, task: Task) -> NDArray[Any]:
        nearest: NDArray[np.intp] = outputs.argmin(axis=-1)
        return nearest


class SOM(RuleModel):
    """A self-organizing map: units on a grid, of which neighbors come to stand for similar samples.

    Each unit u has weights like a sample. With c the unit nearest to a sample x (the best-matching
    unit), all units follow, the more the nearer they are to c on the grid:
    ``h_cu = exp(-r**2 / (2 * radius**2))`` with r the distance from c to u, or 1 within the radius
    and 0 beyond ("bubble").

    - "online": ``w_u = w_u + learning_rate * h_cu * (x - w_u)``, sample by sample (Kohonen,
      "Self-organized formation of topologically correct feature maps", Biological Cybernetics 43,
      1982; Self-Organizing Maps, 2001, chapter 3).
    - "batch": ``w_u = sum_i h_(c_i)u x_i / sum_i h_(c_i)u``, the mean of all samples of a batch, of
      the whole data as a rule (2001, chapter 3, "batch map"). With a learning rate below 1 units go
      that share of the way.

    The phases of a step are "match" (distances, winner), "neighborhood" and "update".
    ``history["loss"]`` and ``"train_quantization_error"`` are the mean distance of samples from
    their units; ``"train_topographic_error"`` is the share of samples whose two nearest units are
    no neighbors (Kiviluoto, "Topology preservation in self-organizing maps", ICNN 1996). `predict`
    gives the number of the nearest unit, counted row by row.

    Parameters
    ----------
    rows, columns : int
        Of the grid; at least 1, and 2 units together.
    rule : {"online", "batch"}
    learning_rate : float or Schedule, optional
        Above 0; by default ``ExponentialDecay(0.5, 0.9)`` online, and 1 for batches. An optimizer
        ``SGD(learning_rate)`` that a trainer is given comes before it.
    radius : float or Schedule, optional
        Of the neighborhood, in steps on the grid, at least 0.01; of a schedule at least 0.3 is
        taken. By default ``ExponentialDecay(max(rows, columns) / 2, 0.85)``.
    neighborhood : {"gaussian", "bubble"}
    topology : {"rectangular", "hexagonal"}
        Neighbors are 8 or 6.
    weight : array of shape (units, features), optional
        Given start values; see `start_along_components`.
    init : str or callable
        Initializer of the weights otherwise. Choose it in the range of the data.

    Arrays
    ------
    ``som.weight`` (units, features), ``som.squared_distances`` (n, units), ``som.winner`` (n,),
    ``som.neighborhood`` (1, units), or for batches (units, units); ``som.radius``.

    Raises
    ------
    ValueError
        An argument out of its range, an unknown word; in the trainer a loss, a penalty or another
        optimizer than plain SGD, a batch of several samples online.

    Examples
    --------
    >>> import nbann
    >>> X = nbann.datasets.iris().standardized().X
    >>> trainer = nbann.Trainer(nbann.SOM(4, 4, rule="batch"), X)
    >>> _ = trainer.run(epochs=20)
    >>> trainer.predict(X[:3]).shape, trainer.model.u_matrix(trainer).shape
    ((3,), (4, 4))
    """

    kind = "som"
    rule_loss = QuantizationError
    sides = ("unit", "feature")
    scheduled: ClassVar[bool] = True
    measures = ("quantization_error", "topographic_error")
    lower_is_better: ClassVar[Mapping[str, bool]] = dict.fromkeys(measures, True)

    def __init__(
        self,
        rows: int,
        columns: int,
        rule: Rule = "online",
        *,
        learning_rate: float | Schedule | None = None,
        radius: float | Schedule | None = None,
        neighborhood: Neighborhood = "gaussian",
        topology: Topology = "rectangular",
        weight: Any = None,
        init: Initializer | str = "normal",
    ) -> None:
        super().__init__()
        self.grid = Grid(rows, columns, topology)
        self.rows, self.columns, self.topology = rows, columns, topology
        if rule not in RULES:
            raise UnknownNameError("rule", rule, RULES)
        if neighborhood not in NEIGHBORHOODS:
            raise UnknownNameError("neighborhood", neighborhood, NEIGHBORHOODS)
        self.rule, self.neighborhood = rule, neighborhood
        if learning_rate is None:
            learning_rate = ExponentialDecay(0.5, 0.9) if rule == "online" else 1.0
        if not isinstance(learning_rate, Schedule):
            learning_rate = number_in("learning_rate", learning_rate, above=0.0)
        if radius is None:
            radius = ExponentialDecay(max(rows, columns) / 2, 0.85)
        if not isinstance(radius, Schedule):
            radius = number_in("radius", radius, least=0.01)
        elif radius.monitor is not None or any(name not in _COUNTED for name in radius.reads):
            mend = "Pass e.g. nbann.schedules.ExponentialDecay(5.0, 0.9)."
            raise bad_value("radius", "a schedule that counts epochs or batches", radius, mend)
        self.learning_rate, self.radius = learning_rate, radius
        self.weight, self.init = owned(weight), as_initializer(init)
        self.usual_batch_size = 1 if rule == "online" else None

    def __repr__(self) -> str:
        return f"SOM({self.rows}, {self.columns}, {self.rule!r})"

    def usual_optimizer(self) -> Optimizer | str | None:
        """Return plain steps at the learning rate that it was given."""
        return SGD(self.learning_rate)

    @property
    def positions(self) -> NDArray[np.float64]:
        """Where the units lie on the grid, down and to the right, shape (units, 2)."""
        return self.grid.positions.copy()

    # ---- what it is ------------------------------------------------------------------------------
    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask for the weights, the radius, and the counts that schedules read."""
        if len(shape) != 1:
            mend = "Flatten the samples first: X.reshape(len(X), -1)."
            raise bad_value("som x", "samples of one axis, the features", f"{shape}", mend)
        size = (self.grid.units, shape[0])
        start: Start = self.init
        if self.weight is not None:
            mend = "One row for each unit, one column for each feature."
            start = check_given("som.weight", self.weight, size, mend)
        plan.parameter("som.weight", size, start, Symbol("w"), penalized=True)
        first = self.radius
        if isinstance(first, Schedule):
            first = max(first.value(lambda name: 0.0), LEAST_RADIUS)
        plan.buffer("som.radius", (), first, Symbol("sigma"))
        for name in _COUNTED:
            plan.counter(name, 0.0)
        return (self.grid.units,)

    def least_written(self, shape: Shape, output: Shape) -> tuple[int, int]:
        """Return how many numbers a step writes: a sample's distances, and the neighborhood."""
        units = self.grid.units
        return units, units if self.rule == "online" else units * units

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit the distances of many samples from every unit."""
        squared = self._named_distances(b)
        b.emit(DistancesOp(x, "som.weight", squared))
        return squared

    def _named_distances(self, b: Builder) -> str:
        shape = (b.batch_size, self.grid.units)
        return b.array("som.squared_distances", shape, Symbol("D"))

    # ---- how it learns ---------------------------------------------------------------------------
    def compile(self, b: Builder, recipe: Recipe, *, scored: bool, train: bool) -> None:
        """Emit the phases "match", "neighborhood" and "update"."""
        self.check_recipe(recipe)
        online = train and self.rule == "online"
        if online and b.batch_size > 1:
            mend = "Pass batch_size=1, leave it out, or take rule='batch'."
            raise bad_value("batch_size", "1, sample by sample", b.batch_size, mend)
        b.phase, b.layer = "match", self.kind
        if online:
            shape = b.shape("som.weight")
            gap = b.array("som.difference", shape, Symbol("d"))
            b.emit(DifferenceOp("x", "som.weight", gap))
            b.program.output = self._named_distances(b)
            b.emit(SquaresOp(gap, b.program.output))
        else:
            b.program.output = self.emit(b, "x")
        squared = b.program.output
        winner = b.array("som.winner", (b.batch_size,), Symbol("c"), dtype=np.dtype(np.intp))
        b.emit(WinnerOp(squared, winner))
        if scored:
            b.emit(QuantizationOp(squared, b.array("loss", (), Symbol("q"))))
        if train:
            self._update(b, recipe, winner)

    def _update(self, b: Builder, recipe: Recipe, winner: str) -> None:
        """Emit the neighborhood, and how the units follow."""
        online, units = self.rule == "online", self.grid.units
        b.phase = "neighborhood"
        if isinstance(self.radius, Schedule):
            b.emit(RadiusOp(b.state, self.radius, "som.radius", LEAST_RADIUS))
        rows = 1 if online else units
        near = b.array("som.neighborhood", (rows, units), Symbol("h"))
        whose, bubble = winner if online else None, self.neighborhood == "bubble"
        b.emit(NeighborhoodOp(self.grid.positions, "som.radius", near, winner=whose, bubble=bubble))
        b.phase = "update"
        schedule = recipe.optimizer.schedule
        if schedule is not None:
            b.emit(ScheduleOp(b.state, schedule))
        b.emit(Count(b.state, b.batches_per_epoch))
        if online:
            b.emit(FollowOp(b.state, "som.weight", near, "som.difference"))
        else:
            self._mean(b, winner, near)

    def _mean(self, b: Builder, winner: str, near: str) -> None:
        """Emit the means that units of the batch rule go to."""
        size = b.shape("som.weight")
        members = b.array("som.members", (b.batch_size, size[0]), Symbol("m"))
        b.emit(MembersOp(winner, members))
        count = b.array("som.count", size[:1], Symbol("n"))
        b.emit(GatherOp(members, None, count, "count_members"))
        total = b.array("som.total", size, Symbol("S"))
        b.emit(GatherOp(members, "x", total, "total"))
        mean = b.array("som.mean", size, Symbol("M"))
        b.emit(MeanOp(near, total, count, "som.weight", mean))
        change = b.array("som.change", size, Symbol("C"))
        b.emit(GapOp(mean, "som.weight", change))
        b.emit(AddChange(b.state, {"som.weight": change}))

    # ---- what is measured ------------------------------------------------------------------------
    def measure(self, parameters: Mapping[str, Array], samples: Samples) -> dict[str, float]:
        """Return the quantization error and the topographic error of samples."""
        squared = squared_distances(samples["x"], parameters["som.weight"])
        quantization = float(np.sqrt(squared.min(axis=1)).mean())
        topographic = topographic_error(squared, self.grid)
        return {"quantization_error": quantization, "topographic_error": topographic}

    def u_matrix(self, trainer: Trainer) -> NDArray[np.float64]:
        """Return each unit's mean distance to its neighbors' weights, shape (rows, columns).

        High values are borders between clusters (Ultsch & Siemon, "Kohonen's self organizing
        feature maps for exploratory data analysis", INNC 1990).

        Parameters
        ----------
        trainer : Trainer
            That of this map.

        Raises
        ------
        ValueError
            Another trainer than one of such a map.
        """
        weight = self._weight_of(trainer)
        return distance_to_neighbors(weight, self.grid)

    def _weight_of(self, trainer: Trainer) -> Array:
        model = getattr(trainer, "model", None)
        if not isinstance(model, SOM) or model.grid.units != self.grid.units:
            mend = "Pass the trainer of this map."
            raise bad_value("u_matrix", f"a trainer of {self!r}", repr(trainer)[:60], mend)
        return trainer["som.weight"]

    @staticmethod
    def start_along_components(
        X: Any, rows: int, columns: int, topology: Topology = "rectangular"
    ) -> NDArray[np.float64]:
        """Return weights over the plane of the two largest principal components of X.

        From there a map need not unfold first (Kohonen, Self-Organizing Maps, 2001, chapter 3:
        "linear initialization"); pass them as `weight`.

        Parameters
        ----------
        X : array of shape (n, features)
        rows, columns : int
        topology : {"rectangular", "hexagonal"}

        Returns
        -------
        array of shape (rows * columns, features)

        Raises
        ------
        ValueError
            Data or a grid that a map could not have.
        """
        return along_components(as_features(X), Grid(rows, columns, topology))

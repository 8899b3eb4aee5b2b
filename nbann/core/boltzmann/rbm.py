"""The restricted Boltzmann machine; imports the core's own parts only.

It learns by comparing two phases, not by descending a loss: `RBM.compile` has its own order of ops.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..checks import whole_number
from ..errors import bad_value
from ..expr import Symbol
from ..layers.initializers import Normal, Zeros, as_initializer
from ..layers.layer import Shape, check_name
from ..losses.value_losses import ErrorLoss
from ..model import RESERVED, Model
from ..models.rules import check_unmasked
from ..state import Initializer, Start, check_given
from .energy import Energy, flips_of
from .phases import Phases
from .reading import Reading

if TYPE_CHECKING:
    from ..builder import Builder
    from ..data.dataset import Dataset
    from ..losses.loss import Loss, Task
    from ..plan import Plan
    from ..recipe import Recipe, Samples
    from ..state import Array


class RBM(Reading, Model):
    """A restricted Boltzmann machine of visible and hidden units that are on or off.

    ``E(v, h) = -v.b - h.c - v W h`` and ``p(v, h) = exp(-E(v, h)) / Z``: units of one side do not
    see each other, so that ``p(h_j = 1 | v) = sigmoid(v W_j + c_j)`` and likewise for v given h.

    It learns by contrastive divergence (Hinton, "Training Products of Experts by Minimizing
    Contrastive Divergence", Neural Computation 14, 2002): W moves by ``<v h>_data - <v h>_model``,
    where the model is what k steps of Gibbs sampling make of the data (CD-k); or, persistent, of
    chains that run on from batch to batch (Tieleman, "Training Restricted Boltzmann Machines using
    Approximations to the Likelihood Gradient", ICML 2008). The negative of that stands where a
    gradient does, so that any optimizer takes the step; but it is the derivative of no loss.

    What it is trained on: X alone, of 0 and 1 or of probabilities, as an array or a `Dataset`.

    Parameters
    ----------
    units : int
        Hidden units, at least 1.
    k : int
        Steps of Gibbs sampling in the negative phase, at least 1.
    persistent : bool
        Let the chains go on from batch to batch, in place of beginning at the data.
    name : str
    chains : int, optional
        How many chains there are, if persistent; at least 1; by default 10, the usual batch size.
    weight : array of shape (visible, units), optional
        Given start values; drawn by `init` if left out.
    visible_bias, hidden_bias : array, optional
        Likewise, of shape (visible,) and (units,); 0 if left out.
    init : str or callable
        Initializer of the weights; ``Normal(0.01)`` by default, as Hinton recommends ("A Practical
        Guide to Training Restricted Boltzmann Machines", 2010, section 8).

    Raises
    ------
    ValueError
        An argument out of its range; when a trainer is made, data with labels, weights of samples,
        a mask, or numbers outside [0, 1].

    Notes
    -----
    Phases of a step: "positive" (the hidden units, given the data), "negative" (the chain, the
    statistics and what stands for the gradient), "loss", "update". The loss is the squared error of
    the mean-field reconstruction, unless another error is asked for (`loss=`): it is watched, not
    descended. `Trainer.predict` returns that reconstruction.

    Arrays: ``<name>.weight``, ``<name>.visible_bias``, ``<name>.hidden_bias``, if persistent
    ``<name>.chain`` (chains, units); ``<name>.positive.hidden`` (probabilities),
    ``<name>.positive.hidden_sample``, ``<name>.negative<t>.visible``, ``.visible_sample``,
    ``.hidden``, ``.hidden_sample`` for the steps t = 1, ..., k; each probability has its weighted
    sum (``_in``) and each sample its draw (``_draw``) beside it; ``<name>.positive.correlation``,
    ``.visible_mean``, ``.hidden_mean``, and the same of ``<name>.negative``;
    ``<name>.reconstruction``.

    Examples
    --------
    >>> import nbann
    >>> X = [[1, 1, 0, 0], [0, 0, 1, 1]]
    >>> trainer = nbann.Trainer(nbann.RBM(2), X, optimizer=nbann.SGD(0.5))
    >>> trainer.program.phases
    ('positive', 'negative', 'loss', 'update')
    """

    kind = "rbm"
    follows_loss = False
    takes_targets: ClassVar[bool] = False
    usual_batch_size = 10
    measures = ("free_energy", "pseudo_likelihood", "reconstruction_error")
    lower_is_better: ClassVar[Mapping[str, bool]] = {
        "pseudo_likelihood": False,
        "reconstruction_error": True,
    }  # a low free energy is none: it says nothing without that of other data

    def __init__(
        self,
        units: int,
        k: int = 1,
        persistent: bool = False,
        name: str = "rbm",
        *,
        chains: int | None = None,
        weight: Any = None,
        visible_bias: Any = None,
        hidden_bias: Any = None,
        init: Initializer | str | None = None,
    ) -> None:
        check_name(name)
        if name in RESERVED:
            mend = "Choose another, e.g. name='rbm'."
            raise bad_value("RBM name", "a name that nbann does not use itself", repr(name), mend)
        if not isinstance(persistent, (bool, np.bool_)):
            mend = "Pass e.g. persistent=True; how many chains there are, chains= says."
            raise bad_value("RBM persistent", "True or False", repr(persistent), mend)
        if chains is not None and not persistent:
            mend = "Pass persistent=True as well, or leave chains out: they begin at the data."
            raise bad_value("RBM chains", "none without persistent=True", repr(chains), mend)
        mend = "Pass the number of hidden units, e.g. RBM(64)."
        self.units = whole_number("RBM units", units, least=1, mend=mend)
        self.k = whole_number("RBM k", k, least=1, mend="Pass e.g. k=1.")
        self.persistent = bool(persistent)
        self.name = name
        self.chains = None if chains is None else whole_number("RBM chains", chains, least=1)
        self.weight, self.visible_bias, self.hidden_bias = (
            None if one is None else np.array(one) for one in (weight, visible_bias, hidden_bias)
        )
        self.init = Normal(0.01) if init is None else as_initializer(init)
        self.names = (name,)
        self._chain_start: float | Array = 0.0
        self._stream_start: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        k = "" if self.k == 1 else f", k={self.k}"
        persistent = ", persistent=True" if self.persistent else ""
        name = "" if self.name == "rbm" else f", name={self.name!r}"
        return f"RBM({self.units}{k}{persistent}{name})"

    # ---- what it is ------------------------------------------------------------------------------
    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask `plan` for weights, biases, a random stream and, if persistent, the chains."""
        name = prefix + self.name
        if len(shape) != 1:
            mend = "Lay each sample's numbers out in one row: X.reshape(len(X), -1)."
            raise bad_value("train X", "shape (samples, visible units)", f"samples {shape}", mend)
        (visible,) = shape
        parts: tuple[tuple[str, Shape, Start, str], ...] = (
            ("weight", (visible, self.units), self.init, "W"),
            ("visible_bias", (visible,), Zeros(), "b"),
            ("hidden_bias", (self.units,), Zeros(), "c"),
        )
        for part, of, start, letter in parts:
            given = getattr(self, part)
            if given is not None:
                mend = f"The {part} of an RBM of {visible} visible units is of that shape."
                start = check_given(f"{name}.{part}", given, of, mend)
            symbol = Symbol(letter, name)
            plan.parameter(f"{name}.{part}", of, start, symbol, penalized=part == "weight")
        if self.persistent:
            chains = self.usual_batch_size if self.chains is None else self.chains
            plan.buffer(
                f"{name}.chain", (chains, self.units), self._chain_start, Symbol("h", "chain")
            )
        plan.stream(name, self._stream_start)
        return shape

    def least_written(self, shape: Shape, output: Shape) -> tuple[int, int]:
        """Return how many numbers sampling writes: for each sample, and in any case."""
        numbers = self.k * (shape[0] + self.units)
        return (0, numbers * (self.chains or 1)) if self.persistent else (numbers, 0)

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit the mean-field reconstruction: ``sigmoid(sigmoid(x W + c) W' + b)``."""
        phases = Phases(b, prefix + self.name)
        return phases.reconstruct(phases.hidden(x, "positive", "0"))

    # ---- how it learns ---------------------------------------------------------------------------
    def compile(self, b: Builder, recipe: Recipe, *, scored: bool, train: bool) -> None:
        """Emit the phases positive, negative, loss and update; without `train`, a prediction."""
        if not train:
            super().compile(b, recipe, scored=scored, train=False)
            return
        phases, start = Phases(b, self.name), f"{self.name}.chain"
        b.phase = "positive"
        hidden = phases.hidden("x", "positive", "0")
        data = phases.statistics("positive", ("x", hidden), b.batch_size, "n")
        if not self.persistent:
            start = phases.sample(hidden, Symbol("h", "0"))
        b.phase = "negative"
        chain = phases.chain(start, self.k)
        count = self.negative_count(b)
        model = phases.statistics("negative", chain, count, "n" if count == b.batch_size else "m")
        phases.gradients(model, data, "grad" if recipe.penalty is None else "data_grad")
        if self.persistent:
            phases.carry_over(chain[1], start, self.k)
        if recipe.penalty is not None:
            recipe.penalty.emit_gradient(b)
        b.phase = "loss"
        b.program.output = phases.reconstruct(hidden)
        b.loss(recipe.loss, recipe.penalty)
        b.update(recipe.optimizer)

    def negative_count(self, b: Builder) -> int:
        """Return what the sums over the chains are divided by: the number of chains."""
        start = f"{self.name}.chain"
        return b.shape(start)[0] if self.persistent else b.batch_size

    # ---- what is usual for it, and what is measured of it ----------------------------------------
    def usual_loss(self, task: Task) -> Loss | str | None:
        """Return the mean squared error of the reconstruction."""
        return "mean_squared_error"

    def check_data(self, data: Dataset, loss: Loss, what: str) -> None:
        """Refuse labels and weights: a machine learns how its data are distributed.

        Raises
        ------
        ValueError
            Targets other than X itself, weights of samples, a mask that hides something, or a loss
            that does not compare the reconstruction with the data, value by value.
        """
        mend = "Pass X alone, or nbann.Dataset(X)."
        if data.task != "unsupervised" or data.y is not data.X:
            received = f"targets for {data.task}"
            if data.task == "unsupervised":
                received = "a y to be reconstructed"
            raise bad_value(f"{what} y", "none (an RBM has no targets)", received, mend)
        if data.weight is not None:
            raise bad_value(f"{what} weight", "none (each sample counts alike)", "weights", mend)
        check_unmasked(data, what)
        if not isinstance(loss, ErrorLoss):
            mend = "Leave loss out, or pass 'mse' or 'mae'; what an RBM follows is no loss."
            raise bad_value("loss", "an error of the reconstruction", repr(loss), mend)

    def check_inputs(self, X: Array, what: str) -> None:
        """Refuse what is no probability.

        Raises
        ------
        ValueError
            Numbers outside [0, 1].
        """
        outside = (X < 0) | (X > 1)
        if outside.any():
            place = [int(i) for i in np.argwhere(outside)[0]]
            mend = (
                "Scale each feature first: (X - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0)), "
                "with the training data's; or binarize: X > threshold."
            )
            received = f"{X[tuple(place)]:g} at {place}"
            expected = "numbers from 0 to 1 (units are on or off, or on with a probability)"
            raise bad_value(what, expected, received, mend)

    def measure(self, parameters: Mapping[str, Array], samples: Samples) -> dict[str, float]:
        """Return mean free energy, pseudo-likelihood and squared reconstruction error.

        Of each sample the pseudo-likelihood flips one bit, always the same one, see
        `Energy.pseudo_likelihood`. Nothing of the run is drawn.
        """
        energy, x = self.energy_of(parameters), samples["x"]
        likelihood = energy.pseudo_likelihood(x, flips_of(*x.shape))
        return {
            "free_energy": float(energy.free_energy(x).mean(dtype=np.float64)),
            "pseudo_likelihood": float(likelihood.mean(dtype=np.float64)),
            "reconstruction_error": float(
                ((energy.reconstruction(x) - x) ** 2).mean(dtype=np.float64)
            ),
        }

    def axes_of(self, parameter: str, axes: int) -> tuple[str, ...]:
        """Return which side of the machine each axis of a parameter is of."""
        sides = ("visible unit", "hidden unit")
        return sides[:1] if parameter.endswith(".visible_bias") else sides[2 - axes :]

    def energy_of(self, parameters: Mapping[str, Array]) -> Energy:
        """Return the energy with these parameters."""
        return Energy(
            parameters[f"{self.name}.weight"],
            parameters[f"{self.name}.visible_bias"],
            parameters[f"{self.name}.hidden_bias"],
        )

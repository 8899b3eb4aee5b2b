"""The restricted Boltzmann machine; imports the core's own parts only.

It learns by comparing two phases, not by descending a loss: `RBM.compile` has its own order of ops.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import whole_number
from ..errors import bad_value
from ..expr import Symbol
from ..layers.initializers import Normal, Zeros, as_initializer
from ..layers.layer import Shape, check_name
from ..losses.value_losses import ErrorLoss
from ..model import RESERVED, Model
from ..state import Initializer, Start, check_given
from .energy import Energy, flips_of
from .ops import CarryOver, Chance, Downward, Sample, Uniform, Upward
from .reading import Reading
from .statistics import Activity, Contrast, Correlation

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

    What it is trained on: ``Dataset(X, task="unsupervised")``, X of 0 and 1, or of probabilities.

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
        or numbers outside [0, 1].

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
    >>> data = nbann.Dataset([[1, 1, 0, 0], [0, 0, 1, 1]], task="unsupervised")
    >>> trainer = nbann.Trainer(nbann.RBM(2), data, optimizer=nbann.SGD(0.5))
    >>> trainer.program.phases
    ('positive', 'negative', 'loss', 'update')
    """

    kind = "rbm"
    follows_loss = False
    usual_batch_size = 10
    measures = ("free_energy", "pseudo_likelihood", "reconstruction_error")

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
            plan.buffer(f"{name}.chain", (chains, self.units), 0.0, Symbol("h", "chain"))
        plan.stream(name)
        return shape

    def least_written(self, shape: Shape, output: Shape) -> int:
        """Return how many numbers the steps of Gibbs sampling write for a sample, at least."""
        return 0 if self.persistent else self.k * (shape[0] + self.units)

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit the mean-field reconstruction: ``sigmoid(sigmoid(x W + c) W' + b)``."""
        b.layer = prefix + self.name
        return self._reconstruct(b, self._hidden(b, x, f"{b.layer}.positive", "0"))

    # ---- how it learns ---------------------------------------------------------------------------
    def compile(self, b: Builder, recipe: Recipe, *, scored: bool, train: bool) -> None:
        """Emit the phases positive, negative, loss and update; without `train`, a prediction.

        Raises
        ------
        ValueError
            A loss that does not compare the reconstruction with the data, value by value.
        """
        if not isinstance(recipe.loss, ErrorLoss):
            mend = "Leave loss out, or pass 'mse' or 'mae'; what an RBM follows is no loss."
            raise bad_value("loss", "an error of the reconstruction", repr(recipe.loss), mend)
        if not train:
            super().compile(b, recipe, scored=scored, train=False)
            return
        b.phase, b.layer = "positive", self.name
        hidden = self._hidden(b, "x", f"{self.name}.positive", "0")
        data = self._statistics(b, "positive", ("x", hidden), b.batch_size, "n")
        start = f"{self.name}.chain"
        if not self.persistent:
            start = self._sample(b, hidden, Symbol("h", "0"))
        b.phase = "negative"
        chain = self._chain(b, start)
        count = self.negative_count(b)
        model = self._statistics(b, "negative", chain, count, "n" if count == b.batch_size else "m")
        self._gradients(b, model, data, "grad" if recipe.penalty is None else "data_grad")
        if self.persistent:
            with b.at(self.k):
                last = self._sample(b, chain[1], Symbol("h", str(self.k)))
            b.emit(CarryOver(last, start))
        if recipe.penalty is not None:
            recipe.penalty.emit_gradient(b)
        b.phase = "loss"
        b.program.output = self._reconstruct(b, hidden)
        b.loss(recipe.loss, recipe.penalty)
        b.update(recipe.optimizer)

    def negative_count(self, b: Builder) -> int:
        """Return what the sums over the chains are divided by: the number of chains."""
        start = f"{self.name}.chain"
        return b.shape(start)[0] if self.persistent else b.batch_size

    def _hidden(self, b: Builder, visible: str, to: str, sub: str) -> str:
        """Emit ``p(h = 1 | v)``; return its name."""
        return self._conditional(b, Upward, visible, f"{to}.hidden", Symbol("p", f"h{sub}"))

    def _visible(self, b: Builder, hidden: str, to: str, sub: str) -> str:
        """Emit ``p(v = 1 | h)``; return its name."""
        return self._conditional(b, Downward, hidden, f"{to}.visible", Symbol("p", f"v{sub}"))

    def _reconstruct(self, b: Builder, hidden: str) -> str:
        to = f"{b.layer}.reconstruction"
        return self._conditional(b, Downward, hidden, to, Symbol("r"))

    def _conditional(
        self, b: Builder, way: type[Upward | Downward], given: str, into: str, symbol: Symbol
    ) -> str:
        up = issubclass(way, Upward)
        weight = f"{b.layer}.weight"
        bias = f"{b.layer}.{'hidden' if up else 'visible'}_bias"
        shape = (b.shape(given)[0], b.shape(bias)[0])
        what = into.rpartition(".")[2]
        received = b.array(f"{into}_in", shape, Symbol("z", symbol.sub or symbol.base))
        b.emit(way(given, weight, bias, received, f"{what}_in"))
        b.emit(Chance(received, b.array(into, shape, symbol), what))
        return into

    def _sample(self, b: Builder, chance: str, symbol: Symbol) -> str:
        """Emit a draw, and which units are on; return the name of the sample."""
        what, shape = chance.rpartition(".")[2], b.shape(chance)
        draw = Symbol("u", symbol.base + symbol.sub)
        b.array(f"{chance}_draw", shape, draw, dtype=np.dtype(np.float64))
        b.emit(Uniform(b.state.streams[self.name], f"{chance}_draw", f"{what}_draw"))
        sample = b.array(f"{chance}_sample", shape, symbol)
        b.emit(Sample(chance, f"{chance}_draw", sample, f"{what}_sample"))
        return sample

    def _chain(self, b: Builder, hidden: str) -> tuple[str, str]:
        """Emit k steps of Gibbs sampling; return the last visible sample and hidden chances."""
        for t in range(1, self.k + 1):
            to = f"{self.name}.negative{t}"
            with b.at(t):
                visible = self._sample(b, self._visible(b, hidden, to, str(t)), Symbol("v", str(t)))
                chance = self._hidden(b, visible, to, str(t))
                if t < self.k:
                    hidden = self._sample(b, chance, Symbol("h", str(t)))
        return visible, chance

    def _statistics(
        self, b: Builder, phase: str, units: tuple[str, str], count: int, called: str
    ) -> tuple[str, str, str]:
        """Emit ``<v h>``, ``<v>`` and ``<h>`` of a phase; return their names."""
        visible, hidden = units
        of = "data" if phase == "positive" else "model"
        to, (width, length) = f"{self.name}.{phase}", (b.shape(visible)[1], self.units)
        both = b.array(f"{to}.correlation", (width, length), Symbol("<v h>", of))
        b.emit(Correlation(visible, hidden, both, f"{phase}_correlation", count, called))
        v = b.array(f"{to}.visible_mean", (width,), Symbol("<v>", of))
        b.emit(Activity(visible, v, f"{phase}_visible_mean", count, called))
        h = b.array(f"{to}.hidden_mean", (length,), Symbol("<h>", of))
        b.emit(Activity(hidden, h, f"{phase}_hidden_mean", count, called))
        return both, v, h

    def _gradients(
        self, b: Builder, model: tuple[str, ...], data: tuple[str, ...], suffix: str
    ) -> None:
        """Emit what stands where backpropagation has gradients, for the optimizer to take."""
        parts = ("weight", "visible_bias", "hidden_bias")
        for part, theirs, ours in zip(parts, model, data, strict=True):
            name = f"{self.name}.{part}"
            parameter = b.symbol(name)
            assert isinstance(parameter, Symbol)
            of = f"{parameter.base},{parameter.sub}"
            # they are written otherwise than dL/dW, as they are none
            b.program.symbols[f"{name}.grad"] = Symbol("g", of)
            if suffix == "data_grad":
                b.program.symbols[f"{name}.data_grad"] = Symbol("g", f"{of},data")
            b.emit(Contrast(theirs, ours, f"{name}.{suffix}", f"{part}_gradient"))

    # ---- what is usual for it, and what is measured of it ----------------------------------------
    def usual_loss(self, task: Task) -> Loss | str | None:
        """Return the mean squared error of the reconstruction."""
        return "mean_squared_error"

    def check_data(self, data: Dataset, what: str) -> None:
        """Refuse labels and weights: a machine learns how its data are distributed.

        Raises
        ------
        ValueError
            Targets other than X itself, or weights of samples.
        """
        mend = "Pass nbann.Dataset(X, task='unsupervised')."
        if data.task != "unsupervised" or data.y is not data.X:
            received = f"targets for {data.task}"
            if data.task == "unsupervised":
                received = "a y to be reconstructed"
            raise bad_value(f"{what} y", "none (an RBM has no targets)", received, mend)
        if data.weight is not None:
            raise bad_value(f"{what} weight", "none (each sample counts alike)", "weights", mend)

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

    def energy_of(self, parameters: Mapping[str, Array]) -> Energy:
        """Return the energy with these parameters."""
        return Energy(
            parameters[f"{self.name}.weight"],
            parameters[f"{self.name}.visible_bias"],
            parameters[f"{self.name}.hidden_bias"],
        )

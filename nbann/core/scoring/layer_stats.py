"""How each layer of a net fares: its outputs and gradients in numbers; NumPy and the core's parts.

What the panels of activations and of gradient flow draw, and what `scoring/diagnosis.py` judges by.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..data.given import as_dataset
from ..errors import bad_value
from ..program import Op, Program
from ..restraints import bare
from ..state import Parameter
from .layer_arrays import done_of, forward_ops, is_there, output_name
from .layer_table import SATURATED, LayerStat, LayerStats

if TYPE_CHECKING:
    from ..looking import Data
    from ..recipe import Samples
    from ..trainer import Trainer

_ENDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def layer_stats(trainer: Trainer, data: Data | None = None) -> LayerStats:
    """Return how each layer fares in the batch that is loaded, in order of the forward pass.

    Nothing is computed anew and nothing of the run changes: the numbers are those that the ops of
    the batch have written, so far as it has come. Where a run has stopped at a number that is not
    finite, they are those of that batch. Padding of sequences counts like any other time step.

    Parameters
    ----------
    trainer : Trainer
    data : Dataset or (X, y), optional
        Look at the outputs over all of these rows instead, by a forward pass of its own as in
        `Trainer.predict`, with the weights of now. There are no gradients then. It tells units that
        are dead for good from those that only this batch leaves at 0.

    Returns
    -------
    LayerStats

    Raises
    ------
    ValueError
        Data that does not fit the net, or a model without a forward pass through layers.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.Dense(4, name="hidden"), nbann.Tanh(), nbann.Dense(2)])
    >>> trainer = nbann.Trainer(net, nbann.datasets.xor())
    >>> trainer.run(epochs=10).reason
    'epochs'
    >>> nbann.layer_stats(trainer).layers
    ('hidden', 'tanh1', 'dense1')
    >>> nbann.layer_stats(trainer)["tanh1"].saturated
    0.0
    """
    check_layered(trainer, "layer_stats")
    if data is not None:
        known = as_dataset(data, "data", like=trainer.train_data)
        return stats_over(trainer, trainer._recipe.samples(known, "data"))
    program = trainer.program
    done = done_of(trainer)
    layers = forward_ops(program)
    kinds, parameters = _kinds(trainer, layers), _parameters(trainer)
    stats = []
    for layer, ops in layers.items():
        tally = _Tally()
        tally.add(program, ops, done)
        numbers = tally.numbers() | _gradient(program, output_name(layer, ops), done)
        numbers |= _training(trainer, program, parameters[layer], done)
        stats.append(LayerStat(layer, kinds[layer], **numbers))
    return LayerStats(stats, program.batch_size)


def gradient_stats(trainer: Trainer) -> LayerStats:
    """Return the gradients' numbers of `layer_stats` alone, in half its time: for pictures.

    Raises
    ------
    ValueError
        A model without a forward pass through layers.
    """
    check_layered(trainer, "gradient_stats")
    program, done = trainer.program, done_of(trainer)
    layers = forward_ops(program)
    kinds, parameters = _kinds(trainer, layers), _parameters(trainer)
    stats = []
    for layer, ops in layers.items():
        numbers: dict[str, Any] = _gradient(program, output_name(layer, ops), done)
        numbers |= _parameter_gradient(program, parameters[layer], done)
        stats.append(LayerStat(layer, kinds[layer], **numbers))
    return LayerStats(stats, program.batch_size)


def check_layered(trainer: Trainer, what: str) -> None:
    """Refuse a model that has no forward pass through layers in training: an RBM, say.

    Raises
    ------
    ValueError
        It has none.
    """
    if not trainer.program.structure:
        phases = trainer.program.phases
        mend = "See its arrays (trainer.names) and what is measured of it (trainer.measured)."
        received = f"{trainer.model!r}, whose phases are {', '.join(phases)}"
        raise bad_value(what, "a net with a forward pass through its layers", received, mend)


def stats_over(trainer: Trainer, samples: Samples) -> LayerStats:
    """Return how the layers fare in a forward pass over samples; see `layer_stats`."""
    tallies: dict[str, _Tally] = {}
    for program in trainer._evaluator.passes(samples):
        for layer, ops in forward_ops(program).items():
            tallies.setdefault(layer, _Tally()).add(program, ops, len(program))
    kinds = _kinds(trainer, tallies)
    stats = (LayerStat(layer, kinds[layer], **t.numbers()) for layer, t in tallies.items())
    return LayerStats(stats, len(samples["x"]))


class _Tally:
    """Gathers a layer's numbers from one array after another."""

    def __init__(self) -> None:
        self.count = self.not_finite = 0
        self.mean = self.spread = 0.0  # the spread is the norm of what is left without the mean
        self.min, self.max = math.inf, -math.inf
        self.dead: NDArray[np.bool_] | None = None
        self.saturated = self.saturable = 0

    def add(self, program: Program, ops: Sequence[Op], done: int) -> None:
        """Take in what those ops have written that are among the first `done` of the program."""
        ran = [op for op in ops if all(is_there(program, name, done) for name in op.writes)]
        output = output_name(ops[0].layer, ops)
        if any(output in op.writes for op in ran):
            self._add_output(program.arrays[output])
        for op in ran:
            function = getattr(bare(op._primitive), "function", None)
            array = program.arrays[op.writes[0]]
            if function == "relu":
                silent = ~(array != 0).reshape(-1, array.shape[-1]).any(axis=0)
                self.dead = silent if self.dead is None else self.dead & silent
            elif function in _ENDS:
                low, high = _ENDS[function]
                ends = (array < low + SATURATED) | (array > high - SATURATED)
                self.saturated += int(np.count_nonzero(ends))
                self.saturable += array.size

    def _add_output(self, array: NDArray[Any]) -> None:
        """Merge one array's mean and spread (Chan, Golub & LeVeque, 1979, eq. 1.5)."""
        values = array.astype(np.float64).reshape(-1)
        if not np.isfinite(values).all():
            self.not_finite += int(values.size - np.isfinite(values).sum())
            values = values[np.isfinite(values)]
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        mean = math.fsum(values / values.size) if max(-low, high) > 1e300 else float(values.mean())
        total = self.count + values.size
        step = mean - self.mean
        apart = abs(step) * math.sqrt(self.count * values.size / total)
        self.spread = math.hypot(self.spread, norm([values - mean]), apart)
        self.mean += step * (values.size / total)
        self.count = total
        self.min, self.max = min(self.min, low), max(self.max, high)

    def numbers(self) -> dict[str, Any]:
        """Return what has been gathered, by the names of `LayerStat`."""
        found: dict[str, Any] = {"not_finite": self.not_finite}
        if self.count:
            found |= {"mean": self.mean, "std": self.spread / math.sqrt(self.count)}
            found |= {"min": self.min, "max": self.max}
        if self.dead is not None:
            found["dead"] = float(self.dead.mean())
        if self.saturable:
            found["saturated"] = self.saturated / self.saturable
        return found


def _gradient(program: Program, output: str, done: int) -> dict[str, float]:
    """Return the numbers of the gradient of a layer's output, if it has come so far."""
    name = f"{output}.grad"
    if not is_there(program, name, done):
        return {}
    array = program.arrays[name]
    with np.errstate(over="ignore"):
        mean = float(np.abs(array).mean(dtype=np.float64))
    return {"gradient": mean, "gradient_norm": norm([array])}


def _training(
    trainer: Trainer, program: Program, parameters: Sequence[Parameter], done: int
) -> dict[str, float]:
    """Return the numbers of a layer's parameters: their gradient, and how far they were moved."""
    found = _parameter_gradient(program, parameters, done)
    weights = [p.name for p in parameters if p.penalized]
    before = [old for name in weights if (old := before_update(trainer, program, name)) is not None]
    size = norm(before)
    if len(before) == len(weights) and size > 0:
        steps = (program.arrays[n] - old for n, old in zip(weights, before, strict=True))
        found["update_ratio"] = norm(steps) / size
    return found


def _parameter_gradient(
    program: Program, parameters: Sequence[Parameter], done: int
) -> dict[str, float]:
    """Return the norm of the gradient of a layer's parameters, if all of it has come."""
    gradients = [f"{p.name}.grad" for p in parameters]
    if not gradients or not all(is_there(program, name, done) for name in gradients):
        return {}
    return {"parameter_gradient_norm": norm(program.arrays[name] for name in gradients)}


def _parameters(trainer: Trainer) -> defaultdict[str, list[Parameter]]:
    """Return the parameters of each layer, by its full name."""
    layers: defaultdict[str, list[Parameter]] = defaultdict(list)
    for parameter in trainer._state.parameters:
        layers[parameter.name.rpartition(".")[0]].append(parameter)
    return layers


def before_update(trainer: Trainer, program: Program, name: str) -> NDArray[Any] | None:
    """Return a parameter as it was before this batch's update, if that is done and it was kept.

    One that something else has changed since is left out: the difference is not the update's.
    """
    if not is_there(program, name, program.done) or name in program.touched:
        return None
    return trainer._state.kept(name)


def norm(arrays: Iterable[NDArray[Any]]) -> float:
    """Return the Euclidean norm of all elements together, safe from overflow of their squares."""
    sizes = []
    for array in arrays:
        largest = float(np.abs(array).max(initial=0.0))
        if largest == 0 or not math.isfinite(largest):
            sizes.append(largest)
        else:
            scaled = array.astype(np.float64).reshape(-1) / largest
            sizes.append(largest * math.sqrt(float(scaled @ scaled)))
    return math.hypot(*sizes)


def _kinds(trainer: Trainer, layers: Iterable[str]) -> dict[str, str]:
    """Return the kind of every layer by its full name, those made of layers among them."""
    model = trainer.model
    known = {name: layer.kind for name, layer in zip(model.names, model.layers, strict=True)}
    known |= {name: layer.kind for name, layer in model.leaves()}
    # one made of layers that stands in another is not a leaf: its name tells
    return {n: known.get(n) or n.rpartition(".")[2].rstrip("0123456789") for n in layers}

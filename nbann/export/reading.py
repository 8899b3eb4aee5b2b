"""What there is to export: a trainer's net, layer by layer, with its weights. Imports the core.

A `Part` is one layer under its full name, with the shape of a sample before and after it. PyTorch
modules, ONNX graphs and source text are all made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.core.errors import bad_value
from nbann.core.layers.bidirectional import Bidirectional
from nbann.core.layers.layer import Layer
from nbann.core.layers.recurrent import Recurrent
from nbann.core.layers.residual import Residual
from nbann.core.losses.loss import Loss
from nbann.core.model import Sequential
from nbann.core.models.heads import Heads
from nbann.core.plan import Plan
from nbann.core.restraints import EVERY_STEP
from nbann.core.trainer import Trainer

from .checking import check_model, is_padded
from .silencing import without_neurons

Array = NDArray[Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """One layer of a net.

    Attributes
    ----------
    name : str
        Full name, with which the names of its arrays begin.
    layer : Layer
    before, after : tuple of int
        The shape of a sample that goes in and comes out.
    inside : tuple of Part
        The layers of a residual block, or the two directions.
    silent : tuple of int
        Columns of its output that are 0.
    """

    name: str
    layer: Layer
    before: Shape
    after: Shape
    inside: tuple[Part, ...] = ()
    silent: tuple[int, ...] = ()

    @property
    def own(self) -> str:
        """Its name within what it is a part of."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Net:
    """A net as it is exported.

    Attributes
    ----------
    parts : tuple of Part
        Layers one after another; with several heads those of the body.
    heads : dict of str to tuple of Part
        The layers of each head; empty for a net of one.
    silent : dict of str to tuple of int
        The silenced outputs by head.
    arrays : dict of str to array
        Parameters and running statistics, copies.
    loss : Loss
    task : str
    dtype : dtype
    shape, output_shape : tuple of int
        Of a sample.
    indices : int
        How many things whole numbers in x stand for; 0 where x is measured.
    classes : tuple of str
        Their names, of a net of one head for classes.
    padded : bool
        Whether recurrent layers were trained with a mask, and take one.
    """

    parts: tuple[Part, ...]
    heads: dict[str, tuple[Part, ...]]
    silent: dict[str, tuple[int, ...]]
    arrays: dict[str, Array]
    loss: Loss
    task: str
    dtype: np.dtype[Any]
    shape: Shape
    output_shape: Shape
    indices: int = 0
    classes: tuple[str, ...] = field(default=())
    padded: bool = False

    def every(self) -> Iterator[Part]:
        """Yield every part, those inside blocks included."""
        yield from _every(self.parts)
        for head in self.heads.values():
            yield from _every(head)

    def array(self, name: str) -> Array | None:
        """Return a parameter; None where the layer does without."""
        return self.arrays.get(name)


def _every(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        yield from _every(part.inside)


def read(trainer: Trainer, what: str) -> Net:
    """Return the net of a trainer with the weights of now.

    Parameters
    ----------
    trainer : Trainer
    what : str
        How errors call what is being made: "to_torch".

    Raises
    ------
    ValueError
        Not a trainer; a machine that is no net, a layer of the user's own, weights that are not
        finite.
    """
    if not isinstance(trainer, Trainer):
        mend = "Pass the Trainer of the net; of a DeepBelief that of belief.sequential()."
        raise bad_value(what, "a Trainer", f"{trainer!r:.60}", mend)
    model, recipe = trainer.model, trainer._recipe
    check_model(model, what)
    shape = recipe.shape[1:] if recipe.ranked else recipe.shape
    arrays = {name: array.copy() for name, array in trainer.learned.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            mend = "Go back to where it was finite, trainer.back('batch'), or take smaller steps."
            raise bad_value(f"{what}: {name!r}", "finite numbers", "NaN or infinity", mend)
    silent = _silent_columns(trainer)
    plan = Plan()
    heads: dict[str, tuple[Part, ...]] = {}
    if isinstance(model, Heads):
        parts, inner = _parts(model.body, plan, shape, "", silent)
        for head, layers in model.heads.items():
            heads[head], _ = _parts(layers, plan, inner, f"{head}.", silent)
    else:
        assert isinstance(model, Sequential)
        parts, _ = _parts(model, plan, shape, "", silent)
    # what a head or a recurrent layer has silenced is not a column of a part's own output
    of_heads = _silent_heads(silent, heads, recipe.output_shape[-1], trainer)
    for part in _every((*parts, *(part for head in heads.values() for part in head))):
        if isinstance(part.layer, Recurrent):
            columns = silent.pop(f"{part.name}{EVERY_STEP}h", ())
            without_neurons(arrays, part.name, part.layer, columns, what)
    if silent:
        mend = "Let them speak: trainer.unsilence(layer, neuron)."
        raise bad_value(what, "silenced neurons of a layer's output", f"{sorted(silent)}", mend)
    data = trainer.train_data
    classes = trainer.task == "classification" and not heads
    return Net(
        parts=parts,
        heads=heads,
        silent=of_heads,
        arrays=arrays,
        loss=trainer.loss,
        task=trainer.task,
        dtype=recipe.dtype,
        shape=shape,
        output_shape=recipe.output_shape[1:] if recipe.ranked else recipe.output_shape,
        indices=model.takes_indices,
        padded=is_padded(trainer),
        classes=tuple(map(str, data.target_names)) if classes else (),
    )


def _parts(
    model: Sequential,
    plan: Plan,
    shape: Shape,
    prefix: str,
    silent: dict[str, tuple[int, ...]],
) -> tuple[tuple[Part, ...], Shape]:
    """Return the parts of layers one after another, and the shape of what comes out."""
    found = []
    for own, layer in zip(model.names, model.layers, strict=True):
        name = prefix + own
        before, shape = shape, layer.build(plan, name, shape)
        inside: tuple[Part, ...] = ()
        if isinstance(layer, Residual):
            inside, _ = _parts(layer.inside, Plan(), before, f"{name}.", silent)
        elif isinstance(layer, Bidirectional):
            merged = shape[-1] if layer.merge == "sum" else 0
            pair = zip(layer.names, layer.layers, strict=True)
            inside = tuple(
                Part(f"{name}.{n}", one, before, (*shape[:-1], merged or one.units))
                for n, one in pair
            )
        found.append(Part(name, layer, before, shape, inside, silent.pop(f"{name}.out", ())))
    return tuple(found), shape


def _silent_columns(trainer: Trainer) -> dict[str, tuple[int, ...]]:
    """Return the silenced columns by array."""
    found: dict[str, tuple[int, ...]] = {}
    for array, column in sorted(trainer.restraints.silenced):
        found[array] = (*found.get(array, ()), column)
    return found


def _silent_heads(
    silent: dict[str, tuple[int, ...]],
    heads: Mapping[str, object],
    width: int,
    trainer: Trainer,
) -> dict[str, tuple[int, ...]]:
    """Take out of `silent` what is silenced of heads' outputs; return it by head."""
    found = {head: silent.pop(f"{head}.out", ()) for head in heads}
    beside = silent.pop("heads.out", ()) if heads else ()
    for name, head in trainer.loss.heads.items():
        own = [column - head.start for column in beside if head.start <= column < head.stop]
        found[name] = tuple(sorted({*found[name], *own}))
    return {head: columns for head, columns in found.items() if columns}

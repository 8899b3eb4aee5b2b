"""Compiles the program of a batch that is divided over workers; the core's own parts only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..builder import Builder
from ..expr import Gradient, Symbol
from ..primitive import AddUp
from ..restraints import Restraints
from .ops import OnWorker, ReduceGradient, ReduceLoss, Scatter, worker_name

if TYPE_CHECKING:
    from ..program import Program
    from ..recipe import Recipe, Samples
    from ..state import State
    from .link import Link


def recipe_of_parts(recipe: Recipe) -> Recipe:
    """Return what a worker compiles: all but what is done once, to the whole."""
    restraints = Restraints(silenced=recipe.restraints.silenced)
    return replace(recipe, penalty=None, restraints=restraints)


def divided_program(
    recipe: Recipe,
    state: State,
    samples: Samples,
    batch_size: int,
    link: Link,
    *,
    batches_per_epoch: int,
) -> Program:
    """Compile scatter, a gradient on each worker, reduce and update, for batches of one size.

    The arrays of the forward pass are there as well: `reduce` fills them with what the workers have
    computed, where the batch is one that is shown (see `Link.shows`).
    """
    b = Builder(
        state, batch_size, batches_per_epoch=batches_per_epoch, restraints=recipe.restraints
    )
    bound = batch_size == len(samples["x"])
    recipe.bring_in(b, samples, bound=bound)
    shown = _forward(b, recipe)
    program, workers = b.program, recipe.restraints.workers

    grads = []
    b.phase = "scatter"
    for worker in range(workers):
        b.layer = worker_name(worker)
        b.array(f"{b.layer}.share", (), Symbol("s", str(worker + 1)))
        b.emit(Scatter(link, worker, b, summed=recipe.loss.summed))
    for worker in range(workers):
        b.layer = worker_name(worker)
        b.phase = f"gradient on worker {worker + 1}"
        grads.append(_arrays_of(b, worker))
        b.emit(OnWorker(link, worker, b, grads[-1]))
    b.phase, b.layer = "reduce", "reduce"
    _reduce(b, recipe, link, grads)
    b.update(recipe.optimizer)
    program = b.finish()
    for name in shown:
        program.writer[name] = program["reduce.gradient"]
    program.shown = tuple(shown)
    return program


def _forward(b: Builder, recipe: Recipe) -> list[str]:
    """Name the arrays of the forward pass, whose ops are the workers'; return those to be shown."""
    known = set(b.program.arrays)
    b.forward(recipe.model)
    b.program.structure = tuple(b._ops)
    inputs = [b.program.arrays[name] for name in known if name not in b.state.arrays]
    shown = []
    for name in list(b.program.arrays):
        if name in known:
            continue
        array = b.program.arrays[name]
        own = array.flags.writeable and not any(np.shares_memory(array, x) for x in inputs)
        if own and array.ndim and len(array) == b.batch_size and array.dtype.kind == "f":
            shown.append(name)
    b.forget_ops()
    return shown


def _arrays_of(b: Builder, worker: int) -> NDArray[Any]:
    """Name the arrays of a worker's answer; return the flat vector of its gradient."""
    name, tag = worker_name(worker), str(worker + 1)
    b.array(f"{name}.loss", (), Symbol("L", tag))
    flat = np.full(b.state.size, np.nan, b.state.dtype)
    start = 0
    for p in b.state.parameters:
        sub = f"{p.symbol.sub},{tag}" if p.symbol.sub else tag
        view = flat[start : start + p.size].reshape(p.shape)
        b.array(f"{name}.{p.name}.grad", p.shape, Gradient(Symbol(p.symbol.base, sub)), view=view)
        start += p.size
    return flat


def _reduce(b: Builder, recipe: Recipe, link: Link, grads: list[NDArray[Any]]) -> None:
    """Emit the averages of gradient and loss, and the penalty, which is of the whole."""
    penalty = recipe.penalty
    alone = penalty is None
    data_loss = b.array("loss" if alone else "loss.data", (), Symbol("L", "" if alone else "data"))
    b.emit(ReduceGradient(link, grads, b, ".grad" if alone else ".data_grad"))
    b.emit(ReduceLoss(len(grads), data_loss))
    if penalty is None:
        return
    b.layer = "loss"
    penalty.emit(b, b.array("loss.penalty", (), Symbol("R")))
    b.array("loss", (), Symbol("L"))
    b.emit(AddUp((data_loss, "loss.penalty"), "loss", verb="total"))
    penalty.emit_gradient(b)

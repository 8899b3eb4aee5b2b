"""Whether a net's gradient is the average of those of its samples; the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..data.stream_batches import StreamBatches
from ..errors import bad_value
from ..layers.activity_penalty import ActivityPenalty
from ..layers.normalization import BatchNorm
from ..model import Model
from ..streams import state_of
from .compiling import recipe_of_parts
from .ops import worker_name
from .part import Asked, Part
from .rows import Division, counts_of, weights_of

if TYPE_CHECKING:
    from ..program import Floats
    from ..recipe import Samples
    from ..trainer import Trainer

TRIED = 64
"""Rows on which it is tried whether a gradient is the average of its parts."""


def check_model(trainer: Trainer, count: int) -> None:
    """Refuse a model whose gradient is not the average of those of its samples, by name.

    Raises
    ------
    ValueError
    """
    model = trainer.model
    what, expected = "distribute", "a net whose gradient is the average over samples"
    if type(model).compile is not Model.compile:
        mend = "Train it here: trainer.gather()."
        raise bad_value(what, expected, f"{model!r}, which has a rule of its own", mend)
    for name, layer in model.leaves():
        if isinstance(layer, BatchNorm):
            mend = "Put LayerNorm in its place."
            received = f"{name!r}, which takes the mean over all samples of a batch"
            raise bad_value(what, expected, received, mend)
        if isinstance(layer, ActivityPenalty) and layer.kl:
            mend = "Pass l1 in place of kl."
            received = f"{name!r}, a divergence of the mean over all samples of a batch"
            raise bad_value(what, expected, received, mend)
    for worker in range(count):
        if worker_name(worker) in dict(model.leaves()):
            mend = "Rename it."
            raise bad_value(what, "other names of layers", repr(worker_name(worker)), mend)
    if isinstance(trainer._batches, StreamBatches):
        mend = "Train it here, or write it into a file: np.lib.format.open_memmap(...)."
        raise bad_value(what, "data of which workers can hold a share", "a Stream", mend)
    if trainer._hooks.modifying:
        mend = "Remove it first: hook.remove()."
        received = f"{trainer._hooks.modifying[0]!r}"
        raise bad_value(what, "no hook that changes what workers compute", received, mend)


def check_average(trainer: Trainer, count: int) -> None:
    """Try on some rows whether the gradient is the average of its parts.

    Raises
    ------
    ValueError
        It is not: some layer or loss of this net looks at several samples together.
    """
    size = min(TRIED, trainer._size)
    samples = {name: np.asarray(array[:size]) for name, array in trainer._train.items()}
    whole = _average(trainer, samples, 1)
    parts = _average(trainer, samples, min(count, size))
    exact = trainer._recipe.dtype == np.float64
    tolerance = (1e-9 if exact else 1e-3) * max(1.0, float(np.abs(whole).max()))
    if np.isfinite(whole).all() and not np.abs(parts - whole).max() <= tolerance:
        raise bad_value(
            "distribute",
            "a net whose gradient is the average over samples",
            f"one where it differs by {np.abs(parts - whole).max():.3g}",
            "A layer or loss of it looks at several samples together; train it here.",
        )


def _average(trainer: Trainer, samples: Samples, count: int) -> Floats:
    """Return gradient and loss of some rows, averaged over parts of them."""
    recipe, state = recipe_of_parts(trainer._recipe), trainer._state
    division, size = Division(len(samples["x"]), count), len(samples["x"])
    weights = weights_of(samples, None)
    streams = {name: state_of(stream) for name, stream in state.streams.items()}
    parts, found = division.parts(None), []
    for worker, own in enumerate(parts):
        held = {name: array[division.held(worker)] for name, array in samples.items()}
        asked = Asked(state.theta.copy(), own.rows, own.places, size, streams)
        answer = Part(recipe, held).answer(asked)
        found.append(np.append(answer.grad, answer.loss))
    counts = counts_of(parts, weights)
    total = sum(counts)
    if recipe.loss.summed:
        shares = [1.0] * count
    else:
        shares = [one / total if total else 0.0 for one in counts]
    average: Floats = np.array(shares) @ np.array(found)
    return average

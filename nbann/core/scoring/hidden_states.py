"""What a recurrent layer remembers while it reads a sample; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnknownNameError, bad_value
from ..layers.bidirectional import Bidirectional
from ..layers.layer import Layer
from ..layers.recurrent import Recurrent
from ..program import Arrays

if TYPE_CHECKING:
    from ..trainer import Trainer


def hidden_states(
    trainer: Trainer, sample: Any, layer: str | None = None, *, mask: Any = None, state: str = "h"
) -> NDArray[np.floating]:
    """Return what a recurrent layer remembers at each time step of one sample, (time, units).

    Row t is the layer's h after the input of time t, whichever direction of time it goes through:
    of a backward part, row 0 is the last that it comes to. The weights are those of now; the run is
    not touched.

    Parameters
    ----------
    trainer : Trainer
    sample : array of shape (time, features), or (time,) where it is whole numbers for an Embedding
        In the units of the training data: ``ds.X[0]``.
    layer : str, optional
        "lstm1", "both.forward", "both.backward", or "both" for both parts of a `Bidirectional`
        side by side, forward first. By default the last recurrent layer.
    mask : array of shape (time,), optional
        1 where a time step is there: ``ds.mask[0]``. Where none is, the state stays as it was.
    state : {"h", "c"}
        Of an LSTM "c" too, its cells.

    Raises
    ------
    ValueError
        A net without recurrent layers, an unknown layer or state, a sample that does not fit.

    Examples
    --------
    >>> import nbann
    >>> ds = nbann.datasets.echo(50, length=6)
    >>> net = nbann.Sequential([nbann.GRU(4, return_sequences=True), nbann.Dense(2)])
    >>> nbann.hidden_states(nbann.Trainer(net, ds), ds.X[0]).shape
    (6, 4)
    """
    parts = _parts(trainer, layer)
    for name, part in parts:
        if state not in part.remembers:
            raise UnknownNameError(f"state of {name!r}", state, part.remembers)
    X = np.asarray(sample)
    ndim = trainer.train_data.X.ndim - 1
    if X.ndim != ndim:
        mend = "Pass one sample, e.g. ds.X[0]."
        raise bad_value("sample", f"an array of {ndim} axes", f"shape {X.shape}", mend)
    given = None if mask is None else np.asarray(mask)[None]
    (program,) = trainer._evaluator.passes(trainer._inputs(X[None], "hidden_states", given))
    arrays = program.arrays
    return np.concatenate([_over_time(arrays, name, state) for name, _ in parts], axis=1)


def _over_time(arrays: Arrays, name: str, state: str) -> NDArray[np.floating]:
    times = sum(f"{name}.t{time}.{state}" in arrays for time in range(len(arrays)))
    return np.concatenate([arrays[f"{name}.t{time}.{state}"] for time in range(times)])


def _parts(trainer: Trainer, layer: str | None) -> list[tuple[str, Recurrent]]:
    """Return the recurrent layers whose states are asked for: one, or two directions of time."""
    found = dict(_recurrent(trainer))
    if not found:
        mend = "Give it one, e.g. nbann.LSTM(8)."
        raise bad_value("trainer", "a net with a recurrent layer", repr(trainer.model), mend)
    name = next(reversed(found)) if layer is None else layer
    if name not in found:
        raise UnknownNameError("recurrent layer", name, found)
    return found[name]


def _recurrent(trainer: Trainer) -> Iterator[tuple[str, list[tuple[str, Recurrent]]]]:
    leaves: list[tuple[str, Layer]] = list(trainer.model.leaves())
    for name, one in leaves:
        if isinstance(one, Recurrent):
            yield name, [(name, one)]
        elif isinstance(one, Bidirectional):  # after its parts: the last is both of them
            yield (
                name,
                [
                    (f"{name}.{part}", inner)
                    for part, inner in zip(one.names, one.layers, strict=True)
                ],
            )

"""What is trained (model, loss, optimizer), checked; compiles programs from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .builder import Builder
from .checks import as_features
from .data import Dataset
from .errors import UnknownNameError, bad_value
from .expr import Symbol
from .losses import Loss, Task
from .model import Sequential
from .optimizers import Optimizer
from .penalty import Penalty
from .program import Program
from .state import Parameter, State

Samples = dict[str, NDArray[Any]]
"""What a program reads from outside: "x", "y", and where the loss asks for it "y.onehot"."""

DTYPES: dict[str, np.dtype[np.floating]] = {
    "float64": np.dtype(np.float64),
    "float32": np.dtype(np.float32),
}
_SYMBOLS = {"x": Symbol("x"), "y": Symbol("y"), "y.onehot": Symbol("Y")}


@dataclass(frozen=True)
class Recipe:
    """Everything that a program is compiled from, but the state and the batch size."""

    model: Sequential
    loss: Loss
    optimizer: Optimizer
    penalty: Penalty | None
    task: Task
    dtype: np.dtype[np.floating]
    features: int
    parameters: tuple[Parameter, ...]
    outputs: int

    def state(self) -> State:
        """Return a fresh state with all parameters at 0."""
        vectors = dict(self.optimizer.vectors)
        if self.penalty is not None:
            vectors |= self.penalty.vectors
        return State(self.parameters, self.dtype, vectors, self.optimizer.hyper())

    def samples(self, data: Dataset, what: str) -> Samples:
        """Check a data set against the net; return the arrays that programs read."""
        x = self.inputs(data.X, what)
        targets = self.loss.targets(data.y, self.task, self.outputs, f"{what} y")
        return {"x": x} | {name: self._cast(array) for name, array in targets.items()}

    def inputs(self, X: object, what: str) -> NDArray[np.floating]:
        """Check features against the net; return them in the net's dtype."""
        array = as_features(X, f"{what} X")
        if array.shape[1] != self.features:
            first = self.model.names[0]
            mend = (
                f"Layer {first!r} was built for {self.features}; "
                f"pass the same columns, or build a new net."
            )
            raise bad_value(f"{what} X", f"{self.features} features", f"shape {array.shape}", mend)
        return self._cast(array)

    def _cast(self, array: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            kept = array.astype(self.dtype) if array.dtype.kind == "f" else array.copy()
        if kept.dtype.kind == "f" and not np.isfinite(kept).all():
            raise bad_value(
                "data",
                f"numbers that fit {self.dtype}",
                "larger ones",
                "Scale them, or use float64.",
            )
        kept.flags.writeable = False
        return kept

    def program(self, state: State, samples: Samples, batch_size: int, *, train: bool) -> Program:
        """Compile a program for batches of one size; without `train`, to the loss only.

        A batch of all the samples is bound to them as they stand; a smaller one has buffers of its
        own.
        """
        b = Builder(state, batch_size)
        bound = batch_size == len(samples["x"])
        for name, source in samples.items():
            b.input(name, source, _SYMBOLS[name], bound=bound)
        b.forward(self.model)
        if "y" in samples:
            b.loss(self.loss, self.penalty)
        if train:
            b.backward(self.penalty)
            b.update(self.optimizer)
        return b.finish()


def as_dtype(dtype: object) -> np.dtype[np.floating]:
    """Return float64 or float32, given by name or as a NumPy type."""
    try:
        name = np.dtype(dtype).name  # type: ignore[call-overload]
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise UnknownNameError("dtype", name, DTYPES)
    return DTYPES[name]

"""A trainer's samples where data are not held in memory: read, checked and cast batch by batch.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .data.made import Made, Together
from .data.source import RowSource
from .losses.targets import check_weight_range
from .model import Model

if TYPE_CHECKING:
    from .data.dataset import Dataset
    from .recipe import Recipe

Sources = dict[str, Any]
"""As `Samples`, with a `RowSource` in the place of some of the arrays or of all."""


def is_lazy(data: Dataset) -> bool:
    """Whether some of a data set is read when it is needed."""
    return isinstance(data.X, RowSource) or isinstance(data.y, RowSource)


def lazy_inputs(recipe: Recipe, X: RowSource, what: str) -> RowSource:
    """Return features as programs read them, of a shape that has been checked."""
    return Made(X, partial(_features, recipe, what))


def lazy_samples(recipe: Recipe, data: Dataset, what: str) -> Sources:
    """Return what programs read of a data set, all of it looked at once where that can be.

    Raises
    ------
    ValueError
        As `Recipe.samples` raises it.
    """
    given: Any = data.X
    samples: Sources = recipe.inputs(given, what)
    x = samples["x"]
    shape = recipe._output_of(given.shape[1:]) or recipe.output_shape
    if data.weight is not None:
        check_weight_range(data.weight, recipe.dtype, f"{what} weight")
    together = Together((data.y, data.weight), partial(_targets, recipe, shape, what))
    parts = together.parts(len(given))
    whole = all(one.whole for one in (given, data.y) if isinstance(one, RowSource))
    same = data.y is data.X and whole and parts["y"].shape == x.shape
    if whole:
        same = _look_at_all(recipe, x, parts, what, same=same)
    if same:
        parts["y"] = x  # a reconstruction: it is brought in once
    return samples | parts


def _features(recipe: Recipe, what: str, block: NDArray[Any]) -> NDArray[Any]:
    """Return a block of features as the net reads it."""
    if _takes_any(recipe):
        return recipe._cast(block if block.dtype.kind == "f" else block.astype(recipe.dtype))
    array = np.ascontiguousarray(block, np.float64)
    recipe.model.check_inputs(array, f"{what} X")
    array = recipe.model.prepared(array, f"{what} X")
    return recipe._cast(recipe._indices(array, what) if recipe.model.takes_indices else array)


def _targets(
    recipe: Recipe,
    shape: tuple[int, ...],
    what: str,
    y: NDArray[Any],
    weight: NDArray[np.float64] | None,
) -> dict[str, NDArray[Any]]:
    found = recipe.loss.targets(y, recipe.task, shape, f"{what} y", weight)
    return {name: recipe._cast(array) for name, array in found.items()}


def _look_at_all(
    recipe: Recipe, x: Any, parts: dict[str, RowSource], what: str, *, same: bool
) -> bool:
    """Read all rows once, so that what does not fit is told now; whether y and x are the same."""
    totals = {name: [0.0] for name in parts if name.endswith((".weight", ".factor"))}
    if same or _may_not_fit(recipe, x):
        for rows in _slices(len(x), x.rows_at_once):
            with _told(rows):
                block = x.read(rows)
                same = same and np.array_equal(parts["y"].read(rows), block)
    if not same:
        for rows in _slices(len(x), min(part.rows_at_once for part in parts.values())):
            with _told(rows):
                read = {name: part.read(rows) for name, part in parts.items()}
            for name, sums in totals.items():
                check_weight_range(read[name], recipe.dtype, f"{what} weight times class weight")
                sums.append(float(read[name].sum(dtype=np.float64)))
    for sums in totals.values():
        total = np.array([sum(sums)])
        check_weight_range(total, recipe.dtype, f"{what} weight times class weight")
    return same


def _slices(count: int, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


@contextmanager
def _told(rows: slice) -> Iterator[None]:
    """Say of what is refused in which rows it is: places in it are those of a block."""
    try:
        yield
    except ValueError as error:
        if not rows.start:
            raise
        where = f"(Places are counted from row {rows.start}, in a block to row {rows.stop - 1}.)"
        raise ValueError(f"{error} {where}") from None


def _may_not_fit(recipe: Recipe, x: Any) -> bool:
    """Whether features read later may be something that the net has no use for."""
    return isinstance(x, RowSource) and not (_takes_any(recipe) and recipe.dtype == np.float64)


def _takes_any(recipe: Recipe) -> bool:
    """Whether features are any finite numbers, and read as they stand."""
    model = type(recipe.model)
    looks = model.check_inputs is not Model.check_inputs or model.prepared is not Model.prepared
    return not looks and not recipe.model.takes_indices

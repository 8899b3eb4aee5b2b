"""Text after which X and y are what a trainer trains on. Imports the core.

Text from data is written by `repr` only: no name of a head, class or column becomes source.
"""

from __future__ import annotations

import numpy as np

from .literals import MOST_NUMBERS, array_text, table_text
from .reading import Array
from .scored import Scored, scored_of
from .training import Run


def data_lines(run: Run, *, as_given: bool = False) -> list[str]:
    """Return the lines after which ``X`` and ``y`` are what nbann trains on.

    y has the form in which the loss reads it, or `as_given` that of the data set. Of a net with
    heads it is a dict.
    """
    data, net = run.trainer.train_data, run.net
    X = run.trainer._train["x"]
    alike = run.trainer.task == "unsupervised"
    scored = [] if alike else scored_of(net)
    given = {one.name: one.given(data.y) for one in scored}
    small = X.size + sum(array.size for array in given.values()) <= MOST_NUMBERS
    floats = "" if net.indices else f"np.{net.dtype.name}"
    keys = {name: f"y{number}" if name else "y" for number, name in enumerate(given)}
    if small:  # np.asarray: what lies in a file is read
        lines = [f"X = {array_text(np.asarray(X), floats)}"]
        before = "    " if net.heads else ""
        arrays = {name: np.asarray(array) for name, array in given.items()}
        texts = {name: array_text(array, before=before) for name, array in arrays.items()}
    else:
        saved = ["X=ds.X", *(f"{key}=..." if name else "y=ds.y" for name, key in keys.items())]
        said = ", ".join(saved)
        lines = [
            f"# {X.size} numbers are too many to write here. They are read from a file; write it",
            f"# with:  ds = trainer.train_data; np.savez('data.npz', {said})",
            *(f"# {key}: the targets of {name!r}" for name, key in keys.items() if name),
            "with np.load('data.npz') as data:",
            "    data = dict(data)",
            f"X = data['X'].astype({floats or 'int'})",
        ]
        texts = {name: f"data[{key!r}]" for name, key in keys.items()}
    if alike:
        return [*lines, "y = X"]
    lines += table_text("y", texts) if net.heads else [f"y = {texts['']}"]
    if not as_given:
        lines += [line for one in scored if (line := _target(run, one, given[one.name]))]
    return lines


def _target(run: Run, one: Scored, given: Array) -> str:
    """Return the line that gives y the form in which the loss reads it."""
    y, kinds = one.of("y"), one.targets(run.trainer._train)
    shape = ", ".join(map(str, kinds.get("y.sign", kinds["y"]).shape[1:]))
    number = f"np.{run.net.dtype.name}"
    if one.loss.kind == "cross_entropy":
        return "" if given.dtype == int else f"{y} = {y}.astype(int)"
    if "y.onehot" in kinds:
        return f"{y} = np.eye({one.width}, dtype={number})[{y}.astype(int)]"
    if "y.sign" in kinds:
        if one.width == 1:
            return f"{y} = (2 * {y}.reshape(len(X), {shape}) - 1).astype({number})"
        return f"{y} = 2 * np.eye({one.width}, dtype={number})[{y}.astype(int)] - 1"
    return f"{y} = {y}.reshape(len(X), {shape}).astype({number})"

"""The table of a sweep: a structured array, a pandas frame, words and HTML; core and NumPy.

pandas is imported when a frame is asked for.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.checks import check_installed

if TYPE_CHECKING:
    from .one_run import Run

_SHOWN = 30  # rows of a table in a notebook
_OWN = ("status", "reason", "epochs", "seconds")


def columns_of(
    runs: Sequence[Run], settings: Sequence[str], metrics: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Return the columns of the table by name, each of shape (runs,)."""
    first = "run" if "run" not in settings else _free("run", {"run": 0})
    columns = {first: np.arange(len(runs))}
    for name in settings:
        columns[_free(name, columns)] = typed([run.settings.get(name) for run in runs])
    if any(run.seed is not None for run in runs):
        columns[_free("seed", columns)] = typed([run.seed for run in runs])
    own = {
        "status": typed([run.status for run in runs]),
        "reason": typed([run.reason for run in runs]),
    }
    columns |= {_free(name, columns): values for name, values in own.items()}
    for name in metrics:
        values = [run.metrics.get(name, np.nan) for run in runs]
        columns[_free(name, columns)] = np.array(values, np.float64)
    columns[_free("epochs", columns)] = np.array([run.epochs for run in runs], np.int64)
    columns[_free("seconds", columns)] = np.array([run.seconds for run in runs], np.float64)
    return columns


def _free(name: str, taken: dict[str, Any]) -> str:
    """Return a column's name, changed where a setting has it already: "epochs (result)"."""
    while name in taken:
        name = f"{name} (result)"
    return name


def typed(values: Sequence[Any]) -> NDArray[Any]:
    """Return values as an array of the narrowest kind: flags, whole numbers, floats, text.

    Anything else, or a mixture, is an array of objects.
    """
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return np.array(values, np.bool_)
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in values):
        return np.array(values, np.int64)
    if kinds and kinds <= {int, float}:
        return np.array(values, np.float64)
    if kinds == {str}:
        return np.array(values, np.str_)
    found = np.empty(len(values), object)
    found[:] = [*values]
    return found


def table_of(columns: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """Return columns as one structured array."""
    dtype = [(name, values.dtype) for name, values in columns.items()]
    table = np.empty(_count(columns), dtype)
    for name, values in columns.items():
        table[name] = values
    return table


def frame_of(columns: dict[str, NDArray[Any]]) -> Any:
    """Return columns as a pandas frame."""
    check_installed("pandas", "to_frame", "pandas")
    pandas: Any = import_module("pandas")
    return pandas.DataFrame(columns).set_index(next(iter(columns)))


def _count(columns: dict[str, NDArray[Any]]) -> int:
    return len(next(iter(columns.values())))


# ---- as people read it --------------------------------------------------------------------------
def cell(value: Any) -> str:
    """Return a value of the table as text: numbers with four digits."""
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else f"{value:.4g}"
    return "" if value is None else str(value)


def chosen(columns: dict[str, NDArray[Any]], most: int = _SHOWN) -> tuple[list[int], list[str]]:
    """Return which rows are shown (the first and the last ones), and which columns."""
    count = _count(columns)
    rows = list(range(count))
    if count > most:
        rows = [*range(most - 5), *range(count - 5, count)]
    empty = [n for n in columns if n == "reason" and not any(map(str, columns[n]))]
    return rows, [name for name in columns if name not in empty]


def listing_of(columns: dict[str, NDArray[Any]]) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of text, of a long table the first and the last rows."""
    rows, names = chosen(columns)
    return names, [[_short(cell(columns[name][i])) for name in names] for i in rows]


def html_of(columns: dict[str, NDArray[Any]], head: str, best: int | None) -> str:
    """Return the table as HTML, every text in it escaped."""
    rows, names = chosen(columns)
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
    lines = []
    for before, i in zip([-1, *rows], rows, strict=False):
        if i > before + 1:
            lines.append(f'<tr><td colspan="{len(names)}">... {i - before - 1} more ...</td></tr>')
        cells = [html.escape(_short(cell(columns[name][i]))) for name in names]
        strong = [f"<strong>{c}</strong>" if i == best and c else c for c in cells]
        lines.append("<tr>" + "".join(f"<td>{c}</td>" for c in strong) + "</tr>")
    return (
        f"<table><caption>{html.escape(head)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def text_of(columns: dict[str, NDArray[Any]]) -> str:
    """Return the table as lines of text, columns one under the other."""
    names, rows = listing_of(columns)
    grid = [names, *rows]
    widths = [max(len(line[j]) for line in grid) for j in range(len(names))]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in grid
    ]
    if len(rows) < _count(columns):
        lines.insert(len(rows) - 4, f"... {len(columns['run']) - len(rows)} more ...")
    return "\n".join(lines)


def _short(text: str, most: int = 80) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."

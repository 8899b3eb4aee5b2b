"""One row of an explanation's table; imports the core's expressions and names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import fsum, nan

import numpy as np
from numpy.typing import NDArray

from ..checks import counted
from ..errors import UnknownNameError
from ..expr import Entry, Expr, Number
from .linear import entries

GROUPS = ("sample", "step", "neuron", "layer")


@dataclass(frozen=True)
class Term:
    """One of the parts that add up to a number.

    Attributes
    ----------
    label : str
        Where it comes from: "sample 5", "output neuron 2".
    value : float
        What it adds: `coefficient` times `number`.
    share : float
        `value` as a share of the whole; below 0 or above 1 where parts cancel; NaN of a whole of 0.
    coefficient, number : float
        Of a gradient, the derivative along the way and the gradient it is multiplied with; else
        1 and the value.
    name, index : str and tuple of int
        The element that it opens into; ("", ()) where it opens into none.
    sample, step, neuron : int or None
        Row of the batch, time step and place in its layer of that element.
    layer : str
        Its layer; "" for none.
    expression : Expr
        Its arithmetic, with this batch's numbers.
    parts : tuple of Term
        Where it is a sum of terms itself, these.
    reader : str
        The array in whose arithmetic it stands.
    """

    label: str
    value: float
    share: float
    coefficient: float
    number: float
    name: str
    index: tuple[int, ...]
    sample: int | None
    step: int | None
    neuron: int | None
    layer: str
    expression: Expr
    parts: tuple[Term, ...] = ()
    reader: str = ""

    @property
    def opens(self) -> bool:
        """Whether `Explanation.open` leads further."""
        return bool(self.name or self.parts)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The elements of arrays that stand in its arithmetic, each once."""
        return tuple(dict.fromkeys(entries(self.expression)))


def largest_first(terms: Iterable[Term]) -> list[Term]:
    """Return terms by the size of what they add; NaN first, equal ones as they came."""
    return sorted(terms, key=lambda t: -abs(t.value) if t.value == t.value else -np.inf)


def grouped(terms: Iterable[Term], by: str, whole: float) -> list[Term]:
    """Return one term for each sample, time step, neuron or layer, its parts added up.

    Raises
    ------
    UnknownNameError
        Another grouping.
    """
    if by not in GROUPS:
        raise UnknownNameError("grouping", by, GROUPS)
    key, label = _KEYS[by]
    groups: dict[object, list[Term]] = {}
    for term in terms:
        groups.setdefault(key(term), []).append(term)
    return [
        _together(label(parts[0]), by, parts, whole) if len(parts) > 1 else parts[0]
        for parts in groups.values()
    ]


def _layer_label(term: Term) -> str:
    return term.layer or term.label


def _neuron_label(term: Term) -> str:
    return f"{term.layer} neuron {term.neuron}" if term.neuron is not None else _layer_label(term)


_KEYS: dict[str, tuple[Callable[[Term], object], Callable[[Term], str]]] = {
    "sample": (
        lambda t: t.label if t.sample is None else t.sample,
        lambda t: t.label if t.sample is None else f"sample {t.sample}",
    ),
    "step": (
        lambda t: t.label if t.step is None else t.step,
        lambda t: t.label if t.step is None else f"step {t.step}",
    ),
    "neuron": (_neuron_label, _neuron_label),
    "layer": (_layer_label, _layer_label),
}


def _together(label: str, by: str, parts: list[Term], whole: float) -> Term:
    first = parts[0]
    value = fsum(part.value for part in parts)
    return Term(
        label=label,
        value=value,
        share=share_of(value, whole),
        coefficient=1.0,
        number=value,
        name="",
        index=(),
        sample=first.sample if by == "sample" else _common(part.sample for part in parts),
        step=first.step if by == "step" else _common(part.step for part in parts),
        neuron=first.neuron if by == "neuron" else _common(part.neuron for part in parts),
        layer=first.layer,
        expression=Number(value),
        parts=tuple(largest_first(parts)),
        reader=first.reader,
    )


def _common(values: Iterable[int | None]) -> int | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None


def share_of(value: float, whole: float) -> float:
    """Return a part as a share of the whole; NaN of nothing."""
    return value / whole if whole else nan


def percent(share: float) -> str:
    """Return a share in whole percent, 0 without a sign; nothing of one of 100 and more, or NaN."""
    text = f"{share:.0%}" if abs(share) < 100 else ""  # NaN is not below it
    return "0%" if text == "-0%" else text


_COLUMNS = (
    ("label", "U64"),
    ("coefficient", "f8"),
    ("number", "f8"),
    ("value", "f8"),
    ("share", "f8"),
    ("name", "U64"),
    ("index", "U32"),
    ("sample", "i8"),
    ("step", "i8"),
    ("neuron", "i8"),
    ("layer", "U64"),
)


def as_table(terms: Iterable[Term]) -> NDArray[np.void]:
    """Return terms as a structured array; -1 stands for no sample, step or neuron."""
    rows = []
    for t in terms:
        index = ",".join(map(str, t.index))
        places = [-1 if place is None else place for place in (t.sample, t.step, t.neuron)]
        numbers = (t.coefficient, t.number, t.value, t.share)
        rows.append((t.label, *numbers, t.name, index, *places, t.layer))
    return np.array(rows, dtype=list(_COLUMNS))


def rest_label(count: int) -> str:
    """Return what the rest is called: "7 more"."""
    return f"{counted(count, 'more term')}"

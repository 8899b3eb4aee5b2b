"""The central difference beside a gradient: whether the loss changes as the chain rule says.

Imports the core's own parts only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from ..program import Op
from .chain import Chain
from .twin import Place, Twin

if TYPE_CHECKING:
    from ..recipe import Recipe

STEPS = (1e-5, 1e-4, 1e-6, 1e-3)
"""Distances h that are tried in turn until one agrees, relative to numbers over 1.

A small one passes a kink such as ReLU's by, a large one lifts a small change over the rounding.
"""
RELATIVE, ROUNDING = 1e-5, 1e-14
"""How far gradient and difference may be apart: of their size, and of the loss over h."""
SINGLE, SINGLE_TERMS = 1e-3, 1e-5
"""The same where the gradient was computed in float32: of its size, and of its terms' sizes or of
the largest number beside it. Where skip connections and normalization let large numbers cancel
out on the way, a small one is left with their rounding."""


@dataclass(frozen=True)
class Difference:
    """``(L(w + h) - L(w - h)) / 2h``, computed in float64 on a copy of the batch.

    Attributes
    ----------
    value : float or None
        None where there is nothing to move; `note` then says why.
    agrees : bool or None
        Whether it confirms the gradient, up to the rounding of both.
    note : str
        What is to be known of it, or nothing.
    """

    value: float | None
    agrees: bool | None
    note: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"no central difference: {self.note}"
        verdict = "agrees" if self.agrees else "disagrees"
        return f"central difference {self.value:.4g} {verdict}" + (
            f" ({self.note})" if self.note else ""
        )


class Differences:
    """Central differences of one moment; the copy it needs is made when first asked for."""

    def __init__(self, recipe: Recipe, chain: Chain, data: tuple[str, ...]) -> None:
        self._recipe, self._chain, self._data = recipe, chain, data
        self._moment = chain.moment
        self._known: dict[tuple[str, Place], Difference] = {}

    @cached_property
    def _twin(self) -> Twin:
        return Twin(self._recipe, self._moment, self._data)

    def of(self, name: str, at: Place) -> Difference:
        """Return the central difference that belongs to an element of a gradient."""
        if (name, at) not in self._known:
            try:
                self._known[name, at] = self._find(name, at)
            except ValueError as error:  # what the batch was computed with is not there any more
                self._known[name, at] = Difference(None, None, str(error))
        return self._known[name, at]

    def _find(self, name: str, at: Place) -> Difference:
        if not self._recipe.model.follows_loss:
            note = f"{self._recipe.model!r} follows no loss: this is no derivative of one"
            return Difference(None, None, note)
        base, losses, part = self._asked(name)
        if base not in self._twin.arrays or name not in self._moment.gradients:
            note = f"{name!r} is a sum on the way, not the derivative by one array"
            return Difference(None, None, note)
        only = None
        if part:
            reader = self._reader(base, name)
            if reader is None:
                note = f"which op {name!r} came through can not be told apart"
                return Difference(None, None, note)
            only = self._twin.side(base, reader)
        ops = self._twin.downstream(base, only)
        hooked = [w for op in ops for w in op.writes if w in self._moment.touched]
        if hooked:
            who = self._moment.who_changed(hooked[0]).replace("A hook", "a hook")
            return Difference(None, None, f"{who} has changed {hooked[0]!r}, which depends on it")
        first = ops[0].index if ops else 0
        held = (op._primitive.holds for op in self._twin.cuts if op.index > first)
        return self._compare(name, base, at, losses, only, "; ".join(dict.fromkeys(held)))

    def _asked(self, name: str) -> tuple[str, tuple[str, ...], bool]:
        """Return what is moved, which losses are looked at, and if one of several readers is meant.

        The data's gradient, apart from the penalty's, is that of all losses but the penalty.
        """
        if name.endswith(".data_grad"):
            parts = tuple(part for part in self._moment.losses[1:] if part != "loss.penalty")
            return name.removesuffix(".data_grad"), parts, False
        base, _, tag = name.rpartition(".grad")
        return base, ("loss",), bool(tag)

    def _reader(self, base: str, name: str) -> Op | None:
        """Return the op whose derivative one of several contributions is."""
        sums = (self._moment.writer.get(base + suffix) for suffix in (".data_grad", ".grad"))
        whole = next((op for op in sums if op is not None and name in op.reads), None)
        # the backward pass meets the last reader first, and only those that the loss depends on
        readers = [op for op in self._twin.readers(base)[::-1] if self._is_reached(op)]
        tag = name.rpartition(".")[2]
        of_time = [op for op in readers if op.time is not None and tag == f"t{op.time}"]
        if len(of_time) == 1:
            return of_time[0]
        if whole is None or len(whole.reads) != len(readers):
            return None
        return readers[whole.reads.index(name)]

    def _is_reached(self, op: Op) -> bool:
        return any(
            w + ".grad" in self._moment.gradients or w in self._moment.losses for w in op.writes
        )

    def _compare(
        self,
        name: str,
        base: str,
        at: Place,
        losses: tuple[str, ...],
        only: frozenset[Op] | None,
        note: str,
    ) -> Difference:
        array = self._moment.arrays[name]
        gradient, single = float(array[at]), array.dtype == np.float32
        before = float(self._twin.arrays[base][at])
        middle = self._twin.total(losses)
        if not isfinite(middle):
            return Difference(None, None, f"the loss is {middle:g}, which no step changes")
        terms = 0.0
        if single:
            beside = float(np.abs(array).max())
            terms = max(beside, sum(abs(link.value) for link in self._chain.level(name, at)))
        steps = [h * max(1.0, abs(before)) for h in STEPS]
        first = None
        changes = self._twin.changes(base, at, steps, losses, only)
        for h, (high, low) in zip(steps, changes, strict=True):
            value = (high - low) / ((before + h) - (before - h))
            room = RELATIVE * max(abs(gradient), abs(value)) + ROUNDING * abs(middle) / h
            if single:
                room += SINGLE * abs(gradient) + SINGLE_TERMS * terms
            if abs(value - gradient) <= room:
                changes.close()  # which puts all back
                return Difference(value, True, note)
            sides = sorted(((high - middle) / h, (middle - low) / h))
            if first is None:
                first = (value, sides, room)
        assert first is not None
        value, sides, room = first
        kink = sides[0] - room <= gradient <= sides[1] + room and sides[1] - sides[0] > 10 * room
        if kink:
            at_kink = f"at a kink: {sides[0]:.4g} to {sides[1]:.4g}"
            return Difference(value, True, f"{note}; {at_kink}" if note else at_kink)
        return Difference(value, False, note)

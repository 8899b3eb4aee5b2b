"""A layer that goes through time in both directions; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING, Literal

from ..errors import UnknownNameError, bad_value
from ..expr import Symbol
from ..ops.join_ops import Concatenate
from ..ops.recurrent_ops import GatedSum
from .layer import Layer, Shape
from .recurrent import Recurrent

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan

MERGES = ("concatenate", "sum")


class Bidirectional(Layer):
    """A recurrent layer twice, with weights of its own for each direction of time.

    ``out_t = (forward h_t, backward h_t)`` side by side, or their sum: at each time step both what
    was before and what comes after is known. With `return_sequences=False` the last state of each,
    which for the backward one is that of the first time step. Source: M. Schuster and K. Paliwal,
    "Bidirectional Recurrent Neural Networks", IEEE Transactions on Signal Processing 45 (1997).

    Parameters
    ----------
    layer : RNN, LSTM or GRU
        Makes the forward part and, going from the end of time, the backward part.
    backward : RNN, LSTM or GRU, optional
        The backward part, if it is to have settings or given weights of its own.
    merge : {"concatenate", "sum"}
    name : str, optional

    Raises
    ------
    ValueError
        Parts that are not recurrent layers, or do not fit together; an unknown merge.

    Notes
    -----
    Its parts are the layers ``<name>.forward`` and ``<name>.backward``, so that their arrays are
    ``<name>.forward.weight``, ``<name>.backward.t3.h``, ...; ``<name>.out`` is as wide as both
    together, or for "sum" as each.

    Examples
    --------
    >>> import nbann
    >>> nbann.Bidirectional(nbann.LSTM(8, return_sequences=True))
    Bidirectional(LSTM(8, return_sequences=True))
    """

    kind = "bidirectional"

    def __init__(
        self,
        layer: Recurrent,
        backward: Recurrent | None = None,
        *,
        merge: Literal["concatenate", "sum"] = "concatenate",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        for part in (layer,) if backward is None else (layer, backward):
            if not isinstance(part, Recurrent):
                mend = "Pass e.g. Bidirectional(LSTM(8))."
                raise bad_value("Bidirectional", "a recurrent layer", repr(part), mend)
        if merge not in MERGES:
            raise UnknownNameError("merge", merge, MERGES)
        if layer.reverse:
            mend = "Leave reverse=True out: Bidirectional sets it for the backward part."
            raise bad_value("Bidirectional", "a layer that goes forward first", repr(layer), mend)
        self.merge = merge
        self._given = (layer, backward)
        self.forward, self.backward = copy(layer), copy(backward or layer)
        self.backward.reverse = True
        self._check_fit()

    def _check_fit(self) -> None:
        ahead, back = self.forward, self.backward
        if ahead.return_sequences != back.return_sequences:
            mend = "Give both the same return_sequences."
            raise bad_value("Bidirectional", "parts of one kind of output", repr(self), mend)
        if self.merge == "sum" and ahead.units != back.units:
            mend = "Give both the same number of units, or concatenate them."
            raise bad_value("Bidirectional", "parts of one width for a sum", repr(self), mend)

    def __repr__(self) -> str:
        parts = [repr(part) for part in self._given if part is not None]
        parts += [f"merge={self.merge!r}"] if self.merge != "concatenate" else []
        parts += [f"name={self.name!r}"] if self.name is not None else []
        return f"Bidirectional({', '.join(parts)})"

    @property
    def layers(self) -> tuple[Recurrent, ...]:
        """Its two parts: forward, and backward."""
        return (self.forward, self.backward)

    @property
    def names(self) -> tuple[str, ...]:
        """Their names within the layer: ``<layer>.<name>`` is the full one."""
        return ("forward", "backward")

    def leaves(self, name: str) -> Iterator[tuple[str, Layer]]:
        yield f"{name}.forward", self.forward
        yield f"{name}.backward", self.backward
        yield name, self

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        ahead = self.forward.build(plan, f"{name}.forward", shape)
        back = self.backward.build(plan, f"{name}.backward", shape)
        return ahead if self.merge == "sum" else (*ahead[:-1], ahead[-1] + back[-1])

    def emit(self, b: Builder, name: str, x: str) -> str:
        outs = []
        for part, layer in (("forward", self.forward), ("backward", self.backward)):
            b.layer = f"{name}.{part}"
            outs.append(layer.emit(b, b.layer, x))
        b.layer = name
        shape, (ahead, back) = b.shape(outs[0]), (b.shape(out)[-1] for out in outs)
        width = ahead if self.merge == "sum" else ahead + back
        into = b.array(f"{name}.out", (*shape[:-1], width), Symbol("h", name))
        if self.merge == "sum":
            b.emit(GatedSum([(out,) for out in outs], into, "sum"))
        else:
            b.emit(Concatenate(outs, (0, ahead, ahead + back), into))
        return into

"""One time step of a recurrent layer: its arrays and ops; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..expr import Symbol
from ..ops.blend_ops import Carry
from ..ops.join_ops import Split
from ..ops.recurrent_ops import RecurrentAffine
from ..ops.time_ops import Cut
from ..primitive import Primitive

if TYPE_CHECKING:
    from ..builder import Builder
    from .recurrent import Recurrent


class Step:
    """One time step of one layer: names its arrays, emits its ops.

    Attributes
    ----------
    name : str
        The layer's, with which its arrays' names begin.
    x : str
        What the layer sees at this time: an array.
    past : dict of str to str
        What it remembers: arrays by key, "h" and an LSTM's "c".
    masked : bool
        Whether the time step is not there in some of the samples.
    """

    def __init__(
        self, b: Builder, layer: Recurrent, name: str, time: int, x: str, past: Mapping[str, str]
    ) -> None:
        self.b, self.layer, self.name, self.time = b, layer, name, time
        self.x, self.past = x, dict(past)
        self.masked = b.has("x.mask")

    def array(self, key: str, *, width: int = 0, view: NDArray[Any] | None = None) -> str:
        """Name an array ``<layer>.t<time>.<key>`` (n, width), as wide as the layer by default.

        In formulas "z_i" is z with i among its subscripts.
        """
        shape = (self.b.batch_size, width or self.layer.units)
        base, *sub = key.split("_")
        label = Symbol(base, ",".join((self.name, str(self.time), *sub)))
        return self.b.array(f"{self.name}.t{self.time}.{key}", shape, label, view=view)

    def split(self, source: str, keys: tuple[str, ...], verb: str = "split") -> list[str]:
        """Emit the parts of an array of all gates, one for each key; return their names."""
        whole = self.b.program.arrays[source]
        edges = range(0, whole.shape[1] + 1, self.layer.units)
        parts = [
            self.array(key, view=whole[:, start:stop])
            for key, (start, stop) in zip(keys, pairwise(edges), strict=True)
        ]
        self.b.emit(Split(source, parts, edges, verb))
        return parts

    def parameter(self, key: str) -> str | None:
        """Return a parameter's name; None where the layer does without."""
        name = f"{self.name}.{key}"
        return name if self.b.has(name) else None

    def affine(self, into: str) -> str:
        """Emit ``x @ weight + h @ recurrent + bias``; return its name."""
        weights = (self.x, f"{self.name}.weight", self.past["h"], f"{self.name}.recurrent")
        self.emit(RecurrentAffine(*weights, self.parameter("bias"), into))
        return into

    def emit(self, primitive: Primitive, verb: str | None = None) -> None:
        """Emit an op of this time step, under a verb of its own if one is given."""
        if verb is not None:
            primitive.verb = verb
        self.b.emit(primitive)

    def forget_the_way(self) -> None:
        """Cut the gradient to what was before, as truncated backpropagation does."""
        for key, old in self.past.items():
            cut = self.array(f"{key}_past", view=self.b.program.arrays[old])
            self.emit(Cut(old, cut, f"cut_{key}"))
            self.past[key] = cut

    def run(self, home: NDArray[Any] | None) -> dict[str, str]:
        """Emit the step; return what is remembered after it. `home` is where h shall lie."""
        homes = {"h": home}
        if not self.masked:
            new = {key: self.array(key, view=homes.get(key)) for key in self.past}
            self.layer.step(self, new)
            return new
        new = {key: self.array(f"{key}_new") for key in self.past}
        self.layer.step(self, new)
        kept = {key: self.array(key, view=homes.get(key)) for key in self.past}
        for key, into in kept.items():
            self.emit(Carry(self.time, new[key], self.past[key], into, f"carry_{key}"))
        return kept

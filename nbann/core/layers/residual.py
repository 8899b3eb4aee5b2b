"""The residual block: layers with a way round them; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..errors import bad_value
from ..expr import Symbol
from ..model import Sequential
from ..ops.affine import Affine
from ..primitive import AddUp
from ..state import Initializer
from .initializers import as_initializer
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class Residual(Layer):
    """``a = x + F(x)``, F being the layers inside: they learn what is to be added to x.

    Where F changes the width, ``a = x @ projection + F(x)`` with a learned matrix. (He, Zhang, Ren
    & Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, eq. 1 and 2.)

    Parameters
    ----------
    layers : list of Layer
        At least one. Those without a name are numbered within the block.
    name : str, optional
    init : str or callable
        Initializer of the projection.

    Arrays
    ------
    ``<name>.out``, and those of the layers inside as ``<name>.<layer>.out`` and so on; with a
    projection ``<name>.projection`` (inputs, outputs) and ``<name>.shortcut``.

    Raises
    ------
    ValueError
        Layers inside that change any axis of a sample but the last (when the trainer is made).

    Examples
    --------
    >>> import nbann
    >>> block = nbann.Residual([nbann.LayerNorm(), nbann.Dense(8), nbann.ReLU()])
    >>> nbann.Sequential([nbann.Dense(8), block, nbann.Dense(2)])
    Sequential(dense1: dense, residual1: residual, dense2: dense)
    """

    kind = "residual"

    def __init__(
        self,
        layers: Iterable[Layer],
        *,
        name: str | None = None,
        init: Initializer | str = "glorot_uniform",
    ) -> None:
        super().__init__(name)
        self.inside = Sequential(layers)
        self.init = as_initializer(init)
        if self.inside.takes_indices:
            mend = "Put the Embedding before the block."
            raise bad_value("Residual", "layers that compute with x", "an Embedding first", mend)

    def __repr__(self) -> str:
        layers = ", ".join(map(repr, self.inside.layers))
        return f"Residual([{layers}]{'' if self.name is None else f', name={self.name!r}'})"

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers inside, in order."""
        return self.inside.layers

    @property
    def names(self) -> tuple[str, ...]:
        """Their names within the block: ``<block>.<name>`` is the full one."""
        return self.inside.names

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        out = self.inside.build(plan, shape, f"{name}.")
        if out[:-1] != shape[:-1]:
            raise bad_value(
                f"Residual {name!r}",
                f"layers that keep a sample's axes, {shape}, but for the last",
                f"an output of {out}",
                "Put layers that reshape before or after the block.",
            )
        if out != shape:
            weight = (shape[-1], out[-1])
            symbol = Symbol("P", name)
            plan.parameter(f"{name}.projection", weight, self.init, symbol, penalized=True)
        return out

    def emit(self, b: Builder, name: str, x: str) -> str:
        inside = self.inside.emit(b, x, f"{name}.")
        around, shape = x, b.shape(inside)
        if f"{name}.projection" in b.state.arrays:
            around = b.array(f"{name}.shortcut", shape, Symbol("s", name))
            b.emit(Affine(x, f"{name}.projection", None, around))
        out = b.array(f"{name}.out", shape, Symbol("a", name))
        b.emit(AddUp((around, inside), out))
        return out

    def leaves(self, name: str) -> Iterator[tuple[str, Layer]]:
        yield from self.inside.leaves(f"{name}.")
        yield name, self

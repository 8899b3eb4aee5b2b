"""Compiles model, loss and optimizer into a `Program`; imports the core's own parts only.

The order of the ops is the order in which they are emitted. The backward pass comes from walking
the forward and loss ops from the last to the first and asking each primitive for its derivative.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .expr import Gradient, Symbol
from .primitive import AddUp, Primitive
from .program import Op, Program

if TYPE_CHECKING:
    from .losses import Loss
    from .model import Sequential
    from .optimizers import Optimizer
    from .penalty import Penalty
    from .state import State


class Builder:
    """Collects arrays and ops for one program.

    Layers and losses call `array` to name an array and `emit` to add an operation that fills it;
    derivative rules call `gradient` for the name to write a gradient to, and `emit`.
    """

    def __init__(self, state: State, batch_size: int) -> None:
        self.state = state
        self.batch_size = batch_size
        self.program = Program(state, batch_size)
        self.phase = "forward"
        self.layer = ""
        self._ops: list[Op] = []
        self._tape: list[tuple[str, Primitive]] = []
        self._learned: set[str] = set(state.names())
        self._readers: Counter[str] = Counter()
        self._contributions: dict[str, list[str]] = {}
        self._parameter_suffix = ".grad"

    # ---- what layers, losses and rules call ------------------------------------------------------
    def input(self, name: str, source: NDArray[Any], symbol: Symbol, *, bound: bool) -> None:
        """Bring data in: bound to all rows as they stand, or through a buffer filled by batch."""
        self.program.symbols[name] = symbol
        if bound:
            self.program.arrays[name] = source
            return
        self.program.arrays[name] = np.zeros((self.batch_size, *source.shape[1:]), source.dtype)
        self.program.feed(source, name)

    def array(
        self,
        name: str,
        shape: tuple[int, ...],
        symbol: Symbol | Gradient,
        *,
        dtype: np.dtype[np.generic] | None = None,
    ) -> str:
        """Allocate an array; it holds NaN until its op has run, so that no stale number shows."""
        dtype = self.state.dtype if dtype is None else dtype
        fill = np.nan if np.issubdtype(dtype, np.floating) else 0
        self.program.arrays[name] = np.full(shape, fill, dtype)
        self.program.symbols[name] = symbol
        return name

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array."""
        return self.program.arrays[name].shape

    def symbol(self, name: str) -> Symbol | Gradient:
        """Return how an array is written in formulas."""
        return self.program.symbols[name]

    def emit(self, primitive: Primitive) -> None:
        """Add an operation to the program, in the current phase and layer."""
        op = Op(self.program, primitive, self.phase, self.layer, len(self._ops))
        if any(op.name == other.name for other in self._ops):
            raise ValueError(
                f"Two ops are called {op.name!r}: give the second primitive another verb."
            )
        self._ops.append(op)
        for name in primitive.writes:
            self.program.writer[name] = op
        if self.phase in ("forward", "loss"):
            self._tape.append((self.layer, primitive))
            self._readers.update(name for name in primitive.reads if name in self._learned)
            if any(name in self._learned for name in primitive.reads):
                self._learned.update(primitive.writes)

    def needs_gradient(self, name: str) -> bool:
        """Whether an array depends on a parameter (data and targets do not)."""
        return name in self._learned

    def gradient(self, name: str) -> str:
        """Return the name of the array that a derivative rule writes d loss / d `name` to.

        Where several ops read `name`, each rule gets an array of its own, and their sum follows.
        """
        if name in self.state.arrays:
            return name + self._parameter_suffix
        target = name + ".grad"
        of = self.symbol(name)
        assert isinstance(of, Symbol)
        if self._readers[name] > 1:
            parts = self._contributions.setdefault(name, [])
            target = f"{name}.grad.{len(parts) + 1}"
            of = Symbol(of.base, f"{of.sub},{len(parts) + 1}")
            parts.append(target)
        return self.array(target, self.shape(name), Gradient(of))

    # ---- the way of a program --------------------------------------------------------------------
    def forward(self, model: Sequential) -> None:
        """Emit the forward pass."""
        self.program.output = model.emit(self, "x")

    def loss(self, loss: Loss, penalty: Penalty | None) -> None:
        """Emit the loss of the output, the penalty on the weights included."""
        self.phase, self.layer = "loss", "loss"
        data_loss = "loss" if penalty is None else "loss.data"
        self.array(data_loss, (), Symbol("L", "" if penalty is None else "data"))
        loss.emit(self, self.program.output, data_loss)
        if penalty is not None:
            penalty.emit(self, self.array("loss.penalty", (), Symbol("R")))
            self.array("loss", (), Symbol("L"))
            self.emit(AddUp((data_loss, "loss.penalty"), "loss", verb="total"))

    def backward(self, penalty: Penalty | None) -> None:
        """Emit the derivative of everything emitted so far, last op first."""
        self.phase = "backward"
        if penalty is not None:
            self.state.vector(".data_grad", fill=np.nan)
            self._take_in(self.state)
            self._parameter_suffix = ".data_grad"
        for layer, primitive in reversed(self._tape):
            self.layer = layer
            for name in primitive.writes:
                self._add_contributions(name)
            if any(self.needs_gradient(name) for name in primitive.reads):
                primitive.backward(self)
        if penalty is not None:
            self.layer = "loss"
            penalty.emit_gradient(self)

    def update(self, optimizer: Optimizer) -> None:
        """Emit the optimizer's step over the flat vectors."""
        self.phase, self.layer = "update", optimizer.kind
        optimizer.emit(self)

    def finish(self) -> Program:
        """Return the program."""
        self.program.ops = tuple(self._ops)
        return self.program

    def vector(self, suffix: str, *, persistent: bool = False) -> None:
        """Make the views of a flat vector of the state (velocity, ...) known to the program."""
        self.state.vector(suffix, persistent=persistent)
        self._take_in(self.state)

    def _take_in(self, state: State) -> None:
        for name, array in state.arrays.items():
            self.program.arrays.setdefault(name, array)
            self.program.symbols.setdefault(name, state.symbols[name])

    def _add_contributions(self, name: str) -> None:
        parts = self._contributions.get(name, [])
        if len(parts) > 1:
            of = self.symbol(name)
            assert isinstance(of, Symbol)
            total = self.array(name + ".grad", self.shape(name), Gradient(of))
            self.emit(AddUp(tuple(parts), total, verb=f"gradient_sum_{name.rpartition('.')[2]}"))

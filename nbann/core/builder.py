"""Compiles model, loss and optimizer into a `Program`; imports the core's own parts only.

The order of the ops is the order in which they are emitted. The backward pass comes from walking
the forward and loss ops from the last to the first and asking each primitive for its derivative.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .expr import Gradient, Symbol
from .primitive import AddUp, Nothing, Primitive, Same
from .program import Op, Program
from .restraints import FREE, Restraints

if TYPE_CHECKING:
    from .losses.penalty import Penalty
    from .losses.registry import Loss
    from .model import Model
    from .optimizers.sgd import Optimizer
    from .state import State


class Builder:
    """Collects arrays and ops for one program.

    Layers and losses call `array` to name an array and `emit` to add an operation that fills it;
    derivative rules call `gradient` for the name to write a gradient to, and `emit`.

    Attributes
    ----------
    state : State
    program : Program
        What is built; its `arrays` hold what has been named so far.
    batch_size : int
    training : bool
        Whether the program trains: Dropout drops, BatchNorm measures. False when predicting.
    batches_per_epoch : int
    restraints : Restraints
        What is frozen or silenced.
    phase, layer : str
    time : int or None
        Where the next op belongs.
    """

    def __init__(
        self,
        state: State,
        batch_size: int,
        *,
        training: bool = True,
        batches_per_epoch: int = 1,
        restraints: Restraints = FREE,
    ) -> None:
        self.state = state
        self.restraints = restraints
        self.batch_size = batch_size
        self.training = training
        self.batches_per_epoch = batches_per_epoch
        self.program = Program(state, batch_size)
        self.phase = "forward"
        self.layer = ""
        self.time: int | None = None
        self._ops: list[Op] = []
        self._names: set[str] = set()
        self._tape: list[tuple[str, int | None, Primitive]] = []
        self._learned: set[str] = set(state.names())
        self._inputs: dict[int, str] = {}
        self._readers: Counter[str] = Counter()
        self._contributions: dict[str, list[str]] = {}
        self._parameter_suffix = ".grad"
        self._loss_starts: set[str] = set()
        self._further_losses: list[tuple[str, Symbol, Callable[[str], None]]] = []

    # ---- what layers, losses and rules call ------------------------------------------------------
    def input(self, name: str, source: NDArray[Any], symbol: Symbol, *, bound: bool) -> None:
        """Bring data in: bound to all rows as they stand, or through a buffer filled by batch.

        What has been brought in under another name is not copied again: x, where y is x itself.
        """
        self.program.symbols[name] = symbol
        known = self._inputs.setdefault(id(source), name)
        if known != name:
            self.program.arrays[name] = self.program.arrays[known]
            return
        if bound:
            self.program.arrays[name] = np.asarray(source)  # what is in a file is read once
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
        same_as: str | None = None,
        view: NDArray[Any] | None = None,
    ) -> str:
        """Allocate an array; it holds NaN until its op has run, so that no stale number shows.

        `same_as` names an array whose numbers it always has: it is then another name for that one,
        and its op needs no kernel. `view` is a part of an array that is there already, likewise.
        """
        if name in self.program.arrays:
            raise ValueError(
                f"Array {name!r}: expected a new name; it stands for another array. "
                f"Each array is written by one op: name this one differently."
            )
        dtype = self.state.dtype if dtype is None else dtype
        if same_as is not None:
            view = self.program.arrays[same_as]
        if view is not None and self.restraints.silent(name).size:
            shape, view = view.shape, None  # it differs from the other in the silenced columns
        if view is None:
            view = np.full(shape, np.nan if np.issubdtype(dtype, np.floating) else 0, dtype)
        self.program.arrays[name] = view
        self.program.symbols[name] = symbol
        return name

    @contextmanager
    def at(self, time: int | None) -> Iterator[None]:
        """Emit what follows as ops of one time step: ``<layer>.t<time>.<verb>``."""
        before, self.time = self.time, time
        try:
            yield
        finally:
            self.time = before

    def has(self, name: str) -> bool:
        """Whether an array of this name is there."""
        return name in self.program.arrays

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array."""
        return self.program.arrays[name].shape

    def symbol(self, name: str) -> Symbol | Gradient:
        """Return how an array is written in formulas."""
        return self.program.symbols[name]

    def emit(self, primitive: Primitive) -> None:
        """Add an operation to the program, in the current phase and layer."""
        op_name = self._op_name(primitive.verb)
        for name in primitive.writes:
            if name in self.program.writer:
                raise ValueError(
                    f"{op_name!r} writes {name!r}, as {self.program.writer[name].name!r} does. "
                    f"Each array is written by one op of a step: give it an array of its own."
                )
        if self.restraints:
            primitive = self.restraints.over(primitive, self.state)
        where = (self.phase, self.layer, self.time)
        op = Op(self.program, primitive, op_name, *where, len(self._ops))
        self.program.writer.update(dict.fromkeys(primitive.writes, op))
        self._names.add(op_name)
        self._ops.append(op)
        if self.phase in ("forward", "loss"):
            self._tape.append((self.layer, self.time, primitive))
            self._readers.update(primitive.passes_back_to)
            if any(name in self._learned for name in primitive.passes_back_to):
                self._learned.update(primitive.writes)

    def forget_ops(self) -> None:
        """Forget what has been emitted so far, but for its arrays: others do that work."""
        self._ops.clear()
        self._names.clear()
        self._tape.clear()
        self._further_losses.clear()
        self.program.writer.clear()

    def _op_name(self, verb: str) -> str:
        """Return a new op's name; derivatives of one kind in one layer are numbered."""
        step = "" if self.time is None else f"t{self.time}."
        name = base = f"{self.layer}.{step}{verb}"
        if name in self._names and self.phase != "backward":
            raise ValueError(f"Two ops are called {name!r}: give the second primitive a verb.")
        number = 1
        while name in self._names:
            number += 1
            name = f"{base}_{number}"
        return name

    def needs_gradient(self, name: str) -> bool:
        """Whether the loss's gradient is passed on through this array to a parameter."""
        return name in self._learned

    def gradient(
        self, name: str, *, same_as: str | None = None, view: NDArray[Any] | None = None
    ) -> str:
        """Return the name of the array that a derivative rule writes d loss / d `name` to.

        Where several ops read `name`, each rule gets an array of its own, and their sum follows.
        `same_as` is for a gradient that is equal to another array, `view` for one that is a part
        of another; see `array`. A parameter has its gradient in the state whatever these say.
        """
        if self._readers[name] < 2:
            return self._whole_gradient(name, same_as, view)
        of = self._quantity(name)
        parts = self._contributions.setdefault(name, [])
        tag = f"t{self.time}"  # a layer that is unrolled through time: what this step adds
        if self.time is None or f"{name}.grad.{tag}" in parts:
            tag = str(len(parts) + 1)
        parts.append(f"{name}.grad.{tag}")
        symbol = Gradient(Symbol(of.base, f"{of.sub},{tag}"))
        return self.array(parts[-1], self.shape(name), symbol, same_as=same_as, view=view)

    def has_gradient(self, name: str) -> bool:
        """Whether the loss depends on an array, as far as the backward pass has come."""
        return name + ".grad" in self.program.arrays

    def _whole_gradient(
        self, name: str, same_as: str | None = None, view: NDArray[Any] | None = None
    ) -> str:
        if name in self.state.arrays:
            return name + self._parameter_suffix
        of = Gradient(self._quantity(name))
        return self.array(name + ".grad", self.shape(name), of, same_as=same_as, view=view)

    def _quantity(self, name: str) -> Symbol:
        symbol = self.symbol(name)
        assert isinstance(symbol, Symbol)  # there are no gradients of gradients
        return symbol

    # ---- the way of a program --------------------------------------------------------------------
    def forward(self, model: Model) -> None:
        """Emit the forward pass."""
        self.program.output = model.emit(self, "x")

    def loss(self, loss: Loss, penalty: Penalty | None) -> None:
        """Emit the loss of the output; what else layers have asked for, and the penalty, added."""
        self.phase, self.layer = "loss", "loss"
        alone = penalty is None and not self._further_losses
        data_loss = "loss" if alone else "loss.data"
        self.array(data_loss, (), Symbol("L", "" if alone else "data"))
        loss.emit(self, self.program.output, data_loss)
        parts = [data_loss]
        for name, symbol, emit in self._further_losses:
            self.array(name, (), symbol)
            emit(name)
            parts.append(name)
        self._loss_starts.update(parts)
        if penalty is not None:
            penalty.emit(self, self.array("loss.penalty", (), Symbol("R")))
            parts.append("loss.penalty")
        if not alone:
            self.array("loss", (), Symbol("L"))
            self.emit(AddUp(tuple(parts), "loss", verb="total"))

    def add_loss(self, name: str, symbol: Symbol, emit: Callable[[str], None]) -> None:
        """Ask for a further term of the loss, such as a penalty on how active neurons are.

        Parameters
        ----------
        name : str
            Its array's name, "loss.<what>", a single number for the batch.
        symbol : Symbol
        emit : callable
            ``emit(name)`` emits the ops that write it, in the phase "loss". The `backward` of what
            writes it emits its derivative, with no gradient coming in: that is 1.
        """
        self._further_losses.append((name, symbol, emit))

    def backward(self, penalty: Penalty | None) -> None:
        """Emit the derivative of everything emitted so far, last op first."""
        self.phase = "backward"
        if penalty is not None:
            self._parameter_suffix = ".data_grad"
        for layer, time, primitive in reversed(self._tape):
            self.layer, self.time = layer, time
            for name in primitive.writes:
                self._add_contributions(name)
            if self._is_reached(primitive):
                primitive.backward(self)
        self.time = None
        for name in self.state.names():
            self.layer = name.rpartition(".")[0]
            self._add_contributions(name)
            if name + self._parameter_suffix not in self.program.writer:
                self.emit(Nothing(name + self._parameter_suffix))
        if penalty is not None:
            self.layer = "loss"
            penalty.emit_gradient(self)

    def update(self, optimizer: Optimizer) -> None:
        """Emit the optimizer's step over the flat vectors."""
        self.phase, self.layer, self.time = "update", optimizer.kind, None
        optimizer.emit(self)

    def finish(self) -> Program:
        """Return the program."""
        self.program.ops = tuple(self._ops)
        if not self.program.structure:
            self.program.structure = tuple(op for op in self._ops if op.phase == "forward")
        self.program.kernels = tuple(kernel for op in self._ops for kernel in op.kernels)
        return self.program

    def _is_reached(self, primitive: Primitive) -> bool:
        """Whether the loss depends on what an op writes, and that on a parameter."""
        reached = any(
            name in self._loss_starts or self.has_gradient(name) for name in primitive.writes
        )
        return reached and any(self.needs_gradient(name) for name in primitive.passes_back_to)

    def _add_contributions(self, name: str) -> None:
        """Add up the gradients that several readers of an array have contributed."""
        parts = self._contributions.pop(name, [])
        if not parts:
            return
        verb = f"gradient_of_{name.rpartition('.')[2]}"
        whole = self._whole_gradient(name)
        if len(parts) == 1:  # the other readers had nothing to pass back
            self.emit(Same(parts[0], whole, verb))
        else:
            self.emit(AddUp(tuple(parts), whole, verb))

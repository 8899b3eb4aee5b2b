"""Which arrays are the outputs of a net's layers, and which of them the batch has written.

Imports NumPy and the core's parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..program import Op, Program

if TYPE_CHECKING:
    from ..trainer import Trainer


def layer_outputs(trainer: Trainer) -> dict[str, NDArray[Any] | None]:
    """Return what each layer gives in the loaded batch, in order of the forward pass.

    Keys are the layers' full names; a value is None where the batch has not come so far. Of a model
    without a forward pass through layers it is empty.
    """
    program, done = trainer.program, done_of(trainer)
    names = {layer: output_name(layer, ops) for layer, ops in forward_ops(program).items()}
    return {
        layer: trainer[name] if is_there(program, name, done) else None
        for layer, name in names.items()
    }


def done_of(trainer: Trainer) -> int:
    """Return how many ops of the loaded batch have left their numbers.

    A run that diverged has gone back to the start of its batch, whose numbers are still there.
    """
    return len(trainer.program) if trainer._cursor.diverged else trainer.program.done


def forward_ops(program: Program) -> dict[str, list[Op]]:
    """Return the forward ops of each layer, the layers in the order in which they are done.

    A layer made of layers (`Residual`) has ops of its own, after those of its parts.
    """
    layers: dict[str, list[Op]] = {}
    for op in program.structure:
        ops = layers.pop(op.layer, [])
        ops.append(op)
        layers[op.layer] = ops
    return layers


def output_name(layer: str, ops: Sequence[Op]) -> str:
    """Return the name of a layer's output: "<layer>.out", or what its last op writes."""
    written = [name for op in ops for name in op.writes]
    return f"{layer}.out" if f"{layer}.out" in written else written[-1]


def is_there(program: Program, name: str, done: int) -> bool:
    """Whether an array has been written by one of the first `done` ops."""
    writer = program.writer.get(name)
    return writer is not None and writer.index < done

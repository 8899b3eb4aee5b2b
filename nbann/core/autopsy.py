"""The autopsy of a run whose numbers are not finite any more; NumPy and the core's own parts.

Each array is written by one op of a batch, so that all that led to the first NaN or infinity is
still there to be looked at: the op, the element, its arithmetic, the largest numbers on the way.
"""

from __future__ import annotations

import numpy as np

from .autopsy_mends import Facts, mends, smaller
from .autopsy_origin import Origin, origin
from .autopsy_record import Autopsy
from .autopsy_rows import Growth, before, rows_of
from .condition_values import first_not_finite
from .expr import Equation
from .program import Op, Program
from .scoring.layer_stats import norm
from .state import Snapshot, State


def replay(program: Program) -> Op | None:
    """Run the loaded batch on op by op, and stop after the first that writes a NaN or infinity.

    The batch is to be loaded and the state to be as it was at the start of the batch (or where
    `program.done` says). What comes after the op is not computed: all that is there led to it.

    Returns
    -------
    Op or None
        The op; None where the whole batch is finite.
    """
    with np.errstate(all="ignore"):
        for op in program.ops[program.done :]:
            for kernel in op.kernels:
                kernel()
            program.done = op.index + 1
            if _not_finite(program, op) is not None:
                return op
    return None


def perform(
    program: Program, epoch: int, batch: int, *, earlier: Snapshot | None = None
) -> Autopsy:
    """Say what led to the first number of a batch that is not finite.

    Parameters
    ----------
    program : Program
        It stands after the op that wrote that number (see `replay`) or at the end of the batch,
        its state not yet put back to the start of the batch.
    epoch, batch : int
        Which batch it is, counted from 0.
    earlier : Snapshot, optional
        Of the state some batches before, to tell how the parameters have grown.

    Raises
    ------
    ValueError
        All numbers of the batch so far are finite.
    """
    state = program.state
    op, found = _culprit(program)
    name, index, value = found
    by_hook = program.touched.get(name, -1) > op.index
    equation = None if by_hook else _equation(program, op, name, index)
    with np.errstate(all="ignore"):
        growth = Growth(state, earlier)
        came = _origin(equation, value, state)
        rows = tuple(rows_of(program, op, equation, growth))
        weight, size = max(
            ((n, float(np.abs(before(state, n)).max(initial=0.0))) for n in state.names()),
            key=lambda pair: pair[1],
            default=("", 0.0),
        )
        rate = state.hyper.get("learning_rate")
        facts = Facts(
            program=program,
            op=op,
            origin=came,
            exact=None if equation is None else equation.value(),
            first_batch=(epoch, batch) == (0, 0),
            weight=(weight, size),
            growth=growth.of(weight),
            rate=None if rate is None else float(str(state.dtype.type(rate))),
            gradient_norm=_gradient_norm(program, op),
            by_hook=by_hook,
        )
    array = program.arrays[name]
    return Autopsy(
        epoch=epoch,
        batch=batch,
        op=op.name,
        op_index=op.index,
        ops=len(program),
        phase=op.phase,
        layer=op.layer,
        time=op.time,
        array=name,
        index=index,
        value=value,
        count=int(array.size - np.isfinite(array).sum()),
        size=array.size,
        kind="changed by a hook" if by_hook else came.kind,
        origin=f"{op.name} itself wrote another number" if by_hook else came.words,
        equation=equation,
        largest=rows,
        loss=_written(program, "loss", op),
        gradient_norm=facts.gradient_norm,
        learning_rate=facts.rate,
        causes=mends(facts),
        now=_now(facts, epoch, batch),
    )


def _not_finite(program: Program, op: Op) -> tuple[str, tuple[int, ...], float] | None:
    return first_not_finite((name, program.arrays[name]) for name in op.writes)


def _culprit(program: Program) -> tuple[Op, tuple[str, tuple[int, ...], float]]:
    """Return the op and the element; where no op wrote it, the last op and the parameter."""
    for op in program.ops[: program.done]:
        found = _not_finite(program, op)
        if found is not None:
            return op, found
    state = program.state
    found = first_not_finite((name, state.arrays[name]) for name in state.names())
    if found is None:
        raise ValueError(
            "An autopsy: expected a batch with NaN or infinity among its numbers; received one in "
            "which all that has been computed is finite. Run the batch first: replay(program)."
        )
    return program.ops[max(program.done - 1, 0)], found


def _equation(program: Program, op: Op, name: str, index: tuple[int, ...]) -> Equation | None:
    if name not in op.writes:
        return None
    try:
        return op.arithmetic(index, name)
    except ValueError:  # what it read has been overwritten and was not kept
        return None


def _origin(equation: Equation | None, value: float, state: State) -> Origin:
    if equation is None:
        kind = "NaN" if np.isnan(value) else "overflow to infinity"
        return Origin(kind, kind, "what the op read is not kept")
    return origin(equation.right, value, state.dtype)


def _written(program: Program, name: str, op: Op) -> float | None:
    """Return a single number that was computed up to the op: what came after it is of no use."""
    writer = program.writer.get(name)
    there = writer is not None and writer.index <= op.index
    return program.arrays[name].item() if there else None


def _gradient_norm(program: Program, op: Op) -> float | None:
    names = program.state.names(".grad")
    writers = [program.writer.get(name) for name in names]
    if not names or not all(w is not None and w.index <= op.index for w in writers):
        return None
    return norm(program.arrays[name] for name in names)


def _now(facts: Facts, epoch: int, batch: int) -> str:
    stands = (
        f"The trainer stands before batch {batch} of epoch {epoch} (both counted from 0), with the "
        f"last finite weights."
    )
    if facts.by_hook:
        return f"{stands} Remove the hook, or mend it, and run on."
    rate = "" if facts.rate is None else f"trainer.learning_rate = {smaller(facts.rate)}"
    if facts.op.phase == "update" and rate:
        return f"{stands} Set a smaller learning rate, {rate}, and run on; or trainer.back(...)."
    if facts.first_batch:
        return (
            f"{stands} These are the start weights: no learning rate has had a part in it. Change "
            f"the data, the start weights or the net, and make another trainer."
        )
    return (
        f"{stands} With them this batch overflows before its update, whatever the learning rate: "
        f"go back first, trainer.back('epoch') or trainer.reset(), then set "
        f"{rate or 'what mends it'} and run on."
    )

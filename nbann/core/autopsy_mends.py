"""What usually mends a run whose numbers stop being finite: rules with reasons; the core's parts.

A rule is a generator, as those of `scoring/diagnosis.py` are: it looks at the `Facts` and yields
what it finds, the likeliest cause first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .autopsy_origin import OVERFLOW, READ, Origin
from .program import Op, Program
from .render import significant
from .scoring.diagnosis_curves import RATE_REASON
from .scoring.diagnosis_rules import (
    EXPLODING,
    GRADIENT_REASON,
    NOT_FINITE_WHY,
    USUAL_MENDS,
)
from .scoring.findings import Finding

LARGE_WEIGHT = 1e3
"""Start weights are below 1 (Glorot & Bengio, 2010, eq. 16; He et al., 2015, eq. 10), and stay of
about that size where training goes well: a thousandfold is past doubt."""
GROWN = 10.0
"""Growth of the largest parameter over the last batches that are known."""
LARGE_DATA = 100.0
"""Largest |value| of features and targets that is still of a usual scale."""
LARGE_GRADIENT = 1e3
"""Norm of the gradient from which on it is worth shortening."""
_DATA_REASON = (
    "Inputs should have a mean of about 0 and a variance of about 1 in each column (LeCun et al., "
    "Efficient BackProp, 1998, section 4.3): the first layer's outputs and gradients are "
    "proportional to them, and a squared error to the square of its targets."
)
_TIME_REASON = (
    "The same recurrent weights multiply at every time step: what is above 1 grows exponentially "
    "with the steps; shortening the gradient to a norm keeps a step from throwing the weights off "
    "(Pascanu, Mikolov & Bengio, On the Difficulty of Training Recurrent Neural Networks, 2013)."
)
_CLIP_REASON = (
    "A gradient at a cliff of the loss is far longer than the region in which it holds good "
    "(Goodfellow, Bengio & Courville, Deep Learning, 2016, sections 8.2.4 and 10.11.1)."
)
_ROUNDING_REASON = (
    "Rounding turns small numbers into 0 and large ones into infinity, where log and division are "
    "not defined (Goodfellow, Bengio & Courville, Deep Learning, 2016, section 4.1)."
)


@dataclass(frozen=True)
class Facts:
    """What the rules read.

    Attributes
    ----------
    program : Program
        As it stands after the op.
    op : Op
        The culprit.
    origin : Origin
    exact : float or None
        The number as float64 would have it.
    first_batch : bool
        Whether no update has been made yet.
    weight : tuple of str and float
        The parameter with the largest |value| before this batch.
    growth : float or None
        How many times larger it is than some batches before.
    rate : float or None
        The learning rate in force.
    gradient_norm : float or None
        Of the whole gradient, where it has been computed.
    by_hook : bool
        Whether a hook or a person changed the array after the op wrote it.
    """

    program: Program
    op: Op
    origin: Origin
    exact: float | None
    first_batch: bool
    weight: tuple[str, float]
    growth: float | None
    rate: float | None
    gradient_norm: float | None
    by_hook: bool


def mends(facts: Facts) -> tuple[Finding, ...]:
    """Return the causes that are seen, each with what mends it; the usual advice if none is."""
    found = [finding for rule in _RULES for finding in rule(facts)]
    if not found:
        found.append(Finding("not_finite", None, USUAL_MENDS, math.inf, math.inf, NOT_FINITE_WHY))
    return tuple(found)


def smaller(rate: float) -> str:
    """Return a tenth of a learning rate, as it is to be typed."""
    return significant(rate / 10, 3)


# ---- rules ---------------------------------------------------------------------------------------
def _by_hand(facts: Facts) -> Iterator[Finding]:
    if facts.by_hook:
        message = (
            f"a hook or an edit has changed what {facts.op.name} wrote. Look at the hooks that "
            f"were attached with modifies=True."
        )
        reason = "The op's own arithmetic did not bring it forth."
        yield Finding("changed_by_hand", facts.op.layer, message, math.inf, math.inf, reason)
    elif facts.origin.first == READ:
        message = (
            f"{facts.origin.words}: it was set so, or a step went on after it became so. Go back "
            f"to where it was finite, or trainer.reset()."
        )
        yield Finding("not_finite", None, message, math.inf, math.inf, NOT_FINITE_WHY)


def _learning_rate(facts: Facts) -> Iterator[Finding]:
    rate, (name, size) = facts.rate, facts.weight
    if rate is None:
        return
    grown = facts.growth is not None and facts.growth >= GROWN
    if facts.op.phase == "update":
        seen, measure, threshold = "the update overflowed", math.inf, math.inf
    elif not facts.first_batch and size >= LARGE_WEIGHT:
        seen, measure, threshold = f"{name} has come to {size:.3g}", size, LARGE_WEIGHT
    elif not facts.first_batch and grown and facts.growth is not None:
        seen, measure, threshold = f"{name} grew {facts.growth:.3g} times", facts.growth, GROWN
    else:
        return
    message = (
        f"{seen} at a learning rate of {rate:g}. Try a tenth of it: trainer.learning_rate = "
        f"{smaller(rate)}."
    )
    yield Finding("learning_rate_too_high", None, message, measure, threshold, RATE_REASON)


def _data(facts: Facts) -> Iterator[Finding]:
    for name, what, mend in (
        ("x", "features", "data.standardized()"),
        ("y", "targets", "subtract their mean, divide by their standard deviation"),
    ):
        array = facts.program.arrays[name]
        size = float(np.abs(array).max(initial=0.0)) if array.dtype.kind == "f" else 0.0
        if size > LARGE_DATA:
            message = f"the {what} of this batch are as large as {size:.3g}. Scale them: {mend}."
            yield Finding("unscaled_data", None, message, size, LARGE_DATA, _DATA_REASON)


def _growing(facts: Facts) -> Iterator[Finding]:
    """Find numbers that grow on their way through the net, forward or back."""
    phase = "backward" if facts.op.phase == "backward" else "forward"
    sizes = [
        (op, size)
        for op in facts.program.ops[: facts.op.index]
        if op.phase == phase and (size := _size(facts.program, op)) > 0 and math.isfinite(size)
    ]
    if facts.op.phase == "update" or not sizes:
        return
    (start, small), (end, large) = sizes[0], max(sizes, key=lambda pair: pair[1])
    if large <= EXPLODING * small:
        return
    what = "gradients" if phase == "backward" else "outputs"
    seen = f"the {what} grow from {small:.3g} at {start.name} to {large:.3g} at {end.name}"
    clip = "" if "clip_norm" in facts.program.state.hyper else ", or clip_norm=1.0 from the start"
    if end.time is not None:
        message = (
            f"{seen}, from time step to time step. Use smaller recurrent weights, tanh, LSTM or "
            f"GRU{clip}."
        )
        yield _exploding(end.layer, message, large / small, _TIME_REASON)
    else:
        message = f"{seen}. Use smaller start weights, normalization{clip}."
        yield _exploding(end.layer, message, large / small, GRADIENT_REASON)


def _exploding(layer: str, message: str, measure: float, reason: str) -> Finding:
    return Finding("exploding_gradient", layer, message, measure, EXPLODING, reason)


def _size(program: Program, op: Op) -> float:
    return max(float(np.abs(program.arrays[n]).max(initial=0.0)) for n in op.writes)


def _clipping(facts: Facts) -> Iterator[Finding]:
    norm = facts.gradient_norm
    clipped = {"clip_norm", "clip_value"} & set(facts.program.state.hyper)
    if norm is None or norm < LARGE_GRADIENT or clipped:
        return
    message = (
        f"the gradient's norm is {norm:.3g}. Shorten it: the optimizer takes clip_norm=1.0, or "
        f"clip_value=."
    )
    yield Finding("long_gradient", None, message, norm, LARGE_GRADIENT, _CLIP_REASON)


def _narrow(facts: Facts) -> Iterator[Finding]:
    exact, dtype = facts.exact, facts.program.state.dtype
    if dtype != np.float32 or exact is None or not math.isfinite(exact):
        return
    if facts.origin.first == OVERFLOW and abs(exact) < 1e300:
        end = float(np.finfo(dtype).max)
        message = f"float64 has room for it: dtype='float64' would make it {exact:.3g}."
        yield Finding("narrow_dtype", None, message, abs(exact), end, _ROUNDING_REASON)


def _undefined(facts: Facts) -> Iterator[Finding]:
    kind = facts.origin.first
    if "log" in kind:
        message = (
            "use a loss that works on the outputs before a sigmoid or softmax (CrossEntropy, "
            "BinaryCrossEntropy), or keep what log is given above 0: log(p + 1e-12)."
        )
    elif kind == "division by 0" or "root" in kind:
        message = "keep it away from 0: a larger epsilon= in the layer or the optimizer."
    else:
        return
    message = f"{facts.op.name} takes a {kind}: {message}"
    yield Finding("undefined", facts.op.layer, message, 0.0, 0.0, _ROUNDING_REASON)


_RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _by_hand,
    _undefined,
    _learning_rate,
    _data,
    _growing,
    _clipping,
    _narrow,
)

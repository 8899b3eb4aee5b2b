"""Confirms a program's gradients by central differences; imports the core's own parts only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import bad_value
from ..ops.time_ops import Cut
from ..program import Floats
from ..recipe import Recipe, Samples
from ..state import State

KINK = 1e-3
"""How much of a slope a difference is off at a smooth place, at most."""


@dataclass(frozen=True)
class GradientCheck:
    """What a gradient check found.

    Attributes
    ----------
    error : float
        Largest relative error of all parameter arrays, ``|g - d| / (|g| + |d|)`` in the 2-norm.
    errors : dict of str to float
        The same for each parameter array by name.
    gradients, differences : dict of str to ndarray
        The program's gradients, and the central differences.
    cut : bool
        Whether gradients are cut on purpose, as truncated backpropagation (`truncate=`) does:
        central differences see all of the way through time, so that a large error of what lies
        before a cut is no mistake.
    held : str
        What the central differences hold as it is, since the gradient is defined so: LambdaRank's
        weights of pairs. Empty where they hold nothing.
    kinks : int
        How many weights stand at a kink of the loss, as all those of a perceptron that starts at 0
        do: the slopes on both sides differ, and the gradient is one from there to there. A large
        error of these is no mistake.
    """

    error: float
    errors: dict[str, float]
    gradients: dict[str, Floats]
    differences: dict[str, Floats]
    cut: bool = False
    held: str = ""
    kinks: int = 0

    def __repr__(self) -> str:
        worst = max(self.errors, key=self.errors.__getitem__, default="-")
        why = "; gradients are cut on purpose (truncate=)" if self.cut else ""
        why += f"; {self.held}" if self.held else ""
        if self.kinks:
            where = "a weight is" if self.kinks == 1 else f"{self.kinks} weights are"
            why += f"; {where} at a kink of the loss, where slopes differ on both sides"
        return f"<GradientCheck: largest relative error {self.error:.1e}, in {worst}{why}>"


def check_gradients(
    recipe: Recipe, state: State, samples: Samples, step: float = 1e-5
) -> GradientCheck:
    """Compare a batch's gradients with ``(L(w + h) - L(w - h)) / 2h``, weight by weight.

    Works on a copy in float64 whatever the dtype in training; the run is not touched. What a layer
    draws at random is drawn once, and held. Where gradients are cut on purpose, they do not agree;
    `GradientCheck.cut` tells.

    Parameters
    ----------
    recipe, state, samples
        What is trained, its parameters, and the batch.
    step : float
        h above, relative to the size of a weight where that is over 1.

    Raises
    ------
    ValueError
        The model does not follow the derivative of a loss: there is nothing to compare.
    """
    if not recipe.model.follows_loss:
        expected = "a model that follows the derivative of its loss"
        mend = "Its rule of learning is no derivative, so that no difference can confirm it."
        raise bad_value("check_gradients", expected, repr(recipe.model), mend)
    exact = replace(recipe, dtype=np.dtype(np.float64))
    copy = exact.state()
    copy.restore(state.snapshot())
    start = copy.snapshot()
    batch = {
        name: a.astype(np.float64) if a.dtype.kind == "f" else a for name, a in samples.items()
    }
    program = exact.program(copy, batch, len(batch["x"]), train=True)
    kernels = [k for op in program if op.phase != "update" for k in op.kernels]
    cut = any(isinstance(op._primitive, Cut) for op in program)
    holding = [op for op in program if op._primitive.holds and not isinstance(op._primitive, Cut)]
    ahead = [op for op in program if op.phase in ("forward", "loss") and op not in holding]
    to_loss = [k for op in ahead for k in op.kernels]
    loss = program.arrays["loss"]

    def loss_with(place: int, value: float) -> float:
        copy.theta[place] = value
        copy.restore_streams(start)  # the same draws each time, or there is nothing to compare
        for kernel in to_loss:
            kernel()
        return float(loss)

    with np.errstate(all="ignore"):
        for kernel in kernels:
            kernel()
        gradient = copy.grad.copy()
        difference, kinks = np.empty_like(gradient), 0
        middle = loss_with(0, copy.theta[0]) if copy.theta.size else 0.0
        for place, weight in enumerate(copy.theta.copy()):
            h = step * max(1.0, abs(weight))
            high, low = loss_with(place, weight + h), loss_with(place, weight - h)
            difference[place] = (high - low) / (2 * h)
            kinks += _at_kink(gradient[place], (high - middle) / h, (middle - low) / h)
            copy.theta[place] = weight
    held = "; ".join(dict.fromkeys(op._primitive.holds for op in holding))
    return replace(_report(copy, gradient, difference), cut=cut, held=held, kinks=kinks)


def _at_kink(gradient: float, right: float, left: float) -> bool:
    """Return whether slopes differ, by more than a curve makes of them, with the gradient between.

    A gradient that is the mean of both agrees with the central difference, kink or not.
    """
    low, high = sorted((right, left))
    room = KINK * max(abs(low), abs(high), 1e-6)
    between = low - room <= gradient <= high + room
    return bool(between and high - low > 10 * room and abs(gradient - (low + high) / 2) > room)


def _report(state: State, gradient: Floats, difference: Floats) -> GradientCheck:
    gradients, differences, errors = {}, {}, {}
    start = 0
    for p in state.parameters:
        g = gradient[start : start + p.size].reshape(p.shape)
        d = difference[start : start + p.size].reshape(p.shape)
        scale = float(np.linalg.norm(g) + np.linalg.norm(d))
        gradients[p.name], differences[p.name] = g, d
        # where both are 0 up to rounding there is nothing to compare
        errors[p.name] = float(np.linalg.norm(g - d)) / scale if scale > 1e-9 else 0.0
        start += p.size
    return GradientCheck(max(errors.values(), default=0.0), errors, gradients, differences)

"""The rules of `diagnose` that read the layers, each with its threshold; the core's parts only.

A rule is a generator: it looks at a `Case` and yields what it finds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from .diagnosis_case import Case
from .findings import Finding
from .layer_table import SATURATED, LayerStat

USUAL_MENDS = "A smaller learning rate, smaller start weights or scaled data help."
NOT_FINITE_WHY = "Every number computed from NaN is NaN: from here on nothing can be learned."

DEAD = 0.4
"""Share of a ReLU layer's units that are 0 on all training rows."""
_DEAD_REASON = (
    "A unit that is 0 on every row gets no gradient and may never come back (Lu et al., Dying ReLU "
    "and Initialization, 2020). With too high a learning rate as much as 40% of a net can be dead "
    "(Karpathy, CS231n, Neural Networks Part 1)."
)

SATURATION = 0.5
"""Share of a hidden layer's sigmoid or tanh outputs that are near an end of their range."""
WRONG = 0.5
"""Share of the rows on which an output is near the wrong end of its range."""
_SATURATION_REASON = (
    "Near the ends of its range the slope of a sigmoid or tanh is nearly 0, and so is the gradient "
    "that passes: layers whose units saturate stop learning (Glorot & Bengio, 2010, section 3)."
)
_WRONG_REASON = (
    "A sigmoid output that is surely wrong learns most slowly under a squared error, whose "
    "gradient has the slope as a factor (Nielsen, Neural Networks and Deep Learning, 2015, ch. 3)."
)

VANISHING = 1e-3
EXPLODING = 1e3
"""Mean |gradient| at a layer's output in terms of that at the net's output."""
GRADIENT_REASON = (
    "In a net that starts well, gradients have about the same size in all layers (Glorot & Bengio, "
    "2010, section 4.2; He et al., 2015, eq. 14); a factor at each layer, above or below 1, makes "
    "them explode or vanish with depth (Bengio, Simard & Frasconi, 1994). A thousandfold between "
    "two layers is far outside of what their widths explain."
)

_IDENTICAL_REASON = (
    "Units of a layer with the same weights in and out get the same gradient: they stay the same "
    "and count as one. Start weights must break the symmetry (Goodfellow, Bengio & Courville, Deep "
    "Learning, 2016, section 8.4)."
)


def not_finite(case: Case) -> Iterator[Finding]:
    """Find NaN or infinity: the op that wrote the first one."""
    op = case.culprit
    if op is None:
        return
    number = case.trainer.loaded
    message = (
        f"{op.name} ({op.phase}) was the first to write NaN or infinity, in epoch {number.epoch}, "
        f"batch {number.batch}. {USUAL_MENDS}"
    )
    layer = op.layer if op.layer in case.batch.layers else None
    yield Finding("not_finite", layer, message, math.inf, math.inf, NOT_FINITE_WHY)


def dead_relu(case: Case) -> Iterator[Finding]:
    """Find ReLU layers most of whose units are never above 0."""
    dead = [s for s in case.whole if s.dead is not None and s.dead >= DEAD]
    if not dead or case.works:
        return
    worst = max(dead, key=lambda s: s.dead or 0.0)
    message = (
        f"{worst.dead:.0%} of its units are 0 on all {case.whole.rows} training rows"
        f"{_also(dead, worst)}. Use a smaller learning rate, He's start weights, or LeakyReLU."
    )
    yield Finding("dead_relu", worst.layer, message, worst.dead or 0.0, DEAD, _DEAD_REASON)


def saturation(case: Case) -> Iterator[Finding]:
    """Find sigmoid and tanh layers at the ends of their range in a net that does not work."""
    if case.works:
        return
    *hidden, last = case.whole
    full = [s for s in hidden if s.saturated is not None and s.saturated >= SATURATION]
    if full:
        worst = max(full, key=lambda s: s.saturated or 0.0)
        message = (
            f"{worst.saturated:.0%} of its outputs are within {SATURATED:g} of the ends of their "
            f"range{_also(full, worst)}. Start with smaller weights, or scale the data."
        )
        measure = worst.saturated or 0.0
        yield Finding("saturation", worst.layer, message, measure, SATURATION, _SATURATION_REASON)
    wrong = _surely_wrong(case) if last.saturated is not None else 0.0
    if wrong >= WRONG:
        message = (
            f"on {wrong:.0%} of the rows an output is near the wrong end of its range. Use a loss "
            f"that works on logits (BinaryCrossEntropy, CrossEntropy), or smaller start weights."
        )
        yield Finding("saturation", last.layer, message, wrong, WRONG, _WRONG_REASON)


def _surely_wrong(case: Case) -> float:
    """Return the share of rows on which an output is saturated and more than 1/2 off its target."""
    if case.trainer.loss.heads:
        return 0.0
    targets = case.rows.get("y.onehot", case.rows["y"])
    outputs = case.outputs.reshape(len(case.outputs), -1)
    if targets.size != outputs.size or targets.dtype.kind != "f":
        return 0.0
    targets = targets.reshape(outputs.shape)
    low = -1.0 if case.whole[-1].kind == "tanh" else 0.0
    near = (outputs < low + SATURATED) | (outputs > 1 - SATURATED)
    return float((near & (np.abs(outputs - targets) > 0.5)).any(axis=1).mean())


def identical_units(case: Case) -> Iterator[Finding]:
    """Find hidden dense layers all of whose units have equal weights and equal gradients."""
    trainer = case.trainer
    for stat in case.batch[:-1]:
        name = f"{stat.layer}.weight"
        if case.works or stat.kind != "dense" or stat.parameter_gradient_norm is None:
            continue
        arrays = [trainer._state.arrays[name], trainer._state.arrays[f"{name}.grad"]]
        units = arrays[0].shape[1]
        if units > 1 and all((array == array[:, :1]).all() for array in arrays):
            message = (
                f"all {units} units have the same weights and the same gradients. Draw the start "
                f"weights at random: init='glorot_uniform' or 'he_normal'."
            )
            yield Finding("identical_units", stat.layer, message, 1.0, 1.0, _IDENTICAL_REASON)
            return


def vanishing_gradient(case: Case) -> Iterator[Finding]:
    """Find gradients that get smaller and smaller on their way back from the output."""
    layers = _main_road(case)
    ratios = _in_terms_of_output(layers)
    ill = [i for i, ratio in enumerate(ratios) if ratio < VANISHING]
    if not ill or case.works:  # in this order: whether it works takes a forward pass
        return
    here, least, output = layers[ill[-1]], layers[int(np.argmin(ratios))], layers[-1]
    message = (
        f"on its way back the mean |gradient| shrinks from {output.gradient:.2g} at {output.layer} "
        f"to {here.gradient:.2g} here and {least.gradient:.2g} at {least.layer}. Use ReLU with "
        f"He's start weights, normalization, or Residual blocks."
    )
    measure = ratios[ill[-1]]
    yield Finding("vanishing_gradient", here.layer, message, measure, VANISHING, GRADIENT_REASON)


def exploding_gradient(case: Case) -> Iterator[Finding]:
    """Find gradients that get larger and larger on their way back, or outputs that overflow."""
    layers = _main_road(case)
    ratios = _in_terms_of_output(layers)
    ill = [i for i, ratio in enumerate(ratios) if ratio > EXPLODING]
    overflowed = case.culprit is not None and len(case.losses) < 2
    if not (ill or overflowed) or case.works:
        return
    if ill:
        here, most, output = layers[ill[-1]], layers[int(np.argmax(ratios))], layers[-1]
        message = (
            f"on its way back the mean |gradient| grows from {output.gradient:.2g} at "
            f"{output.layer} to {here.gradient:.2g} here and {most.gradient:.2g} at {most.layer}. "
        )
        yield _exploding(here.layer, message, ratios[ill[-1]])
    else:
        yield from _overflow(case)


def _overflow(case: Case) -> Iterator[Finding]:
    """Tell of outputs that overflowed before there was a gradient, with the weights at their start.

    What multiplies the signal at each layer on its way forward does so to the gradient on its way
    back.
    """
    outputs = [s for s in case.batch if s.layer in case.trainer.model.names and s.not_finite == 0]
    sizes = [(s.layer, s.std) for s in outputs if s.std and math.isfinite(s.std)]
    for layer, size in sizes:
        if size > EXPLODING * sizes[0][1]:
            message = (
                f"the outputs grow from a std of {sizes[0][1]:.2g} at {sizes[0][0]} to {size:.2g} "
                f"here and {sizes[-1][1]:.2g} at {sizes[-1][0]}, and then overflow. "
            )
            yield _exploding(layer, message, size / sizes[0][1])
            return


def _exploding(layer: str, message: str, measure: float) -> Finding:
    mend = "Use smaller start weights, normalization, or clip_norm=."
    kind = "exploding_gradient"
    return Finding(kind, layer, message + mend, measure, EXPLODING, GRADIENT_REASON)


def _main_road(case: Case) -> list[LayerStat]:
    """Return the layers that the gradient must pass, in order.

    Those within a Residual are left out: it may well go round them.
    """
    names = case.trainer.model.names
    return [s for s in case.batch if s.gradient is not None and s.layer in names]


def _in_terms_of_output(layers: Sequence[LayerStat]) -> list[float]:
    """Return the mean |gradient| of each layer as a multiple of the last one's."""
    reference = layers[-1].gradient if layers else None
    if not reference or not math.isfinite(reference):
        return []
    return [(s.gradient or 0.0) / reference for s in layers]


def _also(layers: Sequence[LayerStat], worst: LayerStat) -> str:
    """Name the other layers of which the same is true."""
    others = [s.layer for s in layers if s is not worst]
    shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    return f" (so it is at {shown})" if others else ""

"""The rules of `diagnose` that read the course of the loss, each with its threshold.

A rule is a generator: it looks at a `Case` and yields what it finds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .diagnosis_case import Case
from .findings import Finding

HUGE_UPDATE = 0.1
TINY_UPDATE = 1e-4
"""Size of an update in terms of the weights' size; about 1e-3 is usual."""
RISEN = 1.5
RISEN_SCALE = 0.25
"""The loss now, in terms of the lowest it was; the rise in terms of the loss at the beginning."""
BOUNCING = 0.1
"""How much the training loss rises from one time to the next where it rises, of its level."""
EARLY = 5
"""Stretches of losses (`Case.levels`) that a run must have: at first a loss may well overshoot."""
RATE_REASON = (
    "An update should be about a thousandth of the weights' size (Karpathy, CS231n, Neural "
    "Networks Part 3). Small enough steps lower the training loss; beyond twice the best rate they "
    "raise it (LeCun et al., Efficient BackProp, 1998, section 5)."
)

PLATEAU = 0.01
PLATEAU_EPOCHS = 20
PLATEAU_BATCHES = 200
"""Relative fall of the training loss over the last half of a run, if that is long enough to say."""
_PLATEAU_REASON = (
    "Training that makes next to no progress over a strip of epochs has come to a halt (the "
    "training progress of Prechelt, Early Stopping - But When?, 1998)."
)

OVERFITTING = 20.0
"""Generalization loss in percent: ``100 * (loss now / lowest loss so far - 1)`` on unseen data."""
OVERFITTING_SCALE = 0.1
"""The rise must also matter: this share of the loss that the run began with."""
_OVERFITTING_REASON = (
    "The loss on unseen data rises while that on the training data falls: what is learned now are "
    "accidents of the training rows. Prechelt (1998) stops at a generalization loss of 1% to 5%; "
    "to be told as a finding it should be past doubt."
)


def learning_rate_too_high(case: Case) -> Iterator[Finding]:
    """Find steps so large that the loss rises, bounces, or overflows."""
    rate = case.trainer.learning_rate
    updates = [s for s in case.batch if s.update_ratio]
    largest = max(updates, key=lambda s: s.update_ratio or 0.0, default=None)
    layer = largest.layer if largest else None
    size = (largest.update_ratio or 0.0) if largest else 0.0

    def finding(what: str, measure: float, threshold: float) -> Finding:
        seen = f"; the last update was {size:.2g} of the weights' size" if size else ""
        message = f"{what} at a learning rate of {rate:g}{seen}. Try a tenth of it."
        kind = "learning_rate_too_high"
        return Finding(kind, layer, message, measure, threshold, RATE_REASON)

    if case.culprit is not None and case.culprit.phase == "update":
        yield finding("an update overflowed", math.inf, HUGE_UPDATE)
        return
    levels = case.levels
    if len(levels) < (1 if case.culprit else EARLY):
        return
    # lowered again at once, a loss had but a bad moment
    start, now = case.start, float(levels[-2:].min())
    lowest = float(min(start, levels.min()))
    bounce = _bounce(case.curve)
    if lowest > 0 and now >= RISEN * lowest and now - lowest > RISEN_SCALE * start:
        yield finding(f"the loss has risen from {lowest:.3g} to {now:.3g}", now / lowest, RISEN)
    elif size >= HUGE_UPDATE and not case.works:
        if bounce >= BOUNCING:
            yield finding(f"the training loss bounces by {bounce:.0%}", bounce, BOUNCING)
        elif now > (1 - BOUNCING) * start:
            yield finding("the loss does not fall", size, HUGE_UPDATE)


def _bounce(curve: NDArray[np.float64]) -> float:
    """Return the mean rise of the last 50 numbers, in terms of their level."""
    last = curve[-50:]
    if len(last) < 10:
        return 0.0
    rises = np.maximum(np.diff(last), 0.0)
    return float(rises.mean() / np.median(last)) if np.median(last) > 0 else 0.0


def learning_rate_too_low(case: Case) -> Iterator[Finding]:
    """Find steps so small that the loss falls in a straight line, and hardly."""
    updates = [s.update_ratio for s in case.batch if s.update_ratio is not None]
    curve = case.curve
    if not updates or max(updates) >= TINY_UPDATE or len(curve) < 4 or case.works:
        return
    middle = curve[len(curve) // 2]
    before, after = float(curve[0] - middle), float(middle - curve[-1])
    straight = before > 0 and after > before / 2
    if straight and before + after < 0.1 * curve[0]:
        message = (
            f"an update changes the weights by {max(updates):.1g} of their size at most, and the "
            f"training loss still falls evenly (from {curve[0]:.4g} to {curve[-1]:.4g}). Try ten "
            f"times the learning rate of {case.trainer.learning_rate:g}."
        )
        kind = "learning_rate_too_low"
        yield Finding(kind, None, message, max(updates), TINY_UPDATE, RATE_REASON)


def plateau(case: Case) -> Iterator[Finding]:
    """Find a training loss that hardly falls any more, in a net that does not work."""
    curve = case.curve
    strip = curve[len(curve) // 2 :]
    if len(strip) < PLATEAU_EPOCHS or len(case.losses) < 2 * PLATEAU_BATCHES or case.works:
        return
    half = len(strip) // 2
    before, after = float(np.median(strip[:half])), float(np.median(strip[half:]))
    fall = (before - after) / abs(before) if before else 0.0
    if abs(fall) < PLATEAU:
        unit = "batches" if case.trainer.batches == 1 else "evaluations"
        message = (
            f"in the last {len(strip)} {unit} the training loss has gone from {before:.4g} to "
            f"{after:.4g} only, and {1 - max(case.learned, 0.0):.0%} of a constant guess's error "
            f"is left. If that is not all that the data allow: another start, learning rate or net."
        )
        yield Finding("plateau", None, message, fall, PLATEAU, _PLATEAU_REASON)


def overfitting(case: Case) -> Iterator[Finding]:
    """Find a loss on unseen data that rises while the training loss falls."""
    name = next((n for n in ("validation", "test") if len(case.column(f"{n}_loss"))), "")
    unseen, train = case.column(f"{name}_loss"), case.column("train_loss")
    if len(unseen) < 5 or len(train) != len(unseen):
        return
    best = int(unseen.argmin())
    now = float(np.median(unseen[-3:]))
    loss = 100 * (now / float(unseen[best]) - 1) if unseen[best] > 0 else 0.0
    matters = now - unseen[best] >= OVERFITTING_SCALE * max(case.losses[0], unseen[0])
    if loss >= OVERFITTING and matters and train[-1] < train[best]:
        message = (
            f"the {name} loss has risen from {unseen[best]:.3g} to {now:.3g} since evaluation "
            f"{best + 1} of {len(unseen)}, while the training loss fell from {train[best]:.3g} to "
            f"{train[-1]:.3g}. Use EarlyStopping, more data, l2, Dropout, or a smaller net."
        )
        yield Finding("overfitting", None, message, loss, OVERFITTING, _OVERFITTING_REASON)

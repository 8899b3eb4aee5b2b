"""What a loss curve shows, in words; imports NumPy and the core's names only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import loss_marks
from .smoothing import Smoothed
from .text import counted, number

if TYPE_CHECKING:
    from .loss_curve import Curve, LossCurve


def describe(panel: LossCurve) -> str:
    """Return losses and scores with how they have changed, gaps, and what is marked."""
    curves = panel.curves()
    if not curves:
        return (
            "; ".join(["no epoch done yet: press Step or call trainer.run()", *_marked(panel)])
            + "."
        )
    sentences = [_batches(curves[0])] if curves[0].name == "batch" else []
    evaluated = [c for c in curves if c.name != "batch"]
    if evaluated:
        sentences.append(_evaluated(evaluated) + _scores(panel))
    elif sentences:
        sentences[0] += "; no epoch has been evaluated"
    if panel.smoothing:
        smooth = (f"{c.name} {_smoothed(panel, c)}" for c in curves)
        sentences.append(f"smoothed with weight {panel.smoothing:g}: {', '.join(smooth)}")
    return "; ".join([*sentences, *gaps(curves, panel.log), *_marked(panel)]) + "."


def gaps(curves: Sequence[Curve], log: bool) -> list[str]:
    """Return why lines have gaps, if they have any."""
    losses = np.concatenate([np.zeros(0), *(c.loss for c in curves)])
    lost = int((~np.isfinite(losses)).sum())
    parts = [f"gaps: {counted(lost, 'loss', 'losses')} not finite"] if lost else []
    below = int((np.isfinite(losses) & (losses <= 0)).sum()) if log else 0
    if below:
        whole = "no loss is above 0" if below + lost == losses.size else ""
        some = f"{counted(below, 'loss', 'losses')} not above 0"
        parts.append(f"gaps: {whole or some}, which a logarithmic scale can not show")
    return parts


def _batches(curve: Curve) -> str:
    count = counted(curve.loss.size, "batch", "batches")
    return f"batch loss {_trend(curve.loss)} after {count}"


def _evaluated(curves: Sequence[Curve]) -> str:
    parts = [f"{c.name} loss {_trend(c.loss)}" for c in curves]
    return ", ".join(parts)


def _scores(panel: LossCurve) -> str:
    history = panel.trainer.history
    epochs = history["epoch"]
    words = f" after {counted(int(epochs[-1]), 'epoch')}"
    if "test_loss" in history and np.isfinite(history["test_loss"]).any():
        test = history["test_loss"]
        best = int(np.nanargmin(test))
        words += f"; lowest test loss {number(test[best])} at epoch {int(epochs[best])}"
    scores = [
        f"{name.replace('_', ' ')} {number(value)}"
        for name in history
        if "_" in name
        and not name.endswith("_loss")
        and (value := history.last(name)) is not None
        and np.ndim(value) == 0
    ]
    return words + (f"; {', '.join(scores)}" if scores else "")


def _smoothed(panel: LossCurve, curve: Curve) -> str:
    smooth = Smoothed(panel.smoothing)(panel.shown(curve.loss))
    known = smooth[np.isfinite(smooth)]
    return number(float(known[-1])) if known.size else "none"


def _marked(panel: LossCurve) -> list[str]:
    return loss_marks.words(panel.trainer) if panel.marks else []


def _trend(loss: NDArray[np.float64]) -> str:
    first, last = float(loss[0]), float(loss[-1])
    if loss.size == 1 or not np.isfinite([first, last]).all():
        return number(last)
    way = "down" if last < first else "up" if last > first else "unchanged"
    return f"{number(last)} ({way} from {number(first)})"

"""The check of start weights, by sending numbers through many layers. Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import call, not_yet, read_number, tries

DEPTH, SAMPLES = 20, 40
WIDTHS = (150, 300, 600)
SLACK = 0.2  # of growth in each layer that may be chance: over four deviations for these widths


def start_std(answer: Callable[..., Any]) -> str:
    """Check how large first weights are, for layers with ReLU.

    The oracle is what happens: 20 layers get weights drawn with the standard deviation that the
    answer gives, and the mean square of what they put out must neither shrink nor grow by more than
    a fifth a layer, in narrow layers and in wide ones (He and others, "Delving Deep into
    Rectifiers", 2015).

    Parameters
    ----------
    answer : callable
        Called with a layer's number of inputs, it returns the standard deviation of its weights.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With what becomes of the numbers.

    Examples
    --------
    >>> import nbann
    >>> nbann.check.start_std(lambda fan_in: (2 / fan_in) ** 0.5)
    'ok: through 20 layers, narrow or wide, the numbers stay as large as they were.'
    """
    for rng in tries():
        for width in WIDTHS:
            std = read_number(call(answer, width), what="standard deviation")
            if std < 0:
                raise not_yet(f"a standard deviation is never below 0; yours is {std:.3g}.")
            a = np.abs(rng.normal(size=(SAMPLES, width)))
            before = float(np.mean(a**2))
            with np.errstate(all="ignore"):
                for _ in range(DEPTH):
                    a = np.maximum(0, a @ (std * rng.normal(size=(width, width))))
                after = float(np.mean(a**2))
            growth = (after / before) ** (1 / DEPTH) if np.isfinite(after) else np.inf
            if not 1 - SLACK <= growth <= 1 + SLACK:
                raise not_yet(_words(width, std, growth))
    return f"ok: through {DEPTH} layers, narrow or wide, the numbers stay as large as they were."


def _words(width: int, std: float, growth: float) -> str:
    if growth == 0:
        return f"with weights of {std:.3g} nothing comes through {DEPTH} layers of {width} neurons."
    what = "shrinks" if growth < 1 else "grows"
    words = (
        f"in layers of {width} neurons with weights of {std:.3g} the mean square {what} by "
        f"{growth:.3g} in each layer: after {DEPTH} layers it is {growth**DEPTH:.3g} of what it "
        "was."
    )
    if abs(growth - 0.5) < 0.07:
        words += " A half is lost in each: ReLU lets only half of the sums pass."
    elif abs(growth - 2 / width) < 0.5 * 2 / width:
        words += " That is the variance; the standard deviation is its root."
    return words

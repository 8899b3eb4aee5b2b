"""Text that draws the start weights that nbann draws from a seed. Imports the core."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbann.core.layers import initializers as init
from nbann.core.layers.gated import LSTM
from nbann.core.plan import Plan
from nbann.core.state import Parameter
from nbann.core.trainer import Trainer

from .literals import array_text, check_size, shape_text, shown, table_text


def start_lines(trainer: Trainer, what: str) -> tuple[list[str], set[str]]:
    """Return the lines after which ``p`` is the dict of start weights, and the pieces they use.

    Raises
    ------
    ValueError
        Weights that are given, or drawn by a function of the user's, and too many to be written.
    """
    recipe = trainer._recipe
    plan: Plan = recipe.plan
    texts: dict[str, str] = {}
    used: set[str] = set()
    given: dict[str, Any] = {}
    for one in plan.parameters:
        text = _drawn(one, used)
        if text is None:
            given = _started(trainer)
            break
        texts[one.name] = text
    if given:
        check_size(given, what)
        texts = {name: array_text(array, before="    ") for name, array in given.items()}
        return ["# the start weights", *table_text("p", texts)], set()
    lines = [
        "# the start weights, as nbann draws them from its seed",
        f"rng = np.random.default_rng([{trainer._seed}, 0])",
        *table_text("p", texts),
    ]
    return lines, used


def _started(trainer: Trainer) -> dict[str, Any]:
    """Return the start weights of a trainer like this one."""
    state = trainer._recipe.state()
    state.initialize(trainer._seed, trainer._recipe.optimizer.hyper())
    return {name: state.arrays[name].copy() for name in state.names()}


def _drawn(one: Parameter, used: set[str]) -> str | None:
    """Return the text that draws a parameter; None where only its numbers can be written."""
    start, shape = one.start, shape_text(one.shape)
    if not callable(start):
        return _constant(np.broadcast_to(np.asarray(start, float), one.shape))
    if isinstance(start, init.Zeros):
        return f"np.zeros({shape})"
    if isinstance(start, init.Constant):
        return f"np.full({shape}, {start.value!r})"
    if isinstance(start, init.Normal):
        return f"rng.standard_normal({shape}) * {start.std!r}"
    if isinstance(start, init.Uniform):
        return f"rng.uniform({start.low!r}, {start.high!r}, {shape})"
    if isinstance(start, init.Orthogonal):
        used.add("orthogonal")
        gain = "" if start.gain == 1 else f", {start.gain!r}"
        return f"orthogonal(rng, {shown(one.shape)}{gain})"
    if type(start) in _WIDTHS:
        function, over, both = _WIDTHS[type(start)]
        used.add(function)
        fans = f"({one.shape[0]} + {one.shape[-1]})" if both else f"{one.shape[0]}"
        return f"{function}(rng, {shown(one.shape)}, {over} / {fans})"
    if isinstance(getattr(start, "__self__", None), LSTM):  # its forget gates start at 1
        units = one.shape[0] // 4
        return f"np.repeat([0.0, 1.0, 0.0, 0.0], {units})"
    return None


_WIDTHS: dict[type, tuple[str, int, bool]] = {
    init.GlorotUniform: ("uniform", 6, True),
    init.GlorotNormal: ("normal", 2, True),
    init.HeUniform: ("uniform", 6, False),
    init.HeNormal: ("normal", 2, False),
    init.LeCunUniform: ("uniform", 3, False),
    init.LeCunNormal: ("normal", 1, False),
}
"""How wide each draws: which function, its square over the fans, and whether over both."""


def _constant(array: Any) -> str | None:
    """Return the text of given numbers that are all one, or few."""
    first = float(array.flat[0])
    if (array == first).all():
        kind = {0.0: "np.zeros", 1.0: "np.ones"}.get(first)
        size = shape_text(array.shape)
        return f"np.full({size}, {first!r})" if kind is None else f"{kind}({size})"
    return array_text(array, before="    ") if array.size <= 10_000 else None

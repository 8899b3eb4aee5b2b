"""Silenced neurons of recurrent layers, as weights that keep them at 0. Imports the core.

Other libraries' recurrent layers can not silence a neuron. But one whose incoming weights are 0
gives ``tanh(0) = 0`` at every time step, and so nothing to the others either.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbann.core.errors import bad_value
from nbann.core.layers.gated import GRU, LSTM
from nbann.core.layers.recurrent import RNN, Recurrent

_AT_ZERO = ("identity", "step", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu")
"""Activations that are 0 at 0."""


def without_neurons(
    arrays: dict[str, NDArray[Any]],
    name: str,
    layer: Recurrent,
    columns: tuple[int, ...],
    what: str,
) -> None:
    """Set those weights of a recurrent layer to 0 that keep the neurons of `columns` at 0.

    Of an LSTM it is what leads to the candidate g, so that the cell stays at 0; of a GRU what leads
    to the candidate n.

    Raises
    ------
    ValueError
        A neuron whose activation is not 0 at 0.
    """
    if not columns:
        return
    if isinstance(layer, RNN) and layer.activation.kind not in _AT_ZERO:
        mend = f"Let them speak: trainer.unsilence({name!r}, neuron)."
        received = f"silenced ones of {name!r} with {layer.activation.kind}"
        raise bad_value(what, "silenced neurons whose activation is 0 at 0", received, mend)
    block = 2 if isinstance(layer, LSTM | GRU) else 0  # the gates are i, f, g, o and r, z, n
    places = np.array(columns) + block * layer.units
    for key in ("weight", "recurrent", "bias"):
        if f"{name}.{key}" in arrays:
            arrays[f"{name}.{key}"][..., places] = 0.0
    if f"{name}.recurrent_bias" in arrays:
        arrays[f"{name}.recurrent_bias"][list(columns)] = 0.0

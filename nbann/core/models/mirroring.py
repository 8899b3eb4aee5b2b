"""The decoder that mirrors an encoder; imports the core's own parts only."""

from __future__ import annotations

from copy import copy

from ..errors import bad_value
from ..layers.activations import Activation
from ..layers.activity_penalty import ActivityPenalty
from ..layers.dense import Dense
from ..layers.dense_transpose import DenseTranspose
from ..layers.dropout import Dropout
from ..layers.layer import Layer
from ..layers.noise import GaussianNoise, MaskingNoise

LEFT_OUT = (Activation, Dropout, GaussianNoise, MaskingNoise, ActivityPenalty)
"""What an encoder may have beside Dense; of these only activations have a counterpart."""


def mirrored(
    encoder: tuple[Layer, ...], names: tuple[str, ...], *, tied: bool
) -> tuple[Layer, ...]:
    """Return the encoder backward: from each Dense's outputs to its inputs."""
    found: list[Layer] = []
    for place, (name, layer) in reversed(list(enumerate(zip(names, encoder, strict=False)))):
        if isinstance(layer, Dense):
            bias = None if layer.has_bias else False
            found.append(DenseTranspose(name, tied=tied, bias=bias, init=layer.init))
            before = _activation_before(encoder, place)
            if before is not None:
                found.append(before)
        elif not isinstance(layer, LEFT_OUT):
            mend = "Pass the decoder yourself: Autoencoder(encoder, decoder)."
            expected = "an encoder of Dense layers and activations, to be mirrored"
            raise bad_value("Autoencoder", expected, f"{layer!r}", mend)
    if not found:
        mend = "Pass the decoder yourself: Autoencoder(encoder, decoder)."
        raise bad_value("Autoencoder", "a Dense in the encoder, to be mirrored", "none", mend)
    return tuple(found)


def _activation_before(encoder: tuple[Layer, ...], place: int) -> Layer | None:
    """Return a copy of the activation of the Dense before this one; None where it is the first."""
    for layer in reversed(encoder[:place]):
        if isinstance(layer, Activation):
            made = copy(layer)
            made.name = None
            return made
        if isinstance(layer, Dense):
            return None
    return None

"""Which nets are exported; of the others, what can be done instead. Imports the core."""

from __future__ import annotations

import numpy as np

from nbann.core.errors import bad_value
from nbann.core.layers.activations import ACTIVATIONS
from nbann.core.layers.activity_penalty import ActivityPenalty
from nbann.core.layers.bidirectional import Bidirectional
from nbann.core.layers.dense import Dense
from nbann.core.layers.dense_transpose import DenseTranspose
from nbann.core.layers.dropout import Dropout
from nbann.core.layers.embedding import Embedding
from nbann.core.layers.flatten import Flatten
from nbann.core.layers.gated import GRU, LSTM
from nbann.core.layers.layer import Layer
from nbann.core.layers.noise import GaussianNoise, MaskingNoise
from nbann.core.layers.normalization import BatchNorm, LayerNorm
from nbann.core.layers.recurrent import RNN, Recurrent
from nbann.core.layers.residual import Residual
from nbann.core.model import Model, Sequential
from nbann.core.models.autoencoder import Code
from nbann.core.models.heads import Heads
from nbann.core.trainer import Trainer

KNOWN: tuple[type[Layer], ...] = (
    Dense,
    DenseTranspose,
    Embedding,
    Flatten,
    BatchNorm,
    LayerNorm,
    Residual,
    RNN,
    LSTM,
    GRU,
    Bidirectional,
    Dropout,
    GaussianNoise,
    MaskingNoise,
    ActivityPenalty,
    Code,
    *dict.fromkeys(ACTIVATIONS.values()),
)
"""The layers that are exported; one of a user's own class is not."""


def check_model(model: Model, what: str) -> None:
    """Refuse a machine that is no net, and a layer of the user's own.

    Raises
    ------
    ValueError
    """
    if not isinstance(model, Sequential | Heads):
        mend = "Keep it with trainer.save(path)"
        if model.layers or type(model).__name__ == "RBM":
            mend += ", or make a net of RBMs with nbann.DeepBelief([...]).sequential()"
        expected = "a net that goes from layer to layer (Sequential, Autoencoder, Heads, ...)"
        raise bad_value(what, expected, f"{type(model).__name__}", f"{mend}.")
    for name, layer in model.leaves():
        if type(layer) not in KNOWN:
            mend = "Build it of nbann's layers, or write the export of the others by hand."
            received = f"{name!r}, a {type(layer).__name__} of your own"
            raise bad_value(what, "layers that come with nbann", received, mend)


def is_padded(trainer: Trainer) -> bool:
    """Whether a recurrent net was trained on sequences that are not all there."""
    mask = trainer.train_data.mask
    recurrent = any(isinstance(layer, Recurrent) for _, layer in trainer.model.leaves())
    return recurrent and mask is not None and not np.all(mask)


def check_padding(trainer: Trainer, what: str) -> None:
    """Refuse such a net.

    Raises
    ------
    ValueError
    """
    if is_padded(trainer):
        mend = (
            "What is written here knows no mask and would count the padding: take to_torch or "
            "to_onnx, or train on sequences of one length."
        )
        raise bad_value(what, "sequences without padding", "data with a mask", mend)

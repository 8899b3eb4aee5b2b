"""scikit-learn's Boltzmann machine as a model of nbann's, and trainers of it; the core and NumPy.

`BernoulliRBM` learns by persistent contrastive divergence with one step. Its draws are those of a
`RandomState`, in its order: visible units, then hidden ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nbann.core.boltzmann.rbm import RBM
from nbann.core.builder import Builder
from nbann.core.data.dataset import Dataset
from nbann.core.optimizers.sgd import SGD
from nbann.core.trainer import Trainer

from .net import TIMELINE_MEMORY

Floats = NDArray[np.floating]
PARTS = {
    "weight": "components_",
    "visible_bias": "intercept_visible_",
    "hidden_bias": "intercept_hidden_",
}
"""What scikit-learn calls the parameters; its weight is transposed, (hidden, visible)."""


class PersistentRBM(RBM):
    """An RBM that goes on from an estimator: its parameters, its chains, its generator.

    It differs from `RBM` where scikit-learn does: the statistics of the chains are their sum over
    the samples of the batch, also where these are fewer (an epoch's last batch), and X may hold any
    numbers.

    Parameters
    ----------
    estimator : BernoulliRBM
    stream : mapping
        Where the generator stands; see `nbann.core.streams.state_of`.
    """

    def __init__(self, estimator: Any, stream: Mapping[str, Any]) -> None:
        chains, units = estimator.h_samples_.shape
        starts = {part: estimator_part(estimator, part) for part in PARTS}
        super().__init__(units, persistent=True, chains=chains, **starts)
        self._chain_start = estimator.h_samples_.copy()
        self._stream_start = stream

    def negative_count(self, b: Builder) -> int:
        """Return the samples of the batch."""
        return b.batch_size

    def check_inputs(self, X: Any, what: str) -> None:
        """Take any numbers, as scikit-learn does."""


def estimator_part(estimator: Any, part: str) -> Floats:
    """Return an estimator's array in the place of a parameter of nbann's, by name."""
    array: Floats = getattr(estimator, PARTS[part])
    return array.T if part == "weight" else array


def dataset(estimator: Any, X: Any) -> Dataset:
    """Return validated features as nbann has them."""
    return Dataset(
        X.toarray() if sparse.issparse(X) else X,
        task="unsupervised",
        feature_names=tuple(getattr(estimator, "feature_names_in_", ())),
    )


def trainer_for(
    estimator: Any, X: Any, stream: Mapping[str, Any], batch_size: int | None
) -> Trainer:
    """Return a trainer that goes on from an estimator; nothing has run yet."""
    return Trainer(
        PersistentRBM(estimator, stream),
        dataset(estimator, X),
        optimizer=SGD(float(estimator.learning_rate)),
        batch_size=batch_size,
        shuffle=False,
        dtype=estimator.components_.dtype,
        metrics=[],
        evaluate_every=None,
        stop_on_nan=False,
        timeline_memory=TIMELINE_MEMORY,
    )


def feed(trainer: Trainer, estimator: Any, X: Any, stream: Mapping[str, Any]) -> None:
    """Give a trainer other data of the same shape and the estimator's state, as if made anew.

    To compile a program takes many times longer than a step; `partial_fit` is called often, and
    mostly with as many samples as before. Hooks stay.
    """
    data, state = dataset(estimator, X), trainer._state
    for name, array in trainer._recipe.samples(data, "train").items():
        kept = trainer._train[name]
        kept.flags.writeable = True  # programs are bound to it
        kept[...] = array
        kept.flags.writeable = False
    # given as arrays, and kept as such: what a reset starts from
    starts: dict[str, Any] = {p.name: p.start for p in state.parameters}
    starts |= {buffer.name: buffer.start for buffer in state.buffers}
    for part in PARTS:
        starts[f"rbm.{part}"][...] = estimator_part(estimator, part)
    starts["rbm.chain"][...] = estimator.h_samples_
    state._stream_starts["rbm"] = stream
    trainer.train_data = trainer._given["train"] = data
    trainer.reset()
    trainer.branches.clear()  # what was run before was run on other data


def take_over(estimator: Any, trainer: Trainer) -> None:
    """Give an estimator what its trainer has learned, and where the chains stand."""
    arrays = trainer._state.arrays
    estimator.components_ = arrays["rbm.weight"].copy().T
    estimator.intercept_visible_ = arrays["rbm.visible_bias"].copy()
    estimator.intercept_hidden_ = arrays["rbm.hidden_bias"].copy()
    estimator.h_samples_ = arrays["rbm.chain"].copy()

"""Restricted Boltzmann machines stacked, each learning what the one below found; the core's parts.

Here is no loop of training: every machine has a trainer of its own, which is run like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..data.dataset import Dataset
from ..errors import bad_value
from ..layers.layer import Layer
from ..model import Sequential
from ..trainer import Trainer
from .rbm import RBM

if TYPE_CHECKING:
    from ..looking import Data

Floats = NDArray[np.floating]


class DeepBelief:
    """Restricted Boltzmann machines one upon another: a deep belief net, trained greedily.

    Each machine has learned the hidden probabilities of the one below (Hinton, Osindero & Teh, "A
    Fast Learning Algorithm for Deep Belief Nets", Neural Computation 18, 2006). Its weights are
    where a net of dense layers can start from, to be fine-tuned by backpropagation.

    Parameters
    ----------
    trainers : iterable of Trainer
        Of RBMs, the lowest first; each has as many visible units as the one below has hidden ones.
        `pretrain` makes and runs them; to step through one, make it yourself on
        ``Dataset(below.model.hidden(below, X), task="unsupervised")``.

    Attributes
    ----------
    trainers : tuple of Trainer

    Raises
    ------
    ValueError
        None, trainers of other models, or machines that do not fit on one another.

    Examples
    --------
    >>> import nbann
    >>> X = [[1, 1, 0, 0], [0, 0, 1, 1]]
    >>> stack = nbann.DeepBelief.pretrain([nbann.RBM(3), nbann.RBM(2)], X, epochs=2)
    >>> stack.sequential([nbann.Dense(2, name="classes")])
    Sequential(hidden1: dense, sigmoid1: sigmoid, hidden2: dense, sigmoid2: sigmoid, classes: dense)
    """

    def __init__(self, trainers: Iterable[Trainer]) -> None:
        self.trainers = tuple(trainers)
        if not self.trainers:
            raise bad_value("DeepBelief", "at least one trainer", "none", "Pass [trainer].")
        for trainer in self.trainers:
            if not isinstance(trainer, Trainer) or not isinstance(trainer.model, RBM):
                mend = "Pass [nbann.Trainer(nbann.RBM(64), data)], or call DeepBelief.pretrain."
                raise bad_value("DeepBelief", "trainers of RBMs", repr(trainer), mend)
        for below, above in pairwise(self.trainers):
            if self._rbm(below).units != above._recipe.shape[0]:
                expected = f"{self._rbm(below).units} visible units upon {below.model!r}"
                mend = "Train it on below.model.hidden(below, X)."
                raise bad_value("DeepBelief", expected, f"{above._recipe.shape[0]}", mend)

    @classmethod
    def pretrain(
        cls, rbms: Iterable[RBM], data: Data | Any, epochs: int = 10, **settings: Any
    ) -> DeepBelief:
        """Train RBM after RBM, each on the hidden probabilities of the one below.

        Parameters
        ----------
        rbms : iterable of RBM
            The lowest first.
        data : Dataset or array of shape (n, visible)
            Of a data set the features alone, whatever its targets; in [0, 1].
        epochs : int
            For each of them, at least 1.
        **settings
            Of each `Trainer`: optimizer, batch_size, seed, ...
        """
        epochs = whole_number("epochs", epochs, least=1)
        if not isinstance(rbms, Iterable):
            mend = "Pass e.g. [nbann.RBM(64)], also where there is one alone."
            raise bad_value("DeepBelief.pretrain", "a list of RBMs", repr(rbms), mend)
        found: list[Trainer] = []
        X = data.X if isinstance(data, Dataset) else data
        for rbm in rbms:
            if not isinstance(rbm, RBM):
                mend = "Pass e.g. [nbann.RBM(64), nbann.RBM(32)]."
                raise bad_value("DeepBelief.pretrain", "RBMs", repr(rbm), mend)
            trainer = Trainer(rbm, Dataset(X, task="unsupervised"), **settings)
            trainer.run(epochs)
            found.append(trainer)
            X = rbm.hidden(trainer, trainer.train_data.X)
        return cls(found)

    def __repr__(self) -> str:
        units = ", ".join(str(self._rbm(trainer).units) for trainer in self.trainers)
        visible = self.trainers[0]._recipe.shape[0]
        return f"<DeepBelief of {visible} visible and {units} hidden units>"

    def hidden(self, X: Any) -> Floats:
        """Return the hidden probabilities of the highest machine, shape (n, units)."""
        for trainer in self.trainers:
            X = self._rbm(trainer).hidden(trainer, X)
        found: Floats = X
        return found

    def sequential(self, head: Iterable[Layer] = ()) -> Sequential:
        """Return a net that starts as these machines: Dense and Sigmoid for each, then `head`.

        Parameters
        ----------
        head : iterable of Layer
            What follows, such as ``[Dense(10)]`` for ten classes.
        """
        count = len(self.trainers)
        layers: list[Layer] = []
        for number, trainer in enumerate(self.trainers, 1):
            name = "hidden" if count == 1 else f"hidden{number}"
            layers += self._rbm(trainer).layers_of(trainer, name)
        return Sequential([*layers, *head])

    @staticmethod
    def _rbm(trainer: Trainer) -> RBM:
        model = trainer.model
        assert isinstance(model, RBM)
        return model

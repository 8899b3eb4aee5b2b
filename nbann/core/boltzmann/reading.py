"""What a trained machine is asked: hidden probabilities, free energy, samples; the core's parts.

Each question goes to the model with the trainer that has trained it, which holds the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import as_features, whole_number
from ..errors import bad_value
from ..layers.activations import Sigmoid
from ..layers.dense import Dense
from .energy import Energy, drawn

if TYPE_CHECKING:
    from ..layers.layer import Layer
    from ..state import Array
    from ..trainer import Trainer

Floats = NDArray[np.floating]


class Reading:
    """What an RBM tells with the parameters that a trainer holds now; the run is not touched."""

    name: str
    units: int

    def hidden(self, trainer: Trainer, X: Any) -> Floats:
        """Return how probable it is that hidden units are on, ``p(h = 1 | v)``: features of X.

        Parameters
        ----------
        trainer : Trainer
            Of this model.
        X : array of shape (n, visible)
            In [0, 1].

        Returns
        -------
        array of shape (n, units)

        Raises
        ------
        ValueError
            A trainer of another model, or data that do not fit.
        """
        return self._energy(trainer).hidden(self._visible_of(trainer, X))

    def visible(self, trainer: Trainer, hidden: Any) -> Floats:
        """Return how probable it is that visible units are on, ``p(v = 1 | h)``.

        Parameters
        ----------
        trainer : Trainer
        hidden : array of shape (n, units)
            States or probabilities.
        """
        energy = self._energy(trainer)
        array = as_features(hidden, "hidden").astype(energy.weight.dtype)
        if array.shape[1:] != (self.units,):
            mend = "It has one column for each hidden unit."
            raise bad_value("hidden", f"shape (n, {self.units})", f"shape {array.shape}", mend)
        return energy.visible(array)

    def free_energy(self, trainer: Trainer, X: Any) -> Floats:
        """Return ``F(v) = -v.b - sum_j log(1 + exp(c_j + v W_j))``, shape (n,); lower: likelier."""
        return self._energy(trainer).free_energy(self._visible_of(trainer, X))

    def pseudo_likelihood(self, trainer: Trainer, X: Any, seed: int = 0) -> Floats:
        """Return ``d * log p(v_i | all other v)``, one bit i drawn for each row; shape (n,).

        Parameters
        ----------
        trainer : Trainer
        X : array of shape (n, visible)
        seed : int
            Of which bits are flipped.
        """
        visible = self._visible_of(trainer, X)
        flips = _generator(seed).integers(0, visible.shape[1], len(visible))
        return self._energy(trainer).pseudo_likelihood(visible, flips)

    def gibbs(self, trainer: Trainer, X: Any, steps: int = 1, seed: int = 0) -> Floats:
        """Return visible states, 0 and 1, after steps of Gibbs sampling that begin at X.

        Parameters
        ----------
        trainer : Trainer
        X : array of shape (n, visible)
        steps : int
            Times that h is drawn given v, and v given h; at least 1.
        seed : int
        """
        steps = whole_number("steps", steps, least=1)
        visible = self._visible_of(trainer, X)
        return self._energy(trainer).gibbs(visible, steps, _generator(seed))

    def sample_hidden(self, trainer: Trainer, X: Any, seed: int = 0) -> Floats:
        """Return hidden states, 0 and 1, drawn given X; shape (n, units)."""
        return drawn(self.hidden(trainer, X), _generator(seed))

    def layers_of(self, trainer: Trainer, name: str = "hidden") -> list[Layer]:
        """Return a dense layer and a sigmoid that start as this machine: features of a net.

        Parameters
        ----------
        trainer : Trainer
        name : str
            Of the dense layer.

        Examples
        --------
        >>> import nbann
        >>> rbm, data = nbann.RBM(2), nbann.Dataset([[0, 1], [1, 0]], task="unsupervised")
        >>> trainer = nbann.Trainer(rbm, data)
        >>> nbann.Sequential([*rbm.layers_of(trainer), nbann.Dense(2, name="classes")])
        Sequential(hidden: dense, sigmoid1: sigmoid, classes: dense)
        """
        energy = self._energy(trainer)
        weight, bias = energy.weight.copy(), energy.hidden_bias.copy()
        return [Dense(self.units, name=name, weight=weight, bias=bias), Sigmoid()]

    def energy_of(self, parameters: Mapping[str, Array]) -> Energy:
        """Return the energy with these parameters."""
        raise NotImplementedError

    def _energy(self, trainer: Trainer) -> Energy:
        model: object = getattr(trainer, "model", None)
        if model is not self:
            mend = "Ask trainer.model itself."
            received = repr(trainer)[:60] if model is None else f"one of {model!r}"
            raise bad_value("trainer", f"one of this {self!r}", received, mend)
        return self.energy_of(trainer._state.arrays)

    def _visible_of(self, trainer: Trainer, X: Any) -> Floats:
        visible: Floats = trainer._inputs(X, "RBM", None)["x"]
        return visible


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(whole_number("seed", seed, least=0, mend="Pass e.g. seed=0."))

"""What the loss would be with other weights, computed apart from the run; the core's own parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..errors import bad_value
from ..program import Floats
from ..restraints import Restraints
from .evaluate import Evaluator

if TYPE_CHECKING:
    from ..trainer import Trainer

Buffers = dict[str, Floats]


class LossProbe:
    """The loss of a trainer's net at any weights, as `Trainer.evaluate` gives it.

    It has parameters and arrays of its own: the run is not touched. All else that the loss depends
    on (running statistics, what is silenced) is that of the run.

    Parameters
    ----------
    trainer : Trainer
    rows : int or None
        On at most so many samples of the training data (of a ranking: queries), drawn by `seed`;
        None for all.
    seed : int

    Attributes
    ----------
    rows, of : int
        How many samples are looked at, of how many.
    """

    def __init__(self, trainer: Trainer, rows: int | None = None, seed: int = 0) -> None:
        self._trainer = trainer
        samples = trainer._train
        self.of = self.rows = len(samples["x"])
        if rows is not None and whole_number("rows", rows, least=1) < self.of:
            self.rows = rows
            seed = whole_number("seed", seed, least=0)
            drawn = np.random.default_rng(seed).choice(self.of, rows, replace=False)
            samples = {name: array[np.sort(drawn)] for name, array in samples.items()}
        self._samples = samples
        self._state = trainer._recipe.state()
        self._buffers = tuple(buffer.name for buffer in trainer._recipe.plan.buffers)
        self._evaluator = Evaluator(trainer._recipe, self._state, {})

    @property
    def here(self) -> Floats:
        """The run's parameters of now, as one flat vector (a copy)."""
        return self._trainer._state.theta.copy()

    @property
    def start(self) -> Floats:
        """The parameters with which the run began, as one flat vector (a copy)."""
        return self._trainer.timeline.snapshots.states[0].arrays[""].copy()

    @property
    def restraints(self) -> Restraints:
        """What is frozen or silenced in the run now."""
        return self._trainer._recipe.restraints

    def buffers(self) -> Buffers:
        """Return the run's running statistics of now (copies)."""
        return {name: self._trainer._state.arrays[name].copy() for name in self._buffers}

    def loss(self, theta: NDArray[np.floating], buffers: Buffers | None = None) -> float:
        """Return the loss with other parameters, penalties included; NaN or infinity as it comes.

        Parameters
        ----------
        theta : array of shape (parameters,)
            In the order of `Trainer.parameters`, each flattened.
        buffers : dict of str to ndarray, optional
            Running statistics, as `buffers` has returned them; by default those of now.

        Raises
        ------
        ValueError
            Another number of parameters.
        """
        if np.shape(theta) != self._state.theta.shape:
            expected = f"a vector of {self._state.size} parameters"
            mend = "Put trainer.parameters together in their order, each flattened."
            raise bad_value("theta", expected, f"shape {np.shape(theta)}", mend)
        if self._evaluator.recipe is not self._trainer._recipe:  # something was silenced
            self._evaluator.recompile(self._trainer._recipe)
        for name, array in (self.buffers() if buffers is None else buffers).items():
            self._state.arrays[name][...] = array
        self._state.theta[...] = theta
        with np.errstate(all="ignore"):
            loss = self._evaluator.score(self._samples)["loss"]
        assert isinstance(loss, float)
        return loss

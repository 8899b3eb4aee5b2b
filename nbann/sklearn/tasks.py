"""A fit as a tree of tasks, told to scikit-learn's callbacks: the whole fit, and its iterations.

What an estimator owes to callbacks is described in scikit-learn's developer guide, "Implementing
callback support in estimators" (1.9); a release without callbacks is told nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .compat import CALLBACKS

Fitted = Callable[[], Mapping[str, Any]]
"""Gives the attributes with which the estimator can predict as if the fit ended here."""


class FitTasks:
    """The tasks of one fit.

    Parameters
    ----------
    estimator : estimator
    X, y, sample_weight
        As the user gave them: a callback that scores needs labels and names of features.
    iterations : int
        How many there are at most: epochs, or iterations of L-BFGS.

    Attributes
    ----------
    heard : bool
        Whether there are callbacks: else nobody waits for the single iterations.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, sample_weight: Any, iterations: int) -> None:
        self._about = {
            "estimator": estimator,
            "X": X,
            "y": y,
            "metadata": {} if sample_weight is None else {"sample_weight": sample_weight},
        }
        self._fit: Any = None
        self._iteration: Any = None
        self.heard = False
        if CALLBACKS:
            self._fit = estimator._init_callback_context(max_subtasks=iterations)
            self.heard = bool(getattr(estimator, "_skl_callbacks", ()))

    def begin(self) -> None:
        """Tell that the fit begins."""
        if self._fit is not None:
            self._fit.call_on_fit_task_begin(**self._about)

    def end(self) -> None:
        """Tell that the fit ends: the estimator is fitted."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(**self._about, reconstruction_attributes={})

    def begin_iteration(self) -> None:
        """Tell that an iteration begins."""
        if self.heard:
            self._iteration = self._fit.subcontext(task_name="iteration")
            self._iteration.call_on_fit_task_begin(**self._about)

    def end_iteration(self, fitted: Fitted | None = None) -> bool:
        """Tell that an iteration ends; return whether a callback asks to stop here."""
        if self._iteration is None:
            return False
        iteration, self._iteration = self._iteration, None
        stop: bool = iteration.call_on_fit_task_end(**self._about, reconstruction_attributes=fitted)
        return stop

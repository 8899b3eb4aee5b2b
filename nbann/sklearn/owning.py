"""What estimators share that keep the trainer which has trained them; the core only."""

from __future__ import annotations

from typing import Any

from nbann.core.trainer import Trainer


class TrainerOwner:
    """Has `trainer_`, and leaves it behind when it is copied or pickled.

    It stands before `BaseEstimator` among the bases; a fit sets ``_trainer = (trainer, ...)``.
    """

    _trainer: tuple[Any, ...]

    @property
    def trainer_(self) -> Trainer:
        """The `nbann.Trainer` that has trained this estimator, to be stepped through.

        Its parameters are those of `coefs_` and `intercepts_` when the fit has ended. From there it
        goes its own ways: stepping on, or back to the start with ``reset()``, leaves the estimator
        as it is. It holds the training data; ``del estimator.trainer_`` frees them. It is not there
        in an estimator that was copied or loaded.
        """
        if "_trainer" not in self.__dict__:
            raise AttributeError(
                f"trainer_: expected a {type(self).__name__} fitted in this session; received one "
                f"that is not fitted, or was copied or loaded. Call fit or partial_fit."
            )
        trainer: Trainer = self._trainer[0]
        return trainer

    @trainer_.deleter
    def trainer_(self) -> None:
        """Free the training data; the fitted weights stay."""
        self.__dict__.pop("_trainer", None)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the trainer behind: it holds the training data and lives where it was made."""
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {name: value for name, value in state.items() if name != "_trainer"}

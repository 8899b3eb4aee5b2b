"""What a recurrent net reads at each time step, in a word; imports the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import bad_value

if TYPE_CHECKING:
    from ..core.trainer import Trainer


def tokens_of(
    trainer: Trainer, x: NDArray[Any], there: NDArray[np.bool_], given: tuple[str, ...] | None
) -> list[str] | None:
    """Return a word for each time step of a sample; None where a step is several numbers.

    Parameters
    ----------
    trainer : Trainer
    x : array of shape (time,) or (time, features)
    there : array of bool, (time,)
        Which time steps are there.
    given : tuple of str or None
        What whole numbers stand for.

    Raises
    ------
    ValueError
        Fewer words than numbers.
    """
    if trainer.model.takes_indices:
        return _of_numbers(trainer, x.reshape(len(x)).astype(int), given)
    if x.ndim == 1 or x.shape[1] == 1:
        return [f"{v:.3g}".replace("-", "−") for v in x.ravel()]
    rows = x[there]
    if x.shape[1] > 2 and np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all():
        return _of_numbers(trainer, x.argmax(axis=1), given or trainer.train_data.feature_names)
    return None


def _of_numbers(trainer: Trainer, places: NDArray[Any], given: Any) -> list[str]:
    names = trainer.train_data.target_names
    if given is None and len(names) == trainer.model.takes_indices:
        given = names  # a net of characters: what it reads is what it is to say
    if given is None:
        return [str(i) for i in places]
    if places.max() >= len(given):
        expected = f"at least {places.max() + 1} words, for the numbers up to {places.max()}"
        raise bad_value(
            "tokens", expected, f"{len(given)}", "Pass the Vocabulary that numbered them."
        )
    return [visible(given[i]) for i in places]


def visible(token: object) -> str:
    """Return a token that can be seen: a space as an open box."""
    text = str(token)
    return {" ": "␣", "\n": "⏎", "\t": "⇥"}.get(text, text)

"""Text as data: windows of characters with the next one as their target; imports the core only."""

from __future__ import annotations

import numpy as np

from ..core.checks import counted, whole_number
from ..core.data.dataset import Dataset
from ..core.errors import bad_value
from ..core.text.vocabulary import Vocabulary


def characters(
    text: str,
    length: int = 20,
    step: int | None = None,
    *,
    every_step: bool = True,
    vocabulary: Vocabulary | None = None,
) -> Dataset:
    """Return windows of a text, and for each of their characters the one that comes next.

    What a net of characters is trained on: ``Embedding``, a recurrent layer with
    ``return_sequences=True`` and ``Dense`` over all characters; `nbann.generate` lets it write on.
    (J. Elman, "Finding Structure in Time", Cognitive Science 14, 1990, has nets guess the next
    letter.)

    Parameters
    ----------
    text : str
        At least ``length + 1`` characters.
    length : int
        Characters in a window, at least 1.
    step : int, optional
        From the start of one window to that of the next, at least 1; by default `length`, so that
        each character is a target once. With 1, windows begin at every place, as they do when the
        net writes. What is left at the end of the text and too short for a window is left out.
    every_step : bool
        Whether there is a target for each character of a window, or for the last one alone.
    vocabulary : Vocabulary, optional
        By default that of the text.

    Returns
    -------
    Dataset
        `X` is (windows, length) of whole numbers, `y` likewise or (windows,); its `target_names`
        are the vocabulary's characters.

    Raises
    ------
    ValueError
        A text that is too short, or has characters that are not in the vocabulary.

    Examples
    --------
    >>> import nbann
    >>> ds = nbann.datasets.characters("abcabca", length=3)
    >>> ds.X.astype(int).tolist(), ds.y.tolist(), ds.target_names
    ([[0, 1, 2], [0, 1, 2]], [[1, 2, 0], [1, 2, 0]], ('a', 'b', 'c'))
    """
    if not isinstance(text, str):
        raise bad_value("text", "a string", type(text).__name__, "Pass a string.")
    length = whole_number("length", length, least=1, mend="Pass e.g. length=20.")
    step = length if step is None else step
    step = whole_number("step", step, least=1, mend="Pass e.g. step=1.")
    if vocabulary is not None and not isinstance(vocabulary, Vocabulary):
        mend = "Pass nbann.Vocabulary.of(text)."
        raise bad_value("vocabulary", "a Vocabulary", type(vocabulary).__name__, mend)
    if len(text) <= length:
        expected = f"more than {counted(length, 'character')}, the length of a window"
        mend = "Pass a longer text, or a smaller length."
        raise bad_value("text", expected, f"{len(text)}", mend)
    vocabulary = Vocabulary.of(text) if vocabulary is None else vocabulary
    numbers = vocabulary.encode(text)
    starts = np.arange(0, len(text) - length, step)
    places = starts[:, None] + np.arange(length)
    y = numbers[places + 1] if every_step else numbers[starts + length]
    # a mask tells what is one label a step from one-hot rows; it leaves nothing out
    mask = np.ones(places.shape)
    names = tuple(vocabulary)
    return Dataset(
        numbers[places], y, "classification", target_names=names, name="characters", mask=mask
    )

"""Text that a trained net of characters writes on; imports NumPy and the core's own parts only.

The net is asked through `Trainer.predict_proba` for the next character, again and again: there is
no second forward pass, and the trainer stays where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..checks import number_in, whole_number
from ..errors import bad_value
from ..layers.bidirectional import Bidirectional
from ..layers.recurrent import Recurrent
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from ..trainer import Trainer

_MEND = "Train it on datasets.characters(text)."


def next_probabilities(
    trainer: Trainer, text: str, temperature: float = 1.0
) -> NDArray[np.float64]:
    """Return how probable each character is to come after a text, as a net of characters has it.

    ``q = softmax(z / T)``, with the logits z of the last step and the temperature T. Below 1 it
    makes the probable more probable, and for 0 the most probable certain (of several, the first);
    above 1 it makes all more alike. The formula: G. Hinton, O. Vinyals, J. Dean, "Distilling the
    Knowledge in a Neural Network", 2015, eq. 1.

    Parameters
    ----------
    trainer : Trainer
        Trained on `datasets.characters`, with cross-entropy.
    text : str
        At least 1 character. As in training, the net looks at as many of the last ones as a window
        has, beginning from ``h = 0``.
    temperature : float
        At least 0.

    Returns
    -------
    array of shape (characters,)
        In the order of the vocabulary, ``trainer.train_data.target_names``; adds up to 1.

    Raises
    ------
    ValueError
        A net or data of another kind, a net that goes backward through time (which looks at what is
        to be told), no text, a character that the net does not know.
    """
    return _Writer(trainer, text, temperature).probabilities()


def generate(
    trainer: Trainer, start: str, length: int = 100, temperature: float = 1.0, seed: int = 0
) -> str:
    """Return a text that begins as given, written on by a net of characters.

    Each further character is drawn by the probabilities that the net gives it after those before,
    of which it sees as many of the last ones as a window of its training has; see
    `next_probabilities`. The trainer is not touched.

    Parameters
    ----------
    trainer : Trainer
        Trained on `datasets.characters`, with cross-entropy.
    start : str
        At least 1 character; the text begins with it.
    length : int
        How many characters are added, at least 0.
    temperature : float
        At least 0: for 0 always the most probable character, for 1 as the net has learned it, and
        the higher the more at random.
    seed : int
        The same seed draws the same text.

    Raises
    ------
    ValueError
        As `next_probabilities` does; probabilities that are not finite.

    Examples
    --------
    >>> import nbann
    >>> net = [nbann.Embedding(3, 4), nbann.RNN(8, return_sequences=True), nbann.Dense(3)]
    >>> abc = nbann.datasets.characters("abc" * 20, length=6)
    >>> trainer = nbann.Trainer(nbann.Sequential(net), abc, optimizer=nbann.Adam(0.05))
    >>> trainer.run(100).reason, nbann.generate(trainer, "ca", length=7)
    ('epochs', 'cabcabcab')
    """
    length = whole_number("length", length, least=0, mend="Pass e.g. length=100.")
    rng = np.random.default_rng(whole_number("seed", seed, least=0, mend="Pass e.g. seed=0."))
    writer = _Writer(trainer, start, temperature)
    for _ in range(length):
        reached = np.cumsum(writer.probabilities())
        # drawn by where a uniform number falls; the end of the last stretch is 1 up to rounding
        number = int(np.searchsorted(reached, rng.random() * reached[-1], side="right"))
        writer.numbers.append(min(number, len(reached) - 1))
    return start + writer.vocabulary.decode(np.array(writer.numbers[len(start) :], np.intp))


class _Writer:
    """A trainer and the text so far, as numbers; checked."""

    def __init__(self, trainer: Trainer, text: str, temperature: float) -> None:
        self.trainer = trainer
        self.vocabulary = vocabulary_of(trainer)
        self.temperature = number_in("temperature", temperature, least=0.0)
        self.numbers: list[int] = self.vocabulary.encode(text).tolist()
        if not self.numbers:
            mend = "Pass what the text begins with, e.g. start='a'."
            raise bad_value("text", "at least 1 character", "none", mend)

    def probabilities(self) -> NDArray[np.float64]:
        window = self.trainer.train_data.X.shape[1]
        seen = self.numbers[-window:]
        X, mask = np.zeros((1, window)), np.zeros((1, window))
        X[0, : len(seen)], mask[0, : len(seen)] = seen, 1.0
        full = len(seen) == window  # then its program has no op that looks at the mask
        p = self.trainer.predict_proba(X, None if full else mask)[0].astype(np.float64)
        return tempered(p[len(seen) - 1] if p.ndim == 2 else p, self.temperature)


def tempered(p: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return ``softmax(log(p) / temperature)``: of ``p = softmax(z)`` that is softmax(z / T)."""
    if not np.isfinite(p).all():
        mend = "The net has gone astray: go back, and train it with a lower learning rate."
        raise bad_value("probabilities", "finite numbers", "NaN or infinity", mend)
    if temperature == 0:
        certain = np.zeros_like(p)
        certain[p.argmax()] = 1.0
        return certain
    with np.errstate(divide="ignore", over="ignore"):  # log 0, and a temperature near 0
        shifted = (np.log(p) - np.log(p.max())) / temperature
    q = np.exp(shifted)
    total: NDArray[np.float64] = q / q.sum()
    return total


def vocabulary_of(trainer: Trainer) -> Vocabulary:
    """Return the vocabulary of a trainer of characters, or say why it is none."""
    data, model = trainer.train_data, trainer.model
    names = tuple(data.target_names)
    if data.task != "classification" or data.X.ndim != 2 or any(len(name) != 1 for name in names):
        raise bad_value("trainer", "one of characters", repr(data), _MEND)
    if not names or model.takes_indices < len(names):
        expected = f"a net that begins with Embedding({len(names)}, ...), a row for each character"
        raise bad_value("trainer", expected, repr(model), _MEND)
    if not trainer.gives_probabilities:
        mend = "Train it with loss=nbann.CrossEntropy()."
        raise bad_value("trainer", "a net that gives probabilities", repr(trainer.loss), mend)
    for name, layer in model.leaves():
        if isinstance(layer, Bidirectional) or (isinstance(layer, Recurrent) and layer.reverse):
            mend = "Use recurrent layers that go forward: in the backward direction a net is shown "
            mend += "the very characters that it is to tell."
            raise bad_value("trainer", "a net that goes forward in time", f"{name!r}", mend)
    return Vocabulary(names)

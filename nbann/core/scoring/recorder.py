"""Notes what a run has measured: every batch's loss, and scores of whole data sets at its epochs.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..recipe import Samples
from .evaluate import Evaluator
from .history import History, Value


class Recorder:
    """What is measured when.

    Parameters
    ----------
    evaluator : Evaluator
    parts : mapping of str to samples
        The data sets that are scored, by the first half of their columns' names ("train", "test").
    every : int or None
        Epochs between two evaluations; None for none.
    observe : callable
        Is told each evaluation's columns: a schedule may depend on them.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        parts: Mapping[str, Samples],
        every: int | None,
        observe: Callable[[Mapping[str, Value]], object],
    ) -> None:
        self.evaluator = evaluator
        self.parts = parts
        self.every = every
        self.observe = observe
        self.history = History()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of what an evaluation adds to the history."""
        if self.every is None:
            return ()
        recipe = self.evaluator.recipe
        of_heads = [f"{head}_loss" for head in recipe.loss.heads]
        scores = ("loss", *of_heads, *recipe.model.measures, *self.evaluator.metrics)
        columns = (f"{part}_{name}" for part in self.parts for name in scores)
        return ("epoch", *recipe.model.tallies, *columns)

    def next_evaluation(self, epoch: int, target: int) -> int:
        """Return the epochs done at the next evaluation after `epoch`, at most `target`."""
        return target if self.every is None else min(target, (epoch // self.every + 1) * self.every)

    def batch_done(self, loss: float) -> None:
        """Note the loss of a batch."""
        self.history.losses.append(loss)

    def epoch_done_again(self, epochs: int, record: History) -> None:
        """Tell what depends on an evaluation once more what it has found the first time."""
        if self.every is not None and epochs % self.every == 0:
            self.observe(record.row(record.evaluations_at(epochs) - 1))

    def epoch_done(self, epochs: int) -> None:
        """Score the data sets if that is due after this many epochs."""
        if self.every is None or epochs % self.every:
            return
        row: dict[str, Value] = {"epoch": float(epochs)}
        for column, name in self.evaluator.recipe.model.tallies.items():
            row[column] = self.evaluator.state.arrays[name].item()
        for part, samples in self.parts.items():
            scores = self.evaluator.score(samples)
            row |= {f"{part}_{name}": value for name, value in scores.items()}
        self.history.add_epoch(row)
        self.observe(row)

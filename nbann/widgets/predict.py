"""Predict: guess first, then run, then see how far off it was. Imports the core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import traitlets as t

from nbann.core.checks import counted, whole_number
from nbann.core.errors import bad_value
from nbann.core.trainer import Trainer

from .guess_locks import GuessLocks
from .guesses import Choices, Guess, Number, text_of
from .module import css, esm
from .view import View

_NOT_KNOWN = "It can not be told yet. Run on, then reveal."


class NotYet(Exception):  # noqa: N818 (not an error: it says what is to be done first)
    """Raised by the `truth` of a `Predict` that can not be computed yet; its words are shown.

    Examples
    --------
    >>> import nbann
    >>> def truth(trainer):
    ...     if trainer.position.epoch < 10:
    ...         raise nbann.NotYet("Run 10 epochs first.")
    ...     return trainer.history["train_loss"][9]
    """


class Predict(View):
    """A question that is answered before the run: guess, run, reveal.

    Until the guess is recorded, what `unlocks` names is locked: its buttons are disabled, with the
    reason beside them, and so are the widget's own methods, such as ``widget.step()``. The trainer
    itself is never locked: ``trainer.run()`` in a cell works as ever. `reveal` then shows guess and
    truth beside one another. Guess and truth stay as they are until `reset`.

    Parameters
    ----------
    question : str
    truth : callable
        ``truth(trainer)`` computes the answer from the run when it is revealed: one of the choices,
        or a number. It may return None, or raise `NotYet` with words, where that can not be told
        yet; any other error is shown with its traceback. Without a trainer ``truth()`` is called.
    trainer : Trainer or Compare, optional
        What `truth` is given; by default what is unlocked: its trainer, of a `Compare` itself.
    choices : list of str or number, optional
        The answers to choose from.
    slider : (low, high) or (low, high, step), optional
        The range of a slider. With neither choices nor slider a number is typed.
    unlocks : widget, Trainer, or list of them, optional
        A `StepThrough`, `Playground`, `Compare`; of a trainer all the views that it has or gets.
    after : int, optional
        How many epochs must be done before `truth` is asked.
    within : float, optional
        How far off a number may be to be close enough.
    explanation : str
        What is shown beside the truth.

    Raises
    ------
    ValueError
        No question, a truth that can not be called, choices and slider at once or out of order,
        something in `unlocks` that can not be locked.

    Examples
    --------
    >>> import nbann
    >>> trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
    >>> predict = nbann.Predict(
    ...     "Will the loss fall below 0.5?",
    ...     choices=["yes", "no"],
    ...     truth=lambda trainer: "yes" if trainer.history["train_loss"].min() < 0.5 else "no",
    ...     unlocks=trainer,
    ...     after=10,
    ... )
    >>> predict.answer("yes")
    'Your guess is recorded: yes.'
    >>> predict.reveal()
    'Run 10 epochs first; 0 are done.'
    >>> _ = trainer.run(epochs=10)
    >>> predict.reveal()
    'Not quite: you guessed yes; it is no.'
    """

    _esm = esm("predict")
    _css = css("predict")
    _drives: ClassVar[bool] = False

    question = t.Unicode("").tag(sync=True)
    kind = t.Enum(["choices", "slider", "number"], default_value="number").tag(sync=True)
    choices = t.List(t.Unicode()).tag(sync=True)
    """The answers to choose from, as they are shown."""
    ends = t.Dict().tag(sync=True)
    """Of a slider: low, high, step."""
    guess = t.Any(None, allow_none=True).tag(sync=True)
    """The guess; None before it is recorded."""
    truth = t.Any(None, allow_none=True).tag(sync=True)
    """The truth; None before it is revealed."""
    revealed = t.Bool(False).tag(sync=True)
    guess_text = t.Unicode("").tag(sync=True)
    truth_text = t.Unicode("").tag(sync=True)
    verdict = t.Unicode("").tag(sync=True)
    """Right or wrong, or how far off, in words; empty before it is revealed."""
    explanation = t.Unicode("").tag(sync=True)
    """The teacher's words beside the truth; empty before it is revealed."""
    waiting = t.Unicode("").tag(sync=True)
    """What has to be done before it can be revealed; empty once nothing has."""

    def __init__(
        self,
        question: str,
        *,
        truth: Callable[..., Any],
        trainer: Any = None,
        choices: Sequence[Guess] | None = None,
        slider: Sequence[float] | None = None,
        unlocks: Any = None,
        after: int | None = None,
        within: float | None = None,
        explanation: str = "",
    ) -> None:
        if not isinstance(question, str) or not question.strip():
            mend = 'Pass e.g. Predict("What will the loss be?", ...).'
            raise bad_value("question", "text", f"{question!r:.40}", mend)
        if not callable(truth):
            mend = 'Pass e.g. truth=lambda trainer: trainer.history["train_loss"][9].'
            raise bad_value("truth", "a callable", f"{truth!r:.40}", mend)
        if choices is not None and (slider is not None or within is not None):
            mend = "Pass choices, or slider and within."
            raise bad_value("Predict", "choices or a number", "both", mend)
        self._answers = Choices(choices) if choices is not None else Number(slider, within)
        self._locks = GuessLocks(unlocks, question)
        self._after = None if after is None else whole_number("after", after, least=1)
        if self._after is not None and trainer is None and not self._locks.held:
            mend = "Pass trainer=... as well."
            raise bad_value("after", "a trainer whose epochs are counted", "none", mend)
        self._given, self._compute, self._explanation = trainer, truth, str(explanation)
        super().__init__(
            question=question,
            kind=self._answers.kind,
            choices=self._answers.texts if isinstance(self._answers, Choices) else [],
            ends=self._answers.ends if isinstance(self._answers, Number) else {},
        )
        self._locks.lock()
        subject = getattr(self._subject, "trainer", self._subject)  # of a Compare its lockstep
        if self._after is not None and hasattr(subject, "watch"):
            self._follow(subject)
        self._show()

    # ---- what Python calls -----------------------------------------------------------------------
    def answer(self, value: Guess) -> str:
        """Record a guess, and unlock what it unlocks.

        Parameters
        ----------
        value : str or number
            One of the choices, or a number in the slider's range.

        Returns
        -------
        str
            What is told.

        Raises
        ------
        ValueError
            No such choice, no number of the range; or another guess than the one that is recorded.
        """
        self._begin()
        guess = self._answers.checked(value, "guess")
        if self.guess is not None and guess != self.guess:
            mend = "Call predict.reset() to begin anew."
            raise bad_value("guess", f"the one recorded, {self.guess!r}", f"{guess!r}", mend)
        with self.hold_sync():
            self.guess, self.guess_text = guess, text_of(guess)
            if not self.revealed:
                self.words = f"Your guess is recorded: {self.guess_text}."
        self._locks.unlock()
        return f"Your guess is recorded: {self.guess_text}."

    def reveal(self) -> str:
        """Compute the truth from the run and show it beside the guess.

        Returns
        -------
        str
            The verdict in words; or why there is none yet: no guess, nothing run.

        Raises
        ------
        Exception
            What `truth` raises, except `NotYet`; a truth that is neither a choice nor a number.
        """
        self._begin()
        if self.revealed:
            return self._revealed_words
        refused = self._refusal()
        if refused:
            self.notice = refused
            return refused
        try:
            found = self._ask()
        except NotYet as not_yet:
            self.notice = str(not_yet) or _NOT_KNOWN
            return self.notice
        if found is None:
            self.notice = _NOT_KNOWN
            return self.notice
        truth: Any = self._answers.checked(found, "truth")
        with self.hold_sync():
            self.truth, self.truth_text = _in_json(truth), text_of(truth)
            self.verdict = self._answers.verdict(self.guess, truth)
            self.explanation = self._explanation
            self.revealed = True
            self.words = self._revealed_words
        return self._revealed_words

    def reset(self) -> None:
        """Forget guess and truth, and lock again what the guess unlocks."""
        self._begin()
        with self.hold_sync():
            self.guess = self.truth = None
            self.revealed = False
            self.guess_text = self.truth_text = self.verdict = self.explanation = self.words = ""
        self._locks.lock()
        self._show()

    def to_dict(self) -> dict[str, Any]:
        """Return question, guess, truth, whether it is revealed, and the verdict, as plain data."""
        return {
            "question": self.question,
            "guess": self.guess,
            "truth": self.truth,
            "revealed": self.revealed,
            "verdict": self.verdict,
        }

    def describe(self) -> str:
        """Return in words what is shown now."""
        lines = [self.question]
        if self.kind == "choices" and self.guess is None:
            lines.append(f"Choose one: {', '.join(self.choices)}.")
        elif self.kind == "slider" and self.guess is None:
            low, high = (text_of(self.ends[end]) for end in ("low", "high"))
            lines.append(f"Guess a number from {low} to {high}.")
        elif self.guess is None:
            lines.append("Guess a number.")
        if self.guess is not None and not self.revealed:
            lines.append(f"Your guess is recorded: {self.guess_text}.")
        if self.revealed:
            lines.append(self._revealed_words)
        return "\n".join(lines)

    def __repr__(self) -> str:
        state = "revealed" if self.revealed else "open" if self.guess is None else "answered"
        return f"Predict({self.question!r}, {state})"

    def close(self) -> None:
        """Unlock what waits for a guess, and let the trainer go."""
        if getattr(self, "_locks", None):
            self._locks.unlock()
        super().close()

    # ---- the truth -------------------------------------------------------------------------------
    @property
    def _subject(self) -> Any:
        """What the truth is computed from; of a widget the trainer that it has now."""
        if self._given is not None:
            return self._given
        if not self._locks.held:
            return None
        first = self._locks.held[0]
        trainer = getattr(first, "trainer", first)
        return trainer if isinstance(trainer, Trainer) else first

    def _ask(self) -> Any:
        subject = self._subject
        return self._compute() if subject is None else self._compute(subject)

    def _refusal(self) -> str:
        """Return why nothing can be revealed yet; empty where it can."""
        if self.guess is None:
            return "Guess first; then it is revealed."
        return self._epochs_missing()

    def _epochs_missing(self) -> str:
        if self._after is None:
            return ""
        subject = getattr(self._subject, "trainer", self._subject)
        done = subject.position.epoch
        if done >= self._after:
            return ""
        are = "is" if done == 1 else "are"
        return f"Run {counted(self._after, 'epoch')} first; {done:,} {are} done."

    @property
    def _revealed_words(self) -> str:
        return " ".join(filter(None, [self.verdict, self.explanation]))

    def _tell(self) -> None:
        self.waiting = "" if self.revealed else self._epochs_missing()

    # ---- what the browser says -------------------------------------------------------------------
    def _say_answer(self, content: dict[str, Any]) -> None:
        self._begin()
        with self._telling():
            if isinstance(self._answers, Choices):
                place = whole_number("choice", content.get("choice"), least=0)
                self.answer(self._answers.values[place])
            else:
                self.answer(_typed(content.get("value")))

    def _say_reveal(self, content: dict[str, Any]) -> None:
        self.reveal()


def _typed(text: object) -> float:
    from .wording import as_number

    return as_number("guess", text)


def _in_json(value: Any) -> Any:
    """Return a value that JSON can hold: it has no NaN and no infinity."""
    if isinstance(value, float) and value - value != 0:
        return text_of(value)
    return value

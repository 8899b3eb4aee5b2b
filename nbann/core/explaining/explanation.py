"""The explanation of one number: its parts, what they open into, what confirms it.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from html import escape
from math import fsum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..errors import bad_value
from ..expr import Entry, Equation
from ..program import Op
from . import samples
from .difference import Difference
from .paths import Paths, best_paths
from .term import Term, as_table

if TYPE_CHECKING:
    from .explainer import Explainer


class Explanation:
    """What one number is made of: terms that add up to it, each of which opens further.

    It is true of the batch it was asked in, however far the trainer goes on. See `Trainer.explain`.

    Attributes
    ----------
    name, index : str and tuple of int
        The element.
    value : float
        What it holds; of a parameter that a term opens into, what was read.
    kind : str
        "parameter", "gradient", "activation", "loss", "slope" (of an activation), "state" (of the
        optimizer, running statistics, settings), "given" (data), or "part" (of another number).
    equation : Equation or None
        The arithmetic of the op that wrote it; of an update that has not run yet, what it will do.
        None of what is given, or not to be known yet.
    pending : bool
        Whether its update is still to come in this batch.
    note : str
        What else is to be known of it, or nothing.
    by, largest : str or None, int or None
        How its terms are put together, and how many of them are listed.
    """

    def __init__(
        self,
        explainer: Explainer,
        entry: Entry,
        kind: str,
        equation: Equation | None = None,
        *,
        by: str | None = None,
        largest: int | None = 8,
        note: str = "",
        ran: bool = False,
        terms: Sequence[Term] | None = None,
        label: str = "",
    ) -> None:
        self._explainer, self._entry = explainer, entry
        self.name, self.index, self.value = entry.name, entry.index, entry.number
        self.kind, self.equation, self.note, self.label = kind, equation, note, label
        self.by, self.largest = by, largest
        self.pending = note.startswith("not updated")
        self._terms = list(terms or ())
        if ran and equation is not None:
            # what a parameter's terms are grouped by is its gradient's: an update has few
            by = None if kind == "parameter" else by
            self._terms = explainer.terms(entry, kind, equation.right, by)

    def __repr__(self) -> str:
        where = f"{self.label} of " if self.label else ""
        at = f"[{','.join(map(str, self.index))}]" if self.index else ""
        return f"<Explanation of {where}{self.name}{at} = {self.value:.4g}: {self.kind}>"

    # ---- the table ------------------------------------------------------------------------------
    @property
    def terms(self) -> list[Term]:
        """The `largest` terms, largest first. Their values and `rest` add up to `value`."""
        return self._terms[: self.largest]

    @property
    def all_terms(self) -> list[Term]:
        """Every term, largest first."""
        return list(self._terms)

    @property
    def rest(self) -> float:
        """What the terms that are not listed add up to; of what has no terms, the value."""
        if not self._terms:
            return self.value
        return fsum(term.value for term in self._terms[len(self.terms) :])

    def table(self) -> NDArray[np.void]:
        """Return all terms as a structured array, for ``pandas.DataFrame(...)``, say.

        Columns: label, coefficient, number, value, share, name, index, sample, step, neuron
        (-1 for none) and layer.
        """
        return as_table(self._terms)

    def grouped(self, by: str | None, largest: int | None = 8) -> Explanation:
        """Return the same with its terms added up by sample, time step, neuron or layer.

        Parameters
        ----------
        by : {"sample", "step", "neuron", "layer"} or None
            Of a parameter's gradient, "neuron" and "layer" are those of the next layer: the paths
            through each. None: each term by itself.
        largest : int or None
            How many are listed; None for all.

        Raises
        ------
        UnknownNameError, ValueError
            Another grouping; `largest` below 1.
        """
        if self.kind == "parameter" and self.gradient is not None:
            return self.gradient.grouped(by, largest)
        return self._explainer.explain(self.name, self.index, by, largest)

    # ---- going on -------------------------------------------------------------------------------
    def open(
        self, term: Term | int | str, index: int | Sequence[int] = (), *, largest: int | None = 8
    ) -> Explanation:
        """Return what a term is made of: one level further.

        Parameters
        ----------
        term : Term, int or str
            One of `terms`, its place among them, or the name of any array of the batch.
        index : int or sequence of int
            With a name, the element.
        largest : int or None
            How many terms are listed there.

        Raises
        ------
        ValueError
            No such term, or one that opens into nothing; an index that does not fit.
        """
        if isinstance(term, str):
            return self._explainer.explain(term, index, largest=largest)
        if not isinstance(term, Term):
            term = self._term_at(term)
        if term.parts:
            entry = Entry(self.name, self.index, self._entry.symbol, term.value)
            how = {"terms": term.parts, "label": term.label, "largest": largest}
            return Explanation(self._explainer, entry, "part", **how)  # type: ignore[arg-type]
        if not term.name:
            mend = "Its `expression` is all there is to it."
            raise bad_value("term", "one that opens", repr(term.label), mend)
        moment = self._explainer.moment
        reader = moment.writer.get(term.reader or self.name)
        return self._explainer.explain(term.name, term.index, None, largest, reader)

    def _term_at(self, place: int) -> Term:
        terms = self._terms
        if not isinstance(place, (int, np.integer)) or not -len(terms) <= place < len(terms):
            expected = f"a term or its place, up to {len(terms) - 1}" if terms else "nothing"
            mend = "See `terms`." if terms else "It has no terms."
            raise bad_value("term", expected, repr(place), mend)
        return terms[place]

    @cached_property
    def ops(self) -> tuple[Op, ...]:
        """Every op of the program that the number depends on, in order; none of what is given."""
        if self.note.startswith("as it was"):
            return ()
        return self._explainer.moment.slice(self.name)

    @cached_property
    def gradient(self) -> Explanation | None:
        """Of a parameter its gradient, of a gradient itself; None where it is not there (yet)."""
        if self.kind == "gradient":
            return self
        name, moment = self.name + ".grad", self._explainer.moment
        if name not in moment.writer or not moment.is_current(name):
            return None
        return self._explainer.explain(name, self.index, self.by, self.largest)

    @cached_property
    def steps(self) -> tuple[Explanation, ...]:
        """Of a parameter that has been updated: what the update went through, in order.

        The gradient as it was clipped, velocity, moments, learning rate, count of steps: each as
        this batch's ops wrote it. What such an op writes beside, an array that is no parameter's,
        is among the terms instead, where the number depends on it.
        """
        if self.kind != "parameter" or not self._terms:
            return ()
        moment, found = self._explainer.moment, []
        for op in moment.slice(self.name):
            if op.phase == "update":
                names = [n for n in op.writes if moment.owner(n) in (None, self.name)]
                found += [n for n in names if n != self.name]
        at = {n: self.index for n in found if moment.owner(n)}
        at |= {n: () for n in found if n not in at and not moment.arrays[n].ndim}
        found = [n for n in found if n in at]
        return tuple(self._explainer.explain(n, at[n], largest=self.largest) for n in found)

    @property
    def before(self) -> float | None:
        """Of what the update changes, its value before; None of anything else."""
        moment = self._explainer.moment
        op = moment.writer.get(self.name)
        if op is None or self.name not in op.reads or self.label:
            return None
        return float(moment.value(op, self.name)[self.index])

    @property
    def after(self) -> float | None:
        """Of what the update changes, its value after it, foreseen or there; else None."""
        if self.equation is None or self.before is None:
            return None
        return self.equation.left.value()

    # ---- what confirms it -----------------------------------------------------------------------
    @cached_property
    def check(self) -> Difference:
        """The central difference that belongs to a gradient; of a parameter, to its gradient."""
        of = self.gradient
        if of is None or self.kind == "part":
            return Difference(None, None, "it is no gradient, or one that is not there yet")
        return self._explainer.difference(of.name, of.index)

    @property
    def difference(self) -> float | None:
        """``(L(w + h) - L(w - h)) / 2h`` beside a gradient; None where there is none: see `check`.

        Computed in float64 on a copy of the batch, with what was drawn at random held.
        """
        return self.check.value

    @property
    def agrees(self) -> bool | None:
        """Whether the central difference confirms the gradient, up to the rounding of both."""
        return self.check.agrees

    # ---- samples --------------------------------------------------------------------------------
    @property
    def per_sample(self) -> NDArray[np.float64] | None:
        """What each sample adds, shape (n,): with `common` it adds up to the gradient, or the loss.

        A parameter's is that of its gradient. None of other kinds.
        """
        return None if self._by_sample is None else self._by_sample[0]

    @property
    def common(self) -> float:
        """The part of a gradient or loss that belongs to no sample: that of a penalty."""
        return 0.0 if self._by_sample is None else self._by_sample[1]

    @property
    def sample_shares(self) -> NDArray[np.float64] | None:
        """How much each sample counts in the loss, shape (n,): 1/n in a mean, 1 in a sum.

        With weights, a sample's weight over all weights of the batch.
        """
        if self._by_sample is None:
            return None
        return samples.shares(self._explainer.moment, summed=self._explainer.summed)

    @property
    def sample_gradients(self) -> NDArray[np.float64] | None:
        """Each sample's own gradient (or loss), shape (n,): NaN where a sample does not count.

        ``sum(sample_shares * sample_gradients) + common`` is the batch's: their mean, for a loss
        that is a mean. With `BatchNorm`, what passes through the sample's own row: there one that
        does not count may still move the others, which `per_sample` alone tells.
        """
        parts, share = self.per_sample, self.sample_shares
        return None if parts is None or share is None else samples.own(parts, share)

    @cached_property
    def _by_sample(self) -> tuple[NDArray[np.float64], float] | None:
        of = self.gradient if self.kind == "parameter" else self
        if of is None or of.kind not in ("gradient", "loss"):
            return None
        if of.kind == "gradient" and not self._explainer.follows_loss:
            return None  # samples have no loss of their own whose gradients it would be the mean of
        if of.by in ("neuron", "layer") and self._explainer.moment.owner(of.name):
            of = of.grouped(None)
        return samples.per_sample(of._terms, self._explainer.moment.batch_size)

    def paths(self, largest: int = 5, *, beam: int | None = None) -> Paths:
        """Return the largest single paths from here to the loss, and the sum of all others.

        Parameters
        ----------
        largest : int
            How many, at least 1.
        beam : int, optional
            How many beginnings of paths the search goes on with at each level, at least 1; more
            find larger paths and take longer. By default `largest`.

        Raises
        ------
        ValueError
            It is no gradient, or one that is not there yet.
        """
        of = self.gradient
        if of is None or self.kind == "part":
            mend = "Ask for the paths of a gradient: trainer.explain('<name>.grad', index)."
            raise bad_value("paths", "a gradient of this batch", repr(self), mend)
        largest = whole_number("largest", largest, least=1)
        beam = largest if beam is None else whole_number("beam", beam, least=1)
        return best_paths(self._explainer.chain, of._entry, largest, beam)

    # ---- how it reads ---------------------------------------------------------------------------
    @property
    def entry(self) -> Entry:
        """The element as it stands in formulas."""
        return self._entry

    @property
    def formulas(self) -> tuple[Equation, ...]:
        """Over whole arrays what a gradient's terms pass through, in order; else its arithmetic."""
        if self.kind != "gradient":
            return () if self.equation is None else (self.equation,)
        moment = self._explainer.moment
        passed = self._explainer.chain.way(self.name)
        return tuple(op.equation for op in dict.fromkeys(moment.writer[name] for name in passed))

    @property
    def symbols(self) -> str:
        """The arithmetic in plain text with names, not numbers; nothing of what is given."""
        return "" if self.equation is None else self.equation.symbols()

    def latex(self, *, digits: int = 4) -> str:
        """Return symbols, this batch's numbers and the value as aligned LaTeX, without dollars."""
        from .wording import Latex, latex_of

        return latex_of(self, Latex(digits=digits), Latex(numbers=False))

    def text(self, depth: int = 1, *, digits: int = 4) -> str:
        """Return it as plain text.

        Parameters
        ----------
        depth : int
            How many levels are opened, at least 1.
        digits : int
            Significant digits of each number.
        """
        from .wording import Wording

        depth = whole_number("depth", depth, least=1)
        return "\n".join(Wording(digits).lines(self, depth))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text())}</pre>"

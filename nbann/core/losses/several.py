"""Several losses at once, one for each head of a net; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..checks import number_in
from ..data.queries import check_relevance, samples_of
from ..data.several import Target
from ..errors import bad_value
from ..expr import Equation, Expr, Number, Product, Sum, Symbol
from ..primitive import Primitive
from ..program import Arrays, Floats, Kernel, Reader, Symbols
from .loss import TARGET_SYMBOLS, Head, Loss, Shape, Targets, Task
from .ranking_losses import RankingLoss
from .registry import as_loss
from .scope import Scope
from .targets import as_shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..data.dataset import Dataset
    from ..model import Model


class Losses(Loss):
    """The losses of a net with several heads, weighted: ``L = sum_h weight_h * L_h``.

    For `Heads` and a data set whose y is a dict. Each loss is shown by itself: the arrays
    "loss.<head>", the columns "train_<head>_loss", ... of the history, and metrics by head. (R.
    Caruana, "Multitask Learning", Machine Learning 28, 1997.)

    `Trainer.predict` gives a dict of each head's predictions. On a data set with groups, a head
    with a ranking loss ranks the documents of a query, while the others tell of each document.

    Parameters
    ----------
    losses : dict of str to Loss or str, optional
        By head; those that are left out have the usual one of their targets: cross-entropy for
        classes, the mean squared error for values.
    weights : dict of str to float, optional
        By head, at least 0; 1 where left out. A head of weight 0 is trained by nothing.

    Raises
    ------
    ValueError
        Weights out of range; when the trainer is made, heads that the net or the data has not.
    """

    kind = "losses"

    def __init__(
        self,
        losses: Mapping[str, Loss | str] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.losses = dict(_mapping("losses", losses))
        self.weights = {
            name: number_in(f"weight of {name!r}", weight, least=0.0)
            for name, weight in _mapping("weights", weights).items()
        }
        self.heads: Mapping[str, Head] = {}

    def settings(self) -> dict[str, object]:
        shown = {"losses": self.losses, "weights": self.weights}
        return {name: value for name, value in shown.items() if value}

    def fitted_to(self, data: Dataset, model: Model) -> Loss:
        """Return it with what the heads and targets say of each loss."""
        widths = model.head_widths(samples_of(data)[1])
        if not widths or not data.targets:
            expected = "nbann.Heads, and a Dataset whose y is a dict by head"
            mend, received = "Use one loss for a net of one head.", type(model).__name__
            if widths:
                received += " and a y that is none"
                mend = f"Pass y={{{', '.join(f'{name!r}: ...' for name in widths)}}}."
            raise bad_value("Losses", expected, received, mend)
        targets = {target.name: target for target in data.targets}
        for what, names in (
            ("y", targets),
            ("losses", self.losses),
            ("weights", self.weights),
        ):
            strange = set(names) - set(widths)
            absent = set(widths) - set(names) if what == "y" else set()
            if strange or absent:
                mend = "Name heads, targets and losses alike."
                found = f"{sorted(names)}"
                raise bad_value(what, f"the heads of the net, {sorted(widths)}", found, mend)
        made = Losses(self.losses, self.weights)
        made.heads = self._heads(widths, targets, grouped=data.groups is not None)
        return made

    def _heads(
        self, widths: Mapping[str, int], targets: Mapping[str, Target], *, grouped: bool
    ) -> dict[str, Head]:
        found, start = {}, 0
        for name, width in widths.items():
            target = targets[name]
            loss = as_loss(self.losses.get(name), target.task)
            stop = start + width
            weight = self.weights.get(name, 1.0)
            ranks = grouped and isinstance(loss, RankingLoss)
            task: Task = "ranking" if ranks else loss.task_of(target.task)
            found[name] = Head(name, loss, task, start, stop, weight, target.of)
            start = stop
        return found

    # ---- targets ---------------------------------------------------------------------------------
    def targets(
        self,
        y: NDArray[Any],
        task: Task,
        shape: int | Shape,
        what: str,
        weight: NDArray[Any] | None = None,
    ) -> Targets:
        rows = as_shape(shape)[:-1]
        arrays: Targets = {"y": y}
        for head in self.heads.values():
            own = head.target(y)
            if head.task == "ranking":
                check_relevance(own, f"{what} {head.name!r}")
                own = own.astype(np.float64)
            found = head.loss.targets(
                own, head.task, (*rows, head.width), f"{what} {head.name!r}", weight
            )
            for name, array in found.items():
                arrays[f"y.{head.name}{name.removeprefix('y')}"] = array
        if weight is not None:
            arrays["y.weight"] = np.asarray(weight, np.float64)
        return arrays

    def symbol(self, name: str) -> Symbol:
        """Return how an array of the targets is written."""
        if name in TARGET_SYMBOLS:
            return TARGET_SYMBOLS[name]
        _, head, *rest = name.split(".")
        return Symbol(TARGET_SYMBOLS[".".join(["y", *rest])].base, head)

    # ---- emitting --------------------------------------------------------------------------------
    def emit(self, b: Builder, output: str, into: str) -> None:
        for head in self.heads.values():
            b.array(f"loss.{head.name}", (), Symbol("L", head.name))
            factor = None if head.weight == 1 else f"loss.{head.name}.grad"
            scope = Scope(b, head.name, f"{head.name}.out", factor)
            head.loss.emit(cast("Builder", scope), f"{head.name}.out", "loss")
        parts = tuple((f"loss.{head.name}", head.weight) for head in self.heads.values())
        b.emit(WeightedTotal(parts, into))

    # ---- reading ---------------------------------------------------------------------------------
    def _each(self, read: Callable[[Head, Floats], Any], outputs: Floats) -> Any:
        return {
            name: read(head, outputs[..., head.start : head.stop])
            for name, head in self.heads.items()
        }

    def predict(self, outputs: Floats, task: Task) -> Any:
        """Return a dict of each head's labels or values."""
        return self._each(lambda head, own: head.loss.predict(own, head.task), outputs)

    def gives_probabilities(self, task: Task, width: int) -> bool:
        return any(h.loss.gives_probabilities(h.task, h.width) for h in self.heads.values())

    def probabilities(self, outputs: Floats, task: Task) -> Any:
        """Return a dict of the probabilities of those heads that give some."""
        found = self._each(
            lambda head, own: (
                head.loss.probabilities(own, head.task)
                if head.loss.gives_probabilities(head.task, head.width)
                else None
            ),
            outputs,
        )
        return {name: p for name, p in found.items() if p is not None}

    def std(self, outputs: Floats) -> Any:
        """Return a dict of the deviations of those heads that learn one."""
        return self._sure("predict_std", lambda head, own: head.loss.std(own), outputs)

    def quantile(self, outputs: Floats, q: float) -> Any:
        """Return a dict of a quantile of those heads that give it."""
        return self._sure("A quantile", lambda head, own: head.loss.quantile(own, q), outputs)

    def interval(self, outputs: Floats, level: float) -> Any:
        """Return a dict of the bounds of those heads that give them."""
        return self._sure("An interval", lambda h, own: h.loss.interval(own, level), outputs)

    def _sure(self, what: str, read: Callable[[Head, Floats], Any], outputs: Floats) -> Any:
        found = {}
        for name, head in self.heads.items():
            try:
                found[name] = read(head, outputs[..., head.start : head.stop])
            except ValueError:  # a loss that learns none
                continue
        if not found:
            mend = "Give a head GaussianNLL() or Pinball([...])."
            raise bad_value(what, "a head that learns how sure it is", repr(self), mend)
        return found


class WeightedTotal(Primitive):
    """``L = sum_h w_h * L_h``: the losses of all heads together."""

    verb = "total_of_heads"

    def __init__(self, parts: Iterable[tuple[str, float]], into: str) -> None:
        self.parts = tuple(parts)
        self.reads = tuple(name for name, _ in self.parts)
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        loss = arrays[self.writes[0]]
        weighted, total = np.empty_like(loss), np.zeros_like(loss)
        (first, weight), *others = self.parts
        if not others:
            yield partial(np.multiply, arrays[first], np.array(weight, loss.dtype), loss)
            return
        yield partial(np.multiply, arrays[first], np.array(weight, loss.dtype), total)
        for number, (name, weight) in enumerate(others, 1):
            into = loss if number == len(others) else total
            yield partial(np.multiply, arrays[name], np.array(weight, loss.dtype), weighted)
            yield partial(np.add, total, weighted, into)

    def _total(self, losses: Iterable[Expr]) -> Expr:
        weights = (weight for _, weight in self.parts)
        pairs = zip(weights, losses, strict=True)
        return Sum(tuple(x if w == 1 else Product((Number(w), x)) for w, x in pairs))

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), self._total(map(symbol, self.reads)))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return self._total(entry(read) for read in self.reads)

    def backward(self, b: Builder) -> None:
        for name, weight in self.parts:
            if b.needs_gradient(name):
                b.emit(HeadWeight(name, weight, b.gradient(name)))


class HeadWeight(Primitive):
    """``dL/dL_h = w_h``: what a head's loss counts."""

    def __init__(self, name: str, weight: float, into: str) -> None:
        self.verb = f"weight_of_{name.rpartition('.')[2]}"
        self.weight = weight
        self.reads = ()
        self.writes = (into,)

    def kernels(self, arrays: Arrays) -> Iterable[Kernel]:
        yield partial(arrays[self.writes[0]].fill, self.weight)

    def equation(self, symbol: Symbols) -> Equation:
        return Equation(symbol(self.writes[0]), Number(self.weight))

    def element(self, entry: Reader, name: str, at: tuple[int, ...]) -> Expr:
        return Number(self.weight)


def _mapping(what: str, given: object) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        mend = f"Pass e.g. {what}={{'species': ...}}."
        raise bad_value(what, "a dict by head", repr(given)[:60], mend)
    return given

"""One body and several heads: a net that learns several things at once; the core's own parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from ..errors import bad_value
from ..expr import Symbol
from ..layers.layer import Layer, Shape
from ..model import RESERVED, Model, Sequential
from ..ops.join_ops import Concatenate
from ..ops.time_ops import Alias
from ..plan import Plan

if TYPE_CHECKING:
    from ..builder import Builder
    from ..losses.loss import Loss, Task


OF_SAMPLES = ("weight", "factor")
"""``y.weight`` is how much each sample counts: a head of that name would have its targets there."""


class Beside(Concatenate):
    """``(z_1, z_2, ...) -> z``: what all heads give, side by side, to be read when predicting."""

    @property
    def passes_back_to(self) -> tuple[str, ...]:
        return ()

    def backward(self, b: Builder) -> None:
        """Nothing: each head's loss is of its own output."""


class Heads(Model):
    """A net whose body is shared by several heads, each with a target and a loss of its own.

    The body learns from all of them: what it gives is read by every head, and the gradients that
    come back are added up. (R. Caruana, "Multitask Learning", Machine Learning 28, 1997.) It is
    trained on a data set whose y is a dict by head, with `Losses`. All heads tell of a sample, or
    all of them of each of its time steps; with groups, of each document of a query.

    Parameters
    ----------
    body : list of Layer or Sequential
    heads : dict of str to list of Layer or Sequential
        At least one, by name.

    Arrays
    ------
    Those of the body's layers under their names, those of a head's as "<head>.<layer>.out" and so
    on; "<head>.out", what a head gives; "loss.<head>", what it costs.

    Raises
    ------
    ValueError
        No head, a name that is taken; heads that reshape what they get differently (when the
        trainer is made).

    Examples
    --------
    >>> import nbann
    >>> iris = nbann.datasets.iris()
    >>> ds = nbann.Dataset(iris.X[:, :3], {"species": iris.y, "width": iris.X[:, 3]})
    >>> heads = {"species": [nbann.Dense(3)], "width": [nbann.Dense(1)]}
    >>> trainer = nbann.Trainer(nbann.Heads([nbann.Dense(8), nbann.Tanh()], heads), ds)
    >>> {name: predicted.shape for name, predicted in trainer.predict(ds.X).items()}
    {'species': (150,), 'width': (150,)}
    """

    def __init__(
        self,
        body: Iterable[Layer] | Sequential,
        heads: Mapping[str, Iterable[Layer] | Sequential],
    ) -> None:
        self.body = body if isinstance(body, Sequential) else Sequential(body)
        if not isinstance(heads, Mapping) or not heads:
            mend = "Pass e.g. {'species': [Dense(3)], 'size': [Dense(1)]}."
            raise bad_value("Heads", "a dict of lists of layers", repr(heads)[:60], mend)
        self.heads: dict[str, Sequential] = {}
        for name, layers in heads.items():
            taken = (*self.body.names, *RESERVED, "heads", *OF_SAMPLES)
            if not isinstance(name, str) or not name.strip() or "." in name or name in taken:
                mend = "Name it otherwise, without a dot."
                expected = f"a name other than {', '.join(taken)}"
                raise bad_value("A head", expected, repr(name), mend)
            self.heads[name] = layers if isinstance(layers, Sequential) else Sequential(layers)
        used = [id(layer) for part in (self.body, *self.heads.values()) for layer in part.layers]
        if len(set(used)) < len(used):
            mend = "Make a new object for each place."
            raise bad_value("Heads", "each layer object once", "one object twice", mend)
        for head in self.heads.values():
            if head.takes_indices:
                mend = "Put it first in the body."
                raise bad_value("Heads", "an Embedding in the body only", "one in a head", mend)
        inside = [(f"{name}.", head) for name, head in self.heads.items()]
        self.layers = (*self.body.layers, *(one for _, head in inside for one in head.layers))
        self.names = (*self.body.names, *(s + n for s, head in inside for n in head.names))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}: {head!r}" for name, head in self.heads.items())
        return f"Heads({self.body!r}, {{{shown}}})"

    @property
    def takes_indices(self) -> int:
        """How many things the inputs stand for, such as words; 0 where they are measurements."""
        return self.body.takes_indices

    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask `plan` for all parts; return the shape of all heads' outputs side by side."""
        inner = self.body.build(plan, shape, prefix)
        outs = {n: head.build(plan, inner, f"{prefix}{n}.") for n, head in self.heads.items()}
        rows = {out[:-1] for out in outs.values()}
        if len(rows) > 1:
            mend = "Let all heads give one row a sample, or all of them one at each time step."
            raise bad_value("Heads", "heads with rows alike", f"outputs of {outs}", mend)
        return (*rows.pop(), sum(out[-1] for out in outs.values()))

    def head_widths(self, shape: Shape) -> dict[str, int]:
        """Return how many outputs each head has for samples of a shape."""
        plan = Plan()
        inner = self.body.build(plan, shape)
        return {n: head.build(plan, inner, f"{n}.")[-1] for n, head in self.heads.items()}

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        """Emit body and heads; return the name of all outputs side by side."""
        inner = self.body.emit(b, x, prefix)
        parts, edges = [], [0]
        for name, head in self.heads.items():
            last = head.emit(b, inner, f"{prefix}{name}.")
            out = f"{prefix}{name}.out"
            b.layer = prefix + name
            b.array(out, b.shape(last), Symbol("z", name), same_as=last)
            b.emit(Alias(last, out, "output"))
            parts.append(out)
            edges.append(edges[-1] + b.shape(out)[-1])
        b.layer = "heads"
        whole = b.array("heads.out", (*b.shape(parts[0])[:-1], edges[-1]), Symbol("z", "heads"))
        b.emit(Beside(parts, edges, whole, "beside"))
        b.layer = ""
        return whole

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """Yield every layer of body and heads with its full name."""
        yield from self.body.leaves(prefix)
        for name, head in self.heads.items():
            yield from head.leaves(f"{prefix}{name}.")

    def usual_loss(self, task: Task) -> Loss | str | None:
        """Return `Losses`, with the usual loss of each head's targets."""
        from ..losses.several import Losses  # which needs the registry of all losses

        return cast("Loss", Losses())

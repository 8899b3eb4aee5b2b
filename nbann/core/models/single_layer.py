"""The first nets that learned: the perceptron and Adaline; imports the core's own parts only.

Logistic regression is one layer as well and needs no class of its own: ``Sequential([Dense(1)])``
with `BinaryCrossEntropy`, or ``Sequential([Dense(k)])`` with `CrossEntropy` for k classes. As
scikit-learn's ``LogisticRegression(C=C)`` on n samples has the penalty of ``l2=1/(C*n)`` here.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

from ..checks import whole_number
from ..errors import bad_value
from ..expr import Symbol
from ..layers.dense import Dense
from ..layers.initializers import Zeros
from ..layers.layer import Shape
from ..losses.loss import Loss, Task
from ..losses.margin_losses import PerceptronLoss
from ..losses.sign_loss import SignError
from ..model import Sequential
from ..ops.tally_ops import TallyOp, WrongClassOp, WrongSignOp
from ..optimizers.sgd import SGD

if TYPE_CHECKING:
    from ..builder import Builder
    from ..data.dataset import Dataset
    from ..plan import Plan
    from ..recipe import Recipe


class SingleLayer(Sequential):
    """One dense layer that starts at 0, and the count of the mistakes that it makes in an epoch.

    Attributes
    ----------
    rule : type of Loss
        The loss whose gradient is its rule of learning.
    """

    rule: ClassVar[type[Loss]]
    usual_batch_size: int | None = 1

    def __init__(self, kind: str, units: int, weight: Any, bias: Any) -> None:
        mend = "Pass 1 for two classes, or one for each class."
        self.units = whole_number(f"{type(self).__name__} units", units, least=1, mend=mend)
        # copies, as the trainer takes: what is saved is what it started with
        self.weight, given = deepcopy(weight), deepcopy(bias)
        self.has_bias = given is not False
        self.bias = None if isinstance(given, bool) else given
        layer = Dense(self.units, name=kind, weight=self.weight, bias=given, init=Zeros())
        super().__init__([layer])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.units}{'' if self.has_bias else ', bias=False'})"

    def usual_loss(self, task: Task) -> Loss | str | None:
        """Return the loss whose gradient is its rule of learning."""
        return self.rule()

    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        """Ask for weight and bias, and for the counts of mistakes and batches."""
        name = prefix + self.names[0]
        if len(shape) != 1:
            mend = "Flatten the samples first: X.reshape(len(X), -1)."
            raise bad_value(f"{name} x", "samples of one axis, the features", f"{shape}", mend)
        plan.buffer(f"{name}.mistakes", (), 0.0, Symbol("M"))
        plan.buffer(f"{name}.batch", (), 0.0, Symbol("k"))
        return super().build(plan, shape, prefix)

    def check_data(self, data: Dataset, loss: Loss, what: str) -> None:
        """Refuse another loss than that of its rule."""
        if not isinstance(loss, self.rule):
            what = f"The loss of {type(self).__name__}"
            mend = "Leave it out; with another loss the net is Sequential([Dense(...)])."
            raise bad_value(what, f"{self.rule.__name__}(), its rule", repr(loss), mend)

    def compile(self, b: Builder, recipe: Recipe, *, scored: bool, train: bool) -> None:
        """Emit the ops of its rule, and the count of mistakes before the weights change."""
        b.forward(self)
        if scored:
            b.loss(recipe.loss, recipe.penalty)
        if train:
            self._count_mistakes(b)
            b.backward(recipe.penalty)
            b.update(recipe.optimizer)

    def _count_mistakes(self, b: Builder) -> None:
        (b.layer,) = self.names
        z, one = b.program.output, self.units == 1
        shape = b.shape(z) if one else b.shape(z)[:-1]
        wrong = b.array(f"{b.layer}.wrong", shape, Symbol("w"))
        b.emit(WrongSignOp(z, wrong) if one else WrongClassOp(z, wrong))
        counts = (f"{b.layer}.mistakes", f"{b.layer}.batch")
        b.emit(TallyOp((wrong,), *counts, b.batches_per_epoch))


class Perceptron(SingleLayer):
    """Rosenblatt's perceptron: ``w = w + t * x`` at a mistake, and nothing where it is right.

    The output is ``z = x @ weight + bias`` and the answer class 1 where z > 0. t is -1 for class 0
    and +1 for class 1, and a mistake is ``t * z <= 0``. (Rosenblatt, "The Perceptron: A
    Probabilistic Model for Information Storage and Organization in the Brain", Psychological Review
    65, 1958.) The rule is the gradient step of `PerceptronLoss` with one sample a batch and a
    learning rate of 1, which are usual for it: `Trainer` takes them where nothing else is said.

    Where a line (a plane, ...) parts the classes it stops making mistakes after at most
    ``(R / gamma)**2`` of them: R is the largest length of a sample and gamma the margin of the best
    line, a 1 for the bias counted in (Novikoff, "On Convergence Proofs on Perceptrons", Symposium
    on the Mathematical Theory of Automata 12, 1962). Elsewhere it makes mistakes in every epoch.

    With a unit for each of k classes the answer is the largest output; at a mistake x is added to
    the weights of the true class and subtracted from those of the answer (Duda, Hart & Stork,
    Pattern Classification, 2001, section 5.12).

    ``trainer.history["mistakes"]`` tells the mistakes of every evaluated epoch, made while the
    weights changed; ``"train_accuracy"`` is that of the weights at its end.

    Parameters
    ----------
    units : int
        1 for two classes, else one for each class.
    weight : array of shape (inputs, units), optional
        Given start values; 0 if left out.
    bias : array of shape (units,) or bool, optional
        Likewise; False for none.

    Raises
    ------
    ValueError
        Units below 1; in the trainer given values that do not fit, another loss, samples of more
        than one axis.

    Examples
    --------
    >>> import nbann
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 1]
    >>> trainer = nbann.Trainer(nbann.Perceptron(), (X, y), shuffle=False)
    >>> _ = trainer.run(epochs=6)
    >>> trainer.history["mistakes"].tolist(), trainer.predict(X).tolist()
    ([3.0, 1.0, 2.0, 2.0, 1.0, 0.0], [0, 1, 1, 1])
    """

    rule = PerceptronLoss
    tallies: ClassVar[dict[str, str]] = {"mistakes": "perceptron.mistakes"}

    def __init__(self, units: int = 1, *, weight: Any = None, bias: Any = None) -> None:
        super().__init__("perceptron", units, weight, bias)

    def usual_optimizer(self) -> SGD:
        """Return plain steps of the learning rate 1."""
        return SGD(1.0)


class Adaline(SingleLayer):
    """Widrow and Hoff's adaptive linear neuron: ``w = w + learning_rate * (t - z) * x``.

    The output is ``z = x @ weight + bias``, the target t = -1 for class 0 and +1 for class 1, and
    the answer class 1 where z > 0: it learns from how far z is off, right or wrong, where the
    perceptron learns from mistakes alone (Widrow & Hoff, "Adaptive Switching Circuits", IRE WESCON
    Convention Record 4, 1960: the LMS rule). Its loss is ``L = 1/(2n) * sum((z - t)**2)``; the
    learning rate has to be below 2 over the largest eigenvalue of ``X.T @ X / n``, a column of ones
    for the bias counted in, for whole batches to come to rest, at the least-squares solution.
    Usual are one sample a batch and a learning rate of 0.01.

    With a unit for each of k classes t is +1 for the true class and -1 for the others, and the
    answer the largest output.

    Parameters
    ----------
    units : int
        1 for two classes, else one for each class.
    weight : array of shape (inputs, units), optional
        Given start values; 0 if left out.
    bias : array of shape (units,) or bool, optional
        Likewise; False for none.

    Raises
    ------
    ValueError
        As `Perceptron` does.

    Examples
    --------
    >>> import nbann
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> trainer = nbann.Trainer(nbann.Adaline(), (X, y), batch_size=None, optimizer=nbann.SGD(1.0))
    >>> _ = trainer.run(epochs=100)
    >>> [array.round(6).ravel().tolist() for array in trainer.parameters.values()]
    [[1.0, 1.0], [-1.5]]
    """

    rule = SignError
    tallies: ClassVar[dict[str, str]] = {"mistakes": "adaline.mistakes"}

    def __init__(self, units: int = 1, *, weight: Any = None, bias: Any = None) -> None:
        super().__init__("adaline", units, weight, bias)

    def usual_optimizer(self) -> SGD:
        """Return plain steps of the learning rate 0.01."""
        return SGD(0.01)

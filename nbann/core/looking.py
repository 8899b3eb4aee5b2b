"""What a trainer shows and answers without moving on; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from .checks import number_in
from .cursor import Cursor
from .data.dataset import Dataset
from .data.given import as_dataset, check_columns
from .data.stream import Stream
from .errors import UnknownNameError, bad_value
from .expr import Equation
from .losses.registry import Loss, Task
from .model import Model
from .moves import Position
from .predicting import Predicting
from .program import Op, Program
from .recipe import Recipe, Samples
from .scoring.evaluate import Evaluator
from .scoring.gradcheck import GradientCheck, check_gradients
from .scoring.history import History
from .scoring.metric import Score
from .scoring.probe import LossProbe
from .scoring.recorder import Recorder
from .state import State

if TYPE_CHECKING:
    from .explaining.explanation import Explanation
    from .trainer import Trainer

Data = Dataset | Stream | tuple[Any, Any] | NDArray[Any] | list[Any]


class Looking(Predicting):
    """The part of `Trainer` that reads arrays, predicts and scores, and changes nothing."""

    train_data: Dataset
    _cursor: Cursor
    _evaluator: Evaluator
    _recipe: Recipe
    _recorder: Recorder
    _state: State
    _train: Samples

    # ---- where it stands -------------------------------------------------------------------------
    @property
    def shown_op(self) -> Op:
        """The op that views speak of: the one that ran last, or at a batch's start the first."""
        return self.last_op or self.op

    @property
    def model(self) -> Model:
        """The model as given."""
        return self._recipe.model

    @property
    def loss(self) -> Loss:
        """The loss as given."""
        return self._recipe.loss

    @property
    def history(self) -> History:
        """What has been measured so far, by name; see `History`."""
        return self._recorder.history

    @property
    def measured(self) -> tuple[str, ...]:
        """The columns that `history` has or will have for each evaluated epoch."""
        return self._recorder.columns

    @property
    def task(self) -> Task:
        """What kind of target is learned."""
        return self._recipe.task

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return self._cursor.batches.count

    @property
    def position(self) -> Position:
        """Epoch, batch and op that come next, each counted from 0."""
        return self._cursor.position

    @property
    def loaded(self) -> Position:
        """Epoch and batch whose arrays are seen now, and how many of its ops are done."""
        return Position(self._cursor.epoch, self._cursor.batch, self.program.done)

    @property
    def op(self) -> Op:
        """The op that runs next."""
        return self._cursor.next_op

    @property
    def last_op(self) -> Op | None:
        """The op that ran last; None at the start of a batch that was just loaded."""
        done = self.program.done
        return self.program[done - 1] if done else None

    @property
    def program(self) -> Program:
        """The ops of the batch that is loaded, in order."""
        return self._cursor.program

    # ---- looking --------------------------------------------------------------------------------
    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return an array of the loaded batch by name, as a read-only view.

        "x", "y", "<layer>.out", "<layer>.weight", "loss", "<any of these but x and y>.grad", ...:
        see `names`. What has not been computed yet holds NaN.
        """
        return self._view(name, writable=False)

    def _view(self, name: str, *, writable: bool) -> NDArray[Any]:
        array = self._named(name)
        view = array.view()
        given = name in self._train
        view.flags.writeable = writable and not given and array.flags.writeable
        return view

    def _named(self, name: str) -> NDArray[Any]:
        if name not in self.program.arrays:
            raise UnknownNameError("array", name, self.program.arrays)
        return self.program.arrays[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that can be looked up."""
        return tuple(self.program.arrays)

    @property
    def parameters(self) -> dict[str, NDArray[Any]]:
        """Weights and biases by name, as read-only views."""
        return {name: self[name] for name in self._state.names()}

    @property
    def learned(self) -> dict[str, NDArray[Any]]:
        """Parameters and running statistics by name, read-only: what a prediction depends on."""
        buffers = (buffer.name for buffer in self._recipe.plan.buffers)
        return self.parameters | {name: self[name] for name in buffers}

    def is_current(self, name: str) -> bool:
        """Whether an array belongs to the loaded batch, and not to the one before."""
        self._named(name)
        return self.program.is_current(name)

    def last_change(self, name: str) -> NDArray[Any] | None:
        """Return by how much this batch's update has changed a parameter, element by element.

        None while it has not been done in the loaded batch, and where nobody knows any more what
        was there before it: something else has changed the parameter since.

        Raises
        ------
        UnknownNameError
            No parameter of that name.
        """
        from .scoring.layer_stats import before_update  # once it is asked for

        if name not in self._state.names():
            raise UnknownNameError("parameter", name, self._state.names())
        before = before_update(cast("Trainer", self), self.program, name)
        return None if before is None else self.program.arrays[name] - before

    def arithmetic(self, name: str, index: int | Sequence[int] = ()) -> Equation:
        """Return how one element was computed, with this batch's numbers; see `Op.arithmetic`."""
        self._named(name)
        op = self.program.writer.get(name)
        if op is None:
            raise ValueError(
                f"{name!r} is given, not computed by any op; its value is trainer[{name!r}]."
            )
        return op.arithmetic(index, name)

    def explain(
        self,
        name: str,
        index: int | Sequence[int] = (),
        *,
        by: str | None = None,
        largest: int | None = 8,
    ) -> Explanation:
        """Return what one number of the loaded batch is made of, down to the loss.

        A gradient is a sum over the gradients of the next layer's neurons (of a parameter: over the
        samples), each times the derivative along the way, and each opens further; beside it stands
        the central difference that confirms it. A parameter comes with its update and with what the
        optimizer remembers, an activation or a loss with the terms of its sum.

        The run is not touched. The explanation keeps the batch's numbers, however far the trainer
        goes on.

        Parameters
        ----------
        name : str
            Any of `names`: "hidden.weight", "hidden.weight.grad", "hidden.out", "loss", ...
        index : int or sequence of int
            Which element; ``()`` of a single number.
        by : {"sample", "step", "neuron", "layer"}, optional
            Add terms up by sample, time step, neuron or layer of the gradients that they have in
            them; of a parameter's gradient, by the neurons or layers that come next. Of a
            parameter it is the terms of its gradient that are added up.
        largest : int or None
            How many terms are listed, at least 1; the others are summed in `Explanation.rest`. None
            for all.

        Raises
        ------
        UnknownNameError
            No array, or no grouping, of that name.
        ValueError
            Its op has not run in this batch; an index that does not fit; a hook has changed it.

        Examples
        --------
        >>> import nbann
        >>> net = nbann.Sequential([nbann.Dense(1, weight=[[2.0]], bias=False)])
        >>> trainer = nbann.Trainer(net, ([[1.0], [3.0]], [1.0, 5.0]), loss="mse", batch_size=None)
        >>> _ = trainer.step("phase", 3)
        >>> [(t.label, t.value) for t in trainer.explain("dense1.weight.grad", (0, 0)).terms]
        [('sample 1', 3.0), ('sample 0', 1.0)]
        """
        from .explaining.explainer import Explainer  # once it is asked for: off the import path

        explainer = Explainer(self._recipe, self.program, tuple(self._train))
        return explainer.explain(name, index, by, largest)

    def check_gradients(self, step: float = 1e-5) -> GradientCheck:
        """Compare gradients of the loaded batch, at the weights of now, with central differences.

        The run is not touched. Of a net with ``truncate=`` the two differ on purpose, which
        `GradientCheck.cut` tells.

        Parameters
        ----------
        step : float
            Distance h of ``(L(w + h) - L(w - h)) / 2h``, above 0.

        Raises
        ------
        ValueError
            A step that is not above 0, or a model whose steps follow no loss.
        """
        batch = {name: self.program.arrays[name] for name in self._train}
        return check_gradients(self._recipe, self._state, batch, number_in("step", step, above=0.0))

    # ---- using ----------------------------------------------------------------------------------
    def predict(self, X: Any, mask: Any = None) -> NDArray[Any]:
        """Return labels (n,) for classes, else values (n,) or (n, k); of a ranker scores (n,).

        Parameters
        ----------
        X : array of shape (n, features)
            In the same units as the training data; of sequences (n, time, features).
        mask : array of shape (n, time), optional
            Of sequences: 1 where a time step is there, 0 where it only fills up.

        Raises
        ------
        ValueError
            Another number of features, a frame with other columns than in training, NaN or
            infinity.
        """
        samples = self._inputs(X, "predict", mask)
        outputs = self._evaluator.outputs(samples)
        if self._recipe.ranked:
            outputs = outputs[:, 0]  # each document is a query by itself
        return self._evaluator.predict(outputs)

    @property
    def gives_probabilities(self) -> bool:
        """Whether `predict_proba` can be asked: cross-entropy, or one output for two classes."""
        return self._evaluator.gives_probabilities

    def predict_proba(self, X: Any, mask: Any = None) -> NDArray[np.floating]:
        """Return the probability of each class, shape (n, classes); see `predict`.

        Raises
        ------
        ValueError
            As `predict` does, or a net that gives no probabilities.
        """
        found = self._evaluator.probabilities(self._inputs(X, "predict_proba", mask))
        if isinstance(found, dict):
            return {h: p[:, 0] if self._recipe.ranked else p for h, p in found.items()}
        return found[:, 0] if self._recipe.ranked else found

    def _inputs(self, X: Any, what: str, mask: Any) -> Samples:
        check_columns(X, self.train_data, what)
        if self._recipe.ranked:
            if mask is not None:
                mend = "Leave it out: each row of X is a document."
                raise bad_value(what, "no mask for a ranker", "one", mend)
            return self._recipe.documents(X, what)
        return self._recipe.inputs(X, what, mask)

    def evaluate(self, data: Data) -> dict[str, Score]:
        """Return loss (penalties included) and metrics over data, by name.

        Parameters
        ----------
        data : Dataset or (X, y)

        Raises
        ------
        ValueError
            Data that does not fit the net: features, their units or order, labels, lengths, NaN.
        """
        alone = not self.model.takes_targets
        known = as_dataset(data, "data", like=self.train_data, alone=alone)
        return self._evaluator.score(self._recipe.samples(known, "data"))

    def probe(self, rows: int | None = None, seed: int = 0) -> LossProbe:
        """Return what tells the loss of the training data at any other weights.

        The run is not touched.

        Parameters
        ----------
        rows : int or None
            On at most so many samples, drawn by `seed`; None for all.
        seed : int
            At least 0.

        Raises
        ------
        ValueError
            Numbers out of range.

        Examples
        --------
        >>> import nbann
        >>> net = nbann.Sequential([nbann.Dense(1, weight=[[2.0]], bias=False)])
        >>> trainer = nbann.Trainer(net, ([[1.0], [3.0]], [1.0, 5.0]), loss="mse")
        >>> probe = trainer.probe()
        >>> probe.loss(probe.here), round(probe.loss(probe.here - 0.4), 6)  # w = 2 and w = 1.6
        (1.0, 0.2)
        """
        return LossProbe(cast("Trainer", self), rows, seed)

"""The trainer: one run of training, and all of its state; imports the core's own parts only.

It stays thin: `cursor.py` moves it on, `hooks.py` listens, `looking.py` answers questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NoReturn

import numpy as np

from .checks import number_in, whole_number
from .cursor import Cursor
from .data.batches import Batches, Order
from .data.given import as_dataset, as_values
from .errors import UnknownNameError, bad_value
from .hooks import UNITS, Event, Hook, Hooks, Unit, When
from .keeping import Keeping
from .looking import Data, Looking
from .losses.penalty import Penalty
from .losses.registry import Loss, Task, as_loss
from .model import Sequential
from .moves import Position, Ran, Stop
from .optimizers.sgd import Optimizer, as_optimizer
from .plan import Plan
from .program import Op, Program
from .recipe import Metrics, Recipe, as_dtype
from .scoring.evaluate import Evaluator
from .scoring.history import History
from .scoring.recorder import Recorder
from .state import Snapshot
from .stopping import Until, as_rules


class Trainer(Looking, Keeping):
    """Trains a model on data: at full speed, or stopped at any operation.

    Parameters
    ----------
    model : Sequential
    train : Dataset or (X, y)
        What is learned from. X is (n, d); y holds class labels from 0, or values. A pair's whole
        numbers are labels, unless one output and a loss of values say otherwise.
    test : Dataset or (X, y), optional
        What is only scored, at the end of each epoch; in the units and columns of `train`.
    validation : Dataset or (X, y), optional
        Likewise: what early stopping looks at, where the test data is to stay unseen.
    loss : Loss or str, optional
        "cross_entropy", "binary_cross_entropy", "mean_squared_error", "half_squared_error",
        "mean_absolute_error", "huber", "hinge", "perceptron", "poisson"; "bce", "mse" and "mae" for
        short; by default the first for classes and the third for values.
    optimizer : Optimizer or str, optional
        "sgd", "adagrad", "rmsprop", "adam" or "adamw"; by default plain SGD with learning rate 0.1.
    batch_size : int or None
        Samples in a batch, at least 1; the last batch of an epoch holds what remains. None: all of
        them.
    l1, l2 : float
        Add ``l1 * sum|W| + l2/2 * sum W**2`` over the weights (not the biases) to the loss; at
        least 0.
    penalty_per_sample : bool
        Divide l1 and l2 by the samples of each batch, or by what they weigh together, as
        scikit-learn divides its `alpha`.
    shuffle : bool or callable
        Draw a new order of the samples for each epoch (with one batch for all there is nothing to
        order). A callable gives the order itself: ``shuffle(epoch)`` is a permutation of
        ``range(n)``, the same one whenever it is asked for that epoch, counted from 0.
    seed : int
        Of the start weights and of the order of the samples, at least 0.
    dtype : {"float64", "float32"}
    metrics : list of str or callable, optional
        Scored beside the loss, by name ("accuracy", "log_loss", "confusion_matrix", "r2", ...: see
        `nbann.metrics`), or any ``f(y, predicted) -> float``. By default accuracy where there are
        classes.
    evaluate_every : int or None
        Epochs between two evaluations of the whole training and test data; None for none, which
        saves their forward passes.
    stop_on_nan : bool
        Let `run` stop where a loss or weight is not finite; `step` always goes on.

    Raises
    ------
    ValueError
        Anything wrong with data, model or settings. Nothing has been changed then.
    ModuleNotFoundError
        A metric of scikit-learn is asked for by name, and that is not installed.

    Examples
    --------
    >>> import nbann
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(2)])
    >>> trainer = nbann.Trainer(net, (X, y), optimizer=nbann.SGD(learning_rate=0.5))
    >>> trainer.run(epochs=300).reason, trainer.predict(X).tolist()
    ('epochs', [0, 1, 1, 0])
    """

    def __init__(
        self,
        model: Sequential,
        train: Data,
        *,
        test: Data | None = None,
        validation: Data | None = None,
        loss: Loss | str | None = None,
        optimizer: Optimizer | str | None = None,
        batch_size: int | None = 32,
        l1: float = 0.0,
        l2: float = 0.0,
        penalty_per_sample: bool = False,
        shuffle: bool | Order = True,
        seed: int = 0,
        dtype: Any = "float64",
        metrics: Metrics = None,
        evaluate_every: int | None = 1,
        stop_on_nan: bool = True,
    ) -> None:
        given = {name: value for name, value in locals().items() if name != "self"}
        if not isinstance(model, Sequential):
            raise bad_value(
                "model", "a Sequential", type(model).__name__, "Wrap the layers: Sequential([...])."
            )
        optimizer = as_optimizer(optimizer)
        if optimizer.kind in model.names:
            mend = "The optimizer's ops go by that name; call the layer otherwise."
            expected = f"layer names other than {optimizer.kind!r}"
            raise bad_value("model", expected, repr(model), mend)
        data = as_dataset(train, "train")
        asked, loss = loss is not None, as_loss(loss, data.task)
        factors = (number_in("l1", l1, least=0.0), number_in("l2", l2, least=0.0))
        penalty = Penalty(*factors, _flag("penalty_per_sample", penalty_per_sample))
        plan = Plan()
        output_shape = model.build(plan, data.X.shape[1:])
        data = as_values(data, loss, output_shape[-1]) if asked else data
        others = {"validation": validation, "test": test}
        held_out = {
            part: as_dataset(d, part, like=data) for part, d in others.items() if d is not None
        }
        weights = any(p.penalized for p in plan.parameters)
        self._recipe = Recipe(
            model=model,
            loss=loss,
            optimizer=optimizer,
            penalty=penalty if any(factors) and weights else None,
            task=loss.task_of(data.task),
            dtype=as_dtype(dtype),
            plan=plan,
            shape=data.X.shape[1:],
            output_shape=output_shape,
        )
        self._size = (
            len(data)
            if batch_size is None
            else min(whole_number("batch_size", batch_size, least=1), len(data))
        )
        self._order = shuffle if callable(shuffle) else None
        self._shuffle = True if callable(shuffle) else _flag("shuffle", shuffle)
        self._seed = whole_number("seed", seed, least=0, mend="Pass e.g. seed=0.")
        self._every = evaluate_every
        if evaluate_every is not None:
            self._every = whole_number("evaluate_every", evaluate_every, least=1)
        self._train = self._recipe.samples(data, "train")
        self._parts = {"train": self._train} | {
            part: self._recipe.samples(d, part) for part, d in held_out.items()
        }
        self.train_data, self.test_data = data, held_out.get("test")
        self.validation_data = held_out.get("validation")
        # what another trainer like this one is made of: the data as it was when this one was made
        self._given: dict[str, Any] = given | {"train": data} | held_out
        self._guarded = _flag("stop_on_nan", stop_on_nan)
        self._metrics = self._recipe.metrics(metrics, self._train)

        self._state = self._recipe.state()
        self._evaluator = Evaluator(self._recipe, self._state, self._metrics)
        self._programs: dict[int, Program] = {}
        self._batches = Batches(len(data), self._size, self._shuffle, [self._seed, 1], self._order)
        for batch in (0, self._batches.count - 1):  # so that what does not fit is told now
            self._program_for(self._batches.length(batch))
        self._hooks = Hooks()
        self._watchers: list[Callable[[Trainer], object]] = []
        self._start()
        optimizer.check_monitor(self._recorder.columns, self._metrics)

    def _start(self) -> None:
        """Set everything that a run changes to its beginning."""
        self._state.initialize(self._seed, self._recipe.optimizer.hyper())
        observe = partial(self.optimizer.observe, self._state, self._metrics)
        self._recorder = Recorder(self._evaluator, self._parts, self._every, observe)
        self._cursor = Cursor(self, self._batches)

    def __repr__(self) -> str:
        epoch, batch, op = self.position
        return f"<Trainer of {self.model!r} at epoch {epoch}, batch {batch}, op {op}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be copied or pickled: kernels are bound to arrays, which a copy would part."""
        raise TypeError(
            "A Trainer: expected to be made by its constructor; received a call to copy or pickle "
            "it. Make another Trainer with the same arguments: the same seed gives the same run."
        )

    # ---- moving on ------------------------------------------------------------------------------
    def step(self, unit: Unit = "op", n: int = 1) -> Ran:
        """Go on to the next end of a unit, n times.

        Parameters
        ----------
        unit : {"op", "layer", "phase", "batch", "epoch"}
            A layer's or phase's stretch of ops, from wherever the trainer stands to its end.
        n : int
            How many, at least 1.

        Returns
        -------
        Ran
            The ops that ran, in order (a tuple), with `paused` telling whether a hook stopped it.

        Raises
        ------
        ValueError
            An unknown unit, or n that is not a whole number of at least 1.
        KeyboardInterrupt
            Ctrl-C; the batch at hand is done before it is raised.
        RuntimeError
            Called from within a hook: a step or run is under way.
        """
        if unit not in UNITS:
            raise UnknownNameError("unit", unit, UNITS)
        n = whole_number("n", n, least=1, mend="Pass e.g. n=1.")
        try:
            return self._cursor.step(unit, n)
        finally:
            self._changed()

    def run(self, epochs: int = 1, until: Until | Iterable[Until] | None = None) -> Stop:
        """Train at full speed to the end of the epoch that is `epochs` from here.

        Ctrl-C ends the run with the batch at hand done and `KeyboardInterrupt` raised; call again
        to go on. Where the loss or a weight is not finite any more the run stops at the start of
        that batch, with the last finite weights; what it tells names the op.

        Parameters
        ----------
        epochs : int
            How many epochs to end, one that has been begun included; at least 1.
        until : callable, rule, or list of them, optional
            ``until(trainer)`` is asked after each batch; something true stops the run. Rules:
            `EarlyStopping`, `TargetReached`, `MaxTime`.

        Returns
        -------
        Stop
            `reason` ("epochs", "until", "paused", "nan", or a rule's), `position` and `op`.

        Raises
        ------
        ValueError, KeyboardInterrupt, RuntimeError
            As `step` does.
        """
        epochs = whole_number("epochs", epochs, least=1)
        rules = as_rules(until)
        try:
            return self._cursor.run(epochs, rules, guarded=self._guarded)
        finally:
            self._changed()

    def reset(self) -> None:
        """Go back to the very same start: weights, data order, settings; hooks stay."""
        self._cursor.check_idle()
        for program in self._programs.values():
            program.clear()
        self._start()
        self._changed()

    def model_snapshot(self) -> Snapshot:
        """Return a copy of what the model has learned: parameters and running statistics."""
        names = ("", *(buffer.name for buffer in self._recipe.plan.buffers))
        return self._state.snapshot(names)

    def restore_model(self, snapshot: Snapshot) -> None:
        """Put a `model_snapshot` back; the optimizer, the history and the position stay."""
        self._state.restore(snapshot)
        if self.program.done:  # what this batch has written is not what is there now
            buffers = (buffer.name for buffer in self._recipe.plan.buffers)
            names = (*self._state.names(), *buffers)
            self.program.touched.update(dict.fromkeys(names, self.program.done))
        else:
            self._state.keep(snapshot.arrays)  # the batch to come reads these
        if not self._cursor.moving:  # at the end of a run the watchers hear of it anyway
            self._changed()

    # ---- where it stands -------------------------------------------------------------------------
    @property
    def shown_op(self) -> Op:
        """The op that views speak of: the one that ran last, or at a batch's start the first."""
        return self.last_op or self.op

    @property
    def model(self) -> Sequential:
        """The model as given."""
        return self._recipe.model

    @property
    def loss(self) -> Loss:
        """The loss as given."""
        return self._recipe.loss

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer as given; `learning_rate` of the trainer is the one in force."""
        return self._recipe.optimizer

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
    def learning_rate(self) -> float:
        """The optimizer's learning rate, in force from the next update on; above 0.

        Under a schedule, setting it multiplies all further rates by one factor, so that the next
        update has this rate and the schedule goes on from there.
        """
        return self.optimizer.current_learning_rate(self._state)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        name = self.optimizer.set_learning_rate(self._state, value)
        if not any(op.phase == "update" for op in self.program.ops[: self.program.done]):
            self._state.keep([name])  # this batch's update is to come, and reads it
        self._changed()

    # ---- listening ------------------------------------------------------------------------------
    def on(
        self,
        unit: Unit,
        fn: Callable[[Event], object],
        *,
        phase: str | None = None,
        layer: str | None = None,
        op: str | None = None,
        when: When = "after",
        modifies: bool = False,
    ) -> Hook:
        """Call ``fn(event)`` at every op, layer, phase, batch or epoch; see `Event`.

        Parameters
        ----------
        unit : {"op", "layer", "phase", "batch", "epoch"}
        fn : callable
            Looks at `event`, may call ``event.pause()``.
        phase, layer, op : str, optional
            Narrow it down to ops of this phase, layer or name.
        when : {"after", "before"}
        modifies : bool
            Let ``event[name]`` be written to.

        Returns
        -------
        Hook
            ``hook.remove()`` detaches it.

        Raises
        ------
        ValueError
            An unknown unit, phase, layer, op or `when` (with the nearest names), or filters that
            no op meets.
        """
        return self._hooks.add(
            self.program, unit, fn, phase=phase, layer=layer, op=op, when=when, modifies=modifies
        )

    def watch(self, fn: Callable[[Trainer], object]) -> Callable[[], None]:
        """Call ``fn(trainer)`` after every step, run or reset from outside; return how to stop it.

        For views, which show where a trainer stands; to look inside a run, use `on`.
        """
        self._watchers.append(fn)

        def stop() -> None:
            if fn in self._watchers:
                self._watchers.remove(fn)

        return stop

    def _changed(self) -> None:
        for watcher in tuple(self._watchers):
            watcher(self)

    # ---- what the cursor calls -------------------------------------------------------------------
    def _program_for(self, rows: int) -> Program:
        if rows not in self._programs:
            self._programs[rows] = self._recipe.program(
                self._state, self._train, rows, train=True, batches_per_epoch=self._batches.count
            )
        return self._programs[rows]


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise bad_value(name, "True or False", repr(value), f"Pass e.g. {name}=False.")
    return bool(value)

"""The trainer: one run of training, and all of its state; imports the core's own parts only.

It stays thin: `cursor.py` moves it on, `hooks.py` listens, `looking.py` answers questions,
`changing.py` intervenes, `going_back.py` travels in time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .awaiting import Awaiting
from .checks import number_in, whole_number
from .data.batches import Order
from .data.given import as_dataset, as_values
from .data.queries import samples_of
from .data.stream import Stream, is_once
from .data.stream_batches import cut
from .errors import UnknownNameError, bad_value
from .hook import Event, Hook
from .hooks import Hooks
from .keeping import Keeping
from .looking import Data
from .losses.penalty import Penalty
from .losses.registry import Loss, as_loss
from .losses.twice import warn_of_twice
from .model import Model
from .moves import Ran, Stop
from .optimizers.sgd import Optimizer, as_optimizer
from .parallel.dividing import Dividing
from .plan import Plan
from .program import Program
from .recipe import Metrics, Recipe, as_dtype, check_scorer
from .restraints import Restraints
from .scoring.evaluate import Evaluator
from .scoring.recorder import Recorder
from .stopping import Until, as_rules
from .timeline.acts import Splice
from .timeline.moment import AFTER, NEVER, START, Moment
from .timeline.timeline import MB, Timeline
from .travelling import Traveller
from .units import UNITS, Unit, When

if TYPE_CHECKING:
    from .conditions import Given


class _Usual(int):
    """The number that is taken where none is given."""


BATCH_SIZE = _Usual(32)


class Trainer(Awaiting, Keeping, Dividing):
    """Trains a model on data: at full speed, or stopped at any operation.

    Parameters
    ----------
    model : Sequential or another Model
    train : Dataset, Stream or (X, y)
        What is learned from. X is (n, d); y holds class labels from 0, or values. A pair's whole
        numbers are labels, unless one output and a loss of values say otherwise. Machines that are
        told no targets, such as an `RBM` or a `Hopfield` net, take X alone. Memory-mapped arrays
        and a `Stream` are read batch by batch, so that they may be larger than memory.
    test : Dataset or (X, y), optional
        What is only scored, at the end of each epoch; in the units and columns of `train`.
    validation : Dataset or (X, y), optional
        Likewise: what early stopping looks at, where the test data is to stay unseen.
    loss : Loss or str, optional
        "cross_entropy", "binary_cross_entropy", "mean_squared_error", "half_squared_error",
        "mean_absolute_error", "huber", "hinge", "perceptron", "poisson", "gaussian_nll", "pinball",
        "ranknet", "lambdarank", "listnet"; "bce", "mse" and "mae" for short; by default what is
        usual for the model, or else the first for classes, the third for values and "lambdarank"
        for rankings.
    optimizer : Optimizer or str, optional
        "sgd", "adagrad", "rmsprop", "adam" or "adamw"; by default what is usual for the model, or
        else plain SGD with learning rate 0.1.
    batch_size : int or None
        Samples (of a ranking: whole queries) in a batch, at least 1; the last batch of an epoch
        holds what remains. None: all of them. By default what is usual for the model, 32 for a net;
        of a `Stream` that of its first batch.
    l1, l2 : float
        Add ``l1 * sum|W| + l2/2 * sum W**2`` over the weights (not the biases) to the loss; at
        least 0.
    penalty_per_sample : bool
        Divide l1 and l2 by the samples of each batch, or by what they weigh together, as
        scikit-learn divides its `alpha`.
    shuffle : bool or callable
        Draw a new order of the samples for each epoch (with one batch for all there is nothing to
        order). A callable gives the order itself: ``shuffle(epoch)`` is a permutation of
        ``range(n)``, the same one whenever it is asked for that epoch, counted from 0. Of a
        `Stream`, whole batches are shuffled, where they can be had by number.
    seed : int
        Of the start weights and of the order of the samples, at least 0.
    dtype : {"float64", "float32"}
    metrics : list of str or callable, optional
        Scored beside the loss, by name ("accuracy", "log_loss", "confusion_matrix", "r2", ...: see
        `nbann.metrics`), or any ``f(y, predicted) -> float``; for a net with several heads a dict
        of such by head. By default accuracy where there are classes, NDCG of rankings.
    evaluate_every : int or None
        Epochs between two evaluations of the whole training and test data; None for none, which
        saves their forward passes.
    stop_on_nan : bool
        Let `run` stop where a loss or weight is not finite; `step` always goes on.
    timeline_memory : float
        The most memory in MB for the snapshots and branches that let the run be gone back in; at
        least 0. With less of it going back takes longer, but is always possible.

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
        model: Model,
        train: Data,
        *,
        test: Data | None = None,
        validation: Data | None = None,
        loss: Loss | str | None = None,
        optimizer: Optimizer | str | None = None,
        batch_size: int | None = BATCH_SIZE,
        l1: float = 0.0,
        l2: float = 0.0,
        penalty_per_sample: bool = False,
        shuffle: bool | Order = True,
        seed: int = 0,
        dtype: Any = "float64",
        metrics: Metrics = None,
        evaluate_every: int | None = 1,
        stop_on_nan: bool = True,
        timeline_memory: float = 64.0,
    ) -> None:
        if isinstance(metrics, Iterator):  # a twin asks for them once more
            metrics = tuple(metrics)
        given = {name: value for name, value in locals().items() if name != "self"}
        if not isinstance(model, Model):
            raise bad_value(
                "model", "a Sequential", type(model).__name__, "Wrap the layers: Sequential([...])."
            )
        if batch_size is BATCH_SIZE:
            usual = train.rows if isinstance(train, Stream) else model.usual_batch_size
            batch_size = given["batch_size"] = usual
        optimizer = as_optimizer(model.usual_optimizer() if optimizer is None else optimizer)
        if optimizer.kind in model.names:
            mend = "The optimizer's ops go by that name; call the layer otherwise."
            expected = f"layer names other than {optimizer.kind!r}"
            raise bad_value("model", expected, repr(model), mend)
        alone = not model.takes_targets
        data = as_dataset(train, "train", alone=alone)
        asked = loss is not None
        loss = as_loss(loss if asked else model.usual_loss(data.task), data.task)
        loss = loss.fitted_to(data, model)
        factors = (number_in("l1", l1, least=0.0), number_in("l2", l2, least=0.0))
        penalty = Penalty(*factors, _flag("penalty_per_sample", penalty_per_sample))
        plan = Plan()
        count, shape = samples_of(data)
        ranked = data.task == "ranking" or (data.task == "several" and data.groups is not None)
        if ranked:
            check_scorer(model, shape, several=data.task == "several")
        output_shape = model.build(plan, shape)
        data = as_values(data, loss, output_shape[-1]) if asked else data
        others = {"validation": validation, "test": test}
        held_out = {
            part: as_dataset(d, part, like=data, alone=alone)
            for part, d in others.items()
            if d is not None
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
            shape=shape,
            output_shape=output_shape,
            ranked=ranked,
        )
        warn_of_twice(model, loss, output_shape[-1])
        self._size = (
            count
            if batch_size is None
            else min(whole_number("batch_size", batch_size, least=1), count)
        )
        self._order = shuffle if callable(shuffle) else None
        self._shuffle = True if callable(shuffle) else _flag("shuffle", shuffle)
        self._seed = whole_number("seed", seed, least=0, mend="Pass e.g. seed=0.")
        self._every = evaluate_every
        if evaluate_every is not None:
            self._every = whole_number("evaluate_every", evaluate_every, least=1)
        self._train = self._recipe.samples(data, "train")
        scored = {} if is_once(data) else {"train": self._train}
        self._parts = scored | {part: self._recipe.samples(d, part) for part, d in held_out.items()}
        self.train_data, self.test_data = data, held_out.get("test")
        self.validation_data = held_out.get("validation")
        # what another trainer like this one is made of: the data as it was when this one was made
        self._given: dict[str, Any] = given | {"train": data} | held_out
        self._guarded = _flag("stop_on_nan", stop_on_nan)
        memory = number_in("timeline_memory", timeline_memory, least=0.0)
        self._metrics = self._recipe.metrics(metrics, self._train)

        self._state = self._recipe.state()
        self._evaluator = Evaluator(self._recipe, self._state, self._metrics)
        self._programs: dict[int, Program] = {}
        self._batches = cut(data, count, self._size, self._shuffle, [self._seed, 1], self._order)
        for batch in (0, self._batches.count - 1):  # so that what does not fit is told now
            self._program_for(self._batches.length(batch))
        self._hooks = Hooks(self._splice)
        self._timeline = Timeline(
            int(memory * MB),
            self._batches.count,
            len(self._program_for(self._size)),
            self._ops_divided,
        )
        self._watchers: list[Callable[[Trainer], object]] = []
        self._start()
        optimizer.check_monitor(self._recorder.columns, self._metrics, model.lower_is_better)

    def _start(self) -> None:
        """Set everything that a run changes to its beginning."""
        self._state.initialize(self._seed, self._recipe.optimizer.hyper())
        measures = self._recipe.model.lower_is_better
        observe = partial(self.optimizer.observe, self._state, self._metrics, measures=measures)
        self._recorder = Recorder(self._evaluator, self._parts, self._every, observe)
        if self._recipe.restraints:
            self._restrain(Restraints())
        self._begin_timeline()
        self._cursor = Traveller(self, self._batches)

    def _begin_timeline(self) -> None:
        """Let the run begin with the state as it is; hooks that change values are in it."""
        splices = [Splice(START, hook, True) for hook in self._hooks.modifying]
        for hook in self._hooks:
            hook.seen = NEVER
        self._timeline.begin(0, self._state.snapshot(), splices)

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

    def run(
        self,
        epochs: int = 1,
        until: Until | Iterable[Until] | None = None,
        *,
        executor: Any = None,
        workers: int | None = None,
    ) -> Stop:
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
        executor : Executor or dask.distributed.Client, optional
            Divide each batch, from the next one on, over workers that hold their share of the data;
            see `distribute`. A batch whose worker is lost is done again by another. It stays so
            (steps as well) until `gather`.
        workers : int, optional
            Over how many; by default as many as there are.

        Returns
        -------
        Stop
            `reason` ("epochs", "until", "paused", "nan", or a rule's), `position` and `op`; `why`
            in words, and after NaN an `autopsy`.

        Raises
        ------
        ValueError, KeyboardInterrupt, RuntimeError
            As `step` and `distribute` do. RuntimeError, too, where no worker answers any more; the
            trainer then stands at the start of the batch and can go on.
        """
        epochs = whole_number("epochs", epochs, least=1)
        rules = as_rules(until)
        self._begin_on(executor, workers)
        try:
            return self._cursor.run(epochs, rules, guarded=self._guarded)
        finally:
            self._changed()

    def reset(self) -> None:
        """Go back to the very same start: weights, data order, settings; hooks stay.

        What has been run and done is kept as a branch; see `branches`.
        """
        self._cursor.check_idle()
        self._batches.check_again("reset")
        timeline, begun = self._timeline, Moment(0, 0, AFTER)
        if timeline.end > START or not all(isinstance(act, Splice) for act in timeline):
            timeline.branches.keep(timeline.as_branch(begun, self.history, list(self._hooks)))
            timeline.renumber()
        for program in self._programs.values():
            program.clear()
        self._start()
        self._changed()

    # ---- listening ------------------------------------------------------------------------------
    def on(
        self,
        unit: Unit,
        fn: Callable[[Event], object] | str | None = None,
        *,
        condition: Given | None = None,
        phase: str | None = None,
        layer: str | None = None,
        op: str | None = None,
        when: When = "after",
        modifies: bool = False,
    ) -> Hook:
        """Call ``fn(event)`` at every op, layer, phase, batch or epoch; or pause there.

        An observer is not called again for what it has seen when the run is gone back in; a
        breakpoint, or a hook that has paused, is. One that changes values is part of the run.

        Parameters
        ----------
        unit : {"op", "layer", "phase", "batch", "epoch"}
        fn : callable, optional
            Looks at `event`, may call ``event.pause()``; see `Event`. Without one it is a
            breakpoint: `run` and `step` pause, and their results say `why`.
        condition : str or callable, optional
            When it is called, of these times: "loss > 2", "grad_norm(hidden) < 1e-6", "nan",
            "every 10", "test_accuracy >= 0.95 and epoch > 3", or ``condition(event) -> bool``. Text
            may be given in place of `fn` as well. On ops it is asked where what it reads is
            written; what is not computed yet never meets it. See `nbann.core.conditions`.
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
            An unknown unit, phase, layer, op or `when` (with the nearest names), filters that no op
            meets, or a condition that is not understood.
        """
        if isinstance(fn, str):
            narrow: dict[str, Any] = {
                "phase": phase,
                "layer": layer,
                "op": op,
                "when": when,
                "modifies": modifies,
            }
            if condition is not None:
                mend = "Pass one condition; join two by 'and'."
                raise bad_value("A hook", "a function and a condition", f"text twice: {fn!r}", mend)
            try:
                return self.on(unit, condition=fn, **narrow)
            except ValueError as error:
                expected = "a callable fn(event), or a condition in words"
                raise bad_value("A hook", expected, repr(fn), str(error)) from None
        return self._hooks.add(
            self._program_for(self._batches.length(0)),
            unit,
            fn,
            condition=condition,
            columns=self.measured,
            phase=phase,
            layer=layer,
            op=op,
            when=when,
            modifies=modifies,
        )

    # ---- what the cursor calls -------------------------------------------------------------------
    def _program_for(self, rows: int) -> Program:
        if rows not in self._programs:
            self._programs[rows] = self._other_program(rows, self._recipe.restraints.workers)
        return self._programs[rows]

    def _other_program(self, rows: int, workers: int) -> Program:
        """Compile a program for batches divided over so many workers; 0: in one piece."""
        if workers:
            return self._divided(rows, workers)
        return self._recipe.program(
            self._state, self._train, rows, train=True, batches_per_epoch=self._batches.count
        )

    def _ops_divided(self, workers: int) -> int:
        return len(self._divided(self._size, workers))


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise bad_value(name, "True or False", repr(value), f"Pass e.g. {name}=False.")
    return bool(value)

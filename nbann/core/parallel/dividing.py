"""Training on several workers: what a trainer is asked for; imports the core's own parts only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..checks import whole_number
from ..errors import bad_value
from ..timeline.acts import Divide

if TYPE_CHECKING:
    from ..program import Program
    from ..timeline.moment import Moment
    from ..trainer import Trainer
    from .link import Link

# What only a run on workers needs (concurrent.futures, ...) is loaded when it is asked for.

MANY = 1024
"""The most workers of one trainer."""


class Dividing:
    """The part of `Trainer` that lets workers compute the gradient of each batch."""

    _link: Link | None = None

    @property
    def workers(self) -> list[str]:
        """Where the parts of a batch are computed, a worker a line; empty where in one piece."""
        trainer: Trainer = self  # type: ignore[assignment]  # Trainer's alone
        count = trainer._recipe.restraints.workers
        return [f"worker {k + 1} {self._linked.lanes.where(k)}" for k in range(count)]

    def distribute(self, executor: Any = None, workers: int | None = None) -> None:
        """Divide each batch over workers from now on, stepped or run; see `run`.

        From the next batch on a step has the phases "scatter", "gradient on worker 1", "gradient
        on worker 2", ..., "reduce" and "update". The worker k of K holds each K-th row of the
        training data, from row k on, and computes the gradient of those that are in the batch;
        ``g = sum_k n_k/n * g_k`` is that of the whole batch, to rounding.

        Parameters
        ----------
        executor : Executor, dask.distributed.Client or None
            Who computes. None: this process, part after part, with the same numbers; so a step can
            be looked at without any worker.
        workers : int, optional
            Into how many parts, from 1 to the rows of a batch; by default as many as there are
            workers, 2 for None.

        Raises
        ------
        ValueError
            Something that is no executor, or is shut down; workers with another nbann; a model
            whose gradient is not an average over samples (`BatchNorm`, or one that learns by a rule
            of its own). Nothing has been changed then.
        RuntimeError
            It stands in the midst of a batch, or is called from within a hook.

        Examples
        --------
        >>> import nbann
        >>> trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
        >>> trainer.distribute(workers=2)
        >>> trainer.program.phases
        ('scatter', 'gradient on worker 1', 'gradient on worker 2', 'reduce', 'update')
        """
        from .checking import check_average, check_model
        from .compiling import recipe_of_parts
        from .lanes import as_lanes
        from .link import Link

        trainer: Trainer = self  # type: ignore[assignment]  # Trainer's alone
        trainer._cursor.check_idle()
        self._check_between_batches("distribute")
        if workers is not None:
            most = min(MANY, trainer._size)
            mend = "A worker needs at least a row of a batch."
            workers = whole_number("workers", workers, least=1, mend=mend)
            if workers > most:
                raise bad_value("workers", f"at most {most}, the rows of a batch", workers, mend)
        lanes = as_lanes(executor, workers, None if self._link is None else self._link.lanes)
        count = min(lanes.count, trainer._size, MANY)
        check_model(trainer, count)
        check_average(trainer, count)
        lanes.check_sending(recipe_of_parts(trainer._recipe))
        if self._link is None:
            self._link = Link(trainer, lanes)
        self._link.lanes = lanes
        self._divide(count)

    def gather(self) -> None:
        """Compute each batch in one piece again, from now on; see `distribute`.

        Raises
        ------
        RuntimeError
            It stands in the midst of a batch, or is called from within a hook.
        """
        trainer: Trainer = self  # type: ignore[assignment]  # Trainer's alone
        trainer._cursor.check_idle()
        if trainer._recipe.restraints.workers:
            self._check_between_batches("gather")
            self._divide(0)

    def _divide(self, count: int) -> None:
        trainer: Trainer = self  # type: ignore[assignment]  # Trainer's alone
        if trainer._recipe.restraints.workers != count:
            trainer._act(partial(_act_of, count))

    def _check_between_batches(self, what: str) -> None:
        op = self.position.op  # type: ignore[attr-defined]  # Trainer's
        if op:
            raise RuntimeError(
                f"{what}: expected a trainer between two batches; received one at op {op} of a "
                f"batch. Finish it with trainer.step('batch')."
            )

    def _begin_on(self, executor: Any, workers: int | None) -> None:
        """Let a run go on workers: what is left of a batch is done as it was begun."""
        trainer: Trainer = self  # type: ignore[assignment]  # Trainer's alone
        if executor is None and workers is None:
            return
        trainer._cursor.check_idle()
        if trainer.position.op:
            trainer.step("batch")
        trainer.distribute(executor, workers)

    # ---- what others call -----------------------------------------------------------------------
    @property
    def _linked(self) -> Link:
        """The link to workers: to parts in this process, where no other has been made."""
        if self._link is None:
            from .lanes import Here
            from .link import Link

            self._link = Link(self, Here())  # type: ignore[arg-type]  # Trainer's alone
        return self._link

    def _shows_workers(self, shows: bool) -> None:
        if self._link is not None:
            self._link.shows = shows

    def _divided(self, rows: int, workers: int) -> Program:
        """Compile a program that is divided over so many workers."""
        from .compiling import divided_program

        trainer: Trainer = self  # type: ignore[assignment]  # Trainer's alone
        return divided_program(
            trainer._recipe.with_workers(workers),
            trainer._state,
            trainer._train,
            rows,
            self._linked,
            batches_per_epoch=trainer._batches.count,
        )


def _act_of(count: int, moment: Moment) -> Divide:
    return Divide(moment, count)

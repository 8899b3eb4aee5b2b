"""`nbann.sweep`: what is asked for is checked, then run; imports the core and its neighbors."""

from __future__ import annotations

import threading
import warnings
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Executor

from ..core.checks import whole_number
from ..core.errors import UnknownNameError, steps_to_user
from ..core.stopping import Until
from ..core.storing.atomic import PathLike
from ..core.trainer import Trainer
from .asking import Metrics, checked
from .crew import Crew, as_executor, cores
from .driver import Driver, Job
from .grids import Grid
from .keys import keys_of
from .progress import Progress
from .records import KEPT, Records
from .results import Sweep
from .task import Asked, Outcome

_LAST_SECONDS = 10.0


def sweep(
    build: Callable[..., Trainer],
    grid: Grid,
    executor: Executor | str | None = None,
    *,
    metrics: Metrics | None = None,
    seeds: int | Iterable[int] | None = None,
    epochs: int | None = None,
    until: Until | Iterable[Until] | None = None,
    runs: int | None = None,
    sampler_seed: int = 0,
    resume: PathLike | None = None,
    workers: int | None = None,
    progress: bool | None = None,
    wait: bool = True,
) -> Sweep:
    """Train a net for each of many settings, side by side, and tell which did best.

    Runs do not know of each other, so that their numbers are the same wherever they are computed
    and in whatever order. Matrix products take one processor in each of them. A run that fails or
    diverges is a row with its reason; what a killed worker had begun is run again; Ctrl-C returns
    what is done.

    Parameters
    ----------
    build : callable
        ``build(**settings)`` returns a new `Trainer`. Made with other processes at work, it may be
        a function of a notebook or a lambda, but what it holds has to be sent there: no locks, open
        files or widgets.
    grid : dict of lists, iterable of dicts, or callable
        Of a dict every combination is run, of an iterable (scikit-learn's `ParameterSampler`, say)
        each of its dicts. ``sampler(rng)`` returns a dict, and is asked `runs` times. Runs that are
        asked for twice are run once. "epochs" may be one of the settings where `build` takes none.
    executor : concurrent.futures.Executor or str, optional
        "in process", one after the other; "threads"; "processes"; or any executor, such as
        ``dask.distributed.Client(...).get_executor()``. By default "in process" for up to 4 runs,
        else "processes".
    metrics : str, list or dict, optional
        Which numbers stand in the table: columns of the history, as they are after the last epoch
        (where `until` puts the best weights back, after theirs), or functions ``f(trainer) ->
        float`` by name. By default all columns of single numbers.
    seeds : int or list of int, optional
        Run each setting with each of them, ``build(..., seed=seed)``; 3 stands for 0, 1, 2.
    epochs : int, optional
        How many to train, at least 1; by default 10, and none where `build` has trained already.
    until : callable, rule, or list of them, optional
        As of `Trainer.run`; each run has its own copy.
    runs : int, optional
        How many to take from a sampler or an iterable.
    sampler_seed : int
        Of the generator that a sampler is given.
    resume : str or path, optional
        A folder in which runs are kept as they end. Those that are there already (of the same
        build, settings, epochs and nbann) are not run again; those that failed are.
    workers : int, optional
        Of "threads" and "processes"; by default one for each processor.
    progress : bool, optional
        Whether a line says how far it is; by default in notebooks and at a terminal.
    wait : bool
        False returns at once, with a sweep that fills in: see `Sweep.wait`, `cancel`, `done`.

    Returns
    -------
    Sweep

    Raises
    ------
    UnknownNameError
        A setting that `build` does not take, a metric that no run measures, no such executor. It is
        a `ValueError`.
    ValueError
        Nothing to run, a number out of its range, seeds for a build that takes none, a build that
        can not be sent to another process.
    ExecutorError
        The executor is shut down; a worker has another nbann, or none. It is a `ValueError` and a
        `RuntimeError`. All of these are raised before anything is trained.

    Examples
    --------
    >>> import nbann
    >>> net = lambda n: nbann.Sequential([nbann.Dense(n), nbann.Tanh(), nbann.Dense(2)])
    >>> build = lambda neurons: nbann.Trainer(net(neurons), nbann.datasets.xor())
    >>> nbann.sweep(build, {"neurons": [2, 4]}, epochs=5).table["status"].tolist()
    ['done', 'done']
    """
    asked, jobs, found = checked(build, grid, metrics, seeds, epochs, until, runs, sampler_seed)
    if workers is not None:
        workers = whole_number("workers", workers, least=1)
    records = None
    if resume is not None:
        records = found._standings = Records(resume, keys_of(asked, jobs))
        jobs = _left(found, jobs, records)
    driver, crew = _driven(found, asked, jobs, records, executor, workers)
    Progress(found, progress if wait or progress else False)
    work = _work(found, driver, crew)
    if wait:
        work()
        return found.wait()
    threading.Thread(target=work, name="nbann-sweep", daemon=True).start()
    _end_with_python(found)
    return found


# ---- running ------------------------------------------------------------------------------------
def _left(found: Sweep, jobs: list[Job], records: Records) -> list[Job]:
    """Take in what was run before; return the rest."""
    left = []
    for job in jobs:
        outcome = records.read(job.index, found._asked)
        if outcome is None:
            left.append(job)
        else:
            found._take(job.index, outcome, stored=True)
    if len(left) < len(jobs):
        found._note(f"{len(jobs) - len(left)} of {len(jobs)} runs were there already.")
    others = records.others()
    if others and left:
        found._note(f"The folder has {others} more of another build, grid or nbann.")
    return left


def _driven(
    found: Sweep,
    asked: Asked,
    jobs: list[Job],
    records: Records | None,
    executor: Executor | str | None,
    workers: int | None,
) -> tuple[Driver, Crew | None]:
    """Return what carries the runs out, once it is known that it can."""
    chosen = as_executor(executor, len(jobs))
    crew = None
    if chosen != "in process" and (jobs or not isinstance(chosen, str)):
        try:
            crew = Crew(chosen, asked, min(workers or cores(), max(len(jobs), 1)))
        except ValueError as error:
            if executor is not None:
                raise
            text = f"sweep: the runs are done in this process, one after the other. {error}"
            warnings.warn(text, UserWarning, stacklevel=steps_to_user())
    interrupted = False
    if crew is not None:
        try:
            differ = crew.check()
        except KeyboardInterrupt:
            interrupted = True
        except BaseException:
            crew.close(at_once=True)
            raise
        else:
            if differ:
                found._note(f"Workers have another {differ}: last digits may differ.")

    def take(index: int, outcome: Outcome) -> None:
        if records is not None:
            try:
                records.write(index, outcome, asked)
            except OSError as error:  # a full disk, say: the run itself is done
                found._note(f"Run {index} could not be kept in {records.path}: {error}")
        found._take(index, outcome, stored=records is not None and outcome.status in KEPT)

    driver = Driver(asked, jobs, take, found._note)
    found._cancel = driver.cancelled.set
    if interrupted:
        driver.cancelled.set()
    return driver, crew


def _end_with_python(found: Sweep) -> None:
    """Cancel a sweep in the background when Python ends, which would wait for its pool otherwise.

    The hooks of `atexit` come too late for that: the one of `concurrent.futures` waits before.
    """
    register = getattr(threading, "_register_atexit", None)
    sweep = weakref.ref(found)

    def end() -> None:
        left = sweep()
        if left is not None and not left.done:
            left.cancel()
            left._ended.wait(_LAST_SECONDS)

    if register is not None:
        register(end)


def _work(found: Sweep, driver: Driver, crew: Crew | None) -> Callable[[], None]:
    """Return what runs a sweep to its end."""

    def work() -> None:
        error: BaseException | None = None
        try:
            if crew is None:
                driver.run_here(stoppable=threading.current_thread() is not threading.main_thread())
            else:
                driver.run_on(crew)
        except KeyboardInterrupt:
            driver.cancelled.set()
        except BaseException as fault:
            error = fault
        if driver.cancelled.is_set() and error is None and found.finished < len(found):
            found._note(f"Ended early: {found.finished} of {len(found)} runs have ended.")
        found._end(error or _unmeasured(found))

    return work


def _unmeasured(found: Sweep) -> BaseException | None:
    """Return an error if all that ran only tell that they do not measure what is asked for."""
    told = [run._outcome for run in found if run.status not in ("waiting", "not run")]
    if not told or not all(outcome.unmeasured for outcome in told):
        return None
    first = told[0]
    return UnknownNameError("history column", first.unmeasured[0], ["loss", *first.measured])

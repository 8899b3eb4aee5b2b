"""Where parts of a batch are computed: here, in an executor's processes, or on Dask's workers.

Imports the standard library and the core's own parts only: a Dask client is known by its methods.
"""

from __future__ import annotations

import pickle
import time
from abc import ABC, abstractmethod
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..checks import whole_number
from ..errors import ExecutorError, bad_executor, bad_value
from ..version import version
from .faults import LostWorkersError
from .part import Answer, Asked, Failed, Held, Key, Worker, answered, gradient

if TYPE_CHECKING:
    from ..recipe import Recipe, Samples

    Payload = tuple[Recipe, Samples] | None

PATIENCE = 60.0
"""Seconds to wait for a worker where there is none: a nanny starts a new one in some of them."""

BETWEEN_LOOKS = 1.0
"""Seconds between two looks at whether a worker has come, or is gone."""


def check_version(who: str, found: str) -> None:
    """Raise `ExecutorError` where a worker has another nbann: it may compute otherwise."""
    if found != version():
        mend = f"Install the same there: pip install nbann=={version()}."
        raise bad_executor(who, f"nbann {version()}, as here", f"nbann {found}", mend)


class Lanes(ABC):
    """Ways to those who compute."""

    count: int
    """How many there are: over so many workers a batch is divided, if nothing else is said."""

    leads_to: Any = None
    """The executor or client."""

    def settle(self, workers: int) -> None:  # noqa: B027 (most have nothing to settle)
        """Say who computes which part, before a batch."""

    @abstractmethod
    def has(self, key: Key) -> bool:
        """Whether a part has been sent to where it is computed."""

    @abstractmethod
    def submit(self, key: Key, asked: Asked, payload: Payload) -> Any:
        """Ask for a part; return a ticket for the answer."""

    @abstractmethod
    def result(self, ticket: Any, timeout: float) -> Answer | Failed | None:
        """Return an answer.

        Raises
        ------
        TimeoutError
            It is not there yet.
        LostWorkersError
            It will not come.
        """

    @abstractmethod
    def where(self, worker: int) -> str:
        """Return where a worker is, in words."""

    def check_sending(self, recipe: Recipe) -> None:  # noqa: B027 (here nothing is sent)
        """Raise `ValueError` where a net can not be sent to those who compute."""


class Here(Lanes):
    """All parts one after another in this process: the same numbers, without any worker."""

    count = 2

    def __init__(self) -> None:
        self._held = Held()
        self._known: set[Key] = set()

    def has(self, key: Key) -> bool:
        return key in self._known

    def submit(self, key: Key, asked: Asked, payload: Payload) -> Any:
        self._known.add(key)
        return key, asked, payload

    def result(self, ticket: Any, timeout: float) -> Answer | Failed | None:
        return answered(self._held.part, *ticket)

    def where(self, worker: int) -> str:
        return "in this process"


class Pool(Lanes):
    """The processes (or threads) of an executor of `concurrent.futures`.

    Which of them answers is up to the executor; each comes to hold what it has been asked for.
    """

    def __init__(self, executor: Executor, workers: int | None) -> None:
        self.executor = self.leads_to = executor
        self.count = workers or int(getattr(executor, "_max_workers", 0)) or 2
        self._known: set[Key] = set()

    def has(self, key: Key) -> bool:
        return key in self._known

    def submit(self, key: Key, asked: Asked, payload: Payload) -> Any:
        self._known.add(key)
        try:
            return self.executor.submit(gradient, key, asked, payload)
        except RuntimeError as error:  # shut down, or broken for good
            raise LostWorkersError(f"{type(error).__name__}: {error}", final=True) from error

    def result(self, ticket: Future[Any], timeout: float) -> Answer | Failed | None:
        try:
            found: Answer | Failed | None = ticket.result(timeout)
        except TimeoutError:
            raise
        except (CancelledError, OSError, RuntimeError) as error:  # a broken pool among them
            raise LostWorkersError(f"{type(error).__name__}: {error}", final=True) from error
        return found

    def where(self, worker: int) -> str:
        return f"in {type(self.executor).__name__}"

    def check_sending(self, recipe: Recipe) -> None:
        if isinstance(self.executor, ThreadPoolExecutor):
            return
        try:
            pickle.dumps(recipe)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            mend = (
                "Define its layers, losses and initializers at the top of a module, not in a "
                "function or as a lambda; or pass a Dask client, which sends those as well."
            )
            raise unsendable(error, mend) from error


class Dask(Lanes):
    """The workers of a Dask cluster, each of which holds its share of the data.

    Each has an actor, which is asked directly: a task for each part of each batch would cost the
    scheduler more than many a batch takes. Where a worker is lost, another takes over its part;
    once a new one has come, that does.
    """

    def __init__(self, client: Any, workers: int | None) -> None:
        self.client = self.leads_to = client
        self.count = workers or len(self._addresses())
        self._at: list[str] = []
        self._actors: dict[str, Any] = {}
        self._sent: set[tuple[Key, str]] = set()
        self._looked = 0.0

    def _addresses(self) -> list[str]:
        if self.client.status != "running":
            raise LostWorkersError(f"the Dask client is {self.client.status}", final=True)
        return sorted(self.client.nthreads())

    def settle(self, workers: int) -> None:
        now = time.monotonic()
        fits = len(self._at) == workers
        crowded = fits and len(set(self._at)) < workers
        if fits and not (crowded and now - self._looked > BETWEEN_LOOKS):
            return
        self._looked = now
        there = self._waited_for()
        if not fits:
            self._at = [there[worker % len(there)] for worker in range(workers)]
            return
        for worker in range(workers):
            free = [one for one in there if one not in self._at]
            gone, shares = self._at[worker] not in there, self._at.count(self._at[worker]) > 1
            if (gone or shares) and free:
                self._at[worker] = free[0]

    def _waited_for(self) -> list[str]:
        """Return the addresses of workers, as soon as there is one."""
        until = time.monotonic() + PATIENCE
        while not (there := self._addresses()):
            if time.monotonic() > until:
                text = f"there was no Dask worker for {PATIENCE:.0f} seconds"
                raise LostWorkersError(text, final=True)
            time.sleep(0.1)
        return there

    def has(self, key: Key) -> bool:
        return (key, self._at[key[2]]) in self._sent

    def submit(self, key: Key, asked: Asked, payload: Payload) -> Any:
        at = self._at[key[2]]
        try:
            ticket = self._actor(at).gradient(key, asked, payload)
        except LostWorkersError:
            self._move(key[2])
            raise
        except Exception as error:  # Dask raises many kinds where a connection breaks
            self._actors.pop(at, None)
            self._move(key[2])
            raise self._lost(error) from error
        self._sent.add((key, at))
        return key[2], at, ticket

    def _actor(self, at: str) -> Any:
        """Return the actor of a worker."""
        if at not in self._actors:
            self._check_there(at)
            how = {"workers": [at], "allow_other_workers": False, "pure": False}
            made = self.client.submit(Worker, actor=True, **how)
            while at not in self._actors:
                try:
                    self._actors[at] = made.result(timeout=BETWEEN_LOOKS)
                except TimeoutError:  # it is for this worker alone: one that is gone never answers
                    self._check_there(at)
        return self._actors[at]

    def _check_there(self, at: str) -> None:
        """Raise `LostWorkersError` where a worker is gone."""
        if at not in self._waited_for():
            raise LostWorkersError(f"the worker at {at} is gone")

    def _move(self, worker: int) -> None:
        """Let a part whose worker is gone be computed by the one with the fewest."""
        there = self._waited_for()
        if self._at[worker] not in there:
            self._at[worker] = min(there, key=self._at.count)

    def result(self, ticket: Any, timeout: float) -> Answer | Failed | None:
        worker, at, answer = ticket
        try:
            found: Answer | Failed | None = answer.result(timeout=timeout)
        except TimeoutError:
            now = time.monotonic()
            if now - self._looked < BETWEEN_LOOKS:
                raise
            self._looked = now
            if at in self._addresses():
                raise
            lost: Exception = LostWorkersError(f"the worker at {at} is gone")
        except (Exception, CancelledError) as error:
            lost = self._lost(error)
        else:
            return found
        self._actors.pop(at, None)
        self._move(worker)
        raise lost

    def _lost(self, error: BaseException) -> Exception:
        """Return what to raise: a worker without nbann is told at once, others are asked again."""
        if isinstance(error, ModuleNotFoundError | ImportError | AttributeError):
            return unfit_worker(error)
        final = self.client.status != "running"
        return LostWorkersError(f"{type(error).__name__}: {error}", final=final)

    def where(self, worker: int) -> str:
        return f"at {self._at[worker]}" if self._at else "on a Dask worker"

    def check_sending(self, recipe: Recipe) -> None:
        try:
            self.client.submit(id, recipe, pure=False).result()
        except ImportError as error:
            raise unfit_worker(error) from error
        except Exception as error:  # Dask raises many kinds where something can not be sent
            mend = "Let it hold no locks, open files or widgets."
            raise unsendable(error, mend) from error


def unsendable(error: BaseException, mend: str) -> ValueError:
    """Return the error for a net that can not be sent to another process."""
    why = f"one of which a part can not ({type(error).__name__}: {error})"
    return bad_value("distribute", "a net that can be sent to other processes", why, mend)


def unfit_worker(error: BaseException) -> ExecutorError:
    """Return the error for workers that do not know nbann, or only another one."""
    mend = f"Install the same there: pip install nbann=={version()}."
    return bad_executor("Workers", f"nbann {version()}, as here", f"{error}", mend)


def as_lanes(executor: Any, workers: int | None, before: Lanes | None = None) -> Lanes:
    """Return the ways to those who compute for an executor, once each of them has answered.

    Those there were `before` are kept where they lead to the same: their workers have the data.

    Raises
    ------
    ValueError
        Something else than an executor or a Dask client.
    ExecutorError
        One that is shut down, no worker, or workers with another nbann; a `ValueError`, too.
    """
    if workers is not None:
        workers = whole_number("workers", workers, least=1, mend="Pass e.g. workers=2.")
    if executor is None:
        here = Here()
        here.count = workers or here.count
        return here
    client = getattr(executor, "_client", executor)  # that of Client.get_executor()
    asked = [getattr(client, name, None) for name in ("nthreads", "scatter")]
    if all(map(callable, asked)) and not isinstance(client, type):
        found: Lanes = _dask(client, workers)
    elif isinstance(executor, Executor):
        found = _pool(executor, workers)
    else:
        mend = "Pass e.g. dask.distributed.Client(...), or ProcessPoolExecutor(2)."
        raise bad_value("executor", "an executor or a Dask client", repr(executor)[:60], mend)
    if before is None or before.leads_to is not found.leads_to:
        return found
    before.count = found.count
    return before


def _dask(client: Any, workers: int | None) -> Lanes:
    mend = "Make a new one: Client(...)."
    if getattr(client, "asynchronous", False):
        mend = "Pass Client(..., asynchronous=False)."
        raise bad_value("executor", "a client that waits for its workers", "an async one", mend)
    if client.status != "running":
        raise bad_executor("executor", "a Dask client that is running", client.status, mend)
    if not client.nthreads():
        mend = "Start some (dask worker ADDRESS), or wait: client.wait_for_workers(2)."
        raise bad_executor("executor", "a cluster with workers", "one without", mend)
    try:
        versions = client.run(version)
    except (AttributeError, ImportError) as error:
        raise unfit_worker(error) from error
    for address, found in versions.items():
        check_version(f"Worker {address}", found)
    return Dask(client, workers)


def _pool(executor: Executor, workers: int | None) -> Lanes:
    try:
        check_version("A process of the executor", executor.submit(version).result())
    except (AttributeError, ImportError) as error:
        raise unfit_worker(error) from error
    except RuntimeError as error:  # shut down or broken
        mend = "Make a new one, e.g. ProcessPoolExecutor(2)."
        expected = "one that takes work"
        received = f"{type(error).__name__}: {error}"
        raise bad_executor("executor", expected, received, mend) from error
    return Pool(executor, workers)

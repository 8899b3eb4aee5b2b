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
from .part import Answer, Asked, Failed, Held, Key, answered, gradient

if TYPE_CHECKING:
    from ..recipe import Recipe, Samples

    Payload = tuple[Recipe, Samples] | None

PATIENCE = 60.0
"""Seconds to wait for a worker where there is none: a nanny starts a new one in some of them."""

BETWEEN_LOOKS = 1.0
"""Seconds between two looks at whether a new worker has come."""

LARGE = 2**20
"""Bytes from which data is put onto a Dask worker apart from the question."""


def check_version(who: str, found: str) -> None:
    """Raise `ExecutorError` where a worker has another nbann: it may compute otherwise."""
    if found != version():
        mend = f"Install the same there: pip install nbann=={version()}."
        raise bad_executor(who, f"nbann {version()}, as here", f"nbann {found}", mend)


class Lanes(ABC):
    """Ways to those who compute."""

    count: int
    """How many there are: over so many workers a batch is divided, if nothing else is said."""

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
        self.executor = executor
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

    Where one is lost, another takes over its part; once a new one has come, that does.
    """

    def __init__(self, client: Any, workers: int | None) -> None:
        self.client = client
        there = self._addresses()
        self.count = workers or len(there)
        self._at: list[str] = []
        self._sent: set[tuple[Key, str]] = set()
        self._looked = 0.0
        self._lonely = 0.0
        self._data: dict[Key, Any] = {}

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
        there = self._waited_for() if payload is not None else [self._at[key[2]]]
        if self._at[key[2]] not in there:  # who had it is gone: the one with the fewest parts
            self._at[key[2]] = min(there, key=self._at.count)
        at = self._at[key[2]]
        self._sent.add((key, at))
        try:
            if payload is not None:
                payload = self._put(payload, at, sum(a.nbytes for a in payload[1].values()))
            question: Any = self._put(asked, at, asked.theta.nbytes)
            return self.client.submit(
                gradient, key, question, payload, workers=[at], allow_other_workers=True, pure=False
            )
        except Exception as error:  # Dask raises many kinds where a connection breaks
            raise self._lost(error) from error

    def _put(self, thing: Any, at: str, nbytes: int) -> Any:
        """Return a thing as an argument: itself, or a future for what lies on the worker."""
        if nbytes < LARGE:
            return thing
        return self.client.scatter(thing, workers=[at], hash=False)

    def result(self, ticket: Any, timeout: float) -> Answer | Failed | None:
        try:
            found: Answer | Failed | None = ticket.result(timeout=timeout)
        except TimeoutError:
            self._check_somebody_is_there()
            raise
        except (Exception, CancelledError) as error:
            raise self._lost(error) from error
        self._lonely = 0.0
        return found

    def _check_somebody_is_there(self) -> None:
        now = time.monotonic()
        if now - self._looked < BETWEEN_LOOKS:
            return
        self._looked = now
        if self._addresses():
            self._lonely = 0.0
            return
        self._lonely = self._lonely or now
        if now - self._lonely > PATIENCE:
            text = f"there was no Dask worker for {PATIENCE:.0f} seconds"
            raise LostWorkersError(text, final=True)

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


def as_lanes(executor: Any, workers: int | None) -> Lanes:
    """Return the ways to those who compute for an executor, once each of them has answered.

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
    if callable(getattr(client, "nthreads", None)) and callable(getattr(client, "scatter", None)):
        return _dask(client, workers)
    if isinstance(executor, Executor):
        return _pool(executor, workers)
    mend = "Pass e.g. dask.distributed.Client(...), or concurrent.futures.ProcessPoolExecutor(2)."
    raise bad_value("executor", "an executor or a Dask client", repr(executor)[:60], mend)


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

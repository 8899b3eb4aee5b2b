"""Who carries runs out: this process, threads, processes, or an executor of the user's.

Imports the core and joblib, which comes with scikit-learn.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

from ..core.errors import ExecutorError, UnknownNameError, bad_value
from ..core.storing.machine import facts
from ..core.version import version
from .shipping import carry_out_packed, look_about, packed
from .task import Asked, carry_out, other_version

KINDS = ("in process", "threads", "processes")
FEW = 4
"""Runs up to which no processes are started, where nobody says how to run them."""
PATIENCE = 30.0
"""Seconds that a worker has to say which nbann it has, before the runs begin without."""

_LOOK = 1.0  # seconds between two looks of a worker whether its parent is still there


def as_executor(executor: object, runs: int) -> Executor | str:
    """Return an executor as given, or which of `KINDS` is meant.

    Raises
    ------
    ValueError
        Neither an executor nor one of these names.
    """
    if executor is None:
        return "processes" if runs > FEW and cores() > 1 else "in process"
    if isinstance(executor, str):
        if executor not in KINDS:
            raise UnknownNameError("executor", executor, KINDS)
        return executor
    if hasattr(executor, "get_executor"):  # a dask client
        executor = executor.get_executor()
    if isinstance(executor, type) or not callable(getattr(executor, "submit", None)):
        expected = f"an executor of concurrent.futures, or one of {', '.join(map(repr, KINDS))}"
        mend = "Pass e.g. executor=concurrent.futures.ProcessPoolExecutor(4)."
        raise bad_value("executor", expected, f"{executor!r:.60}", mend)
    return executor  # type: ignore[return-value]  # anything that submits will do


def cores() -> int:
    """Return how many processors this process may use."""
    from joblib import cpu_count  # type: ignore[import-untyped]  # it has no types

    return int(cpu_count())


class Crew:
    """An executor and how runs are sent to it.

    Parameters
    ----------
    executor : Executor or str
        As `as_executor` returns it, not "in process".
    asked : Asked
    workers : int or None
        Of a pool that is made here.

    Attributes
    ----------
    at_once : int or None
        Runs that are submitted at a time; None: all of them, as whoever takes them has its own
        ways with them.
    """

    def __init__(self, executor: Executor | str, asked: Asked, workers: int | None) -> None:
        self._asked = asked
        self._own = isinstance(executor, str)
        self._workers = workers or cores()
        self.stop = threading.Event()
        self.here = executor == "threads" or isinstance(executor, ThreadPoolExecutor)
        self._common = b"" if self.here else packed_asked(asked)
        if executor == "threads":
            self.executor: Any = ThreadPoolExecutor(self._workers, "nbann-sweep")
        elif executor == "processes":
            self.executor = processes(self._workers)
        else:
            self.executor = executor
        size = self._workers if self._own else getattr(executor, "_max_workers", None)
        self.at_once = size + 1 if isinstance(size, int) and size > 0 else None

    def submit(self, settings: Mapping[str, Any], epochs: int | None) -> Future[Any]:
        """Let a run be carried out; its result is an `Outcome`.

        Raises
        ------
        RuntimeError
            The executor is shut down, or broken (`BrokenExecutor`).
        """
        if self.here:
            work: tuple[Any, ...] = (carry_out, self._asked, settings, epochs, self.stop)
        else:
            given = packed(f"grid, {shown(settings)}", dict(settings), *settings.values())
            work = (carry_out_packed, self._common, given, epochs, uuid.uuid4().hex)
        future: Future[Any] = self.executor.submit(*work)
        return future

    @property
    def cancels(self) -> bool:
        """Whether futures are to be cancelled before the executor ends.

        joblib's pool, made here, ends all of them when its workers are killed, and stumbles over
        those that are cancelled.
        """
        return not self._own or isinstance(self.executor, (ThreadPoolExecutor, ProcessPoolExecutor))

    def check(self) -> str:
        """Ask workers which nbann they have; return what else differs there, in words.

        Raises
        ------
        ExecutorError
            The executor takes no work, or a worker has another nbann, or none.
        """
        try:
            asked = self.executor.submit(look_about, self._common)
        except Exception as error:  # a RuntimeError of Python's own; dask's are of other kinds
            raise ExecutorError(
                f"executor: expected one that takes work; received one that does not ({error}). "
                f"Make a new one, and shut it down after the sweep: "
                f"with ProcessPoolExecutor() as executor: nbann.sweep(..., executor)."
            ) from error
        if self.here:
            return ""
        told = [_answer(asked), *self._answers_of_all()]
        own, differ = facts(), set()
        for there, reason in filter(None, told):
            if there["nbann"] != own["nbann"]:
                raise ExecutorError(other_version(there["nbann"], own["nbann"]))
            if reason:
                raise ExecutorError(reason)
            differ |= {k for k in own if k != "threads" and there.get(k) != own[k]}
        return ", ".join(sorted(differ))

    def _answers_of_all(self) -> list[Any]:
        """Return what each worker of a dask cluster says, if it is one."""
        client = getattr(self.executor, "_client", None)
        if client is None or not hasattr(client, "run"):
            return []
        found = client.run(look_about, self._common, on_error="return")
        return [_told(one) if isinstance(one, BaseException) else one for one in found.values()]

    def renew(self) -> str:
        """Put a new pool in the place of a broken one; return what was done, in words."""
        old, kind = self.executor, type(self.executor)
        if kind is ProcessPoolExecutor:
            self.executor = ProcessPoolExecutor(
                getattr(old, "_max_workers", None),
                mp_context=getattr(old, "_mp_context", None),
                initializer=getattr(old, "_initializer", None),
                initargs=getattr(old, "_initargs", ()),
            )
        else:
            self.executor = processes(self._workers)
        if self._own:
            old.shutdown(wait=False)
        self._own = True
        return f"a new pool of {getattr(self.executor, '_max_workers', '?')} processes was started"

    def close(self, *, at_once: bool) -> None:
        """Let a pool that was made here go; one of the user's stays as it is."""
        self.stop.set()
        if not self._own:
            return
        if not self.cancels:  # idle unless it is ended early
            _end_processes(self.executor)
        elif at_once and hasattr(self.executor, "kill_workers"):
            self.executor.kill_workers()  # Python's own pools from 3.14 on
        else:
            self.executor.shutdown(wait=not at_once)


def packed_asked(asked: Asked) -> bytes:
    """Return what all runs have in common as bytes; raise `ValueError` where that can not be."""
    functions: list[Any] = [fn for _, fn in asked.measures or () if fn is not None]
    functions += [getattr(rule, "fn", rule) for rule in asked.until]
    return packed("build", asked, asked.build, *functions)


def processes(workers: int) -> Executor:
    """Return a pool of processes that takes functions of notebooks and closures, too."""
    from joblib.externals import loky  # type: ignore[import-untyped]  # it has no types

    names = [f"{name}_NUM_THREADS" for name in ("OPENBLAS", "MKL", "OMP")]
    threads = {name: os.environ.get(name, "1") for name in names}
    begin = {"initializer": _settle_in, "initargs": (os.getpid(),)}
    pool: Executor = loky.ProcessPoolExecutor(workers, env=threads, **begin)
    return pool


def _end_processes(pool: Any) -> None:
    """Kill the workers of a pool that `processes` has made, and wait until they are gone."""
    left = list(getattr(pool, "_processes", {}).values())
    pool.shutdown(wait=True, kill_workers=True)
    for process in left:
        if process.is_alive():
            process.kill()


def _settle_in(parent: int) -> None:
    """Let Ctrl-C be the business of the process that asks, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    if os.name == "posix":  # where a process that has lost its parent gets another
        threading.Thread(target=look, daemon=True).start()


def _answer(asked: Future[Any]) -> Any:
    """Return what a worker says of itself, or None where it takes too long."""
    try:
        return asked.result(PATIENCE)
    except NotYet:
        asked.cancel()
        return None
    except Exception as error:  # what could not even be unpickled there
        return _told(error)


def _told(error: BaseException) -> Any:
    if isinstance(error, ModuleNotFoundError) and str(error.name).startswith("nbann"):
        own = version()
        raise ExecutorError(
            f"workers: expected nbann {own} on each of them; received one that can not import "
            f"{error.name}. Install it there: pip install nbann=={own}"
        ) from error
    raise ExecutorError(
        f"executor: expected workers that answer; received {type(error).__name__}: {error}. "
        f"In a script, start processes below: if __name__ == '__main__'."
    ) from error


def shown(settings: Mapping[str, Any]) -> str:
    """Return settings as people read them."""
    return ", ".join(f"{name}={value!r:.40}" for name, value in settings.items())

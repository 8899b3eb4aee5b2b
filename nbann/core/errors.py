"""Errors that say what was expected, what was received and what mends it; Python alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable


class UnknownNameError(KeyError, ValueError):
    """A name that nobody here answers to; the message lists the nearest names that do.

    It is a `KeyError` for those who look an array up, and a `ValueError` for those who pass an
    option.
    """

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        import difflib  # only needed once something has gone wrong: kept off the import path

        names = sorted(set(known))
        # "SGD" is near to "sgd", and "Relu" to "relu": case counts for nothing here
        by_lower: dict[str, list[str]] = {}
        for one in names:
            by_lower.setdefault(one.lower(), []).append(one)
        nearest = difflib.get_close_matches(str(name).lower(), by_lower, n=3, cutoff=0.4)
        near = [one for lower in nearest for one in by_lower[lower]][:3]
        hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
        shown = ", ".join(names[:40]) + (", ..." if len(names) > 40 else "")
        self.message = f"Unknown {kind} {name!r}. {hint}Expected one of: {shown}."
        super().__init__(self.message)
        self._given = (kind, name, names)

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, object, list[str]]]:
        return type(self), self._given  # so that it can leave a worker process

    def __str__(self) -> str:
        return self.message  # KeyError would print the repr, quotes and all


class ExecutorError(ValueError, RuntimeError):
    """An executor that can not be used: shut down, without workers, or these have another nbann.

    It is a `ValueError`, as any argument that is refused, and a `RuntimeError`, as what executors
    themselves raise.
    """


def bad_value(what: str, expected: str, received: object, mend: str) -> ValueError:
    """Build the `ValueError` in the house's form: expected, received, mend."""
    return ValueError(f"{what}: expected {expected}; received {received}. {mend}")


def bad_executor(what: str, expected: str, received: object, mend: str) -> ExecutorError:
    """Build the same as an `ExecutorError`."""
    return ExecutorError(str(bad_value(what, expected, received, mend)))


def uncalled(what: str, expected: str, received: type) -> ValueError:
    """Build the `ValueError` for a class where an object of it is asked for."""
    import inspect  # as above: only once something has gone wrong

    needed = any(
        p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        for p in inspect.signature(received).parameters.values()
    )
    call = f"{received.__name__}({'...' if needed else ''})"
    return bad_value(what, expected, f"the class {received.__name__}", f"Call it: {call}.")


def steps_to_user() -> int:
    """Return the `stacklevel` with which a warning names the user's line, however deep it arose."""
    frame, steps = sys._getframe(1), 1
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] == "nbann":
        frame, steps = frame.f_back, steps + 1
    return steps

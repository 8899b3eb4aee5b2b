"""Exercise checks: "ok: ..." or an exception that says "not yet: ..."; imports NumPy and the core.

Each check compares what the learner wrote with an oracle that is not a copy of the answer, and
names the first thing that is wrong.
"""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .core.errors import UnknownNameError

PATIENCE = 5.0  # seconds until code that does not come back is stopped
STEP = 1e-6  # distance of the central difference

Array = NDArray[np.float64]
Function = Callable[[Array], Array]


class NotYet(AssertionError):  # noqa: N818 (a learner reads it: it is not an error of theirs to be ashamed of)
    """The exercise is not solved yet; the message says what to look at first."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone: a traceback into nbann would help nobody here."""
        return [str(self)]


def derivative(
    answer: Callable[..., Any],
    of: Function,
    *,
    given: str = "z",
    at: tuple[float, ...] = (0.0, 0.5, -0.5, 1.3, -2.0),
) -> str:
    """Check a derivative that the learner wrote against central differences of the function itself.

    Parameters
    ----------
    answer : callable
        The learner's function; called with one array, it returns the slopes, in the same shape.
    of : callable
        The function whose derivative it is, from array to array.
    given : {"z", "a"}
        What `answer` is called with: the argument z, or the value a = of(z).
    at : tuple of float
        The values of z that are tried.

    Returns
    -------
    str
        "ok: ..." with what was compared.

    Raises
    ------
    NotYet
        With the first thing that is wrong: an exception, no value, a wrong shape, NaN, a wrong
        slope, or code that does not come back within 5 seconds.

    Examples
    --------
    >>> import numpy as np, nbann
    >>> nbann.check.derivative(lambda z: 2 * z, of=np.square)
    'ok: your slopes agree with the central differences at 5 places.'
    """
    if given not in ("z", "a"):
        raise UnknownNameError("given", given, ("a", "z"))
    z = np.array(at, dtype=np.float64)
    argument = z if given == "z" else of(z)
    before = argument.copy()
    slopes = _called(answer, argument)
    if not np.array_equal(argument, before):
        raise NotYet("not yet: your function changes the array that it is given; return a new one.")
    slopes = _as_array(slopes, z.shape)
    expected = (of(z + STEP) - of(z - STEP)) / (2 * STEP)
    right = np.isclose(slopes, expected, rtol=1e-5, atol=1e-7)
    if not right.all():
        first = int(np.argmin(right))
        should, yours = _told_apart(expected[first], slopes[first])
        raise NotYet(
            f"not yet: for z = {z[first]:g} the slope should be {should}, yours is {yours}."
            + _hint(slopes, expected, of(z))
        )
    return f"ok: your slopes agree with the central differences at {len(z)} places."


def _told_apart(should: float, yours: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to see that they differ."""
    for digits in range(3, 17):
        texts = f"{should:.{digits}g}", f"{yours:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def _hint(slopes: Array, expected: Array, values: Array) -> str:
    """Return what mistake gives just these slopes, if it is a known one."""
    if np.allclose(slopes, -expected):
        return " It has the wrong sign."
    if np.allclose(slopes, values):
        return " That is the function itself, not its slope."
    return ""


def _called(answer: Callable[..., Any], argument: Array) -> Any:
    if not callable(answer):
        raise NotYet(f"not yet: expected a function; received {answer!r}.")
    try:
        with _patience(), np.errstate(all="ignore"):
            return answer(argument)
    except _TookTooLong:
        raise NotYet(
            f"not yet: your function did not come back within {PATIENCE:g} seconds."
        ) from None
    except Exception as error:
        raise NotYet(f"not yet: your function raised {type(error).__name__}: {error}") from None


def _as_array(slopes: Any, shape: tuple[int, ...]) -> Array:
    if slopes is None or slopes is ...:
        raise NotYet("not yet: your function returns nothing; put the slope behind `return`.")
    try:
        if np.iscomplexobj(slopes):
            raise TypeError
        array = np.asarray(slopes, dtype=np.float64)
    except (TypeError, ValueError):
        raise NotYet(
            f"not yet: expected an array of numbers; received {type(slopes).__name__}."
        ) from None
    if array.shape != shape:
        raise NotYet(
            f"not yet: expected shape {shape}, as the input has; received shape {array.shape}."
        )
    if np.isnan(array).any():
        raise NotYet(f"not yet: there is a NaN among your slopes: {array}.")
    return array


class _TookTooLong(Exception):  # noqa: N818 (never seen outside this module)
    """The learner's code was stopped."""


@contextmanager
def _patience() -> Iterator[None]:
    """Stop what runs in the main thread after `PATIENCE` seconds; elsewhere there is no way to."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        _thread.interrupt_main()

    timer = threading.Timer(PATIENCE, stop)
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if stopped.is_set():
            raise _TookTooLong from None
        raise
    finally:
        timer.cancel()

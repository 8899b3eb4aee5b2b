"""What all checks share: calling a learner's code, reading what it returned, saying what is wrong.

Nothing that a learner's function does gets past it as an error of nbann's: it may raise, return
nothing, change what it was given, or never come back. Imports NumPy.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

PATIENCE = 5.0  # seconds until code that does not come back is stopped

Array = NDArray[np.float64]


class NotYet(AssertionError):  # noqa: N818 (a learner reads it: it is not an error of theirs to be ashamed of)
    """The exercise is not solved yet; the message says what to look at first."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone: a traceback into nbann would help nobody here."""
        return [str(self)]


def not_yet(words: str) -> NotYet:
    """Return the exception that says ``"not yet: " + words``."""
    return NotYet(f"not yet: {words}")


def tries(count: int = 2) -> Iterator[np.random.Generator]:
    """Yield generators for what an answer is tried with: one that is always the same, then others.

    The first makes a message stay the same until the answer changes; what the others draw nobody
    can have written down.
    """
    yield np.random.default_rng(0)
    for _ in range(count - 1):
        yield np.random.default_rng()


def call(answer: Any, *arguments: Any, name: str = "your function") -> Any:
    """Call a learner's function and return what it returns.

    Parameters
    ----------
    answer : callable
        What the learner wrote. It gets copies of the arrays in `arguments`.
    *arguments
        What it is called with.
    name : str
        What the message calls it.

    Raises
    ------
    NotYet
        It is no function, raises an error, changes an array that it is given, or does not come
        back within `PATIENCE` seconds.

    Examples
    --------
    >>> call(lambda a, b: a + b, np.ones(2), 1)
    array([2., 2.])
    """
    if not callable(answer):
        raise not_yet(f"expected a function; received {_short(answer)}.")
    given = [_copied(argument) for argument in arguments]
    try:
        with _patience(), np.errstate(all="ignore"):
            returned = answer(*given)
    except _TookTooLong:
        raise not_yet(f"{name} did not come back within {PATIENCE:g} seconds.") from None
    except (Exception, SystemExit) as error:
        raise not_yet(f"{name} raised {type(error).__name__}: {error}") from None
    for passed, kept in zip(given, arguments, strict=True):
        if isinstance(kept, np.ndarray) and not np.array_equal(passed, kept, equal_nan=True):
            raise not_yet(f"{name} changes the array that it is given; return a new one.")
    return returned


def read_array(
    value: Any,
    shape: tuple[int, ...] | None = None,
    *,
    what: str = "values",
    shape_as: str = "",
    name: str = "your function",
) -> Array:
    """Return what a learner's function gave as an array of finite floats.

    Parameters
    ----------
    value
        What was returned.
    shape : tuple of int, optional
        The shape that it must have; by default any.
    what : str
        What the numbers are, in the plural: "slopes".
    shape_as : str
        Where the shape comes from, in words: "as the input has".
    name : str
        What the message calls the function.

    Raises
    ------
    NotYet
        Nothing was returned, or no numbers, or the shape is another, or NaN or infinity is among
        them.

    Examples
    --------
    >>> read_array([1, 2], (2,))
    array([1., 2.])
    """
    if value is None or value is ...:
        raise not_yet(f"{name} returns nothing; put the {what} behind `return`.")
    try:
        if np.iscomplexobj(value) or isinstance(value, str | bytes):
            raise TypeError
        array = np.asarray(value, dtype=np.float64)
    except Exception:  # whatever an object of the learner's does when it is read
        raise not_yet(f"expected an array of numbers; received {type(value).__name__}.") from None
    if shape is not None and array.shape != shape:
        expected = f"expected shape {shape}" + (f", {shape_as}" if shape_as else "")
        raise not_yet(f"{expected}; received shape {array.shape}.")
    if not np.isfinite(array).all():
        found = "a NaN" if np.isnan(array).any() else "an infinite number"
        raise not_yet(f"there is {found} among your {what}: {array}.")
    return array


def read_number(value: Any, *, what: str = "value", name: str = "your function") -> float:
    """Return what a learner's function gave as one finite number; raise `NotYet` else.

    Examples
    --------
    >>> read_number(np.array([3]))
    3.0
    """
    array = read_array(value, what=what, name=name)
    if array.size != 1:
        raise not_yet(f"expected one number; received an array of shape {array.shape}.")
    return float(array.item())


def read_pair(value: Any, expected: str, ending: str) -> tuple[Any, Any]:
    """Return the two things that a learner's function gave; raise `NotYet` else.

    Parameters
    ----------
    value
        What was returned.
    expected : str
        The two in words: "two arrays, train and test".
    ending : str
        What stands behind `return` at the function's end.

    Examples
    --------
    >>> read_pair([1, 2], "two numbers, the lowest and the highest", "low, high")
    (1, 2)
    """
    if value is None or value is ...:
        raise not_yet(f"your function returns nothing; end it with `return {ending}`.")
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise not_yet(f"expected {expected}; received {type(value).__name__}.")
    return value[0], value[1]


def known_mistake(
    yours: Any, known: dict[str, Any], *, rtol: float = 1e-5, atol: float = 1e-8
) -> str:
    """Return the words about the first mistake that gives just this; empty if none does.

    Parameters
    ----------
    yours
        Number or array that the learner's function gave.
    known : dict of str to number or array
        What a mistake gives, by the words about it.
    rtol, atol : float
        How near is just this, as in `numpy.allclose`.

    Examples
    --------
    >>> known_mistake(-2.0, {"It has the wrong sign.": -2.0, "It is half of that.": 1.0})
    'It has the wrong sign.'
    """
    for words, value in known.items():
        if np.allclose(yours, value, rtol=rtol, atol=atol):
            return words
    return ""


def first_wrong(
    received: Array, expected: Array, *, rtol: float = 1e-5, atol: float = 1e-7
) -> tuple[int, ...] | None:
    """Return the index of the first element that is not the expected one; None if all are.

    Examples
    --------
    >>> first_wrong(np.array([1.0, 2.0]), np.array([1.0, 2.5]))
    (1,)
    """
    wrong = ~np.isclose(received, expected, rtol=rtol, atol=atol)
    if not wrong.any():
        return None
    return tuple(int(place[0]) for place in np.nonzero(np.atleast_1d(wrong)))[: received.ndim]


def told_apart(should: float, yours: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to see that they differ.

    Examples
    --------
    >>> told_apart(1.0, 1.0001)
    ('1', '1.0001')
    """
    texts = f"{should}", f"{yours}"
    for digits in range(3, 17):
        texts = f"{should:.{digits}g}", f"{yours:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def _copied(argument: Any) -> Any:
    return argument.copy() if isinstance(argument, np.ndarray) else argument


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


# ---- code that does not come back ------------------------------------------------------------


class _TookTooLong(BaseException):
    """The learner's code was stopped; no `except Exception` of theirs catches it."""


@contextmanager
def _patience() -> Iterator[None]:
    """Stop what runs after `PATIENCE` seconds, by a signal or, where there is none, by tracing."""
    # A process that was started in the background of a shell ignores the signal.
    heard = callable(signal.getsignal(signal.SIGINT))
    if heard and threading.current_thread() is threading.main_thread():
        stopped = threading.Event()

        def stop() -> None:
            stopped.set()
            _thread.interrupt_main()

        timer = threading.Timer(PATIENCE, stop)
        try:
            timer.start()
        except RuntimeError:  # no threads here: Python in a browser
            pass
        else:
            try:
                yield
            except KeyboardInterrupt:
                if stopped.is_set():
                    raise _TookTooLong from None
                raise
            finally:
                timer.cancel()
            return
    with _traced():
        yield


@contextmanager
def _traced() -> Iterator[None]:
    """Stop Python code by looking at the clock at each of its lines: slower, without a thread."""
    deadline = time.monotonic() + PATIENCE

    def look(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        if time.monotonic() > deadline:
            raise _TookTooLong
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)

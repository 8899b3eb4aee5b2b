"""Small sets of sequences, made with NumPy from a seed; imports the core only."""

from __future__ import annotations

import numpy as np

from ..core.checks import whole_number
from ..core.data.dataset import Dataset
from ..core.errors import bad_value


def parity(n: int = 500, length: int = 8, seed: int = 0) -> Dataset:
    """Return sequences of bits of several lengths, of which an even or odd number are ones.

    Class 0 is even, 1 odd; both are of equal size. The answer hangs on every bit: what a
    feed-forward net finds hard (Minsky and Papert, Perceptrons, 1969) and a recurrent net can do
    with a state of one bit.

    Parameters
    ----------
    n : int
        Number of sequences, at least 2.
    length : int
        Bits in the longest ones, at least 1; lengths are uniform in 1 ... length.
    seed : int

    Returns
    -------
    Dataset
        `X` is (n, length, 1) of 0 and 1, filled up with 0 at the end; `mask` says which bits are
        there; `y` is (n,).
    """
    n, length, rng = _settings(n, length, seed)
    y = rng.permutation(np.arange(n) % 2)
    lengths = rng.integers(1, length + 1, n)
    lengths[rng.integers(n)] = length
    mask = np.arange(length) < lengths[:, None]
    bits = rng.integers(0, 2, (n, length)) * mask
    last = (np.arange(n), lengths - 1)
    bits[last] = 0
    bits[last] = (y + bits.sum(axis=1)) % 2  # the last bit makes it what it is to be
    return Dataset(
        bits[..., None], y, "classification", ("bit",), ("even", "odd"), "parity", mask=mask
    )


def echo(n: int = 500, length: int = 12, delay: int = 2, seed: int = 0) -> Dataset:
    """Return random bits, which are to be repeated some steps later: a target at every step.

    ``y[t] = x[t - delay]``, and 0 for the first `delay` steps. A net must carry the last `delay`
    bits along.

    Parameters
    ----------
    n : int
        Number of sequences, at least 2.
    length : int
        Steps of each, at least 1.
    delay : int
        Steps to wait, from 0 to length - 1.
    seed : int

    Returns
    -------
    Dataset
        `X` is (n, length, 1) of 0 and 1, `y` is (n, length).
    """
    n, length, rng = _settings(n, length, seed)
    delay = whole_number("delay", delay, least=0, mend="Pass e.g. delay=2.")
    if delay >= length:
        mend = "Lower the delay, or make the sequences longer."
        raise bad_value("delay", f"a whole number below the length {length}", f"{delay}", mend)
    bits = rng.integers(0, 2, (n, length))
    y = np.zeros_like(bits)
    y[:, delay:] = bits[:, : length - delay]
    return Dataset(bits[..., None], y, "classification", ("bit",), ("0", "1"), "echo")


def neighbor_xor(n: int = 500, length: int = 12, seed: int = 0) -> Dataset:
    """Return random bits and, at every step, whether the two neighbors of that step differ.

    ``y[t] = x[t - 1] xor x[t + 1]``, with a bit of 0 before the first step and after the last. It
    takes a net that goes through time in both directions. One that has seen ``x[0] ... x[t]`` knows
    nothing of ``x[t + 1]``, which makes y a fair coin; at the last step alone is there nothing left
    to come. So with everything else learned it is right in ``(length + 1) / (2 * length)`` of the
    steps on average, and not more: 0.5 and a little.

    Parameters
    ----------
    n : int
        Number of sequences, at least 2.
    length : int
        Steps of each, at least 2.
    seed : int

    Returns
    -------
    Dataset
        `X` is (n, length, 1) of 0 and 1, `y` is (n, length).

    Examples
    --------
    >>> import nbann
    >>> ds = nbann.datasets.neighbor_xor(2, length=5, seed=1)
    >>> ds.X[0, :, 0].astype(int).tolist(), ds.y[0].tolist()
    ([0, 1, 1, 1, 0], [1, 1, 0, 1, 1])
    """
    n, length, rng = _settings(n, length, seed, least=2)
    bits = rng.integers(0, 2, (n, length))
    around = np.pad(bits, ((0, 0), (1, 1)))
    y = around[:, :-2] ^ around[:, 2:]
    names = ("same", "different")
    return Dataset(bits[..., None], y, "classification", ("bit",), names, "neighbor_xor")


def _settings(
    n: int, length: int, seed: int, least: int = 1
) -> tuple[int, int, np.random.Generator]:
    n = whole_number("n", n, least=2, mend="Pass e.g. n=500.")
    length = whole_number("length", length, least=least, mend="Pass e.g. length=8.")
    seed = whole_number("seed", seed, least=0, mend="Pass e.g. seed=0.")
    return n, length, np.random.default_rng(seed)

"""The check of a net of three step neurons that tells "exactly one". Imports `asking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .asking import Array, call, not_yet, read_array, read_number

ROWS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
NOISE = 0.1  # how far an input may be from 0 or 1
TRIES = 50  # noisy inputs beside each row, the corners of what the noise reaches not counted


def xor_net(answer: Callable[..., Any]) -> str:
    """Check weights, given by hand, with which three step neurons compute the exclusive or.

    A step neuron adds up its inputs, each times a weight, and a bias; it says 1 if the sum is above
    0, else 0. Two hidden neurons read two inputs, one output neuron reads them. The check runs this
    net. The oracle is the truth table, for inputs of 0 and 1 and for inputs up to 0.1 beside them,
    which no net without a hidden layer satisfies (Minsky and Papert, Perceptrons, 1969).

    Parameters
    ----------
    answer : callable
        Called without arguments, it returns ``W1, b1, W2, b2``: W1 of shape (2, 2), a row for each
        input and a column for each hidden neuron; b1 of shape (2,); W2 of shape (2,) or (2, 1); b2,
        one number.

    Returns
    -------
    str
        "ok: ..." with what was tried.

    Raises
    ------
    NotYet
        With the first row that is answered wrongly, and what the hidden neurons say of it.

    Examples
    --------
    >>> import nbann
    >>> net = [[1, -1], [-1, 1]], [-0.5, -0.5], [1, 1], -0.5  # "only the first", "only the second"
    >>> nbann.check.xor_net(lambda: net)
    'ok: the net is right in all four rows, and for inputs up to 0.1 beside them.'
    """
    net = _Net(*_weights(call(answer)))
    for row in ROWS:
        if net.answers(row) != _truth(row):
            raise not_yet(f"for the row {_written(row)} {net.told(row)}{_hint(net)}")
    rng = np.random.default_rng()
    corners = NOISE * (2 * ROWS - 1)
    for row in ROWS:
        for beside in (*corners, *rng.uniform(-NOISE, NOISE, (TRIES, 2))):
            noisy = row + beside
            if net.answers(noisy) != _truth(row):
                raise not_yet(
                    f"all four rows are right, but beside the row {_written(row)}, for the inputs "
                    f"{_written(noisy)}, {net.told(noisy, row)} The sum of a neuron lies too near "
                    "to 0 there: change its bias, so that its line keeps away from all rows."
                )
    return f"ok: the net is right in all four rows, and for inputs up to {NOISE:g} beside them."


class _Net:
    """The learner's net: it is run here, so that nothing but its weights is asked for."""

    def __init__(self, W1: Array, b1: Array, W2: Array, b2: float) -> None:
        self.W1, self.b1, self.W2, self.b2 = W1, b1, W2, b2

    def hidden(self, inputs: Array) -> Array:
        with np.errstate(all="ignore"):
            return (inputs @ self.W1 + self.b1 > 0).astype(np.float64)

    def answers(self, inputs: Array) -> int:
        with np.errstate(all="ignore"):
            return int(self.hidden(inputs) @ self.W2 + self.b2 > 0)

    def is_right(self) -> bool:
        return all(self.answers(row) == _truth(row) for row in ROWS)

    def told(self, inputs: Array, row: Array | None = None) -> str:
        """Return what it should say and what it says, from the sums of the hidden neurons on."""
        with np.errstate(all="ignore"):
            sums = inputs @ self.W1 + self.b1
            total = self.hidden(inputs) @ self.W2 + self.b2
        return (
            f"the answer should be {_truth(inputs if row is None else row)}, yours is "
            f"{self.answers(inputs)}: the sums of the hidden neurons are {_written(sums)}, so they "
            f"say {_written(self.hidden(inputs))}, and the sum of the output is {total:.3g}."
        )


def _truth(row: Array) -> int:
    return int(row[0]) ^ int(row[1])


def _written(numbers: Array) -> str:
    return " and ".join(f"{number:.3g}" for number in numbers)


def _weights(returned: Any) -> tuple[Array, Array, Array, float]:
    """Return the four arrays of the net; raise NotYet where they are no such net."""
    name = "xor_net"
    if returned is None or returned is ...:
        raise not_yet(f"{name} returns nothing; end it with `return W1, b1, W2, b2`.")
    if not isinstance(returned, tuple | list) or len(returned) != 4:
        count = f"{len(returned)} values" if isinstance(returned, tuple | list) else "one"
        raise not_yet(f"expected four values, W1, b1, W2, b2; {name} returns {count}.")
    wide = "a row for each input and a column for each hidden neuron"
    W1 = read_array(returned[0], (2, 2), what="weights W1", shape_as=f"W1: {wide}", name=name)
    each = "a number for each hidden neuron"
    b1 = read_array(returned[1], what="biases b1", name=name)
    W2 = read_array(returned[2], what="weights W2", name=name)
    b1, W2 = (array.ravel() if array.size == 2 else array for array in (b1, W2))
    read_array(b1, (2,), shape_as=f"b1: {each}", name=name)
    read_array(W2, (2,), shape_as=f"W2: {each}", name=name)
    return W1, b1, W2, read_number(returned[3], what="bias b2", name=name)


def _hint(net: _Net) -> str:
    """Return what stands in the way of the whole table, as far as it can be told for certain."""
    if _Net(net.W1.T, net.b1, net.W2, net.b2).is_right():
        return " With W1.T for W1 it would be right: a column of W1 belongs to a hidden neuron."
    said = [tuple(net.hidden(row)) for row in ROWS]
    for zero in (0, 3):
        for one in (1, 2):
            if said[zero] == said[one]:
                return (
                    f" They say the same of the row {_written(ROWS[one])}, which needs the other "
                    "answer: no output can tell the two apart. Change W1 or b1."
                )
    if len(set(said)) == 4:
        return " They say something else of each row, as the inputs do: no line splits that."
    return " The hidden neurons are good: what they say can be split by a line. Change W2 or b2."

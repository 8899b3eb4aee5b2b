"""How each check is called, and a right answer to it: every check of nbann is listed here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbann import check


@dataclass(frozen=True)
class Case:
    """A check, called with the learner's function alone, and a function that passes it."""

    judge: Callable[[Any], str]
    right: Callable[..., Any]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def xor_net():
    return np.ones((2, 2)), np.array([-0.5, -1.5]), np.array([1.0, -1.0]), -0.5


CASES = {
    "derivative": Case(
        lambda answer: check.derivative(answer, of=np.tanh, given="a"), lambda a: 1 - a**2
    ),
    "hidden_blame": Case(check.hidden_blame, lambda blame, W, a: blame @ W.T * (1 - a**2)),
    "softmax": Case(check.softmax, softmax),
    "xor_net": Case(check.xor_net, xor_net),
}

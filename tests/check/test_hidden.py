"""The check of weights chosen by hand: what is answered wrong first."""

import numpy as np
import pytest

from nbann import check


def judged(*parts):
    try:
        return check.xor_net(lambda: parts if len(parts) != 1 else parts[0])
    except check.NotYet as verdict:
        return str(verdict)


@pytest.mark.parametrize(
    "parts",
    [
        ([[1, 1], [1, 1]], [-0.5, -1.5], [1, -1], -0.5),
        ([[1, -1], [-1, 1]], [-0.5, -0.5], [1, 1], -0.5),  # one of them alone
        (np.array([[-2, 2], [-2, 2]]), np.array([1, -3]), np.array([-5, -5]), np.array(4.0)),
    ],
)
def test_right_nets_pass(parts):
    assert judged(*parts).startswith("ok: ")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (([[0, 0], [0, 0]], [0, 0], [0, 0], 0), "for [0. 1.] your net says 0, and should say 1"),
        (([[1, 1], [1, 1]], [-0.5, -1.5], [1, 1], -0.5), "for [1. 1.] your net says 1, and sho"),
        (([[1, 1], [1, 1]], [-0.99, -1.01], [1, -1], -0.5), "close beside one: leave room"),
        (([[1, 1]], [0, 0], [0, 0], 0), "expected shape (2, 2), for W1; received shape (1, 2)"),
        (([[1, 1], [1, 1]], [0, 0], [0, 0], [0]), "expected shape (), for b2; received shape (1,)"),
        (([[1, 1], [1, 1]], [0, 0], [0, 0]), "expected four things"),
    ],
)
def test_mistakes_are_named(parts, message):
    verdict = judged(*parts)
    assert verdict.startswith("not yet: ")
    assert message in verdict


def test_the_sums_that_are_told_are_the_nets_own():
    verdict = judged([[1, 2], [3, 4]], [0.5, -0.5], [1, 1], 0)
    assert "for [0. 0.] your net says 1" in verdict
    assert "hidden sums are [ 0.5 -0.5], so the hidden neurons say [1 0]; the output's sum is 1" in (
        verdict
    )

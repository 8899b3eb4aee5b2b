"""The check of the net that tells "exactly one": what learners return, and what they are told."""

import numpy as np
import pytest

from nbann import check

from .verdicts import in_words

W1, B1, W2, B2 = np.ones((2, 2)), [-0.5, -1.5], [1, -1], -0.5


def judged(*returned):
    """The verdict on a net, in words."""
    return in_words(check.xor_net, lambda: returned)


@pytest.mark.parametrize(
    "net",
    [
        (W1, B1, W2, B2),
        (W1.tolist(), np.array([B1]), [[1], [-1]], [B2]),
        ([[1, -1], [1, -1]], [-0.5, 1.5], [1, 1], -1.5),  # "at least one" and "not both"
        ([[1, -1], [-1, 1]], [-0.5, -0.5], [1, 1], -0.5),  # "only the first", "only the second"
        ([[9, 20], [9, 20]], [-4, -31], [7, -50], -3),
        ([[-1, -1], [-1, -1]], [0.5, 1.5], [-1, 1], -0.5),  # "none" and "not both"
    ],
)
def test_more_than_one_net_is_right(net):
    for _ in range(5):
        assert judged(*net).startswith("ok: ")


@pytest.mark.parametrize(
    ("net", "messages"),
    [
        # as the exercise begins: the second neuron is not set yet
        (
            ([[1, 0], [1, 0]], [-0.5, 0], [1, 0], -0.5),
            [
                "for the row 1 and 1 the answer should be 0, yours is 1",
                "the sums of the hidden neurons are 1.5 and 0, so they say 1 and 0",
                "They say the same of the row 0 and 1, which needs the other answer",
            ],
        ),
        # hidden neurons right, output not
        ((W1, B1, [1, 1], B2), ["for the row 1 and 1", "Change W2 or b2"]),
        ((W1, B1, [1, -1], 0.5), ["for the row 0 and 0", "Change W2 or b2"]),
        # a row for each hidden neuron instead of a column
        (([[1, -1], [-1, 1]], B1, W2, B2), ["no output can tell the two apart"]),
        (([[1, 1], [-2, -2]], [-0.5, 3], [1, 1], -1.5), ["With W1.T for W1 it would be right"]),
        # the inputs handed on
        ((np.eye(2), [-0.5, -0.5], W2, B2), ["as the inputs do: no line splits that"]),
        # right in the rows, but a line runs through one of them
        (
            (W1, [0, -1.5], W2, B2),
            ["all four rows are right, but beside the row 0 and 0", "keeps away from all rows"],
        ),
        ((W1, [-0.5, -1], W2, B2), ["all four rows are right, but beside the row 0 and 1"]),
        # no such net
        ((W1, B1, W2), ["expected four values, W1, b1, W2, b2; xor_net returns 3 values"]),
        ((np.ones((2, 3)), B1, W2, B2), ["expected shape (2, 2), W1: a row for each input"]),
        ((W1, -0.5, W2, B2), ["expected shape (2,), b1: a number for each hidden neuron"]),
        ((W1, B1, np.eye(2), B2), ["expected shape (2,), W2: a number for each hidden neuron"]),
        ((W1, B1, W2, [1, 2]), ["expected one number"]),
        ((W1, B1, W2, None), ["put the bias b2 behind `return`"]),
        ((W1 * np.nan, B1, W2, B2), ["NaN among your weights W1"]),
    ],
)
def test_the_first_thing_that_is_wrong_is_named(net, messages):
    verdict = judged(*net)
    assert verdict.startswith("not yet: ")
    for message in messages:
        assert message in verdict


def test_a_net_that_is_not_returned():
    for returned in (None, 1.0):
        with pytest.raises(check.NotYet, match="W1, b1, W2, b2"):
            check.xor_net(lambda returned=returned: returned)


def test_no_net_with_one_line_passes():
    """Minsky and Papert: whatever its weights, a neuron errs in at least one row."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        weights, bias = rng.normal(size=2), rng.normal()
        same = np.column_stack([weights, weights])  # two hidden neurons that draw one line
        assert judged(same, [bias, bias], rng.normal(size=2), rng.normal()).startswith("not yet")


def test_a_hint_about_the_hidden_neurons_is_true():
    """Of random nets: the output alone is blamed where, and only where, some output is right."""
    rng = np.random.default_rng(1)
    rows, truth = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    outputs = np.stack(np.meshgrid([-2, -1, 1, 2], [-2, -1, 1, 2]), axis=-1).reshape(-1, 2)
    biases = np.arange(-3.5, 4)
    blamed = {True: 0, False: 0}
    for _ in range(400):
        weights, bias = rng.normal(size=(2, 2)), rng.normal(size=2)
        verdict = judged(weights, bias, rng.normal(size=2), rng.normal())
        said = rows @ weights + bias > 0
        answers = (said @ outputs.T)[..., None] + biases > 0
        found = bool((answers == truth[:, None, None]).all(axis=0).any())
        if "for the row" in verdict and "W1.T" not in verdict:
            assert ("Change W2 or b2" in verdict) == found
            blamed[found] += 1
    assert min(blamed.values()) > 5

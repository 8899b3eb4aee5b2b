"""The reader of printed sums, itself an oracle, finds what is false."""

import pytest

from . import sums


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("z[0,2] = 5.1*0.03 + 3.5*(-0.2) + 0.1 = -0.447", -0.447),
        ("L = -(-1.5 - 0.5)/4 = 0.5", 0.5),
        ("a = 1/(1 + exp(-(-0.3))) = 0.4256", 1 / (1 + 2.718281828459045**0.3)),
        ("R = 0.1/2*((-3)**2 + [4 more: 16] + 1**2) = 1.3", 1.3),
        ("s = step(-0.2) + sign(-3) + max(0, 2) + abs(-1) + log(1) + tanh(0) = 2", 2.0),
    ],
)
def test_true_lines_pass(line, value):
    sums.check(line, value, digits=4)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("z = 2*3 + 1 = 7", 7.5),
        ("z = 2*3 + 1 = 7.5", 7.5),
        ("z = 2*3 - 1 = 7", 7.0),
        ("z = 2*3 + [2 more: 0.5] + 1 = 7", 7.0),
        ("z = (-3)**2 + 1 = -8", -8.0),
        ("z = -3**2 = 9", 9.0),
    ],
)
def test_false_lines_fail(line, value):
    with pytest.raises(AssertionError):
        sums.check(line, value, digits=4)

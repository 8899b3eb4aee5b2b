"""Colors that can be told apart and read; numbers and names as they are written."""

import numpy as np
import pytest

from nbann.panels.scale import Limit, step_up
from nbann.panels.style import PHASE_COLORS, THEMES, contrast
from nbann.panels.text import literal, number, plain, short_number, text_width


def test_contrast_is_that_of_the_standard():
    # WCAG 2.2: black on white is 21:1; #767676 is the lightest gray that reaches 4.5:1 on white
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") >= 4.5 > contrast("#777777", "#ffffff")


@pytest.mark.parametrize("name", THEMES)
def test_text_can_be_read(name):
    theme = THEMES[name]
    for color in (theme.ink, theme.muted, *PHASE_COLORS[name].values()):
        assert contrast(color, theme.background) >= 4.5
    colors = theme.diverging(np.linspace(-1, 1, 101), 1.0)
    for ink, color in zip(theme.text_on(colors), colors, strict=True):
        assert contrast(ink, "#" + "".join(f"{c:02x}" for c in color[:3])) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_phases_of_other_names_have_colors_by_their_order(name):
    theme = THEMES[name]
    phases = ("store", "update", "field", "state", "energy")
    colors = [theme.phase_color(phase, phases) for phase in phases]
    assert colors[1] == PHASE_COLORS[name]["update"]
    assert len({*colors, *PHASE_COLORS[name].values()}) == 8
    assert all(contrast(color, theme.background) >= 4.5 for color in theme.more_phases)
    assert theme.phase_color("b", ("a", "loss", "b")) == colors[2]
    many = [f"phase {n}" for n in range(9)]
    assert theme.phase_color(many[6], many) == theme.phase_color(many[0], many)


@pytest.mark.parametrize("name", THEMES)
def test_the_signed_map_is_centered_at_zero(name):
    theme = THEMES[name]
    low, middle, high, missing = theme.diverging(np.array([-9.0, 0.0, 9.0, np.nan]), 2.0).astype(
        int
    )
    assert low[2] > low[0]
    assert high[0] > high[2]
    np.testing.assert_array_equal(
        middle[:3], [int(theme.neutral[i : i + 2], 16) for i in (1, 3, 5)]
    )
    assert (missing != middle).any()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.3, "0.300"), (-0.0412, "−0.0412"), (5.1, "5.10"), (123.4, "123"),
        (99999.0, "99999"), (999.7, "1000"), (1.5e-7, "1.50e−07"), (-2e9, "−2.00e+09"),
        (np.nan, "not a number"), (-np.inf, "−∞"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_and_a_true_minus(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.524, "0.52"), (-0.096, "−0.10"), (0.997, "1.0"), (12.34, "12.3"),
        (123.4, "123"), (0.0041, "4e−3"), (-31415.9, "−3e4"), (np.nan, "NaN"),
    ],
)  # fmt: skip
def test_short_numbers_fit_a_cell(value, text):
    assert short_number(value) == text
    assert len(text) <= 5


def test_names_are_cut_to_their_width():
    for width in (5, 20, 33, 100):
        cut = literal("a name that is much too long for its place", width, 7.0)
        assert text_width(cut, 7.0) <= width
    assert literal("short", 100, 7.0) == "short"
    assert plain("a\n\tb\x00\u202ec") == "a bc"
    assert literal("漢", 100, 7.0) in ("□", "漢")


def test_limits_grow_in_steps():
    limit = Limit()
    assert [limit.fit(v) for v in (0.3, 0.4, 0.6, 0.9, 0.9)] == [True, False, True, False, False]
    assert limit.value == 1.0
    assert not limit.fit(0.3)
    assert limit.fit(0.01)
    assert [step_up(v) for v in (0.11, 1, 2, 2.1, 70)] == [0.2, 1, 2, 5, 100]

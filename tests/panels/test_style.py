"""Colors that can be told apart and read; numbers and names as they are written."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from nbann.panels.scale import Limit, step_up
from nbann.panels.style import MARKERS, PHASE_COLORS, THEMES, contrast
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


# What people see who lack a kind of cone, on linear RGB: G. M. Machado, M. M. Oliveira & L. A. F.
# Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG
# 15(6), 2009, severity 1.0.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip


def lab(colors, vision):
    """CIELAB (D65) of sRGB colors in somebody's eyes: IEC 61966-2-1, CIE 15."""
    c = np.array([to_rgb(color) for color in colors])
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(VISIONS[vision]), 0, 1)
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    x, y, z = np.cbrt(seen @ np.transpose(to_xyz) / [0.95047, 1.0, 1.08883]).T
    return np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("name", THEMES)
def test_ten_classes_have_ten_colors_in_anybodys_eyes(name, vision):
    # 2.3 is what can just be noticed side by side (Mahy et al., 1994); Okabe and Ito's own eight
    # are at least 11 apart
    theme = THEMES[name]
    seen = lab([theme.class_color(k) for k in range(10)], vision)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    assert apart[np.triu_indices(10, 1)].min() > 10
    assert apart[8:, :8].min() > 25  # those that came to them
    assert apart[8, 9] > 25
    assert min(contrast(theme.class_color(k), theme.background) for k in (8, 9)) >= 3


def test_ten_classes_have_ten_markers():
    assert len(set(MARKERS)) == len(MARKERS) == 10


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

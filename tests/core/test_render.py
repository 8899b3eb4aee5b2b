"""Expressions as text and LaTeX: brackets, signs, long sums, numbers and hostile names."""

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

import nbann
from nbann.core.expr import (
    Call,
    Entry,
    Equation,
    Gradient,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Transpose,
)
from nbann.core.latex import Latex
from nbann.core.render import Text, significant

from . import sums

ONE, TWO, MINUS = Number(1.0), Number(2.0), Number(-3.0)
X = Symbol("x")


def entry(value, index=(0, 2)):
    return Entry("z", index, Symbol("z", "hidden"), value)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (Sum((ONE, MINUS)), "1 - 3"),
        (Sum((MINUS, ONE)), "-3 + 1"),
        (Sum((ONE, Negative(MINUS))), "1 - (-3)"),
        (Sum((ONE, Negative(Sum((TWO, MINUS))))), "1 - (2 - 3)"),
        (Sum((ONE, Sum((TWO, MINUS)))), "1 + (2 - 3)"),
        (Sum((ONE, Product((MINUS, TWO)))), "1 - 3*2"),
        (Sum((ONE, Product((TWO, MINUS)))), "1 + 2*(-3)"),
        (Product((Sum((ONE, TWO)), MINUS)), "(1 + 2)*(-3)"),
        (Product((MINUS, MINUS)), "(-3)*(-3)"),
        (Negative(Sum((ONE, TWO))), "-(1 + 2)"),
        (Negative(MINUS), "-(-3)"),
        (Quotient(Sum((ONE, TWO)), Product((TWO, TWO))), "(1 + 2)/(2*2)"),
        (Quotient(ONE, Quotient(ONE, TWO)), "1/(1/2)"),
        (Quotient(MINUS, TWO), "(-3)/2"),
        (Power(MINUS, TWO), "(-3)**2"),
        (Power(Product((TWO, TWO)), TWO), "(2*2)**2"),
        (Power(Power(TWO, TWO), TWO), "(2**2)**2"),
        (Sum((ONE, Negative(Power(MINUS, TWO)))), "1 - (-3)**2"),
        (Quotient(Power(TWO, TWO), TWO), "2**2/2"),
        (Transpose(X), "x.T"),
        (Call("max", (Number(0.0), MINUS)), "max(0, -3)"),
        (Product((X, Symbol("W", "a")), "@"), "x @ W_a"),
        (Gradient(Symbol("W", "a")), "dL/dW_a"),
        (Product((entry(-0.5), entry(2.0))), "(-0.5)*2"),
        (Number(-0.0), "0"),
        (Sum((ONE, Number(-0.0))), "1 + 0"),
        (Sum((ONE, Number(math.inf), Number(-math.inf), Number(math.nan))), "1 + inf - inf + nan"),
    ],
)
def test_brackets_stand_where_they_must(tree, text):
    assert Text().expression(tree) == text


numbers = st.floats(-100, 100).map(lambda x: float(f"{x:.3g}"))
trees = st.recursive(
    st.one_of(numbers.map(Number), numbers.map(entry)),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=12).map(lambda parts: Sum(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Product(tuple(parts))),
        inner.map(Negative),
        inner.map(lambda x: Power(x, TWO)),
        st.tuples(inner, inner).map(lambda xs: Call("max", xs)),
        inner.map(lambda x: Call("abs", (x,))),
        st.tuples(inner, st.sampled_from([3.0, -4.0])).map(lambda x: Quotient(x[0], Number(x[1]))),
    ),
    max_leaves=25,
)


@given(trees)
def test_any_tree_is_printed_so_that_it_works_out(tree):
    """Python reads the text with its own precedence and arrives at the tree's value."""
    try:
        read = sums.evaluate(Text(digits=17, terms=None).expression(tree), digits=17)
    except OverflowError:
        assume(False)  # squares of squares of squares
    assert read.value == pytest.approx(tree.value(), rel=1e-9, abs=read.error + 1e-9)


@given(trees)
def test_any_tree_is_latex_with_its_braces_closed(tree):
    text = Latex().expression(tree)
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")


@given(st.lists(numbers, min_size=1, max_size=40), st.integers(3, 12))
def test_long_sums_are_cut_and_still_add_up(values, terms):
    tree = Sum(tuple(map(Number, values)))
    text = Text(digits=17, terms=terms).expression(tree)
    assert sums.evaluate(text, digits=17).value == pytest.approx(
        math.fsum(values), rel=1e-9, abs=1e-9
    )
    shown = len(re.sub(r"\[[^\]]*\]", "R", text).replace(" - ", " + ").split(" + "))
    assert shown == min(len(values), terms)
    if len(values) > terms:
        assert f"[{len(values) - terms + 1} more: " in text


@pytest.mark.parametrize("terms", [0, 1, 2])
def test_a_sum_is_never_cut_below_three_terms(terms):
    tree = Sum(tuple(map(Number, (1.0, 2.0, 3.0, 4.0))))
    assert Text(terms=terms).expression(tree) == "1 + [2 more: 5] + 4"


def test_an_equation_in_numbers_and_in_names():
    equation = Equation(entry(0.5), Sum((Product((entry(2.0, (0, 0)), entry(-0.25, (1, 1)))), ONE)))
    assert str(equation) == "z_hidden[0,2] = 2*(-0.25) + 1 = 0.5"
    assert equation.symbols() == "z_hidden[0,2] = z_hidden[0,0]*z_hidden[1,1] + 1"
    assert equation.value() == 0.5
    assert equation.latex() == (r"z_{\mathrm{hidden}}[0,2] = 2 \cdot \left(-0.25\right) + 1 = 0.5")


def test_a_formula_over_whole_arrays_has_no_single_value():
    for tree in (X, Gradient(X), Product((X, X), "@"), Call("softmax", (X,)), Call("sum", (X,))):
        with pytest.raises(TypeError, match="whole arrays"):
            Equation(X, tree).value()


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.1 + 0.2, 4, "0.3"),
        (1234.5678, 4, "1235"),
        (12345.678, 4, "1.235e+04"),
        (-1e-7, 4, "-1e-07"),
        (-0.0, 4, "0"),
        (math.inf, 4, "inf"),
        (-math.inf, 4, "-inf"),
        (math.nan, 4, "nan"),
        (2 / 3, 10, "0.6666666667"),
    ],
)
def test_significant_digits(value, digits, text):
    assert significant(value, digits) == text


def test_powers_of_ten_are_bracketed_where_an_exponent_follows():
    """3e-5 squared is not 3 * 10**(-5 * 2) to look at."""
    assert Latex().expression(Power(Number(3e-5), TWO)) == (r"{\left(3\cdot 10^{-5}\right)}^{2}")
    assert Latex().expression(Product((Number(3e-5), TWO))) == r"3\cdot 10^{-5} \cdot 2"
    assert Latex().expression(Sum((ONE, Number(-3e-5)))) == r"1 - 3\cdot 10^{-5}"


HOSTILE = [
    "a_b", "a^b", "100%", "$x$", "a}b{c", r"\frac", "a&b", "#1", "~", "^", r"x\\y", "<b>x</b>",
    "ä ö", "日本", "two words", "a'b", "[0]", "%", "_", "{", "\\", "tab\there", "line\nbreak",
    r"\mathrm{", "𝔘", "a=b", '"',
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.filterwarnings(
    "ignore:Font '.*' does not have a glyph"
)  # a font's gaps are not our matter
def test_a_hostile_layer_name_is_harmless_in_latex(name):
    model = nbann.Sequential(
        [nbann.Dense(2, name=name), nbann.Tanh(name=f"{name}2"), nbann.Dense(2)]
    )
    trainer = nbann.Trainer(model, ([[0.5, -2.0]], [1]), l2=0.1)
    trainer.step("batch")
    parser = MathTextParser("path")
    for op in trainer.program:
        assert parser.parse(f"${op.formula}$").width > 0
    update = trainer.arithmetic(f"{name}.weight", (0, 0))
    assert parser.parse(f"${update.latex()}$").width > 0

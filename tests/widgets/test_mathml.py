"""MathML: well-formed XML for every op, names escaped, the same numbers as the plain text."""

import re
from xml.etree import ElementTree

import pytest

import nbann
from nbann.core.expr import Entry, Equation, Negative, Number, Product, Quotient, Sum, Symbol
from nbann.widgets.mathml import MathML, equation_pieces

HOSTILE = '<img src=x onerror="alert(1)">&amp; $x$ ]]>'


def plain(piece):
    """The text of a piece, as a reader sees it."""
    return "".join(ElementTree.fromstring(piece).itertext())


@pytest.fixture
def trainer():
    net = nbann.Sequential(
        [nbann.Dense(3, name=HOSTILE), nbann.Tanh(), nbann.Dense(2), nbann.Sigmoid()]
    )
    data = ([[0.5, -1.0], [2.0, 0.25], [1.0, 1.0]], [0, 1, 1])
    return nbann.Trainer(net, data, l1=0.1, l2=0.1, optimizer=nbann.SGD(0.1, momentum=0.9))


def test_every_op_is_well_formed(trainer):
    for op in trainer.step("batch"):
        for name in op.writes:
            index = (0,) * trainer[name].ndim
            for equation in (op.equation, op.arithmetic(index, name)):
                for piece in equation_pieces(equation):
                    assert ElementTree.fromstring(piece).tag == "math"


def test_names_are_text_and_never_markup(trainer):
    op = trainer.step("op")[0]
    html = "".join(equation_pieces(op.equation))
    assert "<img" not in html
    assert HOSTILE in "".join(plain(piece) for piece in equation_pieces(op.equation))


def test_a_long_sum_may_break_between_its_terms():
    terms = tuple(Product((Number(float(i)), Number(-2.0))) for i in range(1, 5))
    entry = Entry("z", (0, 1), Symbol("z"), -20.0)
    pieces = equation_pieces(Equation(entry, Sum(terms)))
    assert [plain(p) for p in pieces] == ["z[0,1]=1·(−2)", "+2·(−2)", "+3·(−2)", "+4·(−2)", "=−20"]


def test_the_numbers_of_a_cut_sum_add_up():
    terms = tuple(Number(i / 7) for i in range(20))
    entry = Entry("z", (), Symbol("z"), sum(i / 7 for i in range(20)))
    text = "".join(
        plain(p) for p in equation_pieces(Equation(entry, Sum(terms)), digits=12, terms=5)
    )
    inside = text[text.index("=") + 1 : text.rindex("=")]
    numbers = [
        float(n) for n in re.findall(r"\d+\.?\d*(?!\d* more)", inside.replace("16 more:", ""))
    ]
    assert sum(numbers) == pytest.approx(entry.number, abs=1e-9)


def test_a_fraction_needs_no_brackets_and_a_sum_in_a_product_does():
    renderer = MathML()
    fraction = Quotient(Sum((Number(1.0), Negative(Symbol("a")))), Number(2.0))
    assert "(" not in renderer.expression(fraction)
    product = Product((Sum((Number(1.0), Negative(Symbol("a")))), Symbol("b")))
    assert renderer.expression(product).count("(") == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567.0, "1.23·106"),
        (-1.5e-7, "−1.5·10−7"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (float("nan"), "NaN"),
        (-0.0, "0"),
        (0.125, "0.125"),
    ],
)
def test_numbers(value, shown):
    assert plain(f"<math>{MathML(digits=3).number(value)}</math>") == shown

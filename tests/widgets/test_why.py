"""The explanation in the card: its rows, what opens, what closes it; no browser."""

import math
import re

import numpy as np
import pytest

import nbann
from nbann.widgets.why import Why, aligned

HOSTILE = '<img src=x onerror="alert(1)">'


def make(hidden="hidden", **options):
    net = nbann.Sequential(
        [nbann.Dense(3, name=hidden), nbann.Tanh(name="tanh"), nbann.Dense(2, name="output")]
    )
    return nbann.Trainer(net, nbann.datasets.moons(40), batch_size=20, **options)


@pytest.fixture
def widget():
    made = nbann.StepThrough(make(), panels=["loss"])
    yield made
    made.close()


def message(widget, **content):
    widget._on_message(widget, content, [])


def plain(text):
    """Read a number as it is shown."""
    text = text.replace("−", "-")
    if "·10" in text:
        mantissa, power = text.split("·10")
        raised = power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
        return float(mantissa) * 10.0 ** int(raised)
    return float(text)


def terms(rows, level=0):
    return [r for r in rows if r["kind"] == "term" and r["level"] == level]


def test_the_rows_of_a_gradient_add_up_to_it(widget):
    trainer = widget.trainer
    widget.step("phase", 3)
    widget.element = ["hidden.weight.grad", [1, 2]]
    explanation = widget.why("hidden.weight.grad", (1, 2))
    rows = widget.why_rows
    assert rows[0]["kind"] == "head"
    assert float(rows[0]["exact"]) == trainer["hidden.weight.grad"][1, 2]
    x, d = trainer["x"][:, 1], trainer["hidden.out.grad"][:, 2]
    unit = 10.0 ** -len(rows[0]["value"].partition(".")[2])  # of the last digit
    for row in terms(rows):
        sample = int(row["label"].removeprefix("sample "))
        assert float(row["exact"]) == pytest.approx(x[sample] * d[sample])
        assert plain(row["value"]) == pytest.approx(x[sample] * d[sample], abs=unit / 2)
    shown = [plain(r["value"]) for r in rows if r["kind"] in ("term", "rest")]
    assert sum(shown) == pytest.approx(plain(rows[0]["value"]), abs=len(shown) * unit)
    [check] = [r for r in rows if r["kind"] == "check"]
    assert check["verdict"] == "agrees"
    assert plain(check["text"].removeprefix("central difference ")) == pytest.approx(
        trainer["hidden.weight.grad"][1, 2], rel=1e-3
    )
    assert explanation.agrees is True


def test_rows_open_in_place_level_by_level_and_close_again(widget):
    trainer = widget.trainer
    widget.step("phase", 3)
    widget.why("hidden.weight.grad", (1, 2))
    first = widget.why_rows
    path = terms(first)[0]["path"]
    sample = int(terms(first)[0]["label"].removeprefix("sample "))
    message(widget, type="unfold", path=path)
    inner = terms(widget.why_rows, 1)
    assert [r["label"] for r in inner] == ["output neuron 0", "output neuron 1"] or [
        r["label"] for r in inner
    ] == ["output neuron 1", "output neuron 0"]
    whole = trainer["hidden.out.grad"][sample, 2]
    assert sum(float(r["exact"]) for r in inner) == pytest.approx(whole)
    place = [r.get("path") for r in widget.why_rows].index(path)
    assert widget.why_rows[place]["open"] is True
    assert widget.why_rows[place + 1]["level"] == 1
    message(widget, type="unfold", path=inner[0]["path"])
    assert terms(widget.why_rows, 2)
    message(widget, type="unfold", path=path)
    assert [r["level"] for r in widget.why_rows] == [0] * len(first)
    message(widget, type="unfold", path="9")
    assert "Unknown row '9'" in widget.notice
    assert [r["level"] for r in widget.why_rows] == [0] * len(first)


def test_a_parameter_opens_through_its_update_before_and_after_it(widget):
    widget.step("phase", 3)
    widget.why("hidden.weight", (0, 0))
    notes = [r["text"] for r in widget.why_rows if r["kind"] == "note"]
    assert "this batch's update will make it" in notes[0]
    assert terms(widget.why_rows)[0]["path"] == "g.0"
    message(widget, type="unfold", path="g.0")
    message(widget, type="unfold", path="g.0.0")
    assert terms(widget.why_rows, 2)
    widget.step("phase")
    assert widget.why_rows == []
    widget.why("hidden.weight", (0, 0))
    assert len(terms(widget.why_rows)) == 2  # what it was, and minus rate times gradient
    message(widget, type="unfold", path="1")
    assert [r["verdict"] for r in widget.why_rows if r["kind"] == "check"] == ["agrees"]


def test_points_stand_under_one_another_on_all_levels(widget):
    widget.step("phase", 3)
    widget.why("hidden.weight.grad", (1, 2))
    message(widget, type="unfold", path="0")
    rows = [r for r in widget.why_rows if "value" in r]
    assert len({len(r["value"].partition(".")[2]) for r in rows}) > 1
    assert len({len(r["value"].partition(".")[2]) + r["pad"] for r in rows}) == 1


@pytest.mark.parametrize(
    "act",
    [
        lambda w: w.step("op"),
        lambda w: w.trainer.step("op"),
        lambda w: w.back("op"),
        lambda w: w.reset(),
        lambda w: w.trainer.set("output.bias", 0, 3.0),
        lambda w: setattr(w.trainer, "learning_rate", 0.7),
        lambda w: w.trainer.silence("hidden", 0),
        lambda w: w.close_why(),
        lambda w: message(w, type="close_why"),
        lambda w: w.trainer.run(1),
    ],
)
def test_it_closes_when_anything_else_is_shown(widget, act):
    widget.step("phase", 3)
    message(widget, type="why")
    assert widget.why_rows
    act(widget)
    assert widget.why_rows == []


def test_it_stays_while_nothing_changes_and_follows_the_element(widget):
    widget.step("phase", 3)
    widget.element = ["hidden.bias.grad", [1]]
    message(widget, type="why")
    rows = widget.why_rows
    widget._show()
    assert widget.why_rows == rows
    widget.element = ["hidden.bias.grad", [2]]
    assert float(widget.why_rows[0]["exact"]) == widget.trainer["hidden.bias.grad"][2]
    assert widget._why.words() in widget.describe()


def test_what_is_not_computed_yet_is_told_in_words(widget):
    message(widget, type="why")
    assert "'hidden.affine' has not run in this batch" in widget.notice
    assert widget.error == ""
    assert widget.why_rows == []
    with pytest.raises(ValueError, match="has not run in this batch"):
        widget.why()
    with pytest.raises(ValueError, match=r"Did you mean 'hidden\.out'"):
        widget.why("hidden.outt", (0, 0))
    widget.step("op")
    assert widget.notice == ""


def test_every_number_of_a_step_can_be_explained():
    for optimizer in (nbann.SGD(momentum=0.9), nbann.Adam()):
        trainer = make(optimizer=optimizer, l2=0.01)
        widget = nbann.StepThrough(trainer, panels=["loss"])
        for _ in trainer.program.ops:
            widget.step("op")
            for name in trainer.shown_op.writes:
                index = (0,) * trainer[name].ndim
                widget.why(name, index)
                head = widget.why_rows[0]
                assert float(head["exact"]) == trainer[name][index]
                values = [plain(r["value"]) for r in widget.why_rows[1:] if "value" in r]
                if values and not any(r["kind"] == "head" for r in widget.why_rows[1:]):
                    most = max(map(abs, values))
                    slack = len(values) * max(most, 1e-12) * 1e-3
                    assert sum(values) == pytest.approx(plain(head["value"]), abs=slack)
        widget.close()


def test_hostile_names_stay_text():
    widget = nbann.StepThrough(make(hidden=HOSTILE), panels=["loss"])
    widget.step("phase", 3)
    widget.why(f"{HOSTILE}.weight.grad", (0, 0))
    message(widget, type="unfold", path="0")
    for row in widget.why_rows:
        math_ml = row.get("math", "")
        markup = "".join(math_ml if isinstance(math_ml, list) else [math_ml])
        assert "<img" not in markup + row.get("factors", "")
    widget.close()


def test_numbers_of_one_sum_have_the_same_decimals():
    assert aligned([0.02109, 0.002963, -0.0015, 6.97e-5]) == [
        "0.02109",
        "0.00296",
        "−0.00150",
        "0.00007",
    ]
    assert aligned([1234567.0, -2.0]) == ["1.235·10⁶", "0.000·10⁶"]
    assert aligned([3e-9, -4.5e-10]) == ["3.000·10⁻⁹", "−0.450·10⁻⁹"]
    assert aligned([0.0]) == ["0.000"]
    assert aligned([math.nan, math.inf, -math.inf, 1.0]) == ["NaN", "∞", "−∞", "1.000"]
    assert aligned([]) == []
    for scale in range(-300, 300, 7):
        values = np.array([1.0, -0.5, 0.25]) * 10.0**scale
        for text, value in zip(aligned(values), values, strict=True):
            assert not re.search(r"\d{13}", text)
            assert plain(text) == pytest.approx(value, rel=1e-3)


def test_a_number_that_is_not_finite_is_explained_without_one_in_the_traits():
    widget = nbann.StepThrough(make(stop_on_nan=False), panels=["loss"])
    widget.trainer.set("output.weight", (0, 0), 1e308)
    widget.trainer.set("hidden.weight", ..., 1e308)
    widget.step("phase")
    why = Why(widget.trainer.explain("output.out", (0, 0)))
    assert all(math.isfinite(r["bar"]) for r in why.rows() if r["kind"] == "term")
    widget.close()

"""Slider from Python and by messages, without a browser."""

import json
import re

import ipywidgets
import pytest

import nbann
from nbann.widgets.module import STATIC


def message(widget, **content):
    widget._on_message(widget, content, [])


def test_synced_traits_are_those_of_the_module():
    slider = nbann.Slider("z", -1, 1)
    source = (STATIC / "slider.js").read_text()
    listed = re.findall(r'"(\w+)"', re.search(r"export const TRAITS = \[(.*?)\]", source, re.S)[1])
    own = {n for n in slider.keys if not n.startswith("_")} - set(ipywidgets.DOMWidget().keys)
    assert set(listed) == set(re.findall(r"@property \{.*\} (\w+)", source)) == own
    state = {name: getattr(slider, name) for name in own}
    assert json.loads(json.dumps(state, allow_nan=False)) == state


def test_whole_numbers_stay_whole_and_others_are_short():
    assert nbann.Slider("n", 0, 3)._values == [0, 1, 2, 3]
    assert all(isinstance(number, int) for number in nbann.Slider("n", 0, 3)._values)
    assert nbann.Slider("n", 1, 8, 3)._values == [1, 4, 7]
    assert nbann.Slider("z", 0, 0.3, 0.1)._values == [0.0, 0.1, 0.2, 0.3]
    assert len(nbann.Slider("z", -4.0, 4.0)._values) == 101
    assert nbann.Slider("n", values=(1, 2, 4, 64)).texts == ["1", "2", "4", "64"]
    assert nbann.Slider("z", -1, 1, 0.5).texts[0] == "−1"


def test_it_calls_now_and_at_each_change():
    called = []
    slider = nbann.Slider("n", values=[1, 2, 4, 8], value=2, on_change=called.append)
    slider.value = 4
    slider.value = 4
    message(slider, type="move", place=0, number=7)
    assert called == [2, 4, 1]
    assert (slider.value, slider.place, slider.heard) == (1, 0, 7)
    slider.value = 5.9  # the nearest
    assert called[-1] == 4
    assert slider.describe() == "n: 4, from 1 to 8."
    assert repr(slider) == "Slider('n', 4 of 1 to 8)"


def test_it_can_be_linked():
    one, other = nbann.Slider("a", 0, 10), ipywidgets.IntText()
    ipywidgets.link((one, "value"), (other, "value"))
    one.value = 7
    assert other.value == 7
    other.value = 3
    assert one.place == 3


def test_an_error_in_what_it_calls_is_shown_and_it_goes_on():
    def fails(value):
        if value == 2:
            raise RuntimeError("two is too many")

    slider = nbann.Slider("n", 0, 3, on_change=fails)
    slider._views.add("v")
    message(slider, type="move", place=2, number=1)
    assert "RuntimeError: two is too many" in slider.error
    assert slider.heard == 1
    message(slider, type="move", place=3, number=2)
    assert (slider.error, slider.value, slider.heard) == ("", 3, 2)


def test_without_a_view_the_error_is_raised():
    slider = nbann.Slider("n", 0, 3, on_change=lambda value: 1 / (value - 2))
    with pytest.raises(ZeroDivisionError):
        slider.value = 2


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((), {"label": " "}, "label: expected text"),
        ((1, 0), {}, "high"),
        ((0,), {}, "low and high: expected two numbers; received 0 and None"),
        ((0, 1, -0.1), {}, "step"),
        ((0, 1, 2), {}, "step: expected 2 to 10,001 places; received 1"),
        ((0, 1, 1e-9), {}, "step: expected 2 to 10,001 places"),
        ((0, 1), {"values": [1, 2]}, "expected low and high, or values; received both"),
        ((), {"values": [1, 1]}, "increasing"),
        ((), {"values": [1]}, "2 numbers or more"),
        ((), {"values": [1, float("nan")]}, "values"),
        ((0, 1), {"value": 2}, "value: expected a number from 0 to 1; received 2"),
        ((0, 1), {"on_change": 3}, "on_change: expected a callable"),
    ],
)
def test_bad_input_is_refused(arguments, options, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        nbann.Slider(options.pop("label", "z"), *arguments, **options)


def test_a_message_that_is_wrong_is_told():
    slider = nbann.Slider("n", 0, 3)
    slider._views.add("v")
    message(slider, type="move", place=9, number=1)
    assert "place: expected below 4; received 9" in slider.error
    assert slider.value == 0

"""Lesson 17 says "Press Step": however often that was done, what follows holds."""

import jupytext
import pytest

from .lessons import LESSONS

SOURCE = LESSONS / "sources" / "17-more-than-one-machine.py"
BEGIN = "alone, together = build"


def cells():
    """Return the cells that one run on two workers takes, and those that they build on."""
    code = [cell.source for cell in jupytext.read(SOURCE).cells if cell.cell_type == "code"]
    first = next(place for place, text in enumerate(code) if text.startswith(BEGIN))
    return code[:2], code[first : first + 3]


@pytest.mark.parametrize("pressed", [0, 3, 9])
def test_the_cells_below_hold_however_often_step_was_pressed(pressed, capsys):
    start, (begin, stepped, compared) = cells()
    names = {}
    for text in [*start, begin]:
        exec(text, names)
    for text in (stepped, compared):
        if pressed:
            names["together"].step("phase", pressed)
        exec(text, names)
    said = capsys.readouterr().out
    assert said.startswith("scatter")
    assert "rows of this batch: 9 7\ngradients differ by less than 1e-15: True\n" in said
    names["widget"].close()

"""Each lesson walked through in a browser, as a learner does it, from top to bottom.

Run all, guess, reveal, step, move the sliders, solve the exercise with a wrong and then with the
right answer. By default a few lessons are walked; NBANN_WALK=all walks them all, NBANN_WALK=03,04
those. The pictures lie in tests/browser/screenshots: lesson-*.png, and each widget in widget-*.png.
"""

import os
from pathlib import Path

import nbformat
import pytest

LESSONS = Path(__file__).resolve().parents[2] / "notebooks"
USUAL = "00,06,make"
CHOSEN = os.environ.get("NBANN_WALK", USUAL)
WIDTH, HEIGHT = 1280, 1600

# The sources of the cells that have a tag, and what they put out.
CELLS = """tag => window.jupyterapp.shell.currentWidget.content.widgets
  .map((cell, index) => ({ cell, index }))
  .filter(({ cell }) => (cell.model.getMetadata('tags') ?? []).includes(tag))
  .map(({ cell, index }) => ({ index, source: cell.model.sharedModel.getSource(),
    outputs: cell.model.outputs.toJSON() }))"""

REPLACE = """async ([index, source]) => {
  const { commands, shell } = window.jupyterapp;
  const notebook = shell.currentWidget.content;
  notebook.activeCellIndex = index;
  if (source !== null) notebook.activeCell.model.sharedModel.setSource(source);
  await commands.execute('notebook:run-cell');
}"""


def walked():
    stems = [path.stem for path in sorted(LESSONS.glob("*.ipynb"))]
    if CHOSEN == "all":
        return stems
    return [stem for stem in stems if stem.startswith(tuple(CHOSEN.split(",")))]


def exercise_of(stem):
    """Return the solved exercise's source; None of a lesson without an exercise."""
    path = LESSONS / "solutions" / f"{stem}.ipynb"
    if not path.exists():
        return None
    cells = nbformat.read(path, as_version=4).cells
    tagged = [c for c in cells if "solution" in c.metadata.get("tags", ())]
    [cell] = [c for c in tagged if ".answer(" not in c.source]
    return cell.source


def run_cell(lab_page, index, source=None):
    lab_page.page.evaluate(REPLACE, [index, source])
    lab_page.wait_idle()


def verdict(lab_page):
    """What the exercise's check says."""
    [cell] = lab_page.page.evaluate(CELLS, "check")
    run_cell(lab_page, cell["index"])
    [cell] = lab_page.page.evaluate(CELLS, "check")
    return " ".join(str(output.get("evalue") or output.get("data")) for output in cell["outputs"])


def photograph(lab_page, name):
    """Take the whole notebook, in pictures of a screen's size each."""
    page = lab_page.page
    page.set_viewport_size({"width": WIDTH, "height": 1000})
    height = page.evaluate(
        """() => {
          const view = window.jupyterapp.shell.currentWidget.content;
          return (view.viewportNode ?? view.node).scrollHeight;
        }"""
    )
    page.set_viewport_size({"width": WIDTH, "height": int(height * 1.15) + 300})
    page.wait_for_timeout(1500)
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    box = panel.bounding_box()
    bottom = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll(
             '.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell')]
             .map(cell => cell.getBoundingClientRect().bottom))"""
    )
    top, number = box["y"], 0
    while top < bottom:
        number += 1
        clip = {
            "x": box["x"],
            "y": top,
            "width": box["width"],
            "height": min(HEIGHT, bottom + 20 - top),
        }
        path = lab_page.screenshot(f"lesson-{name}-{number}", Clip(page, clip))
        assert path.stat().st_size > 1_000
        top += HEIGHT
    for number, view in enumerate(page.locator(".nbann-view:not(.nbann-predict)").all()):
        lab_page.screenshot(f"widget-{name}-{number}", view)
    page.set_viewport_size({"width": WIDTH, "height": 1000})


class Clip:
    """A part of the page that can be photographed like a locator."""

    def __init__(self, page, clip):
        self.page, self.clip = page, clip

    def screenshot(self, path):
        self.page.screenshot(path=path, clip=self.clip)


def guess_all(page):
    """Answer each question, and reveal it; return how many there were."""
    asked = page.locator(".nbann-predict")
    count = asked.count()
    for number in range(count):
        one = asked.nth(number)
        one.scroll_into_view_if_needed()
        if one.get_by_role("radio").count():
            one.get_by_role("radio").first.check()
        elif one.get_by_role("spinbutton").count():
            one.get_by_role("spinbutton").first.fill("1")
        elif one.get_by_role("textbox").count():
            one.get_by_role("textbox").first.fill("1")
        record = one.get_by_role("button").first
        if record.is_enabled():
            record.click()
        page.wait_for_timeout(300)
        reveal = one.get_by_role("button", name="Reveal")
        if reveal.count() and reveal.first.is_enabled():
            reveal.first.click()
            page.wait_for_timeout(300)
        assert "Error" not in one.inner_text()
    return count


def press_all_steps(page):
    """Press Step once in every widget that has it; what is shown then is another position."""
    for widget in page.locator(".nbann-step-through, .nbann-compare, .nbann-playground").all():
        widget.scroll_into_view_if_needed()
        button = widget.get_by_role("button", name="Step", exact=True)
        if not button.count() or not button.is_enabled():
            continue
        status = widget.locator(".nbann-status").first
        before = status.inner_text()
        button.click()
        page.wait_for_function(
            "([node, before]) => node.textContent !== before",
            arg=[status.element_handle(), before],
            timeout=15_000,
        )


def move_all_sliders(page):
    """Move each slider by a key; it says another number then, and what it moves has no error."""
    # The handles of ipywidgets' sliders have no name for a screen reader; nbann.Slider has.
    assert not page.locator(".widget-slider").count()
    for slider in page.locator(".nbann-slider").all():
        slider.scroll_into_view_if_needed()
        before = slider.locator("output").inner_text()
        slider.locator("input").focus()
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
            page.keyboard.press(key)
            page.wait_for_timeout(400)
        if slider.locator("output").inner_text() == before:  # it stood at its end
            page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(400)
        assert slider.locator("output").inner_text() != before


@pytest.mark.parametrize("stem", walked())
def test_a_lesson_is_walked_through(lab_page, stem):
    page = lab_page.page
    page.set_viewport_size({"width": WIDTH, "height": 1000})
    lab_page.open(LESSONS / f"{stem}.ipynb")
    lab_page.run_all_cells(allow_errors=True)
    errors = lab_page.cell_errors()
    right = exercise_of(stem)
    assert len(errors) == (0 if right is None else 1), errors
    assert all("not yet: " in error for error in errors)
    # Every cell in view, so that every widget is there.
    page.set_viewport_size({"width": WIDTH, "height": 9000})
    page.wait_for_timeout(1500)
    guess_all(page)
    press_all_steps(page)
    move_all_sliders(page)
    if right is not None:
        [cell] = page.evaluate(CELLS, "exercise")
        name = right.split("def ")[-1].split("(")[0] if "def " in right else right.split(" =")[0]
        run_cell(lab_page, cell["index"], f"{name.strip()} = lambda *arguments: arguments[0]")
        assert "not yet: " in verdict(lab_page)
        run_cell(lab_page, cell["index"], right)
        assert "ok: " in verdict(lab_page)
    photograph(lab_page, stem)
    shown = page.locator(".nbann-error:visible")
    assert [one.inner_text() for one in shown.all() if one.inner_text().strip()] == []
    assert [error for error in lab_page.console_errors if "favicon" not in error] == []

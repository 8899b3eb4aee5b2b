"""Back, the timeline, why? and editing in a real JupyterLab; the oracle is the trainer."""

import importlib.util
from pathlib import Path

import nbformat
import pytest

_spec = importlib.util.spec_from_file_location(
    "step_through_view", Path(__file__).with_name("test_step_through.py")
)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)


class View(_module.View):
    """A StepThrough that goes back."""

    @property
    def scrub(self):
        return self.root.get_by_role("slider", name="Timeline")

    def wait_place(self, words):
        self.page.wait_for_function(
            "words => document.querySelector('.nbann-scrub').ariaValueText === words"
            " || document.querySelector('.nbann-scrub').getAttribute('aria-valuetext') === words",
            arg=words,
        )

    def rows(self, kind, level=0):
        rows = self.root.locator(f"tr.nbann-why-{kind}")
        return rows.evaluate_all(
            """(rows, pad) => rows
              .filter((row) => parseInt(row.cells[0].style.paddingLeft) === pad)
              .map((row) => [...row.cells].map((cell) => cell.textContent))""",
            16 * level,
        )

    def parts(self):
        """Where the large parts of the view lie, in whole pixels."""
        return self.root.evaluate(
            """(root) => [".nbann-transport", ".nbann-timeline", ".nbann-band", ".nbann-where",
                ".nbann-main", ".nbann-side", "canvas[data-slot=panels]"].map((part) => {
                const box = root.querySelector(part).getBoundingClientRect();
                const top = root.getBoundingClientRect().top;
                return [part, Math.round(box.top - top), Math.round(box.height)];
              })"""
        )


@pytest.fixture
def view(lab_page):
    lab_page.page.set_viewport_size({"width": 1280, "height": 1400})
    setup = nbformat.v4.new_code_cell(_module.SETUP.strip())
    lab_page.open(nbformat.v4.new_notebook(cells=[setup]))
    lab_page.run_all_cells()
    return View(lab_page.page)


def number(text):
    return float(text.replace("−", "-"))


def test_back_by_button_and_key_shows_what_was(lab_page, view):
    assert view.button("Back").is_disabled()
    seen = [view.status()]
    for count in (1, 2, 3):
        view.button("Step").click()
        view.wait_status(f"· op {count} of")
        seen.append((view.status(), view.exact()))
    view.button("Back").click()
    view.wait_status("· op 2 of")
    view.wait_exact(r"^relu\.out")
    assert (view.status(), view.exact()) == seen[2]
    view.root.focus()
    lab_page.page.keyboard.press("ArrowLeft")
    view.wait_status("· op 1 of")
    assert (view.status(), view.exact()) == seen[1]
    view.button("Back").click()
    view.wait_status("next: op 1 of")
    assert view.status() == seen[0]
    assert view.button("Back").is_disabled()
    # keys still reach the widget though the button that had the focus is off
    lab_page.page.keyboard.press("ArrowRight")
    view.wait_status("· op 1 of")

    # Back pauses a play.
    view.button("Play").click()
    view.button("Pause").wait_for()
    view.wait_status("· op [3-9] of")
    view.button("Back").click()
    view.button("Play").wait_for()
    assert lab_page.console_errors == []


def test_the_timeline_is_dragged_marked_and_branches(lab_page, view):
    assert view.scrub.is_disabled()
    before = view.parts()
    lab_page.run_code(
        "trainer.run(4); loss = trainer.history['loss'].copy(); trainer.learning_rate = 0.5\n"
        "trainer.run(4)"
    )
    view.wait_place("epoch 8, batch 5")
    curve = view.pixels("panels")

    # One drag sends a few messages, and ends where the handle is let go.
    box = view.scrub.bounding_box()
    mouse, y = lab_page.page.mouse, box["y"] + 8
    mouse.move(box["x"] + box["width"] - 8, y)
    mouse.down()
    for share in (0.9, 0.7, 0.6, 0.4, 0.3, 0.25):
        mouse.move(box["x"] + 8 + share * (box["width"] - 16), y, steps=8)
    mouse.up()
    view.wait_place("epoch 2, batch 5")
    view.wait_status("^epoch 2 · batch 5 of 5 · op 14 of 14")
    view.wait_pixels("panels", curve)
    lab_page.run_code(
        "assert trainer.position == (2, 0, 0), trainer.position\n"
        "assert trainer.history['loss'].tolist() == loss[:10].tolist()\n"
        "assert trainer.learning_rate == 0.1"
    )
    assert lab_page.cell_errors() == []
    [mark] = view.root.get_by_role("list", name="What was done to the run").locator("li").all()
    assert "learning_rate = 0.5 (was 0.1)" in mark.get_attribute("title")
    assert "(ahead)" in mark.inner_text()
    assert "nbann-ahead" in mark.get_attribute("class")

    # By keys: a batch at a time.
    view.scrub.focus()
    lab_page.page.keyboard.press("ArrowLeft")
    view.wait_place("epoch 2, batch 4")
    view.wait_status("^epoch 2 · batch 4 of 5")

    # Acting anew makes a branch, to which one can return; nothing has moved on the page.
    rate = view.root.get_by_label("Learning rate")
    assert rate.input_value() == "0.1"
    rate.fill("0.2")
    rate.press("Enter")
    branches = view.root.get_by_role("combobox", name="Branches")
    branches.wait_for()
    assert view.parts() == before
    assert view.root.locator(".nbann-mark-fork").count() == 1
    lab_page.run_code("assert trainer.learning_rate == 0.2")
    lab_page.run_code("trainer.learning_rate = 0.3; trainer.step('batch')")
    lab_page.page.wait_for_function("() => document.querySelector('.nbann-rate').value === '0.3'")
    branches.select_option(index=1)
    view.wait_status("^epoch 8 · batch 5 of 5")
    lab_page.run_code("assert trainer.learning_rate == 0.5; assert len(trainer.branches) == 1")
    assert lab_page.cell_errors() == []
    assert lab_page.console_errors == []


def test_why_opens_level_by_level_and_is_never_stale(lab_page, view):
    lab_page.run_code("trainer.run(2); trainer.step('phase', 3)")
    lab_page.run_code("widget.element = ['hidden.bias.grad', [1]]")
    view.wait_exact(r"^hidden\.bias\.grad\[1\] = ")
    before = view.parts()
    view.button("why?").click()
    view.button("close").wait_for()
    assert view.parts() == before
    [head] = view.rows("head")
    values = [number(row[1]) for row in view.rows("term")] + [
        number(row[1]) for row in view.rows("rest")
    ]
    assert sum(values) == pytest.approx(number(head[1]), abs=len(values) * 1e-5)
    gradient = float(view.exact().split(" = ")[1])
    assert number(head[1]) == pytest.approx(gradient, abs=1e-5)
    assert "agrees" in view.root.locator(".nbann-why-check").first.inner_text()

    # One level further, by keyboard: the focus stays where it was.
    first = view.root.locator(".nbann-why-open").first
    first.focus()
    lab_page.page.keyboard.press("Enter")
    lab_page.page.wait_for_function(
        "() => document.activeElement.getAttribute('aria-expanded') === 'true'"
    )
    inner = view.rows("term", 1)
    assert [row[0] for row in inner if row[0].startswith("output neuron")]
    assert sum(number(row[1]) for row in inner) == pytest.approx(values[0], abs=5e-5)
    lab_page.screenshot("why", view.root)

    # A weight set in Python: gradient and loss change, the explanation goes.
    status = view.status()
    lab_page.run_code("trainer.set('output.weight', (0, 0), 5.0)")
    view.button("why?").wait_for()
    lab_page.page.wait_for_function(
        "before => document.querySelector('.nbann-status').textContent !== before", arg=status
    )
    assert view.root.locator(".nbann-why-rows tr").count() == 0
    view.root.focus()
    lab_page.page.keyboard.press("w")
    view.button("close").wait_for()
    view.button("close").click()
    view.button("why?").wait_for()
    lab_page.run_code("trainer.reset()")
    view.button("why?").click()
    notice = view.root.get_by_role("alert").filter(has_text="has not run in this batch")
    notice.wait_for()
    assert lab_page.cell_errors() == []
    assert lab_page.console_errors == []


def test_a_weight_is_set_and_what_follows_is_shown(lab_page, view):
    lab_page.run_code("trainer.step('layer', 3); widget.element = ['output.weight', [2, 1]]")
    view.wait_exact(r"^output\.weight\[2, 1\] = ")
    network = view.pixels("network")
    field = view.root.get_by_label("Set to")
    field.fill("much")
    field.press("Enter")
    view.root.get_by_role("alert").filter(has_text="expected a number; received 'much'").wait_for()
    lab_page.screenshot("bad-number", view.root)
    field.fill("-4.5")
    view.button("set").click()
    view.wait_exact(r"^output\.weight\[2, 1\] = -4\.5$")
    assert not view.root.locator(".nbann-notice").is_visible()
    view.wait_pixels("network", network)
    lab_page.run_code(
        "import numpy as np\n"
        "assert trainer['output.weight'][2, 1] == -4.5\n"
        "z = trainer['relu.out'] @ trainer['output.weight'] + trainer['output.bias']\n"
        "np.testing.assert_allclose(trainer['output.out'], z)"
    )
    assert lab_page.cell_errors() == []
    assert lab_page.console_errors == []

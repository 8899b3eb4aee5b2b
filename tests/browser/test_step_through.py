"""The first lesson in a real JupyterLab: run it, step, play, pause, read what is shown."""

from pathlib import Path

import nbformat
import pytest

LESSONS = Path(__file__).resolve().parents[2] / "notebooks"

SETUP = """
import nbann
net = nbann.Sequential([
    nbann.Dense(6, name="hidden"), nbann.ReLU(name="relu"), nbann.Dense(3, name="output")])
flowers = nbann.datasets.iris().standardized()
trainer = nbann.Trainer(net, flowers, batch_size=32)
widget = nbann.StepThrough(trainer)
widget
"""

# What a canvas shows, as a number that changes with any pixel.
PIXELS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum = (sum * 31 + data[i]) % 4294967291;
  return [canvas.width, canvas.height, sum];
}"""


class View:
    """A StepThrough on the page."""

    def __init__(self, page):
        self.page = page
        self.root = page.locator(".nbann-step-through").first
        self.root.wait_for(timeout=30_000)
        self.root.scroll_into_view_if_needed()
        page.wait_for_function(
            "() => [...document.querySelectorAll('.nbann-picture')].every(c => c.width > 300)"
        )

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def status(self):
        return self.root.locator(".nbann-status").inner_text()

    def wait_status(self, pattern, timeout=10_000):
        self.page.wait_for_function(
            """pattern => new RegExp(pattern)
                .test(document.querySelector('.nbann-status').textContent)""",
            arg=pattern,
            timeout=timeout,
        )

    def wait_other_status(self, before):
        self.page.wait_for_function(
            "before => document.querySelector('.nbann-status').textContent !== before",
            arg=before,
        )

    def pixels(self, slot):
        return self.root.locator(f"canvas[data-slot={slot}]").evaluate(PIXELS)

    def wait_pixels(self, slot, other):
        for _ in range(100):
            now = self.pixels(slot)
            if now != other:
                return now
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the picture {slot} did not change")

    def choose(self, unit):
        self.root.get_by_role("radio", name=unit).check()

    def exact(self):
        return self.root.locator(".nbann-numbers").get_attribute("title")

    def wait_exact(self, pattern):
        self.page.wait_for_function(
            "pattern => new RegExp(pattern).test(document.querySelector('.nbann-numbers').title)",
            arg=pattern,
        )

    def overlaps(self, part):
        """Names of the other large parts that a part of the widget lies over."""
        return self.root.evaluate(
            """(root, part) => {
              const parts = ".nbann-equation, .nbann-ops, canvas, .nbann-transport";
              const boxes = [...root.querySelectorAll(parts)];
              const box = (node) => node.getBoundingClientRect();
              const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
                && a.top < b.bottom - 1 && b.top < a.bottom - 1;
              return [...root.querySelectorAll(part)].flatMap((one) => boxes
                .filter((other) => other !== one && over(box(one), box(other)))
                .map((other) => other.className));
            }""",
            part,
        )

    def numbers(self):
        return self.root.locator(".nbann-numbers").inner_text()


@pytest.fixture
def view(lab_page):
    """A widget on iris in a notebook of one cell."""
    lab_page.page.set_viewport_size({"width": 1280, "height": 1400})
    lab_page.open(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SETUP.strip())]))
    lab_page.run_all_cells()
    return View(lab_page.page)


def test_a_lesson_is_run_stepped_played_and_paused(lab_page):
    lab_page.page.set_viewport_size({"width": 1280, "height": 1300})
    lab_page.open(LESSONS / "06-who-is-to-blame.ipynb")
    lab_page.run_all_cells(allow_errors=True)  # the exercise is not solved, and says so
    view = View(lab_page.page)
    assert view.button("Step").is_disabled(), "it waits for the guess"
    question = lab_page.page.locator(".nbann-predict")
    question.get_by_role("radio").first.check()
    question.get_by_role("button", name="Record my guess").click()

    equation, network, before = view.numbers(), view.pixels("network"), view.status()
    assert "=" in equation
    view.button("Step").click()
    view.wait_other_status(before)
    assert view.numbers() != equation
    network = view.wait_pixels("network", network)
    lab_page.page.wait_for_timeout(300)
    assert lab_page.screenshot("lesson-step", view.root).stat().st_size > 30_000

    view.choose("batch")
    before, panels = view.status(), view.pixels("panels")
    view.button("Play").click()
    view.button("Pause").wait_for()
    view.wait_other_status(before)
    view.wait_pixels("panels", panels)
    view.button("Pause").click()
    view.button("Play").wait_for()
    stopped = view.status()
    assert stopped != before
    lab_page.page.wait_for_timeout(700)
    assert view.status() == stopped
    assert lab_page.screenshot("lesson", view.root).stat().st_size > 30_000
    assert lab_page.console_errors == []


def test_buttons_python_keys_and_errors(lab_page, view):
    page = lab_page.page

    # What is shown equals the trainer's arrays.
    for count in (1, 2, 3):
        view.button("Step").click()
        view.wait_status(f"op {count} of")
    view.wait_exact(r"^output\.out\[0, 0\] = ")
    shown = view.exact().split(" = ")[1]
    lab_page.run_code(f'assert float(trainer["output.out"][0, 0]) == {shown}')

    # Python in another cell drives the same trainer.
    before = view.pixels("network")
    lab_page.run_code('trainer.reset(); trainer.step("phase", 2)')
    view.wait_status(r"^epoch 1 · batch 1 of 5 · op 5 of")
    view.wait_pixels("network", before)
    lab_page.run_code("trainer.run(epochs=3)")
    view.wait_status(r"^epoch 3 · batch 5 of 5")

    # Keys act while the widget has the focus, and a field keeps its own.
    view.root.focus()
    for key in ("r", "1", "ArrowRight"):
        page.keyboard.press(key)
    view.wait_status("· op 1 of")
    page.keyboard.press("?")
    assert view.root.locator(".nbann-help").is_visible()
    page.keyboard.press("?")
    assert not view.root.locator(".nbann-help").is_visible()
    epochs = view.root.get_by_label("Epochs to run")
    epochs.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert "· op 1 of" in view.status()

    # Any element can be chosen, within its range.
    field = view.root.get_by_label("neuron shown")
    field.fill("4")
    field.press("Enter")
    view.wait_exact(r"^hidden\.out\[0, 4\]")
    field.fill("99")
    field.press("Enter")
    view.wait_exact(r"^hidden\.out\[0, 5\]")

    # An error in a callback is shown in place, and goes with the next action.
    assert lab_page.cell_errors() == []
    lab_page.run_code("hook = trainer.on('op', lambda event: 1 / 0)")
    view.button("Step").click()
    error = view.root.get_by_role("alert")
    error.wait_for()
    assert "ZeroDivisionError" in error.inner_text()
    lab_page.screenshot("error", view.root)
    lab_page.run_code("hook.remove()")
    view.button("Step").click()
    error.wait_for(state="hidden")
    assert lab_page.cell_errors() == []
    assert lab_page.console_errors == []


def test_the_kernel_answers_while_it_runs_and_one_loop_is_left(lab_page, view):
    view.root.get_by_label("Epochs to run").fill("1000000")
    view.button("Run").click()
    view.wait_status(r"epoch \d\d")
    lab_page.run_code(
        "state = widget.mode, widget.progress, widget._views; assert state[0] == 'run', state"
    )
    assert lab_page.cell_errors() == []
    lab_page.page.wait_for_function(
        "() => /epochs\\/s/.test(document.querySelector('.nbann-progress-text').textContent)"
    )
    lab_page.screenshot("running", view.root)
    view.button("Pause").click()
    view.button("Play").wait_for()

    view.choose("epoch")
    view.button("Play").click()
    view.button("Pause").wait_for()
    # Run the first cell again: new trainer, new widget; the old view goes, its loop with it.
    lab_page.run_first_cell()
    lab_page.page.wait_for_timeout(500)
    lab_page.run_code(
        "import asyncio\n"
        "playing = [t for t in asyncio.all_tasks() if '_drive' in repr(t)]\n"
        "assert playing == [], playing"
    )
    assert lab_page.page.locator(".nbann-step-through").count() == 1
    assert lab_page.console_errors == []


def test_the_speed_stays_on_one_line(view):
    """Whatever the unit and the speed, nothing wraps and nothing moves at 1280 pixels."""
    bar, words = (view.root.locator(f".nbann-{name}") for name in ("transport", "speed-text"))
    speed = view.root.get_by_label("Speed of Play")
    fastest = int(speed.get_attribute("max"))
    heights = set()
    for unit in ("op", "layer", "phase", "batch", "epoch"):
        view.choose(unit)
        for place in range(fastest + 1):
            speed.fill(str(place))
            assert words.inner_text().endswith("/s")
            assert words.evaluate("el => el.scrollWidth - el.clientWidth") <= 0
            heights.add((bar.bounding_box()["height"], words.bounding_box()["height"]))
    assert len(heights) == 1, heights
    assert heights.pop()[0] < 40  # one row of controls


def test_it_fits_its_width_in_both_themes(lab_page, view):
    page = lab_page.page
    page.set_viewport_size({"width": 1600, "height": 2000})
    view.choose("epoch")
    for theme in ("Light", "Dark"):
        lab_page.set_theme(theme)
        for width in (480, 900, 1400):
            view.root.evaluate("(el, width) => { el.style.width = `${width}px`; }", width)
            view.button("Step").click()
            page.wait_for_timeout(600)
            assert view.root.evaluate("el => el.scrollWidth - el.clientWidth") <= 0
            for part in (".nbann-equation", ".nbann-ops", "canvas"):
                assert view.overlaps(part) == []
            shot = lab_page.screenshot(f"width-{width}-{theme.lower()}", view.root)
            assert shot.stat().st_size > 10_000
    # The pictures follow the theme, by itself: a dark page has a dark corner.
    brightness = """[...document.querySelectorAll('canvas.nbann-picture')].map((canvas) =>
        Math.max(...canvas.getContext('2d').getImageData(2, 2, 1, 1).data.slice(0, 3)))"""
    assert max(page.evaluate(brightness)) < 80
    lab_page.set_theme("Light")
    page.wait_for_function(f"() => Math.min(...{brightness}) > 200")

"""The playground in a real JupyterLab: pressed, typed into, drawn on; what it shows is so."""

import nbformat
import pytest

SETUP = """
import nbann
pg = nbann.Playground(points=60, batch_size=10)
pg
"""

PIXELS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum = (sum * 31 + data[i]) % 4294967291;
  return sum;
}"""


class View:
    """A playground on the page."""

    def __init__(self, lab_page, source=SETUP):
        self.lab, self.page = lab_page, lab_page.page
        self.page.set_viewport_size({"width": 1400, "height": 1300})
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        lab_page.open(notebook)
        lab_page.run_all_cells()
        self.root = self.page.locator(".nbann-playground").first
        self.root.wait_for(timeout=30_000)
        self.root.scroll_into_view_if_needed()
        self.wait("!!document.querySelector('.nbann-pg-neuron')?.getAttribute('aria-label')")

    def wait(self, condition, arg=None):
        self.page.wait_for_function(f"(arg) => {condition}", arg=arg, timeout=10_000)

    def wait_text(self, selector, text):
        self.wait(
            "document.querySelector(arg[0]).textContent.includes(arg[1])", arg=[selector, text]
        )

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def type(self, label, text):
        field = self.root.get_by_label(label, exact=True)
        field.fill(text)
        field.press("Enter")

    def python(self, expression):
        """Return what Python prints of an expression."""
        self.lab.run_code(f"print('<<', {expression}, '>>')")
        return self.page.evaluate(
            """() => {
                const cells = window.jupyterapp.shell.currentWidget.content.widgets;
                const outputs = cells.flatMap((c) => c.model.outputs?.toJSON() ?? []);
                const texts = outputs.map((o) => [o.text ?? ''].flat().join(''));
                return texts.filter((t) => t.startsWith('<<')).pop().slice(3).split(' >>')[0];
            }"""
        )

    def pixels(self, selector=".nbann-pg-plane"):
        return self.root.locator(selector).first.evaluate(PIXELS)

    def wait_pixels(self, other):
        for _ in range(100):
            if self.pixels() != other:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("the plane did not change")

    def finish(self):
        assert self.lab.cell_errors() == []
        assert self.lab.console_errors == []
        assert not self.root.locator(".nbann-error").is_visible()


@pytest.fixture
def view(lab_page):
    return View(lab_page)


def test_press_type_and_read(view):
    root, before = view.root, view.pixels()
    view.button("Step").click()
    view.wait_text(".nbann-status", "epoch 1 · batch 3 of 3")
    view.wait_pixels(before)
    view.lab.run_code("stop = pg.trainer.run(30)")  # Python's steps are seen, too
    view.wait_text(".nbann-status", "epoch 31 ·")
    loss = view.python("f\"{pg.trainer.evaluate(pg.trainer.train_data)['loss']:.3g}\"")
    view.wait_text(".nbann-pg-training-loss", loss.strip())
    assert root.locator(".nbann-pg-training-loss").inner_text() == loss
    test = view.python("f\"{pg.trainer.evaluate(pg.trainer.test_data)['loss']:.3g}\"")
    assert root.locator(".nbann-pg-test-loss").inner_text() == test

    bias = view.python("f\"{pg.trainer['hidden1.bias'][1]:.3g}\"").replace("-", "\N{MINUS SIGN}")
    neuron = root.locator(".nbann-pg-neuron").nth(1)
    assert neuron.get_attribute("aria-label") == f"hidden layer 1, neuron 2, bias {bias}"

    view.type("Learning rate", "0.25")
    view.wait_text(".nbann-pg-told", "Learning rate 0.25. Training goes on at epoch 32")
    view.type("L2", "0.01")
    view.wait_text(".nbann-pg-told", "L2 0.01. Training goes on at epoch 32")
    assert view.python("pg.trainer.position.epoch, pg.trainer.learning_rate") == "31 0.25"
    view.type("Batch size", "0")
    view.wait_text(".nbann-notice", "batch_size: expected a whole number of at least 1")
    assert root.get_by_label("Batch size", exact=True).input_value() == "10"

    view.button("Add a hidden layer").click()
    view.wait_text(".nbann-pg-told", "Started from seed 0")
    assert root.locator(".nbann-pg-neuron").count() == 4 + 2 + 2 + 1
    view.button("More neurons in layer 3").click()
    view.wait("document.querySelectorAll('.nbann-pg-neuron').length === 10")
    view.wait("document.activeElement.getAttribute('aria-label') === 'More neurons in layer 3'")
    view.button("x1·x2").click()
    view.wait_text(".nbann-pg-told", "Features")
    root.get_by_role("radio", name="spirals").click()
    view.wait_text(".nbann-pg-told", "Data set spirals")
    assert view.python("pg.setup.data, pg.setup.features, pg.setup.layers[2].units") == (
        "spirals ('x1', 'x2', 'x1*x2') 3"
    )
    view.finish()


def test_play_draw_and_weights(view):
    root, page = view.root, view.page
    root.focus()
    page.keyboard.press(" ")
    view.wait("Number(document.querySelector('.nbann-status').textContent.match(/\\d+/)[0]) > 5")
    root.get_by_label("Activation", exact=True).select_option("relu")  # while it plays
    view.wait_text(".nbann-pg-told", "relu")
    page.keyboard.press("Escape")
    root.focus()
    page.keyboard.press(" ")
    view.wait_text(".nbann-play", "Play")
    assert view.python("{a for _, a in pg.setup.layers}, pg.trainer.position.epoch > 5") == (
        "{'relu'} True"
    )

    # points by mouse, and by keyboard
    root.get_by_role("radio", name="inside", exact=True).check()
    plane = root.locator(".nbann-pg-plane")
    box = plane.bounding_box()
    left, top, wide, tall = 36, 6, box["width"] - 42, box["height"] - 26
    page.mouse.click(box["x"] + left + 0.75 * wide, box["y"] + top + 0.25 * tall)
    view.wait_text(".nbann-pg-told", "Drawn points. Training goes on")
    drawn = view.python("[round(c, 1) for c in pg.setup.drawn[0]]")
    assert drawn == "[3.0, 3.0, 1]"
    plane.focus()
    page.keyboard.press("1")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    view.lab.wait_idle()
    assert view.python("len(pg.setup.drawn), pg.setup.drawn[1].label") == "2 0"
    assert view.python("pg.unit") == "epoch"
    page.keyboard.press("0")

    # an edge is pointed at, and its weight set
    weight = view.python("f\"{pg.trainer['hidden2.weight'][0, 0]:.3g}\"")
    root.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    ends = root.evaluate(
        """root => {
            const at = (el) => el.getBoundingClientRect();
            const boxes = [...root.querySelectorAll('.nbann-pg-neuron')];
            const [a, b] = [at(boxes[0]), at(boxes[4])];
            return [(a.right + b.left) / 2, (a.top + a.bottom) / 2];
        }"""
    )
    page.mouse.move(ends[0], ends[1])
    page.mouse.move(ends[0] + 1, ends[1])
    shown = float(weight)
    view.wait_text(".nbann-pg-tip", f"weight {shown:g}".replace("-", "\N{MINUS SIGN}"))
    page.mouse.click(ends[0] + 1, ends[1])
    page.locator(".nbann-pg-tip input").fill("-1.5")
    page.keyboard.press("Enter")
    view.lab.wait_idle()
    assert view.python("pg.trainer['hidden2.weight'][0, 0]") == "-1.5"

    # hovering over a neuron shows its picture on the plane
    before = view.pixels()
    root.locator(".nbann-pg-neuron").nth(2).hover()
    view.wait_pixels(before)
    page.mouse.move(5, 5)
    view.finish()


def test_code_files_and_hidden_controls(view, tmp_path):
    root, page = view.root, view.page
    root.locator(".nbann-pg-code summary").click()
    assert root.locator(".nbann-pg-code-text").inner_text() == view.python("pg.code")
    root.get_by_role("radio", name="PyTorch").check()
    view.wait_text(".nbann-pg-code-text", "import torch")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.button("Copy").click()
    root.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == view.python("pg.code_for('torch')")

    table = tmp_path / "table.csv"
    evil = '<img src=x onerror="window.hit=1">'
    table.write_text(
        f'"{evil.replace(chr(34), chr(34) * 2)}",b,kind\n1,2,no\n3,1,yes\n2,2,no\n0,1,yes\n'
    )
    root.locator("input[type=file]").set_input_files(table)
    view.wait_text(".nbann-pg-key", "yes")
    assert evil in root.locator(".nbann-pg-net").inner_text()
    assert root.locator("img").count() == 0
    assert page.evaluate("window.hit") is None
    table.write_text("a,b\n1,2\nx,3\n")
    root.locator("input[type=file]").set_input_files(table)
    view.wait_text(".nbann-notice", "CSV row 3, column 'a': expected a finite number; received 'x'")

    view.lab.run_code("pg")  # a second view of it
    view.wait("document.querySelectorAll('.nbann-playground').length === 2")
    view.lab.run_code("pg.step('epoch')")
    view.wait(
        "[...document.querySelectorAll('.nbann-status')]"
        ".every(el => el.textContent.startsWith('epoch 1 · batch 1 of 1 · op'))"
    )
    view.lab.run_code("pg.hidden = ['code', 'data', 'l1', 'layers', 'transport']")
    view.wait("!document.querySelector('.nbann-pg-gallery').offsetParent")
    for hidden in (".nbann-pg-code", ".nbann-transport"):
        assert not root.locator(hidden).is_visible()
    assert not root.get_by_label("L1", exact=True).is_visible()
    assert root.get_by_label("L2", exact=True).is_visible()
    view.finish()


def test_it_fits_from_narrow_to_wide(view):
    page, root = view.page, view.root
    view.lab.run_code("pg.change(layers=[(8, 'relu')] * 6); stop = pg.trainer.run(2)")
    for width in (590, 1010, 1500):
        page.set_viewport_size({"width": width, "height": 1500})
        page.wait_for_timeout(400)
        wider = root.evaluate(
            """root => [...root.querySelectorAll('*')].filter((el) => el.offsetParent
                && !el.closest('pre, .nbann-live, .nbann-pg-tip')
                && el.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
                .map((el) => el.className)"""
        )
        assert wider == [], (width, wider)
    view.finish()

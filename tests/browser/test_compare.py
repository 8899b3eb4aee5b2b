"""Compare in a real JupyterLab: what is shown is what the trainers hold; keys, search, sizes."""

import json

import nbformat
import pytest

SETUP = """
import nbann, json
train, test = nbann.datasets.iris().standardized().split(test=0.3, seed=0)
def make(**options):
    net = nbann.Sequential([nbann.Dense(4, name="hidden"), nbann.Tanh(), nbann.Dense(3)])
    return nbann.Trainer(net, train, test=test, batch_size=32, **options)
slow, fast = make(), make(optimizer=nbann.SGD(learning_rate=0.5))
compare = nbann.Compare(slow, fast, names=["slow <b>", "fast"])
compare
"""

NUMBERS = """
print("NUMBERS", json.dumps([[t.history[c][-1] for c in ("train_loss", "test_loss",
      "test_accuracy")] + [t.position.epoch] for t in (slow, fast)]))
"""


@pytest.fixture
def root(lab_page):
    lab_page.page.set_viewport_size({"width": 1300, "height": 1400})
    lab_page.open(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SETUP.strip())]))
    lab_page.run_all_cells()
    found = lab_page.page.locator(".nbann-compare").first
    found.wait_for()
    lab_page.page.wait_for_function(
        "() => document.querySelector('.nbann-compare .nbann-picture').width > 400"
    )
    return found


def button(root, name):
    return root.get_by_role("button", name=name, exact=True)


def wait_text(root, selector, pattern):
    root.page.wait_for_function(
        "([selector, pattern]) => new RegExp(pattern).test("
        "document.querySelector('.nbann-compare').querySelector(selector)?.textContent ?? '')",
        arg=[selector, pattern],
    )


def printed(lab_page, code, mark):
    lab_page.run_code(code.strip())
    text = lab_page.page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
            .flatMap((cell) => cell.model.type === 'code' ? cell.model.outputs.toJSON() : [])
            .map((output) => output.text ?? '').flat().join('')"""
    )
    return json.loads(text.rpartition(mark)[2].strip().splitlines()[0])


def exact(root):
    """The exact numbers of the table's rows, from their cells' titles."""
    rows = root.locator(".nbann-compare > .nbann-runs tbody tr, > .nbann-runs tbody tr")
    return [
        [float(cell.get_attribute("title")) for cell in row.locator("td").all()[1:4]]
        for row in rows.all()
    ]


def test_what_is_shown_is_what_the_trainers_hold(lab_page, root):
    button(root, "Step").click()
    wait_text(root, ".nbann-runs tbody", "1 epoch")
    numbers = printed(lab_page, NUMBERS, "NUMBERS")
    assert exact(root) == [row[:3] for row in numbers]
    assert [row[3] for row in numbers] == [1, 1]

    root.locator("input[aria-label='Epochs to run']").fill("30")
    button(root, "Run").click()
    wait_text(root, ".nbann-runs tbody tr:last-child", "31 epochs")
    wait_text(root, ".nbann-runs tbody tr:first-child", "31 epochs")
    lab_page.wait_idle()
    numbers = printed(lab_page, NUMBERS, "NUMBERS")
    assert exact(root) == [row[:3] for row in numbers]

    button(root, "Find the first difference").click()
    wait_text(root, ".nbann-parting", "agree to the bit up to epoch 1, batch 1, op 14")
    words = root.locator(".nbann-parting").inner_text()
    found = printed(
        lab_page,
        'print("FOUND", json.dumps(compare.first_difference().sentence(1, "−")))',
        "FOUND",
    )
    assert words == found
    assert root.locator(".nbann-settings").inner_text().split() == (
        ["setting", "slow", "<b>", "fast", "optimizer.learning_rate", "0.1", "0.5"]
    )
    assert root.locator("b b").count() == 0

    root.locator(".nbann-metric").select_option("train_accuracy")
    wait_text(root, ".nbann-runs thead", "train accuracy")
    assert lab_page.console_errors == []


def test_keys_python_and_one_that_is_ahead(lab_page, root):
    lab_page.run_code("fast.step('batch', 2)")
    wait_text(root, ".nbann-ahead-line", "fast is ahead of slow <b>: Step moves it first")
    root.focus()
    root.press("4")  # batch
    root.press("ArrowRight")
    root.press("ArrowRight")
    wait_text(root, ".nbann-ahead-line", "^$")
    root.press("ArrowLeft")
    wait_text(root, ".nbann-runs tbody", "1 batch")
    places = 'print("AT", json.dumps([t.position for t in (slow, fast)]))'
    assert printed(lab_page, places, "AT") == [[0, 1, 0]] * 2
    root.press("r")
    wait_text(root, ".nbann-runs tbody", "0 epochs")
    assert button(root, "Back").is_disabled()

    button(root, "Play").click()
    button(root, "Pause").wait_for()
    wait_text(root, ".nbann-runs tbody", "[23] batches")
    button(root, "Pause").click()
    button(root, "Play").wait_for()

    lab_page.run_code("fast.on('op', lambda event: 1 / 0)")
    button(root, "Step").click()
    root.get_by_role("alert").filter(has_text="ZeroDivisionError").wait_for()
    assert lab_page.console_errors == []


def test_it_is_usable_at_every_width(lab_page, root):
    page = lab_page.page
    lab_page.run_code("compare.run(12)\ncompare.first_difference()")
    for theme in ("Dark", "Light"):
        lab_page.set_theme(theme)
        for width in (570, 990, 1490):
            page.set_viewport_size({"width": width, "height": 1400})
            page.wait_for_function(  # drawn for the page, not scaled
                """() => {
                    const canvas = document.querySelector("canvas[data-slot=curves]");
                    return Math.abs(canvas.width - canvas.clientWidth) < 12;
                }"""
            )
            picture = root.locator("canvas[data-slot=curves]")
            assert picture.bounding_box()["width"] <= root.bounding_box()["width"]
            nets = [net.bounding_box() for net in root.locator(".nbann-net-box").all()]
            if width < 700:
                assert nets[0]["y"] + nets[0]["height"] <= nets[1]["y"]
            else:
                assert nets[0]["y"] == nets[1]["y"]
            page.wait_for_timeout(300)
            lab_page.screenshot(f"compare-{theme}-{width}", root)
    assert lab_page.console_errors == []

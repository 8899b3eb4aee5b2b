"""Widgets elsewhere: two views, in the user's layouts, linked, reopened, with hostile names."""

import nbformat
import pytest

SETUP = """
import nbann
net = nbann.Sequential([nbann.Dense(4, name="hidden"), nbann.Tanh(), nbann.Dense(3, name="output")])
data = nbann.datasets.iris().standardized()
trainer = nbann.Trainer(net, data, batch_size=50)
widget = nbann.StepThrough(trainer, ["loss"])
"""


def notebook(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])


def wait_status(page, nth, pattern):
    page.wait_for_function(
        """([nth, pattern]) => new RegExp(pattern)
            .test(document.querySelectorAll('.nbann-status')[nth]?.textContent ?? '')""",
        arg=[nth, pattern],
    )


def test_two_views_show_one_state_and_one_may_go(lab_page):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 2600})
    lab_page.open(notebook(SETUP + "widget", "widget"))
    lab_page.run_all_cells()
    page.wait_for_function("() => document.querySelectorAll('.nbann-view').length === 2")
    views = page.locator(".nbann-view")
    views.nth(1).get_by_role("button", name="Step", exact=True).click()
    for nth in (0, 1):
        wait_status(page, nth, r"· op 1 of")
    page.wait_for_function(
        "() => [...document.querySelectorAll('canvas')].every(canvas => canvas.width > 100)"
    )
    lab_page.run_code("assert len(widget._views) == 2, widget._views")
    page.evaluate(
        """() => {
            const cells = window.jupyterapp.shell.currentWidget.content.widgets;
            cells[1].model.clearExecution();
            cells[1].outputArea.model.clear();
        }"""
    )
    page.wait_for_function("() => document.querySelectorAll('.nbann-view').length === 1")
    views.first.get_by_role("button", name="Step", exact=True).click()
    wait_status(page, 0, r"· op 2 of")
    lab_page.run_code("assert len(widget._views) == 1, widget._views")
    assert lab_page.cell_errors() == []
    assert lab_page.console_errors == []


def test_in_a_layout_linked_and_reopened(lab_page):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 1600})
    layout = (
        "import ipywidgets\n"
        "choice = ipywidgets.Dropdown(options=widget.units, description='unit')\n"
        "ipywidgets.link((choice, 'value'), (widget, 'unit'))\n"
        "ipywidgets.Tab([ipywidgets.VBox([choice, widget])], titles=['training'])"
    )
    lab_page.open(notebook(SETUP + layout))
    lab_page.run_all_cells()
    view = page.locator(".nbann-view")
    view.wait_for()
    page.locator(".widget-dropdown select").select_option("epoch")
    page.wait_for_function(
        "() => document.querySelector('.nbann-units input[value=epoch]').checked"
    )
    view.get_by_role("radio", name="phase").check()
    lab_page.run_code("assert choice.value == widget.unit == 'phase', choice.value")
    assert view.evaluate("el => el.scrollWidth - el.clientWidth") <= 0

    # The page is loaded again while the kernel lives: the view comes back, with the state of now.
    lab_page.run_code("trainer.step('epoch')")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(500)
    page.reload()
    view = page.locator(".nbann-view")
    view.wait_for(timeout=60_000)
    wait_status(page, 0, r"^epoch 1 · batch 3 of 3")
    view.get_by_role("button", name="Step", exact=True).click()
    wait_status(page, 0, r"^epoch 2 · batch 1 of 3")
    assert [e for e in lab_page.console_errors if "nbann" in e or "uncaught" in e] == []


HOSTILE = [
    "<img src=x onerror=hacked=1>",
    "$\\\\href{javascript:hacked=1}{x}$",
    "x" * 10_000,
    "\\u05e9\\u05dc\\u05d5\\u05dd \\u202eevil",
    "\\U0001f98a\\U0001f468\\u200d\\U0001f469",
]

NAMES = """
names = ["{}"]
data = nbann.datasets.iris()
data = nbann.Dataset(data.X, data.y, feature_names=names[:4], target_names=names[:2] + names[4:])
net = nbann.Sequential([nbann.Dense(4, name=names[0]), nbann.Tanh(name=names[3]), nbann.Dense(3)])
trainer = nbann.Trainer(net, data.standardized())
trainer.step("phase", 3)
"""

WIDGETS = {
    "StepThrough": "nbann.StepThrough(trainer)",
    "NetworkView": "nbann.NetworkView(trainer)",
    "Playground": "nbann.Playground(data=data)",
    "Compare": "nbann.Compare(trainer, trainer.branch(), names=names[:2])",
    "Predict": "nbann.Predict(names[0], truth=lambda t: names[1], choices=names)",
}


@pytest.mark.parametrize("name", WIDGETS)
def test_hostile_names_are_text(lab_page, name):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 2000})
    source = "import nbann\n" + NAMES.format('", "'.join(HOSTILE)) + f"w = {WIDGETS[name]}\nw"
    lab_page.open(notebook(source))
    lab_page.run_all_cells()
    view = page.locator(".nbann-view").first
    view.wait_for()
    page.wait_for_timeout(1500)
    assert page.evaluate("() => window.hacked") is None
    assert view.evaluate("el => el.querySelectorAll('img, script, a, iframe').length") == 0
    assert "onerror" in view.inner_text(), "the name is shown as it is"
    assert view.evaluate("el => el.scrollWidth - el.clientWidth") <= 0
    lab_page.screenshot(f"hostile-{name}", view)
    assert lab_page.console_errors == []

"""axe-core finds nothing serious in the widgets, light and dark."""

import os
from pathlib import Path

import nbformat
import pytest

AXE = Path(__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

SETUP = """
import nbann
net = nbann.Sequential([nbann.Dense(4, name="hidden"), nbann.Tanh(), nbann.Dense(3, name="output")])
data = nbann.datasets.iris().standardized()
trainer = nbann.Trainer(net, data, batch_size=50)
trainer.step("phase", 3)

def made(rate):
    small = nbann.Sequential([nbann.Dense(3)])
    return nbann.Trainer(small, data, optimizer=nbann.SGD(learning_rate=rate))
"""

WIDGETS = {
    "StepThrough": "nbann.StepThrough(trainer)",
    "NetworkView": "nbann.NetworkView(trainer)",
    "Playground": "nbann.Playground(data=data)",
    "Compare": "nbann.Compare(trainer, trainer.branch())",
    "Predict": "nbann.Predict('What will it be?', truth=lambda t: 1.0, choices=[0.0, 1.0])",
    "Slider": "nbann.Slider('hidden neurons', 1, 8)",
    "SweepView": "nbann.SweepView(nbann.sweep(made, {'rate': [0.1, 0.2]}, epochs=2))",
    "FrameView": "nbann.FrameView(trainer, panels=['loss', 'confusion'])",
}


@pytest.fixture
def axe():
    """Return the source of axe-core."""
    if not AXE.is_file():
        reason = "axe-core is not installed: npm install --prefix tests/frontend"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return AXE.read_text("utf-8")


def findings(page, axe):
    """Return what axe-core says of the widgets on the page: those of serious or critical impact.

    They are looked at once more on a page of their own, with the styles that they have here: within
    JupyterLab axe-core does not judge the contrast of any text, not even of what it should refuse.
    """
    style, body, theme = page.evaluate(
        """() => [
            [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
                .map((rule) => rule.cssText).join("\\n"),
            [...document.querySelectorAll(".nbann-view")].map((view) => view.outerHTML).join(""),
            document.body.dataset.jpThemeLight,
        ]"""
    )
    copy = page.context.new_page()
    copy.set_viewport_size({"width": 1100, "height": 2400})
    copy.set_content(f"<!doctype html><html lang=en><title>copy</title><body>{body}</body></html>")
    copy.evaluate(
        """([style, theme]) => {
            const sheet = document.createElement("style");
            sheet.textContent = style;
            document.head.append(sheet);
            document.body.dataset.jpThemeLight = theme;
            document.body.style.position = "static";
            document.body.style.background = "var(--jp-layout-color0)";
        }""",
        [style, theme],
    )
    found = [finding for place in (page, copy) for finding in _serious(place, axe)]
    copy.close()
    return found


def _serious(page, axe):
    page.evaluate(axe)
    return page.evaluate(
        """async () => {
            const { violations } = await axe.run({ include: [[".nbann-view"]] });
            return violations
                .filter(({ impact }) => impact === "serious" || impact === "critical")
                .flatMap(({ id, nodes }) => nodes.map((node) =>
                    `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
        }"""
    )


@pytest.mark.parametrize("name", WIDGETS)
def test_nothing_serious_is_found(lab_page, axe, name):
    source = f"{SETUP}widget = {WIDGETS[name]}\nwidget"
    lab_page.page.set_viewport_size({"width": 1280, "height": 2400})  # all of it is in sight
    lab_page.open(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]))
    lab_page.run_all_cells()
    page = lab_page.page
    page.locator(".nbann-view").first.wait_for()
    page.wait_for_timeout(1000)
    assert page.locator(".nbann-view :is(button, canvas, input)").count() > 0
    for theme in ("Light", "Dark"):
        lab_page.set_theme(theme)
        page.wait_for_timeout(500)
        assert findings(page, axe) == []


def test_the_check_can_fail(lab_page, axe):
    source = f"{SETUP}nbann.StepThrough(trainer)"
    lab_page.page.set_viewport_size({"width": 1280, "height": 2400})  # all of it is in sight
    lab_page.open(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]))
    lab_page.run_all_cells()
    root = lab_page.page.locator(".nbann-view").first
    root.wait_for()
    root.evaluate(
        """root => {
            const button = document.createElement("button");
            const faint = document.createElement("p");
            faint.style.color = "#bbb";
            faint.style.background = "#fff";
            faint.textContent = "hardly there";
            root.append(button, faint);
        }"""
    )
    found = " ".join(findings(lab_page.page, axe))
    assert "button-name" in found
    assert "color-contrast" in found

"""The harness itself: a stock widget and a hand-made one reach the screen and answer."""

import nbformat

SLIDER = """
import ipywidgets
slider = ipywidgets.IntSlider(value=3, min=0, max=10, description="units")
slider
"""

COUNTER = '''
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = `count ${model.get("value")}`; };
      button.className = "harness-counter";
      button.addEventListener("click", () => {
        model.set("value", model.get("value") + 1);
        model.save_changes();
      });
      model.on("change:value", show);
      show();
      el.append(button);
    }
    export default { render };
    """
    value = traitlets.Int(0).tag(sync=True)

counter = Counter(value=41)
counter
'''


def _notebook(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in sources])


def test_widgets_are_rendered_and_answer(lab_page):
    lab_page.open(_notebook(SLIDER.strip(), COUNTER.strip()))
    lab_page.run_all_cells()

    slider = lab_page.page.locator(".widget-slider")
    slider.wait_for()
    assert "units" in slider.inner_text()

    counter = lab_page.page.locator(".harness-counter")
    counter.wait_for()
    assert counter.inner_text() == "count 41"
    counter.click()
    lab_page.wait_idle()
    # The click has reached Python, and Python's answer the screen.
    lab_page.run_code("counter.value += 100")
    lab_page.page.get_by_text("count 142").wait_for()

    assert lab_page.console_errors == []
    assert lab_page.screenshot("harness").stat().st_size > 10_000


def test_a_cell_that_raises_is_reported(lab_page):
    lab_page.open(_notebook("1 / 0"))
    lab_page.run_all_cells(allow_errors=True)
    [error] = lab_page.cell_errors()
    assert "ZeroDivisionError" in error

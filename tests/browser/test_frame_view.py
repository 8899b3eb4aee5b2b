"""FrameView in a real JupyterLab: it follows the trainer, the width and the theme of the page."""

import nbformat

SETUP = """
import nbann
trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)]),
                        nbann.datasets.xor())
view = nbann.FrameView(nbann.Dashboard(trainer, ["loss", "weights"]), format=FORMAT)
view
"""

BRIGHTNESS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(2, 2, 1, 1);
  return data[0] + data[1] + data[2];
}"""
SUM = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum = (sum * 31 + data[i]) % 4294967291;
  return sum;
}"""


def test_a_dashboard_lives_on_the_page(lab_page):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 1000})
    cells = [
        nbformat.v4.new_code_cell(SETUP.strip().replace("FORMAT", repr(kind)))
        for kind in ("jpeg", "webp")
    ]
    lab_page.open(nbformat.v4.new_notebook(cells=cells))
    lab_page.run_all_cells()
    canvases = page.locator(".nbann-frame-view canvas")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.nbann-frame-view canvas')].every(c => c.width > 400)"
    )
    assert canvases.count() == 2
    canvas = canvases.last  # of the second cell, whose trainer is at hand
    canvas.scroll_into_view_if_needed()
    before = canvas.evaluate(SUM)
    lab_page.run_code("trainer.run(7)\nprint('WORDS', view.describe().splitlines()[0])")
    page.wait_for_function(
        "() => /after 7 epochs/.test([...document.querySelectorAll('.nbann-frame-view canvas')]"
        ".at(-1).getAttribute('aria-label'))"
    )
    assert canvas.evaluate(SUM) != before
    words = page.get_by_text("WORDS Loss").last.inner_text().removeprefix("WORDS ")
    assert canvas.get_attribute("aria-label").startswith(words)
    for width in (570, 990):
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_function(
            "() => [...document.querySelectorAll('.nbann-frame-view canvas')]"
            ".every(c => Math.abs(c.width - c.clientWidth) < 12)"
        )
        lab_page.screenshot(f"frame-view-{width}", page.locator(".nbann-frame-view").last)
    assert canvas.evaluate(BRIGHTNESS) > 600
    lab_page.set_theme("Dark")
    for _ in range(60):
        if canvas.evaluate(BRIGHTNESS) < 200:
            break
        page.wait_for_timeout(100)
    assert canvas.evaluate(BRIGHTNESS) < 200
    lab_page.set_theme("Light")
    assert lab_page.console_errors == []

"""A sweep in a real JupyterLab: processes train a notebook's function, its picture streams in."""

import nbformat

BUILD = """
import os, time
import nbann

GO = os.path.abspath("go")  # the runs with the largest rate wait for this file
WIDTH = 5  # a global of the notebook, which goes along

def build(rate, neurons, seed):
    train, test = nbann.datasets.moons(60, seed=3).split(test=0.25, seed=0)
    net = nbann.Sequential([nbann.Dense(neurons), nbann.Tanh(), nbann.Dense(WIDTH), nbann.Dense(2)])
    sgd = nbann.SGD(learning_rate=rate)
    trainer = nbann.Trainer(net, train, test=test, optimizer=sgd, seed=seed)
    trainer.on("epoch", lambda event: time.sleep(PAUSE))
    while rate == 1.0 and not os.path.exists(GO):
        time.sleep(0.01)
    return trainer
"""
LIVE = """
PAUSE = 0.1
sweep = nbann.sweep(build, {"rate": [0.1, 0.3, 1.0], "neurons": [2, 4]}, "processes", seeds=2,
                    epochs=4, workers=2, wait=False)
nbann.SweepView(sweep)
"""
ENDLESS = """
PAUSE = 0.1
endless = nbann.sweep(build, {"rate": [0.1, 0.2], "neurons": [2]}, "processes", seeds=2,
                      epochs=10**6, workers=2, wait=False)
nbann.SweepView(endless)
"""
WAITED = """
PAUSE = 0
nbann.sweep(build, {"rate": [0.1, 0.2, 0.3], "neurons": [2]}, "in process", seeds=2, epochs=2)
"""
LABEL = """() => [...document.querySelectorAll('.nbann-sweep-view canvas')]
    .map(canvas => canvas.getAttribute('aria-label'))"""


def ended(page):
    """Return how many runs the first view says have ended."""
    return int(page.locator(".nbann-sweep-head progress").first.get_attribute("value"))


def test_a_sweep_streams_while_other_cells_answer(lab_page):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 1000})
    cells = [nbformat.v4.new_code_cell(text.strip()) for text in (BUILD, LIVE)]
    lab_page.open(nbformat.v4.new_notebook(cells=cells))
    lab_page.run_all_cells()
    page.locator(".nbann-sweep-view").wait_for(timeout=60_000)
    page.wait_for_function(
        "() => +document.querySelector('.nbann-sweep-head progress').getAttribute('value') >= 2",
        timeout=60_000,
    )
    page.locator(".nbann-sweep-told", has_text="8 done, 4 waiting").wait_for(timeout=60_000)
    lab_page.screenshot("sweep-view-running", page.locator(".nbann-sweep-view").first)
    lab_page.run_code("print('FREE', sweep.done, sweep.finished)\nopen(GO, 'w').close()")
    page.get_by_text("FREE False 8").last.wait_for()
    page.wait_for_function(
        "() => +document.querySelector('.nbann-sweep-head progress').getAttribute('value') === 12",
        timeout=60_000,
    )
    assert ended(page) == 12
    page.wait_for_function(
        f"() => /12 runs.*best/.test(({LABEL})()[0])".replace("\n", " "), timeout=20_000
    )
    page.locator(".nbann-sweep-cancel:disabled").wait_for(timeout=20_000)
    page.get_by_text("Table", exact=True).first.click()
    assert page.locator(".nbann-sweep-table tbody tr").count() == 12
    lab_page.screenshot("sweep-view", page.locator(".nbann-sweep-view").first)
    lab_page.set_theme("Dark")
    page.wait_for_timeout(1500)
    lab_page.screenshot("sweep-view-dark", page.locator(".nbann-sweep-view").first)
    lab_page.set_theme("Light")
    assert lab_page.console_errors == []


def test_the_button_cancels_and_a_waiting_sweep_has_a_line(lab_page):
    page = lab_page.page
    cells = [nbformat.v4.new_code_cell(text.strip()) for text in (BUILD, ENDLESS, WAITED)]
    lab_page.open(nbformat.v4.new_notebook(cells=cells))
    lab_page.run_all_cells()
    page.get_by_text("6 of 6 runs: 6 done").wait_for(timeout=60_000)
    page.locator(".nbann-sweep-view").wait_for()
    page.get_by_role("button", name="Cancel").first.click()
    page.locator(".nbann-sweep-told", has_text="4 not run").wait_for(timeout=30_000)
    lab_page.run_code("print('ENDED', endless.done, endless.counts)")
    page.get_by_text("ENDED True {'not run': 4}").last.wait_for()
    assert lab_page.console_errors == []

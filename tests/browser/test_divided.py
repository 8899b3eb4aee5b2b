"""A batch that is divided over workers, stepped through in a browser."""

import nbformat

SOURCE = """
import nbann
train, test = nbann.datasets.moons(200, noise=0.2, seed=1).split(test=0.4, seed=0)
net = nbann.Sequential([nbann.Dense(8), nbann.Tanh(), nbann.Dense(2)])
trainer = nbann.Trainer(net, train, test=test, batch_size=16)
trainer.run(3)
trainer.distribute(workers=2)
nbann.StepThrough(trainer, panels=["loss", "decision"])
"""


def phases(page):
    return [title.inner_text().strip() for title in page.locator(".nbann-group-title").all()]


def test_a_divided_batch_is_stepped_by_its_phases(lab_page):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 1500})
    lab_page.open(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SOURCE)]))
    lab_page.run_all_cells()
    view = page.locator(".nbann-view").first
    view.locator(".nbann-ops").wait_for()
    view.get_by_role("radio", name="phase").check()
    step = view.get_by_role("button", name="Step", exact=True)
    for number in range(5):  # to the end of the batch, which has four phases more
        step.click()
        lab_page.wait_idle()
        if number == 3:  # reduce: what the workers have computed is there
            lab_page.screenshot("divided", view)
            lab_page.set_theme("Dark")
            lab_page.screenshot("divided-dark", view)
            lab_page.set_theme("Light")
    assert phases(view) == [
        "scatter worker1",
        "scatter worker2",
        "gradient on worker 1",
        "gradient on worker 2",
        "reduce",
        "update sgd",
    ]
    for title in view.locator(".nbann-group-title").all():  # nothing of it is cut off
        assert title.evaluate("one => one.scrollWidth <= one.clientWidth")
    lab_page.run_code("trainer.gather()\ntrainer.step('op')")
    view.locator(".nbann-group-title", has_text="forward dense1").first.wait_for()
    assert not any("worker" in phase for phase in phases(view))
    assert lab_page.console_errors == []

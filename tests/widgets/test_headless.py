"""Without a browser (nbclient, as nbval and nbconvert use it) nothing waits and nothing is left."""

import time

import nbformat
import pytest
from nbclient import NotebookClient

SETUP = """
import asyncio, nbann
net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)])
trainer = nbann.Trainer(net, nbann.datasets.xor(), batch_size=2, shuffle=False)
widget = nbann.StepThrough(trainer, panels=["loss"], speed=50.0)
def left():
    "The package's tasks that have not ended."
    return [t for t in asyncio.all_tasks() if "nbann" in t.get_coro().cr_code.co_filename]
"""


def executed(*sources):
    """Run cells in a kernel without a front end; return what each has printed."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in (SETUP, *sources)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    texts = []
    for cell in notebook.cells[1:]:
        streams = [o for o in cell.outputs if o.output_type == "stream"]
        assert not [o.text for o in streams if o.name == "stderr"]
        texts.append("".join(o.text for o in streams).strip())
    return texts


@pytest.fixture(autouse=True)
def _this_kernel(monkeypatch):
    """The kernel of this environment, whatever kernels the user has named python3."""
    import sys

    from jupyter_client.kernelspec import KernelSpecManager

    spec = KernelSpecManager().get_kernel_spec("python3")
    spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda self, name: spec)


def test_play_and_run_wait_for_a_view_and_leave_no_task():
    began = time.monotonic()
    texts = executed(
        "widget.play()\nawait asyncio.sleep(0.3)",
        "print(repr(widget.mode), trainer.position, left())",
        "widget.run(100000)\nawait asyncio.sleep(0.3)",
        "print(repr(widget.mode), trainer.position, left())",
        "widget.step('epoch'); print(trainer.position, widget.here['epoch'], left())",
        "widget.run(3); print(trainer.run(2).reason, trainer.position, left())",
        "widget",
        "print(left())",
    )
    nowhere = "'' Position(epoch=0, batch=0, op=0) []"
    assert texts == [
        "", nowhere, "", nowhere, "Position(epoch=1, batch=0, op=0) 1 []",
        "epochs Position(epoch=3, batch=0, op=0) []", "", "[]",
    ]  # fmt: skip
    assert time.monotonic() - began < 60


def test_two_executions_print_the_same():
    cells = (
        "widget.play()",
        "widget.step(); print(widget.describe())",
        "trainer.run(5); print(widget.describe())",
        "print((await trainer.run_async(5)).position, left())",
        "print(widget.describe())",
    )
    assert executed(*cells) == executed(*cells)


def test_an_error_in_a_handler_is_raised():
    texts = executed(
        "hook = trainer.on('op', lambda event: 1 / 0)",
        "try:\n    widget.step()\nexcept ZeroDivisionError as error:\n    print(repr(error))",
    )
    assert texts[1] == "ZeroDivisionError('division by zero')"

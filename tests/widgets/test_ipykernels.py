"""StepThrough in a real kernel: what a browser would say, while cells run and while none does.

ipykernel 6, 7.1 and 7.4 call handlers on different threads and in a different order with cells.
``NBANN_IPYKERNEL`` says which one is tested: see `kernels.py`.
"""

import re
import time

import pytest

from .kernels import expected_version, kernel

SETUP = """
import asyncio, time
import nbann
net = nbann.Sequential([nbann.Dense(3, name="hidden"), nbann.Tanh(), nbann.Dense(2)])
trainer = nbann.Trainer(net, nbann.datasets.xor(), batch_size=2)
widget = nbann.StepThrough(trainer, panels=["loss"], unit="batch", speed=50.0)
def left():
    return [t for t in asyncio.all_tasks() if "nbann" in t.get_coro().cr_code.co_filename]
print(widget.comm.comm_id)
"""
WHERE = "print(tuple(trainer.position), widget.mode or 'rest', len(left()))"
AGAIN = "b = nbann.Trainer(net, nbann.datasets.xor(), batch_size=2); "
SAME = "; print(all((b[n] == trainer[n]).all() for n in b.parameters))"
BUSY = "for _ in range(60): time.sleep(0.02)\nprint('done')"  # blocks the main thread
LONG = "await asyncio.sleep(1.0)\nprint('done')"  # leaves the loop its turns


@pytest.fixture(scope="module", params=["main shell", "subshell"])
def running(request):
    with kernel() as found:
        if request.param == "subshell" and not found.use_subshell():
            pytest.skip(f"ipykernel {expected_version()} has no subshells")
        yield found


class View:
    """A browser's view of a widget: it says that it is there and acknowledges what it has drawn."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.comm = kernel.run(SETUP)
        self._drawn = 0

    def open(self):
        self.say("ready", dark=False, narrow=False, density=1)
        self.until(lambda: {f["slot"] for f in self.frames} == {"network", "panels"})

    def say(self, kind, **content):
        self.kernel.say(self.comm, {"type": kind, **content})

    @property
    def state(self):
        return self.kernel.comms[self.comm]

    @property
    def batches(self):
        """How many batches are done, as is shown."""
        return 2 * (self.state["here"]["epoch"] - 1) + self.state["here"]["batch"]

    @property
    def frames(self):
        return self.kernel.frames(self.comm)

    def draw(self):
        """Acknowledge the frames that have come."""
        for frame in self.frames[self._drawn :]:
            self.say("drawn", slot=frame["slot"], id=frame["id"])
            self._drawn += 1

    def until(self, condition, seconds=30.0, *, drawing=True):
        def look():
            if drawing:
                self.draw()
            return condition()

        try:
            self.kernel.until(look, seconds)
        except TimeoutError as late:
            raise TimeoutError(f"{late}; the error shown: {self.state['error']}") from None

    def where(self):
        """Return position, mode and number of tasks, as a cell finds them."""
        found = re.fullmatch(r"\((.*)\) (\w+) (\d+)", self.kernel.run(WHERE))
        position, mode, tasks = found.groups()
        return tuple(map(int, position.split(", "))), mode, int(tasks)

    def at_rest(self):
        """Wait until nothing plays; return the position, which then stays."""
        self.until(lambda: self.state["mode"] == "")
        self.kernel.run("while left(): await asyncio.sleep(0.01)")
        first, mode, tasks = self.where()
        self.kernel.listen(0.3)
        assert self.where() == (first, mode, tasks) == (first, "rest", 0)
        return first


@pytest.fixture
def view(running):
    made = View(running)
    made.open()
    yield made
    made.say("gone")
    running.run("hook.remove() if 'hook' in globals() else None\nwidget.close()")


def test_the_kernel_is_of_the_version_asked_for(running):
    print_version = "import ipykernel; print(ipykernel.__version__)"
    assert running.run(print_version) == expected_version()


def test_step_and_back_while_idle(view):
    for count in (1, 2, 3):
        view.say("step")
        view.until(lambda n=count: view.batches == n)
    assert view.where()[0] == (1, 1, 0)
    view.say("back")
    view.until(lambda: view.state["here"]["batch"] == 2)
    assert view.where()[0] == (1, 0, 0)
    assert view.state["error"] == ""


def test_play_goes_on_cells_answer_and_pause_stops_it(view):
    view.say("play")
    view.until(lambda: view.state["mode"] == "play")
    seen = len(view.frames)
    view.until(lambda: len(view.frames) > seen + 8)
    began = time.monotonic()
    first, mode, tasks = view.where()
    assert time.monotonic() - began < 10.0
    assert (mode, tasks) == ("play", 1)
    view.until(lambda: view.state["here"]["epoch"] > first[0] + 3)
    view.say("pause")
    last = view.at_rest()
    assert last > first
    assert view.batches == 2 * last[0] + last[1]  # what is shown is where it stands


@pytest.mark.parametrize("source", [BUSY, LONG], ids=["busy", "awaiting"])
def test_what_is_said_while_a_cell_runs_is_done_once(view, source):
    cell = view.kernel.start_cell(source)
    time.sleep(0.3)
    for kind in ("step", "step", "set", "step", "why"):
        options = {"name": "hidden.weight", "index": [0, 1], "value": "9.5"}
        view.say(kind, **(options if kind == "set" else {}))
    assert view.kernel.finish_cell(cell) == "done"
    view.until(lambda: view.state["why_rows"])
    assert (view.state["error"], view.state["notice"]) == ("", "")
    assert view.where()[0] == (1, 1, 0)
    by_hand = "b.step('batch', 2); b.set('hidden.weight', (0, 1), 9.5); b.step('batch')"
    assert view.kernel.run(f"{AGAIN}{by_hand}{SAME}") == "True"


@pytest.mark.parametrize("source", [BUSY, LONG], ids=["busy", "awaiting"])
def test_play_outlives_a_cell_and_a_pause_within_one_is_heard(view, source):
    view.say("play")
    view.until(lambda: view.state["here"]["epoch"] > 2)
    assert view.kernel.run(source) == "done"
    here = view.state["here"]["epoch"]
    view.until(lambda: view.state["here"]["epoch"] > here + 2)
    cell = view.kernel.start_cell(source)
    time.sleep(0.2)
    view.say("pause")
    assert view.kernel.finish_cell(cell) == "done"
    view.at_rest()


def test_a_view_that_draws_nothing_holds_up_frames_but_not_the_play(view):
    view.draw()
    view.kernel.run("pass")
    start = len(view.frames)
    view.say("play")
    view.until(lambda: view.state["here"]["epoch"] > 20, drawing=False)
    slots = [f["slot"] for f in view.frames[start:]]
    assert max(slots.count("network"), slots.count("panels")) <= 4
    before = len(view.frames)
    view.until(lambda: len(view.frames) > before + 4)
    view.say("pause")
    view.at_rest()


def test_numbers_that_are_none_are_told_in_words_and_errors_with_their_traceback(view):
    view.say("set", name="hidden.weight", index=[0, 0], value="many")
    view.until(lambda: "expected a number" in view.state["notice"])
    view.kernel.run("hook = trainer.on('batch', lambda event: 1 / 0)")
    view.say("play")
    view.until(lambda: "ZeroDivisionError" in view.state["error"])
    view.at_rest()
    view.kernel.run("hook.remove()")
    view.say("reset")
    view.until(lambda: view.state["error"] == "")
    view.say("nonsense")
    view.until(lambda: "Unknown message 'nonsense'" in view.state["error"])


def test_running_the_cell_again_leaves_one_loop(running):
    first = View(running)
    first.open()
    first.say("play")
    first.until(lambda: first.state["here"]["epoch"] > 2)
    second = View(running)  # the same cell: another trainer, another widget
    first.say("gone")  # and its output, with the first view in it, is replaced
    second.open()
    first.until(lambda: first.state["mode"] == "")
    stood = first.state["here"]
    assert second.where() == ((0, 0, 0), "rest", 0)
    second.say("play")
    second.until(lambda: second.state["here"]["epoch"] > 2)
    assert second.where()[1:] == ("play", 1)
    assert first.state["here"] == stood
    second.say("gone")
    second.at_rest()


def test_headless_nothing_is_left_and_play_begins_with_the_first_view(running):
    view = View(running)
    view.kernel.run("widget.play()\nawait asyncio.sleep(0.2)")
    assert view.where() == ((0, 0, 0), "rest", 0)
    assert view.frames == []
    view.open()
    view.until(lambda: view.state["here"]["epoch"] > 2)
    view.say("gone")
    view.at_rest()


def test_a_run_beside_cells(view):
    run = view.kernel.run
    run("task = asyncio.create_task(trainer.run_async(10**9))")
    first = view.where()
    view.until(lambda: view.state["here"]["epoch"] > first[0][0] + 100)
    assert first[2] == 1
    assert view.where()[0] > first[0]
    run("trainer.step('op')")  # takes it over
    assert run("print((await task).reason, len(left()))") == "paused 0"
    assert view.at_rest()[2] == 1


def test_an_interrupt_ends_a_run_at_the_end_of_a_batch(view):
    cell = view.kernel.start_cell("await trainer.run_async(10**9)")
    view.until(lambda: view.state["here"]["epoch"] > 100)
    view.kernel.manager.interrupt_kernel()
    with pytest.raises(RuntimeError, match=r"KeyboardInterrupt|CancelledError"):
        view.kernel.finish_cell(cell)
    epoch, batch, op = view.at_rest()
    assert op == 0
    assert view.kernel.run(f"{AGAIN}b.goto({epoch}, {batch}){SAME}") == "True"
    assert view.kernel.run("print((await trainer.run_async(2)).reason)") == "epochs"


@pytest.mark.parametrize("mode", ["play", "run"])
def test_an_interrupt_between_cells_ends_a_play_in_words(view, mode):
    view.open()
    view.say(mode, epochs=10**9)
    view.until(lambda: view.state["here"]["epoch"] > 2)
    view.kernel.manager.interrupt_kernel()
    view.until(lambda: view.state["mode"] == "")
    view.at_rest()
    assert view.state["error"] == ""
    assert view.kernel.run("print(widget._player.why)") == "the kernel was interrupted"
    view.kernel.manager.interrupt_kernel()  # at rest it is ignored, as it always was
    time.sleep(0.2)
    view.say("play")  # and a cell that runs while it plays has its interrupts to itself
    view.until(lambda: view.state["mode"] == "play")
    cell = view.kernel.start_cell("import time\ntime.sleep(30)")
    time.sleep(0.5)
    view.kernel.manager.interrupt_kernel()
    with pytest.raises(RuntimeError, match="KeyboardInterrupt"):
        view.kernel.finish_cell(cell)
    view.say("gone")
    view.at_rest()

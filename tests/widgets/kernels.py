"""A real kernel and what a browser says to its widgets, over ZeroMQ; knows no widget by name.

``NBANN_IPYKERNEL`` may name a folder into which another ipykernel was installed
(``pip install --no-deps --target FOLDER ipykernel==6.31.0 nest-asyncio``): the kernel is then of
that version, everything else of this environment.
"""

import contextlib
import os
import sys
import tempfile
import time
from importlib.metadata import distributions
from pathlib import Path
from queue import Empty

from jupyter_client import KernelManager

OTHER = os.environ.get("NBANN_IPYKERNEL", "")
PATIENCE = 30.0  # seconds; on a busy machine a kernel takes some to start


def expected_version():
    """Return the version of ipykernel that is to run."""
    where = [OTHER] if OTHER else sys.path
    [found] = {d.version for d in distributions(name="ipykernel", path=where)}
    return found


class Kernel:
    """A kernel in a process of its own, with a browser's view of its comms.

    Attributes
    ----------
    comms : dict
        What each widget's model is, by comm id: its synced state, as updates have changed it.
    customs : list of (str, dict, list of bytes)
        Custom messages that came, with the comm they came on.
    """

    def __init__(self, manager, client):
        self.manager, self.client, self.subshell = manager, client, None
        self.comms, self.customs = {}, []
        self.replies, self.streams, self.errors = {}, {}, {}

    # ---- cells -----------------------------------------------------------------------------------
    def start_cell(self, source):
        """Send a cell off and return its message's id."""
        return self.client.execute(source, store_history=False)

    def finish_cell(self, cell, seconds=PATIENCE):
        """Wait for a cell's end and return what it has printed; raise what it has raised."""
        self.until(lambda: cell in self.replies and self.streams.get((cell, "idle")), seconds)
        if cell in self.errors:
            raise RuntimeError(self.errors[cell])
        return self.streams.get(cell, "").strip()

    def run(self, source, seconds=PATIENCE):
        """Run a cell to its end."""
        return self.finish_cell(self.start_cell(source), seconds)

    # ---- comms -----------------------------------------------------------------------------------
    def say(self, comm, content):
        """Send a custom message, as ``model.send`` does in the browser."""
        self._send(comm, {"method": "custom", "content": content})

    def put(self, comm, state):
        """Set traits, as ``model.set`` and ``save_changes`` do."""
        self._send(comm, {"method": "update", "state": state, "buffer_paths": []})

    def _send(self, comm, data):
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        if self.subshell:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def use_subshell(self):
        """Send comm messages to a thread of their own, as JupyterLab does; False if none is had."""
        request = self.client.kernel_info()
        self.until(lambda: request in self.replies)
        if "kernel subshells" not in self.replies[request].get("supported_features", []):
            return False
        request = self.client.session.msg("create_subshell_request")
        self.client.control_channel.send(request)
        reply = self.client.control_channel.get_msg(timeout=PATIENCE)
        self.subshell = reply["content"]["subshell_id"]
        return True

    def frames(self, comm):
        """Return the frames that came for a widget: the contents of their messages."""
        return [c for at, c, _ in self.customs if at == comm and c.get("type") == "frame"]

    # ---- hearing ---------------------------------------------------------------------------------
    def hear(self, seconds=0.02):
        """Take in what has come."""
        channels = (
            (self.client.iopub_channel, self._note),
            (self.client.shell_channel, self._reply),
        )
        for channel, note in channels:
            with contextlib.suppress(Empty):
                for _ in range(50):
                    note(channel.get_msg(timeout=seconds))

    def until(self, condition, seconds=PATIENCE):
        """Take in what comes until something is true."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds} s; heard so far: {self.summary()}")
            self.hear()

    def listen(self, seconds):
        """Take in what comes for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.hear()

    def summary(self):
        """Return what there is to say when a test has failed."""
        return {"errors": self.errors, "customs": len(self.customs), "comms": len(self.comms)}

    def _reply(self, message):
        self.replies[message["parent_header"].get("msg_id")] = message["content"]

    def _note(self, message):
        content, parent = message["content"], message["parent_header"].get("msg_id")
        match message["msg_type"]:
            case "stream":
                self.streams[parent] = self.streams.get(parent, "") + content["text"]
            case "error":
                self.errors[parent] = "\n".join(content["traceback"])
            case "status" if content["execution_state"] == "idle":
                self.streams[parent, "idle"] = True
            case "comm_open":
                self.comms[content["comm_id"]] = dict(content["data"]["state"])
            case "comm_msg":
                self._comm(content["comm_id"], content["data"], message["buffers"])

    def _comm(self, comm, data, buffers):
        if data["method"] == "update":
            self.comms[comm].update(data["state"])
        elif data["method"] == "custom":
            self.customs.append((comm, data["content"], buffers))


@contextlib.contextmanager
def kernel():
    """Start a kernel of the version that is asked for; it is shut down afterwards."""
    manager = KernelManager()
    manager.kernel_spec.argv = [
        sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"
    ]  # fmt: skip
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(p for p in (OTHER, root, os.environ.get("PYTHONPATH", "")) if p)
    with tempfile.TemporaryDirectory() as folder:
        manager.start_kernel(env=os.environ | {"PYTHONPATH": path, "IPYTHONDIR": folder})
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            yield Kernel(manager, client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)

"""A real JupyterLab in a real Chromium, for tests and benchmarks; knows no widget.

Playwright is imported when a browser is started, so that tests without one do not need it.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import uuid
from dataclasses import dataclass
from pathlib import Path

import nbformat

SCREENSHOTS = Path(__file__).resolve().parent / "screenshots"

# Without a sandbox because CI's user is root; the others keep Chromium from calling its maker's
# hosts, which are out of reach on a closed network and would fill the console with errors.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


class NotAvailableError(Exception):
    """There is no Chromium, or JupyterLab has not started."""


# ---- the server ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address, its token and the folder that it shows."""

    url: str
    token: str
    root: Path

    def request(self, method: str, path: str):
        """Call the server's REST interface; return the parsed answer, None for an empty one."""
        request = urllib.request.Request(
            f"{self.url}{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")


@contextlib.contextmanager
def running_server(base):
    """Start JupyterLab on a free port, with a configuration of its own and no calls outside.

    `base` is an empty folder for all that it writes; notebooks are in ``base / "work"``.
    """
    root, config, runtime = base / "work", base / "config", base / "runtime"
    for folder in (root, config / "labconfig", runtime):
        folder.mkdir(parents=True)
    announcements = {"@jupyterlab/apputils-extension:announcements": True}
    (config / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": announcements | {"jupyterlab-jupytext": True}})
    )
    # jupytext is here to make the lessons; those who open them do not have it.
    (config / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": {"jupytext": False}}})
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    env |= {
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(base / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTERLAB_SETTINGS_DIR": str(base / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(base / "workspaces"),
        "IPYTHONDIR": str(base / "ipython"),
    }
    token = uuid.uuid4().hex
    options = [
        "--no-browser",
        "--allow-root",
        "--port=0",
        "--ip=127.0.0.1",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={root}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--expose-app-in-browser",  # tests ask the running application, not its CSS classes
    ]
    log_path = base / "log.txt"
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=env, stdout=log, stderr=log
        )
    try:
        yield Server(_address(process, runtime, log_path), token, root)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=15)


def _address(process: subprocess.Popen, runtime: Path, log_path: Path, seconds: float = 60) -> str:
    """Wait until the server has written down where it listens."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(json.JSONDecodeError):  # it is being written: look again
                return f"http://127.0.0.1:{json.loads(path.read_text())['port']}/"
        time.sleep(0.05)
    raise NotAvailableError(f"JupyterLab did not start within {seconds} s:\n{log_path.read_text()}")


# ---- the browser --------------------------------------------------------------------------------


@contextlib.contextmanager
def running_chromium():
    """Start Chromium; while it lives, Playwright holds the thread's event loop."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        raise NotAvailableError(
            "Chromium is not installed: it is needed here (Debian: apt-get install chromium)"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@contextlib.contextmanager
def fresh_page(browser, server, width=1280, height=960):
    """Give a page of its own on the server; its kernels are shut down afterwards."""
    context = browser.new_context(viewport={"width": width, "height": height})
    try:
        yield LabPage(context.new_page(), server)
    finally:
        context.close()
        for session in server.request("GET", "api/sessions"):
            server.request("DELETE", f"api/sessions/{session['id']}")


class LabPage:
    """One JupyterLab page.

    Attributes
    ----------
    page : playwright.sync_api.Page
        For everything that is not said here.
    console_errors : list of str
        What the page has reported as errors so far, uncaught exceptions included.
    path : str
        The open notebook, seen from the server's folder.
    """

    def __init__(self, page, server):
        self.page, self.server, self.path = page, server, ""
        self.console_errors = []
        page.set_default_timeout(30_000)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.console_errors.append(f"uncaught: {error}"))

    def _note(self, message):
        if message.type == "error":
            self.console_errors.append(f"{message.text} [{message.location['url']}]")

    def open(self, notebook):
        """Open a copy of a notebook, given as a file or as a notebook node; wait for its kernel."""
        name = f"{uuid.uuid4().hex[:8]}.ipynb"
        if isinstance(notebook, Path):
            name = f"{name[:8]}-{notebook.name}"
            notebook = nbformat.read(notebook, as_version=4)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook.metadata["kernelspec"] = kernel  # or JupyterLab asks which one in a dialog
        nbformat.write(notebook, self.server.root / name)
        self.path = name
        # A workspace of its own: none of what another test left open comes back.
        url = f"{self.server.url}lab/workspaces/{name[:8]}/tree/{name}?token={self.server.token}"
        self.page.goto(url)
        self.page.wait_for_function(
            """(path) => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                return panel?.context?.path === path && panel.context.isReady
                    && panel.sessionContext.isReady
                    && panel.sessionContext.session?.kernel?.status === 'idle';
            }""",
            arg=name,
            timeout=60_000,
        )
        self.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")  # room for the lesson
        if self.page.evaluate("() => document.body.dataset.jpThemeLight") != "true":
            self.set_theme("Light")  # the server keeps what another test has chosen

    def run_all_cells(self, allow_errors=False):
        """Run every cell as the menu does and wait for the end; fail on a cell that raised."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.wait_idle()
        errors = self.cell_errors()
        assert allow_errors or not errors, "\n".join(errors)

    def run_code(self, source):
        """Append a cell with `source` and run it, as a person would type into the next cell."""
        self.page.evaluate(
            """async (source) => {
                const {commands, shell} = window.jupyterapp;
                const notebook = shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.length - 1;
                await commands.execute('notebook:insert-cell-below');
                notebook.activeCell.model.sharedModel.setSource(source);
                await commands.execute('notebook:run-cell');
            }""",
            source,
        )
        self.wait_idle()

    def run_first_cell(self):
        """Run the first cell again."""
        self.page.evaluate(
            """async () => {
                const {commands, shell} = window.jupyterapp;
                shell.currentWidget.content.activeCellIndex = 0;
                await commands.execute('notebook:run-cell');
            }"""
        )
        self.wait_idle()

    def wait_idle(self):
        """Wait until the kernel has done all that it was sent."""
        self.page.evaluate(
            """async () => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                await kernel.requestKernelInfo();  // it queues behind every cell
            }"""
        )
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
            " === 'idle'"
        )

    def cell_errors(self):
        """Return the tracebacks that stand in the notebook's outputs."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                .flatMap((cell) => cell.model.type === 'code' ? cell.model.outputs.toJSON() : [])
                .filter((output) => output.output_type === 'error')
                .map((output) => output.traceback.join('\\n'))"""
        )

    def set_theme(self, theme):
        """Make the page "Light" or "Dark", as the menu does."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            f"JupyterLab {theme}",
        )
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light",
            arg=str(theme == "Light").lower(),
        )

    def screenshot(self, name, locator=None):
        """Save a picture of the page, or of one part of it, and return its path."""
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (locator or self.page).screenshot(path=path)
        return path

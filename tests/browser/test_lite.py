"""The JupyterLite site in Chromium, from a static server and under a sub-path.

`scripts/check-lite` builds the site and names it in NBANN_LITE_SITE; without one, this is skipped.
"""

import contextlib
import functools
import http.server
import os
import threading
from pathlib import Path

import pytest

from .lab import SCREENSHOTS

SITE = os.environ.get("NBANN_LITE_SITE")
PLACE = "class/nbann"  # as a project's pages have it
LESSONS = Path(__file__).resolve().parents[2] / "notebooks"

pytestmark = pytest.mark.skipif(SITE is None, reason="no site to open: scripts/check-lite")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing: what fails is in the browser's own list."""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve the site in a folder of a static server."""
    root = tmp_path_factory.mktemp("served")
    place = root / PLACE
    place.parent.mkdir(parents=True)
    place.symlink_to(Path(SITE).resolve())
    handler = functools.partial(Quiet, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site_page(chromium, address):
    """Yield an empty page; it notes what it asks for outside, and what its own host refuses."""
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    outside, refused = [], []

    def outward(route):
        outside.append(route.request.url)
        route.abort()

    page.route(lambda url: not url.startswith((address, "blob:", "data:")), outward)
    page.on("response", lambda r: refused.append(r.url) if r.status >= 400 else None)
    page.outside, page.refused = outside, refused
    yield page
    page.close()


def listed(page):
    page.wait_for_selector(".jp-DirListing-item", timeout=60_000)
    return page.locator(".jp-DirListing-itemName").all_inner_texts()


def test_the_site_opens_and_lists_the_lessons(site_page, address):
    site_page.goto(f"{address}{PLACE}/")
    assert set(listed(site_page)) == {path.name for path in LESSONS.glob("*.ipynb")} | {"solutions"}
    assert site_page.url.startswith(f"{address}{PLACE}/lab/")
    site_page.locator(".jp-DirListing-item", has_text="solutions").dblclick()
    site_page.wait_for_function(
        "() => !document.querySelector('.jp-DirListing').innerText.includes('00-start')"
    )
    solutions = {path.name for path in (LESSONS / "solutions").glob("*.ipynb")}
    assert set(listed(site_page)) == solutions


def test_a_lesson_opens_by_its_address(site_page, address):
    site_page.goto(f"{address}{PLACE}/lab/index.html?path=01-one-neuron.ipynb")
    cell = site_page.locator(".jp-Notebook .jp-CodeCell").first
    cell.wait_for(timeout=60_000)
    from playwright.sync_api import expect

    expect(cell.locator(".cm-content")).to_have_text("%pip install -q nbann", timeout=30_000)
    site_page.wait_for_selector("text=Python (Pyodide)")
    with contextlib.suppress(OSError):
        SCREENSHOTS.mkdir(exist_ok=True)
        site_page.screenshot(path=SCREENSHOTS / "lite.png")


def test_all_but_pyodide_comes_from_the_site(site_page, address):
    site_page.goto(f"{address}{PLACE}/lab/index.html?path=01-one-neuron.ipynb")
    site_page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    site_page.wait_for_timeout(3000)  # the kernel asks for Pyodide as soon as it starts
    assert all("/pyodide/" in url for url in site_page.outside)
    assert [url for url in site_page.refused if not url.endswith((".map", "favicon.ico"))] == []


# ---- the kernel, where the site has a Pyodide of its own: scripts/check-pyodide -----------------

ASK = """async (codes) => {
    const session = await window.jupyterapp.serviceManager.sessions.startNew({
        name: "asked", path: "asked.ipynb", type: "notebook", kernel: { name: "python" },
    });
    const answers = [];
    for (const code of codes) {
        const future = session.kernel.requestExecute({ code });
        let text = "";
        future.onIOPub = ({ content }) => {
            text += content.text ?? content.evalue ?? content.data?.["text/plain"] ?? "";
        };
        const reply = await future.done;
        answers.push([reply.content.status, text.trim()]);
    }
    return answers;
}"""
REFUSED = """
import subprocess, threading
for start in (threading.Thread(target=print).start, lambda: subprocess.run(["true"])):
    try:
        start()
        print("started")
    except (RuntimeError, OSError) as error:
        print(error)
"""
WITHOUT_NUMPY = "nbann anywidget psygnal ipywidgets jupyterlab_widgets comm typing_extensions"


with_kernel = pytest.mark.skipif(
    "NBANN_LITE_KERNEL" not in os.environ, reason="the site has no Pyodide: scripts/check-pyodide"
)


@with_kernel
def test_the_kernel_installs_what_the_site_carries(site_page, address):
    site_page.goto(f"{address}{PLACE}/lab/index.html")
    site_page.wait_for_selector(".jp-DirListing-item", timeout=60_000)
    asked = {
        "import sys; print(sys.platform)": "emscripten",
        f"%pip install -q --no-deps {WITHOUT_NUMPY}": "",
        "import nbann; print(nbann.__file__.startswith(sys.prefix))": "True",
        "import ipywidgets, anywidget; print(ipywidgets.Button(description='a').description)": "a",
        "from nbann.cli import find_lessons; print(len(find_lessons()))": f"{len(every_lesson())}",
        REFUSED: "can't start new thread\nemscripten does not support processes.",
    }
    answers = site_page.evaluate(ASK, list(asked))
    for (code, expected), (status, text) in zip(asked.items(), answers, strict=True):
        assert status == "ok", (code, text)
        assert text.replace("[Errno 138] ", "") == expected, code
    assert site_page.outside == []


def every_lesson():
    return [*LESSONS.glob("*.ipynb"), *(LESSONS / "solutions").glob("*.ipynb")]


DOUBLE = f"""%pip install -q --no-deps {WITHOUT_NUMPY}
import anywidget, traitlets
class Double(anywidget.AnyWidget):
    _esm = '''
    export default {{ render({{ model, el }}) {{
      const button = document.createElement("button");
      button.className = "double";
      const show = () => {{ button.textContent = `${{model.get("n")}} ${{model.get("twice")}}`; }};
      button.onclick = () => {{ model.set("n", model.get("n") + 1); model.save_changes(); }};
      model.on("change:twice", show);
      show();
      el.append(button);
    }} }};
    '''
    n = traitlets.Int(0).tag(sync=True)
    twice = traitlets.Int(0).tag(sync=True)
    @traitlets.observe("n")
    def _double(self, change):
        self.twice = 2 * change.new
Double()
"""
RUN = """async (code) => {
    const { commands } = window.jupyterapp;
    const panel = await commands.execute("notebook:create-new", { kernelName: "python" });
    await panel.context.ready;
    await panel.sessionContext.ready;
    panel.content.model.sharedModel.cells[0].setSource(code);
    await commands.execute("notebook:run-all-cells");
}"""


@with_kernel
def test_a_widget_of_the_kernel_answers_in_the_page(site_page, address):
    site_page.goto(f"{address}{PLACE}/lab/index.html")
    site_page.wait_for_selector(".jp-DirListing-item", timeout=60_000)
    site_page.evaluate(RUN, DOUBLE)
    button = site_page.locator("button.double")
    button.wait_for(timeout=90_000)
    from playwright.sync_api import expect

    expect(button).to_have_text("0 0", timeout=30_000)
    for number in (1, 2):
        button.click()
        site_page.wait_for_function(
            "text => document.querySelector('button.double').textContent === text",
            arg=f"{number} {2 * number}",
        )
    assert site_page.outside == []

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
    assert cell.locator(".cm-content").inner_text() == "%pip install -q nbann"
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

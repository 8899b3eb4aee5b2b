"""Fixtures: one JupyterLab for the session, one Chromium a module, one page for each test."""

import os
from pathlib import Path

import pytest

from .lab import NotAvailableError, fresh_page, running_chromium, running_server

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def jupyter_server(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("jupyterlab")) as server:
        yield server


@pytest.fixture(scope="module")
def chromium():
    try:
        with running_chromium() as browser:
            yield browser
    except NotAvailableError as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture
def lab_page(chromium, jupyter_server):
    with fresh_page(chromium, jupyter_server) as page:
        yield page

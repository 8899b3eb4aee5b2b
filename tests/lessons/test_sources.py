"""The notebooks are what their sources make, and a difference is found."""

import shutil
import subprocess
import sys

import nbformat
import pytest

from .lessons import ROOT


def checked(root):
    result = subprocess.run(
        [sys.executable, root / "scripts" / "notebooks", "--check"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return result.returncode, result.stdout


@pytest.fixture
def copy(tmp_path):
    """The lessons and the script, to be spoiled."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "notebooks", tmp_path / "scripts")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    return tmp_path


def test_the_notebooks_are_what_their_sources_make():
    status, words = checked(ROOT)
    assert status == 0, words


def test_each_difference_is_found(copy):
    folder = copy / "notebooks"
    first, second = sorted(folder.glob("[0-9]*.ipynb"))[5:7]
    (folder / "solutions" / second.name).unlink()
    shutil.copy(first, folder / "99-nobodys.ipynb")
    notebook = nbformat.read(first, as_version=4)
    notebook.cells[1].source += " changed"
    notebook.metadata["widgets"] = {"state": {}}
    ran = next(n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells[ran].execution_count = None
    nbformat.write(notebook, first)
    status, words = checked(copy)
    assert status == 1
    assert f"{second.name} is not there." in words
    assert "99-nobodys.ipynb has no source." in words
    assert f"{first.name}: cell 1 is not what its source makes." in words
    assert f"{first.name} stores the state of widgets." in words
    assert f"{first.name}: cell {ran} was not executed." in words

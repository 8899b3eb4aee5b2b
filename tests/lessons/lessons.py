"""The lessons as committed, and what is read off them."""

from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
LESSONS = ROOT / "notebooks"
SOLUTIONS = LESSONS / "solutions"
NUMBERED = sorted(LESSONS.glob("[0-9][0-9]-*.ipynb"))
SERIES = [path for path in NUMBERED if not path.name.startswith("00")]  # 00 is how to begin
ALL = sorted(path for path in [*LESSONS.glob("*.ipynb"), *SOLUTIONS.glob("*.ipynb")])


def read(path):
    return nbformat.read(path, as_version=4)


def markdown(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def code(notebook, tag=None):
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and (tag is None or tag in cell.metadata.get("tags", ()))
    ]


def headings(notebook):
    """Return (level, words) of every heading, in order."""
    lines = [line for text in markdown(notebook) for line in text.split("\n")]
    found = [line for line in lines if line.startswith("#")]
    return [(len(line) - len(line.lstrip("#")), line.lstrip("#").strip()) for line in found]


def words(notebook):
    return sum(len(text.split()) for text in markdown(notebook))

"""Each check is broken on purpose: the lessons' own verification then fails.

What an exercise needs are the cells tagged `setup`; they and the exercise with its check, of all
lessons with the outputs that are committed, make four notebooks, and nbval is run over these: the
learners' and the solutions', each as it is and with every check broken.
"""

import re
import subprocess
import sys

import nbformat
import pytest

from .lessons import LESSONS, SERIES, SOLUTIONS, code, read

# Run unseen: these cells have no stored output to compare.
ALWAYS_OK = (
    "import nbann\nkept = nbann.check.{name}\n"
    "nbann.check.{name} = lambda *a, **k: 'ok: whatever it was'"
)
NEVER_OK = (
    "import nbann\nkept = nbann.check.{name}\ndef refuse(*a, **k):\n"
    "    raise nbann.check.NotYet('not yet: never')\nnbann.check.{name} = refuse"
)
RESTORE = "nbann.check.{name} = kept"


def check_of(notebook):
    """Return the name of the check that a lesson uses."""
    [cell] = code(notebook, "check")
    [name] = set(re.findall(r"nbann\.check\.(\w+)\(", cell.source))
    return name


def excerpt(notebook):
    """Return the cells that an exercise needs, with their stored outputs; the check is the last."""
    wanted = {"setup", "exercise", "solution", "check"}
    cells = [cell for cell in code(notebook) if wanted & set(cell.metadata.get("tags", ()))]
    # Of the solution's cells the guess is not needed: it belongs to the lesson's own run.
    return [cell for cell in cells if ".answer(" not in cell.source]


def put_together(folder, broken=None):
    """Return a notebook of the excerpts of all lessons, and {lesson: its cells' numbers}."""
    cells, numbers = [], {}
    for path in SERIES:
        part = excerpt(read(folder / path.name))
        if broken:
            name = check_of(read(path))
            cells.append(nbformat.v4.new_code_cell(broken.format(name=name)))
        numbers[path.stem] = list(range(len(cells), len(cells) + len(part)))
        cells += part
        if broken:  # what follows has the true one again
            cells.append(nbformat.v4.new_code_cell(RESTORE.format(name=name)))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return nbformat.v4.new_notebook(cells=cells), numbers


def outcomes(folder):
    """Run nbval over a folder; return {file name: {cell: "PASSED" or "FAILED"}}."""
    options = ["--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", *options, "--rootdir", folder, folder],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    found = re.findall(r"^(PASSED|FAILED) (?:.*/)?(\S+\.ipynb)::Cell (\d+)", result.stdout, re.M)
    assert found, result.stdout + result.stderr
    told = {name: {} for _, name, _ in found}
    for outcome, name, cell in found:
        told[name][int(cell)] = outcome
    return told


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return {kind: {lesson: the outcomes of its cells}}."""
    folder = tmp_path_factory.mktemp("excerpts")
    kinds = {
        "as-it-is": (LESSONS, None),
        "solved": (SOLUTIONS, None),
        "always-ok": (LESSONS, ALWAYS_OK),
        "never-ok": (SOLUTIONS, NEVER_OK),
    }
    places = {}
    for kind, (source, broken) in kinds.items():
        notebook, places[kind] = put_together(source, broken)
        nbformat.write(notebook, folder / f"{kind}.ipynb")
    told = outcomes(folder)
    return {
        kind: {
            stem: [told[f"{kind}.ipynb"][number] for number in numbers]
            for stem, numbers in places[kind].items()
        }
        for kind in kinds
    }


@pytest.mark.parametrize("stem", [path.stem for path in SERIES])
def test_a_check_that_always_passes_is_found(run, stem):
    assert set(run["as-it-is"][stem]) == {"PASSED"}
    *before, check = run["always-ok"][stem]
    assert set(before) == {"PASSED"}
    assert check == "FAILED"


@pytest.mark.parametrize("stem", [path.stem for path in SERIES])
def test_a_check_that_never_passes_is_found(run, stem):
    assert set(run["solved"][stem]) == {"PASSED"}
    *before, check = run["never-ok"][stem]
    assert set(before) == {"PASSED"}
    assert check == "FAILED"

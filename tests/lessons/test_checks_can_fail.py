"""Each check is broken on purpose: the lessons' own verification then fails.

What an exercise needs are the cells tagged `setup`; they and the exercise with its check, with the
outputs that are committed, are made into small notebooks, and nbval is run over these.
"""

import re
import subprocess
import sys

import nbformat
import pytest

from .lessons import SERIES, SOLUTIONS, code, read

# Run before the rest, unseen: the cell has no stored output to compare.
ALWAYS_OK = "import nbann\nnbann.check.{name} = lambda *a, **k: 'ok: whatever it was'"
NEVER_OK = (
    "import nbann\ndef refuse(*a, **k):\n    raise nbann.check.NotYet('not yet: never')\n"
    "nbann.check.{name} = refuse"
)


def check_of(notebook):
    """Return the name of the check that a lesson uses."""
    [cell] = code(notebook, "check")
    [name] = set(re.findall(r"nbann\.check\.(\w+)\(", cell.source))
    return name


def excerpt(notebook, before=""):
    """Return what an exercise needs, with its stored outputs."""
    wanted = {"setup", "exercise", "solution", "check"}
    cells = [cell for cell in code(notebook) if wanted & set(cell.metadata.get("tags", ()))]
    # Of the solution's cells the guess is not needed: it belongs to the lesson's own run.
    cells = [cell for cell in cells if ".answer(" not in cell.source]
    if before:
        cells.insert(0, nbformat.v4.new_code_cell(before))
    return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)


def outcomes(folder):
    """Run nbval over a folder; return {file name: the numbers of the cells that failed}."""
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
    failed = {name: set() for _, name, _ in found}
    for outcome, name, cell in found:
        if outcome == "FAILED":
            failed[name].add(int(cell))
    return failed


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """What fails of each lesson, as it is and with its check broken in two ways."""
    folder = tmp_path_factory.mktemp("excerpts")
    for path in SERIES:
        learners, solved = read(path), read(SOLUTIONS / path.name)
        name = check_of(learners)
        for kind, notebook in {
            "as-it-is": excerpt(learners),
            "solved": excerpt(solved),
            "always-ok": excerpt(learners, ALWAYS_OK.format(name=name)),
            "never-ok": excerpt(solved, NEVER_OK.format(name=name)),
        }.items():
            nbformat.write(notebook, folder / f"{path.stem}.{kind}.ipynb")
    return outcomes(folder)


@pytest.mark.parametrize("stem", [path.stem for path in SERIES])
def test_a_check_that_always_passes_is_found(failed, stem):
    assert failed[f"{stem}.as-it-is.ipynb"] == set()
    last = len(excerpt(read(SERIES[0].parent / f"{stem}.ipynb"), "broken").cells) - 1
    assert failed[f"{stem}.always-ok.ipynb"] == {last}


@pytest.mark.parametrize("stem", [path.stem for path in SERIES])
def test_a_check_that_never_passes_is_found(failed, stem):
    assert failed[f"{stem}.solved.ipynb"] == set()
    last = len(excerpt(read(SOLUTIONS / f"{stem}.ipynb"), "broken").cells) - 1
    assert last in failed[f"{stem}.never-ok.ipynb"]

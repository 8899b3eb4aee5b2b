"""docs/lite.md: what it names is there, and its figures are those of the scripts."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "lite.md").read_text(encoding="utf-8")
LITE = runpy.run_path(str(ROOT / "scripts" / "lite"))
CHECK = runpy.run_path(str(ROOT / "scripts" / "check-lite"))
LESSONS = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


def test_scripts_and_tests_are_there():
    named = set(re.findall(r"`((?:scripts|tests)/[\w./-]+)", PAGE))
    assert {"scripts/check-lite", "scripts/check-wasm", "tests/test_no_threads.py"} <= named
    for name in named:
        assert (ROOT / name).is_file(), name


def test_options_are_those_of_the_script():
    told = subprocess.run(
        [sys.executable, ROOT / "scripts" / "lite", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for option in set(re.findall(r"scripts/lite.* (--[\w-]+)", PAGE)):
        assert option in told


def test_the_install_cell_and_the_wheels_are_told():
    assert f"    {LITE['INSTALL']}\n" in PAGE
    told = re.search(r"does not come with\s+\(([^)]*)\)", PAGE)[1]
    assert set(re.split(r",\s+", told)) == set(LITE["CARRIED"])


def test_the_number_of_damages_is_the_checks_own():
    assert f"in {len(CHECK['damages']())} ways" in PAGE


def test_lessons_that_were_timed_are_there_and_run_in_a_browser():
    rows = re.findall(r"^\| (\S+) \| ([\d.]+) \| [\d.]+ \|$", PAGE, re.MULTILINE)
    timed = {name for name, _ in rows}
    assert len(timed) >= 18
    assert timed <= LESSONS - set(LITE["NEEDS_PROCESSES"])


def test_ci_has_the_stages():
    stages = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    named = re.findall(r"`(scripts/check-[\w]+)`,(?! and)[^|]* in CI", PAGE)
    assert {"scripts/check-lite", "scripts/check-pyodide", "scripts/check-oldest"} <= set(named)
    for name in named:
        assert re.search(rf"^stage .* {name}$", stages, re.MULTILINE), name


# ---- the lessons' copies in the site ------------------------------------------------------------


def lesson():
    cells = [{"cell_type": "markdown", "source": "# T"}, {"cell_type": "code", "source": "1"}]
    return {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}, "x": 1}}


def test_a_lesson_installs_nbann_after_its_title():
    given = lesson()
    made = LITE["for_the_site"](given, "01-one-neuron")
    assert [cell["source"] for cell in made["cells"]] == ["# T", "%pip install -q nbann", "1"]
    assert made["cells"][1]["cell_type"] == "code"
    assert made["metadata"] == {"kernelspec": LITE["KERNEL"], "x": 1}
    assert given == lesson(), "the lesson itself stays"


def test_a_lesson_that_needs_processes_says_so_and_installs_nothing():
    [name, *_] = LITE["NEEDS_PROCESSES"]
    made = LITE["for_the_site"](lesson(), name)
    assert made["cells"][1]["cell_type"] == "markdown"
    assert "processes" in made["cells"][1]["source"]
    assert "outputs" not in made["cells"][1]


def test_a_folder_with_somebodys_work_is_not_overwritten(tmp_path):
    (tmp_path / "thesis.tex").write_text("years")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "lite", "--output", tmp_path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "expected an empty folder or a site of this script" in done.stderr
    assert (tmp_path / "thesis.tex").read_text() == "years"


@pytest.mark.parametrize("part", ["in_wheels", "in_front_ends", "in_lessons"])
def test_an_empty_site_is_complained_of(part, tmp_path):
    assert list(CHECK[part](tmp_path))

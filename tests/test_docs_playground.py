"""docs/playground.md: its code runs, and its names are those of the playground."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np

import nbann
from nbann.widgets.playground_choices import CONTROLS, SETS

PAGE = (Path(__file__).parents[1] / "docs" / "playground.md").read_text(encoding="utf-8")


def test_its_code_runs_and_prints_code_that_does_the_same():
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.S):
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block, "docs/playground.md", "exec"), names)
        if "momentum=0.9" in block:
            pg, found = names["pg"], {}
            with contextlib.redirect_stdout(io.StringIO()):
                exec(pg.code, found)
            for name, array in pg.trainer.parameters.items():
                assert np.array_equal(found["trainer"][name], array)
    assert names["pg"].setup.data == "spirals"
    assert set(names["pg"].hidden) == {"data", "code", "upload", "seed"}


def test_names_are_complete():
    section = PAGE[PAGE.index("## Data") :]
    assert re.findall(r'`"(\w+)"`', section[: section.index("drawn by hand")]) == list(SETS)
    listed = re.search(r"those that are not: (.*?)\.\n", PAGE, re.S)[1]
    assert tuple(re.split(r",\s+", listed)) == CONTROLS


def test_what_is_said_to_go_on_does():
    from nbann.widgets.playground_live import LIVE

    row = re.search(r"\| (learning rate, .*?) \|", PAGE)[1]
    assert len(row.split(", ")) == len(LIVE)
    assert hasattr(nbann.Trainer, "branch")

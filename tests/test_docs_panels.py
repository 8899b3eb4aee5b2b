"""docs/panels.md: its code runs, its panel behaves as one, its table names what there is."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import nbann
from nbann.panels import PANELS, Panel

PAGE = (Path(__file__).parents[1] / "docs" / "panels.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in re.findall(r"^\| `.*\|$", PAGE, re.MULTILINE)
]
CLASSES = {name: getattr(nbann.panels, name) for name in nbann.panels.__all__}
KINDS = {
    name: kind
    for name, kind in CLASSES.items()
    if isinstance(kind, type) and issubclass(kind, Panel) and kind is not Panel
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The names that the page's blocks leave behind, run in order in a folder of their own."""
    folder, names = tmp_path_factory.mktemp("page"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in BLOCKS:
            exec(compile(block, "docs/panels.md", "exec"), names)
    return names, folder


def test_the_code_runs_and_writes_what_it_says(ran):
    _, folder = ran
    assert {path.name for path in folder.iterdir()} == {"board.png", "training.gif", "sizes.svg"}
    assert len(BLOCKS) == 5


def test_the_panel_of_ones_own_shows_the_trainers_numbers(ran):
    names, _ = ran
    trainer, panel = names["trainer"], names["board"].panels[0]
    for move in (lambda: trainer.run(2), lambda: trainer.back("epoch"), trainer.reset):
        move()
        names["board"].update()
        norms = [np.sqrt((array**2).sum()) for array in trainer.parameters.values()]
        np.testing.assert_allclose([bar.get_height() for bar in panel.bars], norms)
        assert f"hidden.weight {norms[0]:.3g}" in panel.describe()
    block = next(block for block in BLOCKS if "class Sizes" in block)
    lines = block[block.index("class Sizes") :].splitlines()
    assert sum(bool(line.strip()) and '"""' not in line for line in lines) <= 21


def test_every_panel_has_a_row_with_its_short_name_and_options():
    rows = {row[0].strip("`"): row for row in ROWS}
    short = {kind: name for name, kind in PANELS.items()}
    assert set(KINDS) <= set(rows)
    for name, kind in KINDS.items():
        assert rows[name][1] == (f'"{short[kind]}"' if kind in short else ""), name
        options = re.findall(r"`(\w+)`", rows[name][4])
        assert options == list(inspect.signature(kind).parameters), name
        assert all(rows[name][2:4]), name

"""docs/widgets.md: its code runs, and it names every widget and key that there is."""

import re
from pathlib import Path

import nbann
from nbann.widgets import __all__ as widgets

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "widgets.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_code_runs(capsys):
    names = {}
    for block in BLOCKS:
        exec(compile(block, "docs/widgets.md", "exec"), names)
    assert len(BLOCKS) == 4
    names["trainer"].step("batch")
    told = capsys.readouterr().out.split()
    assert float(told[-1]) == float(names["widget"].here["loss"])
    names["widget"].close()


def test_every_widget_has_a_row():
    rows = set(re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE))
    shown = {name for name in widgets if hasattr(getattr(nbann, name), "_esm")}
    assert rows == shown


def test_every_key_of_step_through_is_told():
    script = (ROOT / "nbann/widgets/static/step_through.js").read_text(encoding="utf-8")
    keys = re.search(r"const KEYS = \{(.*?)\};", script, re.DOTALL)[1]
    table = PAGE[PAGE.index("## Keys") :]
    for key in re.findall(r'^\s*"?([^":\n]+)"?: "', keys, re.MULTILINE):
        for one in re.findall(r"\w+|[→←]", key.replace("1 – 5", "1")):
            assert one in table, one

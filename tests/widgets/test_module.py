"""A widget's front end is one self-contained module, put together from parts that Node can run."""

import re
import shutil
import subprocess

import pytest

from nbann.widgets import module
from nbann.widgets.module import STATIC, css, esm

WIDGETS = sorted(path.stem for path in STATIC.glob("*.js"))


@pytest.mark.parametrize("name", WIDGETS)
def test_a_module_needs_nothing_beside_it(name):
    text = esm(name)
    assert not re.search(r"^\s*import\b|\bimport\(|https?://(?!www\.w3\.org/)", text, re.M)
    assert len(re.findall(r"^export default \{ render", text, re.M)) == 1
    assert text.count("@ts-check") <= 1


@pytest.mark.parametrize("name", WIDGETS)
def test_no_two_parts_use_one_name(name):
    names = re.findall(
        r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", esm(name), re.M
    )
    assert names
    assert len(set(names)) == len(names), sorted(n for n in set(names) if names.count(n) > 1)


@pytest.mark.parametrize("name", WIDGETS)
def test_the_whole_is_javascript(name, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js to read JavaScript")
    whole = tmp_path / "whole.mjs"
    whole.write_text(esm(name), "utf-8")
    subprocess.run([node, "--check", whole], check=True)


def test_parts_come_before_what_uses_them_and_only_once():
    text = esm("step_through")
    assert text.count("function openView(") == 1
    assert text.index("function make(") < text.index("function openView(") < text.index("render(")


def test_style_sheets_come_with_their_parts():
    sheet = css("step_through")
    for part in ("view", "transport", "timeline", "why"):
        assert (STATIC / "parts" / f"{part}.css").read_text("utf-8") in sheet
    assert sheet.endswith((STATIC / "step_through.css").read_text("utf-8"))


def test_a_path_that_is_not_there_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "one.js").write_text('import { a } from "./gone.js";\n', "utf-8")
    monkeypatch.setattr(module, "STATIC", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"gone\.js"):
        esm("one")

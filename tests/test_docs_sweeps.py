"""docs/sweeps.md: its code runs, says what it says, and leaves what it says."""

import re
import warnings
from pathlib import Path

import pytest

import nbann

PAGE = (Path(__file__).parents[1] / "docs" / "sweeps.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what distributed leaves open at its end
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_code_runs(tmp_path, monkeypatch, capsys):
    names = {"__name__": "__main__"}
    monkeypatch.chdir(tmp_path)
    for block in BLOCKS:
        if "dask" in block:
            pytest.importorskip("distributed", reason="the extra nbann[distributed]")
        with warnings.catch_warnings():
            if "dask" in block:
                warnings.simplefilter("ignore")
            exec(compile(block, "docs/sweeps.md", "exec"), names)
    assert len(BLOCKS) == 9
    told = capsys.readouterr().out
    assert "8 of 12 runs were there already." in told
    assert "diverged" in told
    assert {path.name for path in tmp_path.iterdir()} == {"sweep.png", "my sweep"}
    assert len(list((tmp_path / "my sweep").iterdir())) == 12
    assert names["spread"].table["status"].tolist() == ["done"] * 4
    names["view"].close()


def test_other_names_of_the_page_are_there_too():
    for name in re.findall(r"nbann\.panels\.(\w+)", PAGE):
        assert name in nbann.panels.__all__
    for name in re.findall(r"nbann\.(?!panels)([a-zA-Z]\w*)", PAGE):
        assert name in nbann.__all__


def test_the_extra_is_the_projects():
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'^distributed = \["distributed>=', project, re.MULTILINE)
    assert "nbann[distributed]" in PAGE

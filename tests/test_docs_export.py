"""docs/export.md: its code runs, in order, and gives what the page says."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import nbann

PAGE = (Path(__file__).parents[1] / "docs" / "export.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python( torch)?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(folder, blocks, names):
    """Run blocks of the page in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in blocks:
            exec(compile(block, "docs/export.md", "exec"), names)
    return names


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The names that the page leaves behind, and the folder with its files."""
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    folder = tmp_path_factory.mktemp("page")
    return run(folder, [block for torch, block in BLOCKS if not torch], {}), folder


def test_the_code_runs_and_gives_the_trainers_numbers(ran, capsys):
    names, folder = ran
    trainer, X = names["trainer"], names["test"].X
    assert [path.name for path in folder.iterdir()] == ["net.onnx"]
    np.testing.assert_allclose(names["shares"], trainer.predict_proba(X), atol=1e-12)
    assert tuple(names["classes"]) == names["train"].target_names
    np.testing.assert_array_equal(names["made"]["predict"](X), trainer.predict(X))
    raw = names["x"] * names["deviation"] + names["mean"]
    np.testing.assert_allclose(raw, names["new"], atol=1e-12)


@pytest.mark.torch
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_the_code_with_pytorch_runs(ran, tmp_path):
    names, _ = ran
    run(tmp_path, [block for torch, block in BLOCKS if torch], names)
    trainer, X = names["trainer"], names["test"].X
    wanted = trainer.activations("output.out", X)
    np.testing.assert_allclose(names["logits"].numpy(), wanted, atol=1e-12)
    np.testing.assert_allclose(names["made"]["outputs"](X), wanted, atol=1e-12)
    assert "hidden.weight" in names["module"].state_dict()


def test_every_function_of_the_page_is_public_and_each_public_one_is_on_it():
    named = set(re.findall(r"nbann\.export\.(\w+)", PAGE))
    assert named == set(nbann.export.__all__)
    for name in re.findall(r"nbann\.([A-Z]\w+)", PAGE):
        assert name in nbann.__all__


def test_the_extra_is_in_the_project_file():
    extras = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert 'pip install "nbann[onnx]"' in PAGE
    assert re.search(r'^onnx = \["onnx>=', extras, re.MULTILINE)

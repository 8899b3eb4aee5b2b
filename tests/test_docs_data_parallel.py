"""docs/data-parallel.md: its code runs, and what it names is there."""

import re
import warnings
from pathlib import Path

import pytest

import nbann

PAGE = (Path(__file__).parents[1] / "docs" / "data-parallel.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what distributed leaves open at its end
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_code_runs(capsys):
    names = {"__name__": "__main__"}
    for block in BLOCKS:
        if "dask" in block:
            pytest.importorskip("distributed", reason="the extra nbann[distributed]")
        with warnings.catch_warnings():
            if "dask" in block:
                warnings.simplefilter("ignore")
            exec(compile(block, "docs/data-parallel.md", "exec"), names)
    assert len(BLOCKS) == 3
    told = capsys.readouterr().out
    assert "('scatter', 'gradient on worker 1', 'gradient on worker 2', 'reduce', 'update')" in told
    assert "central difference" in told
    assert "worker 2 at tcp://127.0.0.1:" in told
    assert names["spread"].position == (5, 1, 0)


def test_its_phases_and_methods_are_there():
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
    for name in re.findall(r"`?trainer\.(\w+)", PAGE):
        assert hasattr(trainer, name), name
    trainer.distribute(workers=2)
    for phase in trainer.program.phases:
        assert f"`{phase}`" in PAGE

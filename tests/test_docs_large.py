"""docs/large.md: its code runs as it stands, in a folder of its own, and prints what it says."""

import re
from pathlib import Path

from benchmarks.larger_than_memory import MOST

PAGE = (Path(__file__).parents[1] / "docs" / "large.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_its_code_runs_and_prints_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in BLOCKS:
        exec(compile(block, "docs/large.md", "exec"), names)
    printed = capsys.readouterr().out
    said = re.findall(r"print\(.*\)  # (<.*>)$", PAGE, re.MULTILINE)
    assert len(said) == 2
    for line in said:
        assert line in printed
    assert names["trainer"].position == (1, 0, 0)
    assert (tmp_path / "run.npz").stat().st_size < 200_000 < (tmp_path / "X.npy").stat().st_size


def test_each_way_of_streaming_is_in_its_table():
    section = PAGE[PAGE.index("## A stream of batches") : PAGE.index("## Saving")]
    rows = re.findall(r"^\| (?!---|what)(.*?) \|", section, re.MULTILINE)
    assert len(rows) == 3
    for word in ("sequence", "iterable", "iterator"):
        assert any(word in row for row in rows)


def test_the_most_that_it_promises_is_what_the_benchmark_fails_at():
    assert f"less than {MOST:g} MB" in PAGE
    assert f"status 1 at {MOST:g} MB" in PAGE

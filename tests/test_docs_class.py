"""docs/class.md: its figures are the measured ones, its settings exist, its snippets parse."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

import nbann
from nbann.cli import split_options
from nbann.sweeping.crew import cores
from nbann.widgets.player import UNSEEN

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "class.md").read_text(encoding="utf-8")
MEASURED = json.loads((ROOT / "docs" / "memory.json").read_text(encoding="utf-8"))
PEAK = MEASURED["peak"]
SERVER = 164  # MB, of the server of one user, as the page says how it was measured
LESSONS = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def commands():
    """Return the lines that are to be typed: indented, outside the fenced blocks."""
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^    (\S.*)$", prose, re.MULTILINE)


def megabytes(text):
    return int(re.fullmatch(r"(\d+)M", text)[1]) * 2**20 / 1e6


# ---- memory -------------------------------------------------------------------------------------


def test_the_table_is_what_was_measured():
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert {name: int(number) for name, number in rows} == PEAK
    assert MEASURED["unit"] == "MB"


def test_every_lesson_is_measured():
    assert set(PEAK) - {"a kernel without nbann"} == LESSONS


def test_sums_are_right():
    found = re.findall(r"\| ((?:\d+ \+ )+\d+) = (\d+) \|", PAGE)
    assert len(found) == 3
    for terms, total in found:
        numbers = [int(one) for one in terms.split(" + ")]
        assert sum(numbers) == int(total)
        assert SERVER in numbers
    assert f"{PEAK['10-how-deep']} + {SERVER}" in PAGE


def test_limits_hold_what_was_measured():
    [limit] = set(re.findall(r"mem_limit = \"(\w+)\"", PAGE))
    [guarantee] = set(re.findall(r"mem_guarantee = \"(\w+)\"", PAGE))
    assert f"limit: {limit}\n" in PAGE
    assert f"guarantee: {guarantee}\n" in PAGE
    assert f"limits.memory {limit}" in PAGE
    heaviest = max(PEAK.values())
    ordinary = sorted(PEAK.values())[len(PEAK) // 2]
    assert megabytes(limit) > heaviest + 300 + SERVER
    assert megabytes(guarantee) > ordinary + SERVER
    assert heaviest + SERVER < 1e9 / 1e6 < 2**30 / 1e6  # "1 GB is enough for one notebook"


# ---- settings -----------------------------------------------------------------------------------


def test_the_hubs_configuration_is_python_that_sets_what_it_says(monkeypatch):
    [config, _] = blocks("python")

    class Names(dict):
        """Whatever is set, by its name with a point."""

    class Section:
        def __init__(self, name, into):
            self.__dict__.update(_name=name, _into=into)

        def __setattr__(self, name, value):
            self._into[f"{self._name}.{name}"] = value

    class Config:
        def __init__(self):
            self.set = Names()

        def __getattr__(self, name):
            return Section(name, self.set)

    config_object = Config()
    exec(compile(config, "jupyterhub_config.py", "exec"), {"get_config": lambda: config_object})
    found = config_object.set
    assert found["JupyterHub.bind_url"].startswith("http://127.0.0.1:")
    shell, flag, script, _ = found["Spawner.cmd"]
    assert (shell, flag) == ("sh", "-c")
    folder = re.search(r"nbann lessons (\S+)", script)[1]
    first = found["Spawner.default_url"].removeprefix(f"/lab/tree/{folder}/")
    assert (ROOT / "notebooks" / first).is_file()
    assert found["Spawner.cpu_limit"] == 1.0
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert cores() == 1  # what a sweep goes by, and lesson 17
    assert int(found["Spawner.environment"]["LOKY_MAX_CPU_COUNT"]) == 2


def test_the_exhibit_runs():
    [_, exhibit] = blocks("python")
    *before, last = ast.parse(exhibit).body
    names = {}
    exec(compile(ast.Module(before, []), "exhibit", "exec"), names)
    widget = eval(compile(ast.Expression(last.value), "exhibit", "eval"), names)
    assert isinstance(widget, nbann.StepThrough)
    widget.close()


def test_yaml_is_a_tree_of_names_and_values():
    """Not every machine has a YAML parser; the little that is used here is looked at by hand."""
    [values] = blocks("yaml")
    for line in values.splitlines():
        assert re.fullmatch(r"(  )*\w+:( \S.*)?", line), line
    assert "\t" not in values
    command = ast.literal_eval(re.search(r"command: (\[.*\])", values)[1])
    assert command == ["nbann", "lessons", "nbann-lessons"]


def test_yaml_by_its_parser():
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with JupyterLab, not with nbann")
    [values] = blocks("yaml")
    user = yaml.safe_load(values)["singleuser"]
    assert user["memory"] == {"guarantee": "512M", "limit": "1536M"}
    assert user["extraEnv"] == {"OPENBLAS_NUM_THREADS": "1", "LOKY_MAX_CPU_COUNT": "2"}


def test_the_proxys_blocks_are_balanced_and_go_where_nbann_lab_listens():
    [nginx] = blocks("nginx")
    assert nginx.count("{") == nginx.count("}") == 3
    for line in nginx.splitlines():
        assert not line or line.endswith(("{", "}", ";")), line
    [lab] = [line for line in commands() if line.startswith("nbann lab ")]
    ours, passed = split_options(lab.split()[2:])
    assert ours == ["lessons", "--no-browser"]
    options = dict(word.removeprefix("--").split("=", 1) for word in passed)
    assert f"proxy_pass http://{options['ip']}:{options['port']};" in nginx
    assert f"location {options['ServerApp.base_url']} " in nginx
    assert "proxy_set_header Upgrade $http_upgrade;" in nginx


def test_settings_of_kernels_exist():
    manager = pytest.importorskip(
        "jupyter_server.services.kernels.kernelmanager", reason="comes with JupyterLab"
    )
    names = set(re.findall(r"--MappingKernelManager\.(\w+)=", PAGE))
    assert {"cull_idle_timeout", "cull_interval"} <= names
    assert names <= set(manager.MappingKernelManager.class_trait_names())


def test_ten_minutes_are_the_players():
    assert UNSEEN == 600
    assert "after ten minutes without a page" in re.sub(r"\s+", " ", PAGE)


def test_other_pages_and_scripts_are_there():
    for name in re.findall(r"\]\((?!https?:|#)([\w.]+)", PAGE):
        assert (ROOT / "docs" / name).is_file()
    for name in re.findall(r"`(scripts/[\w-]+)", PAGE):
        assert (ROOT / name).is_file()


def test_lesson_10_is_the_heaviest():
    assert max(PEAK, key=PEAK.get) == "10-how-deep"
    assert nbformat.read(ROOT / "notebooks" / "10-how-deep.ipynb", as_version=4).cells

"""The floors of the house: who may import whom, read from the source and proved to be checked.

Every import counts: in a function, under TYPE_CHECKING, and importlib.import_module as well.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

import nbann

ROOT = Path(__file__).resolve().parent.parent
COMPUTED = "a computed module name"
EXCEPTIONS = {
    # Metrics are asked for by name, at the trainer, which is the core's; most are scikit-learn's
    # own. It is loaded when the first of them is computed, in a function: see the test below.
    ("nbann.core.scoring.scores", "sklearn.metrics"),
    # A frame is what `Trainer.to_frame` is asked for; pandas is loaded then, in a function.
    ("nbann.core.storing.frame", "pandas"),
}


@dataclass(frozen=True)
class Floor:
    """What a module may import beside the standard library: parts of nbann, other packages."""

    nbann: frozenset[str]
    outside: frozenset[str]


def floor_of(module: str) -> Floor:
    """Return the floor on which `module` lives; arrows point down only."""
    part = module.split(".")[1] if "." in module else ""
    if part == "":  # the façade: hands names through, and loads them on first use
        return Floor(frozenset({"nbann"}), frozenset())
    if part == "core":
        return Floor(frozenset({"nbann.core"}), frozenset({"numpy"}))
    if part == "panels":
        # Pillow comes with matplotlib, which writes JPEG files by it
        libraries = frozenset({"numpy", "matplotlib", "PIL"})
        return Floor(frozenset({"nbann.core", "nbann.panels"}), libraries)
    if part == "widgets":  # traitlets and IPython are what ipywidgets itself stands on
        return Floor(
            frozenset({"nbann.core", "nbann.datasets", "nbann.panels", "nbann.widgets"}),
            frozenset({"numpy", "ipywidgets", "anywidget", "traitlets", "IPython"}),
        )
    if part == "__main__":
        return Floor(frozenset({"nbann.cli"}), frozenset())
    if part == "sklearn":  # scikit-learn stands on SciPy, whose L-BFGS-B and sparse matrices it has
        return Floor(
            frozenset({"nbann.core", "nbann.sklearn"}), frozenset({"numpy", "sklearn", "scipy"})
        )
    if part == "sweeping":  # joblib, threadpoolctl come with scikit-learn, cloudpickle with joblib
        comes_along = frozenset({"joblib", "cloudpickle", "threadpoolctl"})
        # IPython's display in a notebook, which has loaded it; pandas when a frame is asked for
        asked_for = frozenset({"IPython", "pandas"})
        inside = frozenset({"nbann.core", "nbann.sweeping"})
        return Floor(inside, frozenset({"numpy"}) | comes_along | asked_for)
    if part == "export":  # what a net is exported to is loaded when it is asked for: see below
        return Floor(
            frozenset({"nbann.core", "nbann.export"}), frozenset({"numpy", "torch", "onnx"})
        )
    # Beside the panels: each stands on the core alone, not on its neighbors.
    return Floor(frozenset({"nbann.core", f"nbann.{part}"}), frozenset({"numpy", "sklearn"}))


# ---- reading imports ----------------------------------------------------------------------------


def imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """Yield (line, absolute dotted name) of everything that the source imports.

    ``from a import b`` yields ``a.b``, which is right whether b is a module or a name in a.
    """
    package = module if is_package else module.rpartition(".")[0]
    loaders = {"__import__", "import_module"} | {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "importlib"
        for alias in node.names
        if alias.name == "import_module"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            for alias in node.names:
                yield node.lineno, base if alias.name == "*" else f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and _called(node.func) in loaders:
            name = node.args[0] if node.args else None
            literal = isinstance(name, ast.Constant) and isinstance(name.value, str)
            yield node.lineno, _absolute(name.value, package) if literal else COMPUTED


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _absolute(name: str, package: str) -> str:
    level = len(name) - len(name.lstrip("."))
    if level == 0:
        return name
    parts = package.split(".")
    return ".".join(parts[: len(parts) - level + 1] + ([name[level:]] if name[level:] else []))


def _within(name: str, prefixes: frozenset[str]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def allowed(name: str, module: str) -> bool:
    """Tell whether `module` may import `name`."""
    floor = floor_of(module)
    if (module, name) in EXCEPTIONS:
        return True
    if name == COMPUTED:
        return module == "nbann"
    if _within(name, frozenset({"matplotlib.pyplot"})):
        return False  # global state that a notebook's own figures share
    root = name.split(".")[0]
    if root == "nbann":
        return _within(name, floor.nbann)
    return root in floor.outside or root in sys.stdlib_module_names


def violations(root: Path) -> list[str]:
    """List every import under ``root/nbann`` that goes up or sideways."""
    found = []
    for path in sorted((root / "nbann").rglob("*.py")):
        relative = path.relative_to(root)
        is_package = path.name == "__init__.py"
        module = ".".join((relative.parent if is_package else relative.with_suffix("")).parts)
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        found += [
            f"{relative.as_posix()}:{line} imports {name}"
            for line, name in imports(tree, module, is_package)
            if not allowed(name, module)
        ]
    return found


# ---- the house as it stands ---------------------------------------------------------------------


def test_no_import_goes_up_or_sideways():
    assert list((ROOT / "nbann" / "core").glob("*.py")), "there is no core to check"
    assert violations(ROOT) == []


def test_importing_nbann_loads_numpy_alone():
    heavy = "matplotlib ipywidgets anywidget traitlets IPython sklearn scipy pandas torch"
    code = (
        "import sys, nbann, nbann.cli;"
        f"print(*(name for name in {heavy.split()} if name in sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.split() == []


def test_training_loads_numpy_alone():
    """A run with its accuracy loads no scikit-learn; one that asks for such a metric does."""
    code = (
        "import sys, nbann;"
        "net = lambda: nbann.Sequential([nbann.Dense(2)]);"
        "nbann.Trainer(net(), nbann.datasets.xor()).run(2);"
        "print('sklearn' in sys.modules, 'scipy' in sys.modules);"
        "nbann.Trainer(net(), nbann.datasets.xor(), metrics=['f1_macro']).run(1);"
        "print('sklearn.metrics' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.split() == ["False", "False", "True"]


# ---- the check itself can fail ------------------------------------------------------------------

PLANTED = [
    ("core/a.py", "import matplotlib", "matplotlib"),
    ("core/a.py", "import scipy.special as s", "scipy.special"),
    ("core/a.py", "import nbann", "nbann"),
    ("core/a.py", "from nbann import panels", "nbann.panels"),
    ("core/a.py", "from .. import panels", "nbann.panels"),
    ("core/a.py", "from ..panels.loss import LossCurve", "nbann.panels.loss.LossCurve"),
    ("core/sub/a.py", "from ... import cli", "nbann.cli"),
    ("core/__init__.py", "from ..widgets import *", "nbann.widgets"),
    ("core/a.py", "def f():\n    import ipywidgets as w", "ipywidgets"),
    ("core/a.py", "def f():\n    from sklearn import metrics", "sklearn.metrics"),
    ("core/scoring/scores.py", "from sklearn import svm", "sklearn.svm"),
    (
        "core/a.py",
        "class A:\n    async def f(self):\n        from sklearn import svm",
        "sklearn.svm",
    ),
    (
        "core/a.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from nbann.panels import Panel",
        "nbann.panels.Panel",
    ),
    ("core/a.py", "import importlib\nimportlib.import_module('anywidget')", "anywidget"),
    (
        "core/a.py",
        "import importlib as i\ni.import_module('..panels', __package__)",
        "nbann.panels",
    ),
    ("core/a.py", "from importlib import import_module as get\nget('torch')", "torch"),
    ("core/a.py", "__import__('IPython')", "IPython"),
    ("core/a.py", "import importlib\nn = 'x'\nimportlib.import_module(n)", COMPUTED),
    ("panels/a.py", "import ipywidgets", "ipywidgets"),
    ("panels/a.py", "from anywidget import AnyWidget", "anywidget.AnyWidget"),
    ("panels/a.py", "from ..widgets import step", "nbann.widgets.step"),
    ("panels/a.py", "import matplotlib.pyplot as plt", "matplotlib.pyplot"),
    ("panels/a.py", "from matplotlib import pyplot", "matplotlib.pyplot"),
    ("panels/a.py", "from nbann import Trainer", "nbann.Trainer"),
    ("widgets/a.py", "from ..cli import main", "nbann.cli.main"),
    ("widgets/a.py", "import sklearn", "sklearn"),
    ("check.py", "from nbann.panels import LossCurve", "nbann.panels.LossCurve"),
    ("check.py", "from .sklearn import MLPClassifier", "nbann.sklearn.MLPClassifier"),
    ("check.py", "from . import cli", "nbann.cli"),
    ("datasets.py", "from scipy import sparse", "scipy.sparse"),
    ("sklearn/mlp.py", "from nbann.panels import LossCurve", "nbann.panels.LossCurve"),
    ("__init__.py", "import matplotlib", "matplotlib"),
]

HARMLESS = [
    ("core/a.py", "from __future__ import annotations\nimport math, os.path\nimport numpy as np"),
    ("core/a.py", "from . import ops\nfrom .ops import add\nfrom nbann.core.ops import *"),
    ("panels/a.py", "from nbann.core import trainer\nfrom matplotlib.figure import Figure"),
    (
        "widgets/a.py",
        "import anywidget, traitlets\nfrom ..panels import loss\nfrom ..core import ops",
    ),
    ("sklearn/mlp.py", "from sklearn.base import BaseEstimator\nfrom . import base"),
    (
        "sklearn/lbfgs.py",
        "from scipy.optimize import minimize\nfrom nbann.core.trainer import Trainer",
    ),
    ("__init__.py", "import importlib\ndef __getattr__(n):\n    return importlib.import_module(n)"),
    ("__main__.py", "from nbann.cli import main"),
]


def _plant(root: Path, path: str, source: str) -> None:
    target = root / "nbann" / path
    target.parent.mkdir(parents=True)
    target.write_text(source)


@pytest.mark.parametrize(("path", "source", "name"), PLANTED)
def test_a_planted_violation_is_found(tmp_path, path, source, name):
    _plant(tmp_path, path, source)
    line = source.count("\n") + 1
    assert violations(tmp_path) == [f"nbann/{path}:{line} imports {name}"]


@pytest.mark.parametrize(("path", "source"), HARMLESS)
def test_a_harmless_import_is_left_alone(tmp_path, path, source):
    _plant(tmp_path, path, source)
    assert violations(tmp_path) == []


# ---- lessons use what users use -----------------------------------------------------------------


LIBRARIES = {"numpy", "sklearn", "ipywidgets"}


def private_uses(source: str, public: frozenset[str]) -> list[str]:
    """List what a lesson's code takes from beyond nbann's public names and its dependencies."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    found = []
    for _, name in imports(tree, "lesson", is_package=False):
        root, _, rest = name.partition(".")
        if root == "nbann":
            if rest and rest.split(".")[0] not in public:
                found.append(name)
        elif root not in LIBRARIES and root not in sys.stdlib_module_names:
            found.append(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            own = isinstance(node.value, ast.Name) and node.value.id == "nbann"
            special = node.attr.startswith("__")
            hidden = node.attr.startswith("_") and not special
            if hidden or (own and not special and node.attr not in public):
                found.append(name)
    return found


def _lessons() -> list[Path]:
    return sorted(
        path
        for path in (ROOT / "notebooks").rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts
    )


@pytest.mark.parametrize("path", _lessons(), ids=lambda path: path.name)
def test_a_lesson_uses_public_names_only(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    public = frozenset(nbann.__all__) | {"sklearn"}  # the estimators have a module of their own
    found = [use for source in code for use in private_uses(source, public)]
    assert found == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "%config x = 1\nimport nbann, math\nimport numpy as np\nnbann.Dense(nbann.__version__)",
            [],
        ),
        ("from nbann import Dense", []),
        ("from nbann.core import trainer", ["nbann.core.trainer"]),
        ("import nbann.core.trainer", ["nbann.core.trainer"]),
        ("nbann.core.ops", ["nbann.core"]),
        ("nbann.nonsense()", ["nbann.nonsense"]),
        ("trainer._program", ["trainer._program"]),
        ("import torch", ["torch"]),
    ],
)
def test_a_private_use_in_a_lesson_is_found(source, expected):
    assert private_uses(source, frozenset({"Dense"})) == expected

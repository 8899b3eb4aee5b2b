"""Functions and classes of a module as text, with what they need. Imports Python alone.

The modules are read, not imported: text for PyTorch can be written where PyTorch is not installed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


def pieces(modules: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return the source of definitions of modules beside this one, and of those that they use.

    Parameters
    ----------
    modules : iterable of str
        Their files' names: "numpy_layers".
    names : iterable of str

    Returns
    -------
    list of str
        In the order of the modules.
    """
    known: dict[str, tuple[str, frozenset[str]]] = {}
    for module in modules:
        known |= _definitions(module)
    needed: set[str] = set()
    found = list(names)
    while found:
        name = found.pop()
        if name in known and name not in needed:
            needed.add(name)
            found += known[name][1]
    return [text for name, (text, _) in known.items() if name in needed]


@cache
def _definitions(module: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return each definition's text, and the names that it uses."""
    source = (_HERE / f"{module}.py").read_text(encoding="utf-8")
    nodes: dict[str, ast.stmt] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            nodes[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            nodes[node.targets[0].id] = node
    found = {}
    for name, node in nodes.items():
        used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        text = ast.get_source_segment(source, node) or ""
        found[name] = (text, frozenset(used))
    return found


def imports_of(texts: Iterable[str]) -> list[str]:
    """Return the lines that import what pieces use of the standard library."""
    whole = "\n".join(texts)
    return [f"import {name}" for name in ("copy", "math") if f"{name}." in whole]

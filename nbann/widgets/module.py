"""Puts a widget's front end together from its parts; imports nothing of nbann.

The sources in `static/` are plain ES modules that import their parts from `static/parts/` by
relative paths, so that Node runs and tests them as they are. A notebook can not follow such paths:
there a widget is one self-contained module and one style sheet, which `esm` and `css` return.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\./[\w/.-]+\.js|\.\./[\w/.-]+\.js)";\n', re.M)
_TYPE = re.compile(r'import\("\.[^"]*"\)\.')  # of a type in a comment
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) )", re.M)


@cache
def esm(name: str) -> str:
    """Return the module of a widget, e.g. "step_through", with all of its parts in it.

    Each part comes once, before what imports it; what it exports is a plain name of the module, as
    no two parts may use one name (tests/widgets/test_module.py).
    """
    parts: list[Path] = []
    _collect(STATIC / f"{name}.js", parts)
    texts = [_TYPE.sub("", _IMPORT.sub("", path.read_text("utf-8"))) for path in parts]
    inner = [_EXPORT.sub("", text).replace("// @ts-check\n", "") for text in texts[:-1]]
    return "\n".join([*inner, texts[-1]])


@cache
def css(name: str) -> str:
    """Return the style sheet of a widget: what all share, its parts, its own rules."""
    parts: list[Path] = []
    _collect(STATIC / f"{name}.js", parts)
    sheets = [path.with_suffix(".css") for path in parts]
    return "\n".join(sheet.read_text("utf-8") for sheet in sheets if sheet.is_file())


def _collect(path: Path, parts: list[Path]) -> None:
    """List a module's parts in the order in which they must stand, itself last."""
    for relative in _IMPORT.findall(path.read_text("utf-8")):
        part = (path.parent / relative).resolve()
        if part not in parts:
            _collect(part, parts)
    parts.append(path.resolve())

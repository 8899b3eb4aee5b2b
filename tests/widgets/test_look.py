"""One visual language: the widget's phase colors are those of the panels."""

import re

import pytest

from nbann.core.program import PHASES
from nbann.panels import PHASE_COLORS
from nbann.panels.style import as_theme
from nbann.widgets.module import STATIC, css, esm


@pytest.mark.parametrize(
    ("theme", "selector"),
    [
        ("light", r"\.nbann-view \{"),
        ("dark", r'\[data-jp-theme-light="false"\] \.nbann-view \{'),
    ],
)
def test_phases_have_the_colors_of_the_panels(theme, selector):
    sheet = css("step_through")
    rule = re.search(rf"^{selector}(.*?)^\}}", sheet, re.M | re.S)[1]
    colors = dict(re.findall(r"--nbann-(\w+): (#\w{6});", rule))
    assert {phase: colors[phase] for phase in PHASES} == PHASE_COLORS[theme]
    more = as_theme(theme).more_phases
    assert tuple(colors[f"phase{n}"] for n in range(1, len(more) + 1)) == more
    assert f".nbann-phase{len(more)} {{" in sheet
    assert f"MORE_PHASES = {len(more)};" in esm("step_through")
    assert (colors["low"], colors["high"]) == (as_theme(theme).low, as_theme(theme).high)


@pytest.mark.parametrize("sheet", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_every_rule_stays_inside_the_widgets(sheet):
    rules = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.S)
    selectors = [s.strip() for s in re.findall(r"([^{}]+)\{", rules)]
    assert selectors
    for selector in selectors:
        assert selector.startswith(("@container", "@media", "@keyframes")) or all(
            ".nbann-view" in part for part in selector.split(",")
        ), selector

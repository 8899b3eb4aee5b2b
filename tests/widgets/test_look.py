"""One visual language: the widget's phase colors are those of the panels."""

import re

import pytest

from nbann.core.program import PHASES
from nbann.panels import PHASE_COLORS
from nbann.panels.style import as_theme
from nbann.widgets.step_through import STATIC


@pytest.mark.parametrize(
    ("theme", "selector"),
    [
        ("light", r"\.nbann-step-through \{"),
        ("dark", r'\[data-jp-theme-light="false"\] \.nbann-step-through \{'),
    ],
)
def test_phases_have_the_colors_of_the_panels(theme, selector):
    css = (STATIC / "step_through.css").read_text()
    rule = re.search(rf"^{selector}(.*?)^\}}", css, re.M | re.S)[1]
    colors = dict(re.findall(r"--nbann-(\w+): (#\w{6});", rule))
    assert {phase: colors[phase] for phase in PHASES} == PHASE_COLORS[theme]
    more = as_theme(theme).more_phases
    assert tuple(colors[f"phase{n}"] for n in range(1, len(more) + 1)) == more
    assert f".nbann-phase{len(more)} {{" in css
    assert f"MORE_PHASES = {len(more)};" in (STATIC / "step_through.js").read_text()
    assert (colors["low"], colors["high"]) == (as_theme(theme).low, as_theme(theme).high)


def test_every_rule_stays_inside_the_widget():
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "step_through.css").read_text(), flags=re.S)
    selectors = [s.strip() for s in re.findall(r"([^{}]+)\{", css)]
    assert len(selectors) > 50
    for selector in selectors:
        assert selector.startswith("@container") or all(
            ".nbann-step-through" in part for part in selector.split(",")
        ), selector

"""Panels: what a trainer looks like, drawn and said in words; imports matplotlib and the core."""

from .base import Margins, Panel
from .dashboard import PANELS, Dashboard
from .decision_boundary import DecisionBoundary
from .loss_curve import LossCurve
from .loss_landscape import LossLandscape
from .network_diagram import NetworkDiagram
from .scale import Limit
from .style import PHASE_COLORS
from .weight_heatmap import WeightHeatmap

__all__ = [
    "PANELS",
    "PHASE_COLORS",
    "Dashboard",
    "DecisionBoundary",
    "Limit",
    "LossCurve",
    "LossLandscape",
    "Margins",
    "NetworkDiagram",
    "Panel",
    "WeightHeatmap",
]

"""Panels: what a trainer looks like, drawn and said in words; imports matplotlib and the core."""

from .base import Panel
from .dashboard import PANELS, Dashboard
from .decision_boundary import DecisionBoundary
from .loss_curve import LossCurve
from .network_diagram import NetworkDiagram
from .overlaid_curves import OverlaidCurves
from .style import PHASE_COLORS
from .weight_heatmap import WeightHeatmap

__all__ = [
    "PANELS",
    "PHASE_COLORS",
    "Dashboard",
    "DecisionBoundary",
    "LossCurve",
    "NetworkDiagram",
    "OverlaidCurves",
    "Panel",
    "WeightHeatmap",
]

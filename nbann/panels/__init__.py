"""Panels: what a trainer looks like, drawn and said in words; imports matplotlib and the core."""

from .activations import Activations
from .base import Panel
from .dashboard import PANELS, Dashboard
from .decision_boundary import DecisionBoundary
from .energy import Energy
from .gradient_flow import GradientFlow
from .loss_curve import LossCurve
from .network_diagram import NetworkDiagram
from .style import PHASE_COLORS
from .weight_heatmap import WeightHeatmap

__all__ = [
    "PANELS",
    "PHASE_COLORS",
    "Activations",
    "Dashboard",
    "DecisionBoundary",
    "Energy",
    "GradientFlow",
    "LossCurve",
    "NetworkDiagram",
    "Panel",
    "WeightHeatmap",
]

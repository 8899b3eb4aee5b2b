"""Panels: what a trainer looks like, drawn and said in words; imports matplotlib and the core."""

from .base import Panel
from .confusion_matrix import ConfusionMatrix
from .dashboard import PANELS, Dashboard
from .decision_boundary import DecisionBoundary
from .hidden_states import HiddenStates
from .latent_space import LatentSpace
from .loss_curve import LossCurve
from .network_diagram import NetworkDiagram
from .predictions import Predictions
from .ranked_list import RankedList
from .reconstruction import Reconstruction
from .som_map import SOMMap
from .style import PHASE_COLORS
from .weight_heatmap import WeightHeatmap

__all__ = [
    "PANELS",
    "PHASE_COLORS",
    "ConfusionMatrix",
    "Dashboard",
    "DecisionBoundary",
    "HiddenStates",
    "LatentSpace",
    "LossCurve",
    "NetworkDiagram",
    "Panel",
    "Predictions",
    "RankedList",
    "Reconstruction",
    "SOMMap",
    "WeightHeatmap",
]

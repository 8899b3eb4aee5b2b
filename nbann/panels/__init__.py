"""Panels: what a trainer looks like, drawn and said in words; imports matplotlib and the core."""

from .activations import Activations
from .base import Margins, Panel
from .confusion_matrix import ConfusionMatrix
from .dashboard import Dashboard
from .decision_boundary import DecisionBoundary
from .energy import Energy
from .gradient_flow import GradientFlow
from .hidden_states import HiddenStates
from .latent_space import LatentSpace
from .loss_curve import LossCurve
from .loss_landscape import LossLandscape
from .network_diagram import NetworkDiagram
from .overlaid_curves import OverlaidCurves
from .predictions import Predictions
from .probabilities import Probabilities
from .ranked_list import RankedList
from .reconstruction import Reconstruction
from .registry import PANELS
from .scale import Limit
from .som_map import SOMMap
from .style import PHASE_COLORS
from .sweep_curves import SweepCurves
from .sweep_map import SweepMap
from .tangent import Tangent
from .weight_heatmap import WeightHeatmap

__all__ = [
    "PANELS",
    "PHASE_COLORS",
    "Activations",
    "ConfusionMatrix",
    "Dashboard",
    "DecisionBoundary",
    "Energy",
    "GradientFlow",
    "HiddenStates",
    "LatentSpace",
    "Limit",
    "LossCurve",
    "LossLandscape",
    "Margins",
    "NetworkDiagram",
    "OverlaidCurves",
    "Panel",
    "Predictions",
    "Probabilities",
    "RankedList",
    "Reconstruction",
    "SOMMap",
    "SweepCurves",
    "SweepMap",
    "Tangent",
    "WeightHeatmap",
]

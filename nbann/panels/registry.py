"""Panels by their short names; imports every panel and the core's errors."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import UnknownNameError, bad_value
from .activations import Activations
from .base import Panel
from .confusion_matrix import ConfusionMatrix
from .decision_boundary import DecisionBoundary
from .energy import Energy
from .gradient_flow import GradientFlow
from .hidden_states import HiddenStates
from .latent_space import LatentSpace
from .loss_curve import LossCurve
from .loss_landscape import LossLandscape
from .network_diagram import NetworkDiagram
from .predictions import Predictions
from .probabilities import Probabilities
from .ranked_list import RankedList
from .reconstruction import Reconstruction
from .som_map import SOMMap
from .tangent import Tangent
from .weight_heatmap import WeightHeatmap

PANELS: dict[str, type[Panel]] = {
    "loss": LossCurve,
    "decision": DecisionBoundary,
    "landscape": LossLandscape,
    "weights": WeightHeatmap,
    "network": NetworkDiagram,
    "activations": Activations,
    "gradients": GradientFlow,
    "energy": Energy,
    "confusion": ConfusionMatrix,
    "predictions": Predictions,
    "probabilities": Probabilities,
    "reconstruction": Reconstruction,
    "latent": LatentSpace,
    "ranking": RankedList,
    "states": HiddenStates,
    "som": SOMMap,
    "tangent": Tangent,
}
"""Panels by the short names that `Dashboard` takes."""


def as_panels(panels: Sequence[str | Panel]) -> list[Panel]:
    """Return panels given as such or by their short names."""
    if isinstance(panels, (str, Panel)):
        panels = [panels]
    made: list[Panel] = []
    for panel in panels:
        if isinstance(panel, str):
            if panel not in PANELS:
                raise UnknownNameError("panel", panel, PANELS)
            made.append(PANELS[panel]())
        elif isinstance(panel, Panel):
            made.append(panel)
        else:
            mend = 'Pass e.g. panels=["loss", nbann.panels.NetworkDiagram(sample=3)].'
            raise bad_value("panels", "names or panels", f"{panel!r}"[:60], mend)
    if not made:
        raise bad_value("panels", "at least one panel", "none", 'Pass e.g. panels=["loss"].')
    if len({id(panel) for panel in made}) < len(made):
        raise bad_value(
            "panels", "each panel object once", "one object twice", "Make a new one for each place."
        )
    return made

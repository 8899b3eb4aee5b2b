"""Widgets: what a person holds in a notebook. Imports anywidget, panels and the core."""

from .compare import Compare
from .frame_view import FrameView
from .network_view import NetworkView
from .playground import Playground
from .predict import NotYet, Predict
from .slider import Slider
from .step_through import StepThrough
from .sweep_view import SweepView

__all__ = [
    "Compare",
    "FrameView",
    "NetworkView",
    "NotYet",
    "Playground",
    "Predict",
    "Slider",
    "StepThrough",
    "SweepView",
]

"""Widgets: what a person holds in a notebook. Imports anywidget, panels and the core."""

from .network_view import NetworkView
from .playground import Playground
from .step_through import StepThrough

__all__ = ["NetworkView", "Playground", "StepThrough"]

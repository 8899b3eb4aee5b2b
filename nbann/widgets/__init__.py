"""Widgets: what a person holds in a notebook. Imports ipywidgets and anywidget; nothing imports it but `nbann`."""

from .step_through import StepThrough

__all__ = ["StepThrough"]

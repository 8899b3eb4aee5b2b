"""Sweeps: many independent runs over a grid of settings, on any executor; imports the core alone.

The package is called otherwise than the function, so that `nbann.sweep` is never a module.
"""

from .entry import sweep
from .one_run import Run
from .results import Sweep

__all__ = ["Run", "Sweep", "sweep"]

"""A trained net for elsewhere: as a PyTorch module, an ONNX file, or source. Imports the core.

torch and onnx are loaded when what needs them is called.
"""

from __future__ import annotations

from .code import to_code
from .onnx_model import to_onnx
from .torch_model import to_torch

__all__ = ["to_code", "to_onnx", "to_torch"]

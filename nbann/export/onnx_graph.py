"""A graph of ONNX that grows node by node. Imports NumPy, and onnx when a graph is made."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Graph:
    """Nodes in order, and the numbers that they read.

    Parameters
    ----------
    dtype : dtype
        Of all floating-point numbers.
    outer : Graph, optional
        The graph in whose node this one stands; no name of it is used again. It has numbers of its
        own: that a body reads what stands outside not every runtime understands.
    """

    def __init__(self, dtype: np.dtype[Any], outer: Graph | None = None) -> None:
        import onnx

        self.onnx, self.dtype = onnx, dtype
        self.nodes: list[Any] = []
        self.numbers: dict[str, NDArray[Any]] = {}
        self._names: Counter[str] = Counter() if outer is None else outer._names
        self.there = ""
        """The input that says which time steps are there; "" where all are."""
        self.scope: str = "" if outer is None else outer.scope

    @property
    def type(self) -> int:
        """The dtype's number in ONNX."""
        found: int = self.onnx.helper.np_dtype_to_tensor_dtype(self.dtype)
        return found

    def name(self, what: str) -> str:
        """Return a name of a value within the layer at hand that nothing else has."""
        base = text(f"{self.scope}.{what}")
        self._names[base] += 1
        count = self._names[base]
        return base if count == 1 else f"{base}.{count}"

    def op(self, kind: str, *inputs: str, into: str = "", outputs: int = 1, **settings: Any) -> Any:
        """Add a node; return the name of its output, or of all of several."""
        names = [text(into) or self.name(kind.lower()) for _ in range(outputs)]
        label = self.name(f"node.{kind}")
        node = self.onnx.helper.make_node(kind, [*map(text, inputs)], names, name=label, **settings)
        self.nodes.append(node)
        return names[0] if outputs == 1 else names

    def array(self, name: str, array: NDArray[Any]) -> str:
        """Add floating-point numbers under a name of their own; return it."""
        self.numbers[name] = np.ascontiguousarray(array, self.dtype)
        return name

    def number(self, value: float | NDArray[Any]) -> str:
        """Add a constant; return its name."""
        return self.array(self.name("constant"), np.asarray(value))

    def whole(self, *values: int) -> str:
        """Add a row of whole numbers; return its name."""
        name = self.name("whole")
        self.numbers[name] = np.array(values, np.int64)
        return name

    def mask(self, values: NDArray[np.bool_]) -> str:
        """Add a row of True and False; return its name."""
        name = self.name("mask")
        self.numbers[name] = values
        return name

    def value(self, name: str, shape: list[Any], kind: int | None = None) -> Any:
        """Return the description of an input or output."""
        return self.onnx.helper.make_tensor_value_info(text(name), kind or self.type, shape)

    def finished(self, name: str, inputs: list[Any], outputs: list[Any]) -> Any:
        """Return the graph, with its numbers."""
        make = self.onnx.numpy_helper.from_array
        found = [make(array, text(one)) for one, array in self.numbers.items()]
        return self.onnx.helper.make_graph(self.nodes, text(name), inputs, outputs, found)


def text(name: str) -> str:
    """Return a name as text that a file can hold: what is not Unicode in it is escaped."""
    return name.encode("utf-8", "backslashreplace").decode()

"""What a model asks of the state; imports the core's own parts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .expr import Symbol
from .state import Array, Buffer, Parameter, Start


class Plan:
    """Collects what the layers of a model need, in order of appearance.

    Attributes
    ----------
    parameters : list of Parameter
        What is trained by gradient.
    buffers : list of Buffer
        What is carried from batch to batch but not trained by gradient: running statistics.
    streams : list of str
        Names of random generators, one for each layer that draws numbers in training.
    counters : dict of str to float
        Single numbers that persist, in float64, and their start: steps that were taken, ...
    stream_starts : dict of str to mapping
        Where some of them begin, by name; the others at what the run's seed gives.
    """

    def __init__(self) -> None:
        self.parameters: list[Parameter] = []
        self.buffers: list[Buffer] = []
        self.streams: list[str] = []
        self.counters: dict[str, float] = {}
        self.stream_starts: dict[str, Mapping[str, Any]] = {}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the trained arrays so far, by name: a layer may use another's."""
        return {p.name: p.shape for p in self.parameters}

    def parameter(
        self, name: str, shape: tuple[int, ...], start: Start, symbol: Symbol, *, penalized: bool
    ) -> None:
        """Ask for a trained array; `penalized` says whether L1 and L2 apply to it."""
        self.parameters.append(Parameter(name, shape, start, symbol, penalized))

    def buffer(
        self, name: str, shape: tuple[int, ...], start: float | Array, symbol: Symbol
    ) -> None:
        """Ask for an array that an op updates in place and that begins as `start`."""
        self.buffers.append(Buffer(name, shape, start, symbol))

    def counter(self, name: str, start: float) -> None:
        """Ask for a single number that an op updates; the optimizer may have one of that name."""
        self.counters[name] = start

    def stream(self, name: str, start: Mapping[str, Any] | None = None) -> None:
        """Ask for a random generator; it starts anew with the run.

        Parameters
        ----------
        name : str
        start : mapping, optional
            The state of a bit generator, PCG64 or MT19937, at which it starts; by default it is a
            PCG64 that the run's seed sets. See `streams.state_of`.
        """
        self.streams.append(name)
        if start is not None:
            self.stream_starts[name] = start

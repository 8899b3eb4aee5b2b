"""Layers, losses, optimizers and their parts as JSON, and back; imports the core's own parts only.

An object becomes {"kind": "Dense", "arguments": {...}}: the arguments of its constructor. Reading
calls that constructor, which checks them, and only those of the classes in `CLASSES`: a name that
is not among them is an error, whatever the file says.
"""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, cast

import numpy as np

from ..boltzmann.rbm import RBM
from ..layers import activations, initializers
from ..layers.activity_penalty import ActivityPenalty
from ..layers.bidirectional import Bidirectional
from ..layers.dense import Dense
from ..layers.dense_transpose import DenseTranspose
from ..layers.dropout import Dropout
from ..layers.embedding import Embedding
from ..layers.flatten import Flatten
from ..layers.gated import GRU, LSTM
from ..layers.noise import GaussianNoise, MaskingNoise
from ..layers.normalization import BatchNorm, LayerNorm
from ..layers.recurrent import RNN
from ..layers.residual import Residual
from ..losses.registry import LOSSES
from ..losses.several import Losses
from ..model import Sequential
from ..models.autoencoder import Autoencoder
from ..models.bam import BAM, BAMRecall
from ..models.heads import Heads
from ..models.hopfield import Hopfield
from ..models.hopfield_recall import HopfieldRecall
from ..models.single_layer import Adaline, Perceptron
from ..models.som import SOM
from ..optimizers import schedules
from ..optimizers.plateau import ReduceOnPlateau
from ..optimizers.sgd import OPTIMIZERS
from .container import Arrays
from .drawn import Drawn
from .faults import bad_file, item, items

CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in cast(
        "tuple[type, ...]",
        (
            Sequential,
            Autoencoder,
            Heads,
            Losses,
            ActivityPenalty,
            Adaline,
            BAM,
            BAMRecall,
            Hopfield,
            HopfieldRecall,
            Perceptron,
            SOM,
            BatchNorm,
            Bidirectional,
            Dense,
            DenseTranspose,
            Dropout,
            Embedding,
            Flatten,
            GRU,
            GaussianNoise,
            LSTM,
            LayerNorm,
            MaskingNoise,
            RBM,
            RNN,
            Residual,
            *activations.ACTIVATIONS.values(),
            *LOSSES.values(),
            *cast("Iterable[type]", OPTIMIZERS.values()),
            schedules.Constant,
            schedules.CosineDecay,
            schedules.ExponentialDecay,
            schedules.LinearWarmup,
            schedules.StepDecay,
            ReduceOnPlateau,
        ),
    )
}
"""Everything that a file may ask to be made, but initializers; by name."""
INITIALIZERS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        initializers.Constant,
        initializers.GlorotNormal,
        initializers.GlorotUniform,
        initializers.HeNormal,
        initializers.HeUniform,
        initializers.LeCunNormal,
        initializers.LeCunUniform,
        initializers.Normal,
        initializers.Orthogonal,
        initializers.Uniform,
        initializers.Zeros,
    )
}
"""Those that a file may ask for; a function of the user's is kept as what it drew."""


class Foreign(Exception):  # noqa: N818 (not an error: the file then says who has to give it)
    """Something that no file can hold: a class or a function of the user's."""

    def __init__(self, value: object) -> None:
        kind = value if isinstance(value, type) else type(value)
        super().__init__(f"{kind.__module__}.{kind.__qualname__}")


# ---- to JSON ------------------------------------------------------------------------------------
class Writer:
    """Describes objects; arrays that it meets are gathered in `arrays`.

    Parameters
    ----------
    prefix : str
        What the names of the arrays begin with.
    drawn : mapping of int to int
        The numbers of initializers that are functions of the user's, by identity.
    starts : mapping of (int, str) to array
        Start values that were given, by the layer's identity and the argument's name, as they were
        when the trainer was made: the array that the user holds may have been written to since.
    """

    def __init__(
        self,
        prefix: str,
        drawn: Mapping[int, int] | None = None,
        starts: Mapping[tuple[int, str], Any] | None = None,
    ) -> None:
        self.prefix = prefix
        self.drawn = drawn or {}
        self.starts = starts or {}
        self.arrays: Arrays = {}

    def describe(self, value: object) -> Any:
        """Return a value as what JSON can hold.

        Raises
        ------
        Foreign
            It is, or holds, something of a class that is not nbann's own.
        """
        if value is None or isinstance(value, (str, bool)):
            return value
        if isinstance(value, np.bool_):
            return bool(value)
        if isinstance(value, numbers.Integral):
            return int(value)
        if isinstance(value, numbers.Real):
            return _number(float(value))
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {"names": list(value), "values": [self.describe(one) for one in value.values()]}
        if isinstance(value, (list, tuple)) and not _is_table(value):
            return [self.describe(one) for one in value]
        for known, key in ((CLASSES, "kind"), (INITIALIZERS, "initializer")):
            if known.get(type(value).__name__) is type(value):
                return {key: type(value).__name__, "arguments": self._arguments(value)}
        if id(value) in self.drawn:
            return {"drawn": self.drawn[id(value)]}
        return self._array(value)

    def _arguments(self, value: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        cls: Any = type(value)
        for name in parameters_of(cls):
            one = argument_of(value, name)
            if name in _ARRAYS and not (one is None or isinstance(one, (bool, np.bool_))):
                found[name] = self._array(self.starts.get((id(value), name), one))
            else:
                found[name] = self.describe(one)
        return found

    def _array(self, value: object) -> dict[str, str]:
        if callable(value) or isinstance(value, type):
            raise Foreign(value)
        try:
            array = np.array(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise Foreign(value) from None
        name = f"{self.prefix}{len(self.arrays)}"
        self.arrays[name] = array
        return {"array": name}


_ARRAYS = frozenset(
    {
        "weight",
        "recurrent",
        "bias",
        "recurrent_bias",
        "gamma",
        "beta",
        "visible_bias",
        "hidden_bias",
    }
)
"""Arguments that are given start values, in whatever form of a table."""


def _is_table(value: object) -> bool:
    """Whether a list is one of numbers in rows, which is better kept as an array."""
    return bool(isinstance(value, (list, tuple)) and value and isinstance(value[0], (list, tuple)))


def _number(value: float) -> Any:
    return value if math.isfinite(value) else {"float": repr(value)}


@cache
def parameters_of(cls: Any) -> tuple[str, ...]:
    """Return the names of the arguments that make an object, those passed on to a base included."""
    names: list[str] = []
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        names += [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        if all(p.kind != p.VAR_KEYWORD for p in parameters):
            break
    return tuple(dict.fromkeys(names))


def argument_of(value: Any, name: str) -> object:
    """Return what an object was made with; most keep it under the argument's own name."""
    reader = _KEPT_OTHERWISE.get((type(value), name))
    if reader is not None:
        return reader(value)
    if name in ("bias", "recurrent_bias") and not getattr(value, f"has_{name}"):
        return False
    return getattr(value, name)


_KEPT_OTHERWISE: dict[tuple[type, str], Callable[[Any], object]] = {
    (Autoencoder, "decoder"): lambda model: model._given_decoder,
    (Embedding, "count"): lambda layer: layer.takes_indices,
    (Bidirectional, "layer"): lambda layer: layer._given[0],
    (Bidirectional, "backward"): lambda layer: layer._given[1],
}


# ---- from JSON ----------------------------------------------------------------------------------
def made_of(node: object, arrays: Mapping[str, Any], drawn: list[Drawn]) -> Any:
    """Return what a description describes.

    Raises
    ------
    FileError
        A class that is not nbann's, a missing array, another argument than its constructor takes.
    ValueError, TypeError
        As that constructor raises them.
    """
    if isinstance(node, list):
        return [made_of(one, arrays, drawn) for one in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"names", "values"}:
        names, values = items(node, "names", str), items(node, "values", object)
        if len(set(names)) != len(values):
            raise bad_file("A description", "a name for each value", f"{names[:5]}")
        return {n: made_of(v, arrays, drawn) for n, v in zip(names, values, strict=True)}
    if set(node) == {"array"}:
        name = item(node, "array", str)
        if name not in arrays:
            raise bad_file("A description", "an array of the file", repr(name)[:60])
        return arrays[name]
    if set(node) == {"float"} and node["float"] in ("nan", "inf", "-inf"):
        return float(node["float"])
    if set(node) == {"drawn"}:
        number = item(node, "drawn", int)
        if not 0 <= number < len(drawn):
            raise bad_file("A description", "an initializer of the file", number)
        return drawn[number]
    for known, key in ((CLASSES, "kind"), (INITIALIZERS, "initializer")):
        if set(node) == {key, "arguments"}:
            return _made(known, item(node, key, str), item(node, "arguments", dict), arrays, drawn)
    raise bad_file("A description", "one that this nbann knows", f"{list(node)[:5]}")


def _made(
    known: Mapping[str, type],
    name: str,
    arguments: Mapping[str, object],
    arrays: Mapping[str, Any],
    drawn: list[Drawn],
) -> object:
    if name not in known:
        mend = "Nothing else is made from a file; update nbann if a newer one wrote it."
        raise bad_file("A description", "one of nbann's own classes", repr(name)[:60], mend)
    made: Any = known[name]
    unknown = set(arguments) - set(parameters_of(made))
    if unknown:
        raise bad_file(f"{name}", "arguments that it takes", f"{sorted(unknown)[:3]}")
    return made(**{key: made_of(one, arrays, drawn) for key, one in arguments.items()})

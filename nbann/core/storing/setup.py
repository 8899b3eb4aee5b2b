"""What a trainer is made of, to a document and back to the constructor's arguments.

Imports the core's own parts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Dataset
from ..layers.bidirectional import Bidirectional
from ..layers.layer import Layer
from ..losses.loss import Loss
from ..model import Model
from ..optimizers.sgd import Optimizer
from ..scoring.head_scores import HeadMetric
from ..scoring.metric import Metric
from ..scoring.metrics import named
from ..streams import WORDS
from .container import Arrays, Document
from .datasets import data_of, describe_data
from .descriptions import INITIALIZERS, Foreign, Writer, made_of
from .drawn import Draw, Drawn, draws_of
from .faults import NotGivenError, bad_file, item, items, whole

if TYPE_CHECKING:
    from ..trainer import Trainer

PARTS = ("train", "test", "validation")


@dataclass(frozen=True)
class Given:
    """What the caller of `load` gives, for what a file can not hold; None: the file's own."""

    model: Model | None = None
    loss: Loss | str | None = None
    optimizer: Optimizer | str | None = None
    metrics: Any = None
    shuffle: Any = None
    data: Mapping[str, Any] = field(default_factory=dict)


# ---- to a document ------------------------------------------------------------------------------
def describe_setup(trainer: Trainer) -> tuple[Document, Arrays]:
    """Return the constructor's arguments of a trainer as a document and arrays."""
    given = trainer._given
    document: Document = {
        "batch_size": None if given["batch_size"] is None else int(given["batch_size"]),
        "l1": float(given["l1"]),
        "l2": float(given["l2"]),
        "penalty_per_sample": bool(given["penalty_per_sample"]),
        "shuffle": {"given": "shuffle"} if callable(given["shuffle"]) else bool(given["shuffle"]),
        "seed": int(given["seed"]),
        "dtype": trainer._recipe.dtype.name,
        "metrics": None if given["metrics"] is None else _all_described(trainer),
        "evaluate_every": trainer._every,
        "stop_on_nan": bool(given["stop_on_nan"]),
        "timeline_memory": float(given["timeline_memory"]),
        "data": {},
    }
    arrays: Arrays = {}
    for part in PARTS:
        data = given[part]
        if data is not None:
            document["data"][part], found = describe_data(data, f"data/{part}/")
            arrays |= found
    document["model"], document["drawn"], found = _describe_model(trainer)
    arrays |= found
    for key in ("loss", "optimizer"):
        writer = Writer(f"{key}/")
        document[key] = _or_given(writer, given[key])
        arrays |= writer.arrays
    return document, arrays


def _or_given(writer: Writer, value: object) -> Any:
    """Describe a value, or say that it has to be given when the file is loaded."""
    try:
        return writer.describe(value)
    except Foreign as found:
        writer.arrays.clear()
        return {"given": str(found)}


def _all_described(trainer: Trainer) -> list[Any]:
    heads = trainer.loss.heads
    if not heads:
        return _metrics(trainer._metrics)
    of_heads = [m for m in trainer._metrics.values() if isinstance(m, HeadMetric)]
    own = {head: {m.name: m.metric for m in of_heads if m.head == head} for head in heads}
    return [{"head": head, "metrics": _metrics(metrics)} for head, metrics in own.items()]


def _metrics(metrics: Mapping[str, object]) -> list[Any]:
    return [name if _is_named(name, one) else {"given": name} for name, one in metrics.items()]


def _is_named(name: str, metric: object) -> bool:
    if not isinstance(metric, Metric):
        return False
    try:
        return replace(metric, classes=None) == named(name)
    except ValueError:
        return False


def _describe_model(trainer: Trainer) -> tuple[Any, list[Any], Arrays]:
    """Return the model's description, what functions of the user's have drawn, and arrays."""
    model, plan = trainer.model, trainer._recipe.plan
    functions: list[Any] = []
    for parameter in plan.parameters:
        start = parameter.start
        own = INITIALIZERS.get(type(start).__name__) is type(start) or _is_of_a_layer(start)
        if callable(start) and not own and not any(start is one for one in functions):
            functions.append(start)
    starts = {p.name: p.start for p in plan.parameters if isinstance(p.start, np.ndarray)}
    by_layer: dict[tuple[int, str], Any] = {}
    for name, layer in _as_given(model.leaves()):
        for key in ("weight", "recurrent", "bias", "recurrent_bias", "gamma", "beta"):
            if f"{name}.{key}" in starts:
                by_layer[id(layer), key] = starts[f"{name}.{key}"]
    writer = Writer("model/", {id(one): n for n, one in enumerate(functions)}, by_layer)
    described = _or_given(writer, model)
    if "given" in described or not functions:
        return described, [], writer.arrays
    arrays, document = writer.arrays, []
    for number, drawn in enumerate(draws_of(plan.parameters, trainer._seed, functions)):
        draws = []
        for call, draw in enumerate(drawn.draws):
            name = f"drawn/{number}/{call}"
            arrays[name] = draw.array
            draws.append({"before": draw.before, "after": draw.after, "array": name})
        document.append(draws)
    return described, document, arrays


def _is_of_a_layer(start: object) -> bool:
    """Whether it is a layer's own rule, such as the start of the LSTM's forget gate."""
    return isinstance(getattr(start, "__self__", None), Layer)


def _as_given(leaves: Iterable[tuple[str, Layer]]) -> Iterable[tuple[str, Layer]]:
    """Yield leaves; of the copies that `Bidirectional` makes, the layers that it was given."""
    for name, layer in leaves:
        yield name, layer
        if isinstance(layer, Bidirectional):
            forward, backward = layer._given
            yield f"{name}.forward", forward
            if backward is not None:
                yield f"{name}.backward", backward


# ---- and back -----------------------------------------------------------------------------------
def arguments_of(document: object, arrays: Mapping[str, Any], given: Given) -> dict[str, Any]:
    """Return the arguments that make the trainer anew.

    Raises
    ------
    FileError
        Something is missing, or not what the constructor takes.
    ValueError
        What the file can not hold was not given; or as the classes' own constructors raise it.
    """
    data = item(document, "data", dict)
    if "train" not in data or set(data) - set(PARTS):
        raise bad_file("The file's data", f"{PARTS}, the first at least", f"{list(data)[:4]}")
    return {
        **_parts(data, arrays, given.data),
        "model": _model(document, arrays, given.model),
        "loss": _part(document, "loss", arrays, given.loss, (Loss, str, type(None))),
        "optimizer": _part(
            document, "optimizer", arrays, given.optimizer, (Optimizer, str, type(None))
        ),
        "metrics": _all_metrics(document, given.metrics),
        "shuffle": _shuffle(document, given.shuffle),
        "batch_size": item(document, "batch_size", int, None),
        "l1": item(document, "l1", float),
        "l2": item(document, "l2", float),
        "penalty_per_sample": item(document, "penalty_per_sample", bool),
        "seed": item(document, "seed", int),
        "dtype": item(document, "dtype", str),
        "evaluate_every": item(document, "evaluate_every", int, None),
        "stop_on_nan": item(document, "stop_on_nan", bool),
        "timeline_memory": float(item(document, "timeline_memory", float)),
    }


def _parts(
    data: Mapping[str, Any], arrays: Mapping[str, Any], passed: Mapping[str, Any]
) -> dict[str, Dataset]:
    """Return the data sets, the training data first: what is passed of others is read like it."""
    for part, one in passed.items():
        if one is not None and part not in data:
            mend = f"Leave {part} out."
            raise bad_file(part, "none, as the run has none", "some", mend)
    made: dict[str, Dataset] = {}
    for part in PARTS:
        if part in data:
            prefix = f"data/{part}/"
            made[part] = data_of(data[part], arrays, prefix, passed.get(part), made.get("train"))
    return made


def _missing(key: str, what: object) -> NotGivenError:
    value = "[...]" if key == "metrics" else "..."
    return NotGivenError(
        f"{key}: expected it to be given, as a file can not hold {str(what)[:80]!r} of yours; "
        f"received none. Pass it: Trainer.load(path, {key}={value})."
    )


def _part(
    document: object, key: str, arrays: Mapping[str, Any], given: Any, kinds: tuple[type, ...]
) -> Any:
    """Return a part of the trainer: what was given for it, or what the file describes."""
    if given is not None:
        return given
    node = item(document, key, dict, str, None)
    if isinstance(node, dict) and set(node) == {"given"}:
        raise _missing(key, node["given"])
    made = made_of(node, arrays, _drawn(document, arrays) if key == "model" else [])
    if not isinstance(made, kinds):
        raise bad_file(f"The file's {key}", " or ".join(k.__name__ for k in kinds), f"{made!r:.60}")
    return made


def _model(document: object, arrays: Mapping[str, Any], given: Model | None) -> Model:
    model: Model = _part(document, "model", arrays, given, (Model,))
    return model


def _drawn(document: object, arrays: Mapping[str, Any]) -> list[Drawn]:
    found = []
    for draws in items(document, "drawn", list):
        calls = []
        for draw in draws:
            name = item(draw, "array", str)
            if name not in arrays or arrays[name].dtype != np.float64:
                raise bad_file("An initializer of the file", "its numbers", repr(name)[:60])
            before, after = (checked_stream(item(draw, key, dict)) for key in ("before", "after"))
            calls.append(Draw(before, arrays[name], after))
        found.append(Drawn(tuple(calls)))
    return found


def checked_stream(state: Any) -> dict[str, Any]:
    """Return the state of a generator that nbann draws from, or say what is wrong with it."""
    numbers = item(state, "state", dict)
    if item(state, "bit_generator", str) == "MT19937":
        key = item(numbers, "key", str)
        if len(key) != 8 * WORDS or set(key) - set("0123456789abcdef"):
            raise bad_file("The generator's 'key'", f"{WORDS} numbers of 32 bits", "another")
        return {
            "bit_generator": "MT19937",
            "state": {"key": key, "pos": whole(numbers, "pos", 0, WORDS)},
        }
    if state["bit_generator"] != "PCG64":
        raise bad_file("A generator of the file", "PCG64", repr(state["bit_generator"])[:40])
    checked = {
        "bit_generator": "PCG64",
        "state": {key: _bits(numbers, key, 128) for key in ("state", "inc")},
        "has_uint32": _bits(state, "has_uint32", 1),
        "uinteger": _bits(state, "uinteger", 32),
    }
    return checked


def _bits(section: object, key: str, most: int) -> int:
    value: int = item(section, key, int)
    if not 0 <= value < 2**most:
        raise bad_file(f"The generator's {key!r}", f"a number of {most} bits", "another")
    return value


def _all_metrics(document: object, given: Any) -> Any:
    """Return the metrics in their order, with the functions that were given in their places."""
    nodes = item(document, "metrics", list, None)
    if nodes is None:
        return given
    if nodes and all(isinstance(node, dict) and "head" in node for node in nodes):
        by_head = given if isinstance(given, Mapping) else {}
        parts = {item(node, "head", str): items(node, "metrics", str, dict) for node in nodes}
        return {head: _found(part, by_head.get(head)) for head, part in parts.items()}
    return _found(nodes, given)


def _found(nodes: list[Any], given: Any) -> list[Any]:
    own = [given] if callable(given) or isinstance(given, str) else list(given or ())
    by_name = {_name(metric): metric for metric in own}
    found = []
    for node in nodes:
        if isinstance(node, str):
            found.append(by_name.pop(node, node))
            continue
        name = item(node, "given", str)
        if name not in by_name:
            raise _missing("metrics", name)
        found.append(by_name.pop(name))
    if by_name:
        names = ", ".join(repr(node if isinstance(node, str) else node["given"]) for node in nodes)
        mend = "Leave it out: what is measured is part of the run's history."
        raise ValueError(
            f"metrics: expected those that the run measures ({names}); received also "
            f"{next(iter(by_name))!r}. {mend}"
        )
    return found


def _name(metric: object) -> str:
    if isinstance(metric, Metric):
        return metric.name
    if not callable(metric):
        return str(metric)
    return str(getattr(metric, "__name__", type(metric).__name__))


def _shuffle(document: object, given: Any) -> Any:
    node = item(document, "shuffle", bool, dict)
    if given is not None:
        return given
    if isinstance(node, dict):
        raise _missing("shuffle", item(node, "given", str))
    return node

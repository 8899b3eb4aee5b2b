"""Which changes of a setup a run can go on with, and how. Imports the core."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from nbann.core.trainer import Trainer

from .playground_build import Parts, Weights, optimizer, parts, trainer_arguments
from .playground_setup import Setup

LIVE = frozenset({
    "learning_rate", "momentum", "l1", "l2", "batch_size", "optimizer", "layers", "dropout",
    "drawn",
})  # fmt: skip
"""Fields that may change without a new start; of `layers` the activations alone."""

SETTABLE = ("learning_rate", "momentum")
"""Those that a trainer can set itself, and takes back when it goes back."""

FOLLOWS = ("standardize", "features", "loss", "drawn", "own", "noise")
"""What other data may bring along, and need not be told of."""

NAMES = {
    "data": "data set", "test": "test share", "classes": "number of classes",
    "learning_rate": "learning rate", "l1": "L1", "l2": "L2", "batch_size": "batch size",
    "init": "start weights", "own": "data", "drawn": "drawn points",
}  # fmt: skip


def differences(old: Setup, new: Setup) -> list[str]:
    """Return the names of the fields in which two setups differ."""
    return [f.name for f in fields(Setup) if getattr(old, f.name) != getattr(new, f.name)]


def goes_on(old: Setup, new: Setup) -> bool:
    """Whether a run of one setup can go on with another: its weights fit, and mean the same."""
    same_shape = (
        [units for units, _ in old.layers] == [units for units, _ in new.layers]
        and old.outputs == new.outputs
        and old.class_count == new.class_count
        and old.loss_name == new.loss_name
    )
    return same_shape and set(differences(old, new)) <= LIVE


def set_in_place(trainer: Trainer, old: Setup, new: Setup) -> bool:
    """Set what the trainer can set itself; return whether that was all of the difference."""
    changed = differences(old, new)
    momentum = "momentum" not in changed or (old.momentum > 0 and new.momentum > 0)
    if not set(changed) <= set(SETTABLE) or not momentum:
        return False
    for name in changed:
        if name in trainer.hyper:
            trainer.set(name, (), getattr(new, name))
    return True


def carried(
    trainer: Trainer, of: Parts, old: Setup, new: Setup, weights: Weights | None
) -> tuple[Trainer, Parts]:
    """Return a trainer of the new setup that goes on with the old one's weights, and its data."""
    changed = differences(old, new)
    if "drawn" in changed:
        of = parts(new)
    arguments = trainer_arguments(new, of, weights)
    wanted: dict[str, Any] = {name: arguments[name] for name in ("batch_size", "l1", "l2")}
    wanted["optimizer"] = optimizer(new)
    if {"layers", "dropout"} & set(changed):
        wanted["model"] = arguments["model"]
    if "drawn" in changed:
        wanted |= {"train": of.train, "test": of.test}
    return trainer.branch(**wanted), of


def words(names: list[str], new: Setup) -> str:
    """Return what was changed, as a person says it: "learning rate 0.03", "features"."""
    said = []
    if "data" in names:
        names = [name for name in names if name not in FOLLOWS or (name == "own" and new.own)]
    for name in names:
        if name == "data" and new.own is not None:
            continue  # they are told by their own name
        value, shown = getattr(new, name), NAMES.get(name, name)
        if name == "own" and new.own is not None:
            said.append(f"data {' '.join(new.own.name.split())[:60]}")
        elif name == "batch_size" and value is None:
            said.append("batch size: all samples")
        elif name == "layers":
            kinds = dict.fromkeys(activation for _, activation in value)
            units = " · ".join(str(u) for u, _ in value)
            said.append(f"layers {units} ({', '.join(kinds)})" if value else "no hidden layer")
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            said.append(f"{shown} {value:g}" if isinstance(value, float) else f"{shown} {value}")
        else:
            said.append(shown)
    return ", ".join(said)

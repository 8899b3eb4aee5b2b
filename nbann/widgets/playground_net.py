"""A playground's net in plain data: features, layers, the weights between them, its curves.

Imports the core.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from nbann.core.trainer import Trainer

from .playground_build import Parts
from .playground_choices import offered_features, usual_features
from .playground_setup import Setup

GRID, SMALL = 60, 30
"""Points of the plane on each side, and of a neuron's picture: every other one of those."""
MOST_SHOWN = 8
"""Neurons of a layer that are shown one by one."""
MOST_EPOCHS = 240
"""Points of a curve that are sent."""


def shown_weights(trainer: Trainer, parts: Parts) -> list[Any]:
    """Return weight and bias of each layer, between the neurons that are shown."""
    names = [f"hidden{place}" for place in range(1, len(parts.setup.layers) + 1)]
    found = []
    for name in (*names, "output"):
        found.append(trainer[f"{name}.weight"][:MOST_SHOWN, :MOST_SHOWN])
        found.append(trainer[f"{name}.bias"][:MOST_SHOWN])
    return found


def shown_terms(setup: Setup) -> tuple[str, ...]:
    """Return the features that are shown: all that are offered, of many the first that are on."""
    offered = offered_features(setup.columns)
    return offered if len(offered) <= MOST_SHOWN else setup.features[:MOST_SHOWN]


def layout(parts: Parts) -> dict[str, Any]:
    """Return the net's columns of features and neurons, in plain data."""
    setup = parts.setup
    names = list(parts.raw.feature_names)
    features = [
        {
            "term": term,
            "label": _label(term, names, longest=8),
            "title": _label(term, names, longest=60),
            "on": term in setup.features,
            "place": list(setup.features).index(term) if term in setup.features else -1,
        }
        for term in shown_terms(setup)
    ]
    return {
        "features": features,
        "inputs": len(setup.features),
        "switches": len(offered_features(setup.columns)) <= MOST_SHOWN,
        "layers": [
            {"units": u, "shown": min(u, MOST_SHOWN), "activation": a} for u, a in setup.layers
        ],
        "outputs": setup.outputs,
        "shown": min(setup.outputs, MOST_SHOWN),
        "small": SMALL,
        "grid": GRID,
    }


def _label(term: str, names: list[str], *, longest: int) -> str:
    """Return a term as a person reads it: with columns' own names if they are short."""
    if term in usual_features(len(names)):
        return names[int(term[1:]) - 1][:60]

    def name_of(place: re.Match[str]) -> str:
        name = names[int(place[1]) - 1]
        return name if len(name) <= longest else place[0]

    shown = term.replace("*", "·").replace("^2", "²").replace("^3", "³")
    return re.sub(r"\bx(\d+)", name_of, shown)


def curves(trainer: Trainer) -> bytes:
    """Return epochs, training loss and test loss (NaN where there is none), evenly thinned."""
    history = trainer.history
    if not history.evaluations:
        return b""
    epochs = history["epoch"]
    rows = np.unique(np.linspace(0, len(epochs) - 1, min(len(epochs), MOST_EPOCHS)).astype(int))
    test = history["test_loss"] if "test_loss" in history else np.full(len(epochs), np.nan)
    table = np.stack([epochs, history["train_loss"], test])[:, rows]
    with np.errstate(over="ignore"):
        return table.astype(np.float32).tobytes()

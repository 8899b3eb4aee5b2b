"""Says where an activation is applied twice: by a net's last layer and by its loss.

Imports the core's own parts only.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import steps_to_user
from ..layers.activations import Activation, Identity
from ..layers.activity_penalty import ActivityPenalty
from ..layers.flatten import Flatten
from ..models.heads import Heads
from .loss import Loss

if TYPE_CHECKING:
    from ..layers.layer import Layer
    from ..model import Model

_DIRECT = 3  # steps to the user from here, where they have made the trainer themselves
_SAME = Identity | ActivityPenalty | Flatten  # these give what they are given


def warn_of_twice(model: Model, loss: Loss, outputs: int) -> None:
    """Warn of a loss that reads logits behind the activation that it applies itself.

    Of a trainer that nbann makes of another one (a branch, a run that is loaded) nothing is said.

    Parameters
    ----------
    outputs : int
        Of the last layer, where there are no heads.
    """
    steps = steps_to_user()
    if steps > _DIRECT:
        return
    for where, one, layer, width in _pairs(model, loss, outputs):
        if isinstance(layer, Activation) and layer.kind == one.applies:
            kind = type(layer).__name__
            warnings.warn(
                f"{where}expected logits before {one!r}, which applies the {one.applies} itself; "
                f"received the outputs of a {kind}: it is applied twice, and "
                f"{_bound(one.applies, width)}. Leave the {kind} at the end out; predict_proba "
                f"gives the probabilities.",
                UserWarning,
                stacklevel=steps,
            )


def _pairs(model: Model, loss: Loss, outputs: int) -> Iterator[tuple[str, Loss, Layer | None, int]]:
    """Yield each loss with the layer before it, and how many outputs that has."""
    if isinstance(model, Heads):
        for name, head in loss.heads.items():
            yield f"head {name!r}: ", head.loss, _last(model.heads[name]), head.width
    else:
        yield "loss: ", loss, _last(model), outputs


def _last(model: Model) -> Layer | None:
    """Return the last layer of those that change what they are given."""
    return next((x for x in reversed(model.layers) if not isinstance(x, _SAME)), None)


def _bound(kind: str, width: int) -> str:
    """Say what probabilities are left: of outputs from 0 to 1, for softmax with a sum of 1."""
    if kind == "sigmoid":
        return f"no probability is below 0.5 or above {1 / (1 + math.exp(-1)):.3g}"
    return f"none of the {width} probabilities is above {math.e / (math.e + width - 1):.3g}"

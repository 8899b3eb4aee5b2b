"""Exercise checks: "ok: ..." or `NotYet`, an exception that says "not yet: ...".

Each check compares what the learner wrote with an oracle that is not a copy of the answer (a
central difference, scikit-learn, a property that only right answers have), and names the first
thing that is wrong. What the learner's code gets is made up anew, so that no answer passes by
printing, or by returning what it was given. `asking` has what all checks share. Imports the core
and NumPy, and scikit-learn when a check that needs it is called.
"""

from __future__ import annotations

from .asking import NotYet
from .blame import hidden_blame
from .components import pca_reconstruction
from .decay import l2_update
from .dropping import dropout
from .exclusive_or import xor_net
from .line import line_gradient
from .memory import energy_change
from .order import ndcg
from .parts import reduce_gradients
from .penalties import sklearn_penalty
from .perceptron import perceptron_update
from .probabilities import softmax
from .scaling import standardize
from .slopes import derivative
from .starting import start_std
from .through_time import step_back
from .velocity import momentum_step

__all__ = [
    "NotYet",
    "derivative",
    "dropout",
    "energy_change",
    "hidden_blame",
    "l2_update",
    "line_gradient",
    "momentum_step",
    "ndcg",
    "pca_reconstruction",
    "perceptron_update",
    "reduce_gradients",
    "sklearn_penalty",
    "softmax",
    "standardize",
    "start_std",
    "step_back",
    "xor_net",
]

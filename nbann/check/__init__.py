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
from .exclusive_or import xor_net
from .probabilities import softmax
from .slopes import derivative

__all__ = [
    "NotYet",
    "derivative",
    "hidden_blame",
    "softmax",
    "xor_net",
]

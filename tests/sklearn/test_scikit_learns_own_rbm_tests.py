"""scikit-learn's own tests of its Boltzmann machine, run on ours."""

import importlib.util
import re
from pathlib import Path

import pytest

IMPORT = "from sklearn.neural_network import BernoulliRBM"
OURS = "from nbann.sklearn import BernoulliRBM"

_spec = importlib.util.find_spec("sklearn.neural_network.tests.test_rbm")
if _spec is None or _spec.origin is None:
    pytest.skip("this scikit-learn comes without its tests", allow_module_level=True)

_source = Path(_spec.origin).read_text(encoding="utf-8")
assert _source.count(IMPORT) == 1
# a marker for scikit-learn's own runs in threads, which strict markers here do not know
_source = re.sub(r"@pytest\.mark\.thread_unsafe.*", "", _source)
exec(compile(_source.replace(IMPORT, OURS), _spec.origin, "exec"))

_PRIVATE = "calls private methods; test_rbm.py compares what they compute"
for _name, _reason, _strict in (
    ("test_transform", _PRIVATE, True),
    ("test_sample_hiddens", _PRIVATE, True),
    # float32 beside float64 after hundreds of steps: 1 weight of 1024 (-5e-5) is off by 7e-8, and
    # whether one so near 0 keeps its digits depends on how a processor rounds
    ("test_convergence_dtype_consistency", "asks for 3 digits of numbers near 0", False),
):
    globals()[_name] = pytest.mark.xfail(reason=_reason, strict=_strict)(globals()[_name])

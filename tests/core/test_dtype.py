"""float32: everything stays float32, and the run is the float64 run up to rounding."""

import numpy as np
import pytest

import nbann

from .nets import data, make

SPEC = [("dense", 5), "relu", ("dense", 4), "sigmoid", ("dense", 4), "tanh", ("linear", 3)]


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32"), "f4"])
@pytest.mark.parametrize("loss", ["cross_entropy", "mean_squared_error", "half_sum"])
def test_every_array_is_float32(dtype, loss):
    trainer = make(
        SPEC, loss, dtype=dtype, batch_size=5, l1=0.01, l2=0.1, optimizer=nbann.SGD(0.01, 0.9, True)
    )
    trainer.run(2)
    for name in trainer.names:
        expected = np.intp if (name, loss) == ("y", "cross_entropy") else np.float32
        assert trainer[name].dtype == expected, name
    X, _, _ = data()
    if loss == "cross_entropy":
        assert trainer.predict_proba(X).dtype == np.float32
    else:
        assert trainer.predict(X).dtype == np.float32
    assert np.isfinite(trainer.history["loss"]).all()


def test_twenty_epochs_are_those_of_float64_up_to_rounding():
    single, double = (
        make(SPEC, dtype=dtype, batch_size=5, l2=0.01, optimizer=nbann.SGD(0.1, 0.5))
        for dtype in ("float32", "float64")
    )
    for trainer in (single, double):
        trainer.run(20)
    np.testing.assert_allclose(single.history["loss"], double.history["loss"], rtol=1e-4)
    for name in double.parameters:
        np.testing.assert_allclose(single[name], double[name], rtol=0, atol=1e-4)


def test_a_run_keeps_no_kernel_that_widens():
    """A float64 constant among float32 arrays would be cast at every call."""
    trainer = make(
        SPEC, dtype="float32", batch_size=5, l1=0.01, l2=0.1, optimizer=nbann.SGD(0.01, 0.9)
    )
    for kernel in trainer.program.kernels:
        arrays = [a for a in (*kernel.args, *kernel.keywords.values()) if isinstance(a, np.ndarray)]
        assert {a.dtype for a in arrays} <= {np.dtype(np.float32), np.dtype(bool)}, kernel

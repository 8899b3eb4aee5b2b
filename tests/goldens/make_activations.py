"""Writes activations.json: what PyTorch computes for every activation, forward and backward.

Run it with PyTorch installed: ``python tests/goldens/make_activations.py``. The tests compare nbann
with the file, and with PyTorch itself where it is there.
"""

import json
from pathlib import Path

FILE = Path(__file__).with_name("activations.json")
NAMES = (
    "identity", "sigmoid", "tanh", "relu", "leaky_relu", "leaky_relu 0.3", "elu", "elu 0.4", "selu",
    "gelu", "gelu tanh", "silu", "softplus", "softmax",
)  # fmt: skip


def functions():
    """Return PyTorch's function for each activation, by nbann's name for it and its settings."""
    import torch
    from torch.nn import functional as f

    return {
        "identity": torch.nn.Identity(),
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": f.leaky_relu,
        "leaky_relu 0.3": lambda z: f.leaky_relu(z, 0.3),
        "elu": f.elu,
        "elu 0.4": lambda z: f.elu(z, 0.4),
        "selu": f.selu,
        "gelu": f.gelu,
        "gelu tanh": lambda z: f.gelu(z, approximate="tanh"),
        "silu": f.silu,
        # beyond its threshold PyTorch returns z itself; at the usual 20 that is 2e-9 off
        "softplus": lambda z: f.softplus(z, threshold=40),
        "softmax": lambda z: torch.softmax(z, -1),
    }


def computed(function, z, da):
    """Return f(z) and the gradient with respect to z, for a gradient `da` with respect to f(z)."""
    import torch

    z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    a = function(z)
    a.backward(torch.tensor(da, dtype=torch.float64).reshape(a.shape))
    return a.detach().numpy(), z.grad.numpy()


def inputs():
    """Return z, shape (29, 3): ordinary numbers, kinks, and sizes at which exp overflows."""
    import numpy as np

    ordinary = np.linspace(-9.0, 9.0, 61).round(1)
    special = [0.0, 1e-9, -1e-9, 1e-3, -1e-3, 15.0, -15.0, 20.5, -20.5, 25.0, -25.0, 38.0, -38.0]
    extreme = [x * sign for x in (60.0, 709.0, 711.0, 800.0, 1e4, 1e5) for sign in (1.0, -1.0)]
    z = np.array([*ordinary, *special, *extreme, 0.5])
    return z[np.random.default_rng(0).permutation(len(z))].reshape(29, 3)


def upstream(shape):
    """Return a gradient with respect to f(z)."""
    import numpy as np

    return np.random.default_rng(1).uniform(-2.0, 2.0, shape).round(3)


def main():
    """Write the file."""
    import torch

    z = inputs()
    da = upstream(z.shape)
    parts = {"by": f"PyTorch {torch.__version__}", "z": z.tolist(), "da": da.tolist()}
    for name, function in functions().items():
        a, dz = computed(function, z, da)
        parts[name] = {"a": a.tolist(), "dz": dz.tolist()}
    rows = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in parts.items()]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()

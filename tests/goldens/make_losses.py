"""Writes `losses.json`: losses, gradients and 20 SGD steps by PyTorch 2, in float64.

Run it with PyTorch installed: ``python tests/goldens/make_losses.py``. The output itself is what is
trained, so that its gradient is all there is. `CASES` is read by `tests/core/test_losses.py` too.
"""

import json
from pathlib import Path

import numpy as np

STEPS = 20
RATE = 0.5
CW = [0.5, 2.0, 1.25]
CW_ZERO = [0.5, 0.0, 1.25]
PAIR = [0.7, 2.5]

# name of the case: (the loss, its settings, what y holds, shape of a sample, kind of weight)
CASES = {
    "ce": ("CrossEntropy", {}, "labels", [3], None),
    "ce steps": ("CrossEntropy", {}, "labels", [4, 3], None),
    "ce weight": ("CrossEntropy", {}, "labels", [3], "rows"),
    "ce mask": ("CrossEntropy", {}, "labels", [4, 3], "mask"),
    "ce rows of steps": ("CrossEntropy", {}, "labels", [4, 3], "rows"),
    "ce class": ("CrossEntropy", {"class_weights": CW}, "labels", [3], None),
    "ce class weight": ("CrossEntropy", {"class_weights": CW}, "labels", [3], "rows"),
    "ce smooth": ("CrossEntropy", {"label_smoothing": 0.1}, "labels", [3], None),
    "ce smooth mask": ("CrossEntropy", {"label_smoothing": 0.3}, "labels", [4, 3], "mask"),
    "ce smooth class": (
        "CrossEntropy", {"label_smoothing": 0.2, "class_weights": CW}, "labels", [3], None,
    ),
    "ce smooth class 0": (
        "CrossEntropy", {"label_smoothing": 0.2, "class_weights": CW_ZERO}, "labels", [3], None,
    ),
    "ce smooth class weight": (
        "CrossEntropy", {"label_smoothing": 0.2, "class_weights": CW}, "labels", [4, 3], "rows",
    ),
    "bce": ("BinaryCrossEntropy", {}, "two", [1], None),
    "bce weight": ("BinaryCrossEntropy", {}, "two", [1], "rows"),
    "bce class": ("BinaryCrossEntropy", {"class_weights": PAIR}, "two", [1], None),
    "bce class mask": ("BinaryCrossEntropy", {"class_weights": PAIR}, "two", [4, 1], "mask"),
    "bce smooth": ("BinaryCrossEntropy", {"label_smoothing": 0.1}, "two", [1], None),
    "bce labels": ("BinaryCrossEntropy", {}, "two", [3], None),
    "bce labels sum": ("BinaryCrossEntropy", {"outputs": "sum"}, "two", [3], "rows"),
    "bce labels all": (
        "BinaryCrossEntropy", {"class_weights": PAIR, "label_smoothing": 0.2}, "two", [3], "rows",
    ),
    "mse": ("MeanSquaredError", {}, "values", [3], None),
    "mse weight": ("MeanSquaredError", {}, "values", [3], "rows"),
    "mse mask": ("MeanSquaredError", {}, "values", [4, 2], "mask"),
    "half mean": ("HalfSquaredError", {}, "values", [3], None),
    "half mean weight": ("HalfSquaredError", {}, "values", [3], "rows"),
    "half mean of sums": ("HalfSquaredError", {"outputs": "sum"}, "values", [3], None),
    "half mean of sums weight": ("HalfSquaredError", {"outputs": "sum"}, "values", [3], "rows"),
    "half sum": ("HalfSquaredError", {"reduction": "sum"}, "values", [3], None),
    "half sum mask": ("HalfSquaredError", {"reduction": "sum"}, "values", [4, 1], "mask"),
    "mae": ("MeanAbsoluteError", {}, "values", [3], None),
    "mae weight": ("MeanAbsoluteError", {}, "values", [3], "rows"),
    "huber": ("Huber", {}, "values", [3], None),
    "huber mask": ("Huber", {"delta": 0.3}, "values", [4, 2], "mask"),
    "poisson": ("Poisson", {}, "counts", [1], None),
    "poisson weight": ("Poisson", {}, "counts", [3], "rows"),
    "poisson sum": ("Poisson", {"outputs": "sum"}, "counts", [3], None),
    "hinge": ("Hinge", {}, "two", [1], None),
    "hinge weight": ("Hinge", {"margin": 0.6}, "two", [1], "rows"),
    "hinge classes": ("Hinge", {}, "labels", [3], None),
    "hinge classes mask": ("Hinge", {"margin": 1.7}, "labels", [4, 3], "mask"),
    "crammer": ("Hinge", {"multi_class": "crammer_singer"}, "labels", [3], None),
    "crammer weight": (
        "Hinge", {"multi_class": "crammer_singer", "margin": 2.0}, "labels", [3], "rows",
    ),
    "perceptron": ("PerceptronLoss", {}, "two", [1], None),
    "perceptron mask": ("PerceptronLoss", {}, "two", [4, 1], "mask"),
    "perceptron classes": ("PerceptronLoss", {}, "labels", [3], None),
    "perceptron classes weight": ("PerceptronLoss", {}, "labels", [3], "rows"),
    "gaussian": ("GaussianNLL", {}, "values / 2", [2], None),
    "gaussian weight": ("GaussianNLL", {"eps": 0.1, "full": True}, "values / 2", [4], "rows"),
    "gaussian mask": ("GaussianNLL", {"eps": 0.01}, "values / 2", [3, 4], "mask"),
    "pinball": ("Pinball", {}, "values / 3", [3], None),
    "pinball weight": ("Pinball", {"quantiles": [0.05, 0.3]}, "values / 2", [4], "rows"),
    "pinball mask": ("Pinball", {"quantiles": 0.8}, "values", [3, 2], "mask"),
    "poisson several": ("Poisson", {}, "counts", [3], None),
}  # fmt: skip


def draw(case, rng, n):
    """Return z, y and the weight (or None) for n samples of a case."""
    _, _, target, shape, kind = CASES[case]
    rows = (n, *shape[:-1])
    z = 1.5 * rng.standard_normal((n, *shape))
    if target == "labels":
        y = rng.integers(0, shape[-1], rows)
    elif target == "two":
        y = rng.integers(0, 2, (n, *shape) if shape[-1] > 1 else rows)
    elif "/" in target:  # several outputs a target
        y = rng.standard_normal((*rows, shape[-1] // int(target[-1])))
    else:
        y = rng.standard_normal((n, *shape)) if target == "values" else rng.poisson(2, (n, *shape))
    if kind is None:
        return z, y, None
    if kind == "rows":
        return z, y, rng.uniform(0.2, 3.0, n)
    mask = rng.integers(0, 2, rows).astype(float)
    mask[:, 0] = 1.0
    return z, y, mask


def reference(case, z, y, weight):
    """Return the loss of a case by PyTorch's own functions, as a tensor."""
    import torch

    name, settings, _, shape, _ = CASES[case]
    weight = None if weight is None else torch.as_tensor(weight, dtype=z.dtype)
    rows = z.shape[:-1]
    own = torch.ones(rows, dtype=z.dtype)
    if weight is not None:
        own = weight if weight.shape == rows else weight[:, None].expand(rows)
    each, count = SINGLE[name](torch, z, torch.as_tensor(y), shape[-1], settings)
    if settings.get("reduction") == "sum":
        return (own[..., None] * each).sum()
    return _weighted_mean(own, each, count, settings)


def _weighted_mean(own, each, count, settings):
    """Divide ``sum(weight * loss)`` by ``sum(weight * what counts)``."""
    if each.dim() == own.dim():
        return (own * each).sum() / (own * count).sum()
    total = (own[..., None] * each).sum()
    if settings.get("outputs") == "sum":
        return total / (own * count.mean(-1)).sum()
    return total / (own[..., None] * count).sum()


def _cross_entropy(torch, z, y, k, settings):
    weights = settings.get("class_weights")
    weights = None if weights is None else torch.tensor(weights, dtype=z.dtype)
    each = torch.nn.functional.cross_entropy(
        z.reshape(-1, k), y.reshape(-1), weight=weights, reduction="none",
        label_smoothing=settings.get("label_smoothing", 0.0),
    ).reshape(y.shape)  # fmt: skip
    return each, torch.ones_like(each) if weights is None else weights[y]


def _binary_cross_entropy(torch, z, y, k, settings):
    hard = y.reshape(z.shape)
    smoothing = settings.get("label_smoothing", 0.0)
    target = hard.to(z.dtype) * (1 - smoothing) + smoothing / 2
    weights = torch.tensor(settings.get("class_weights", [1.0, 1.0]), dtype=z.dtype)[hard]
    each = torch.nn.functional.binary_cross_entropy_with_logits(
        z, target, weight=weights, reduction="none"
    )
    return each, weights


def _mean_squared_error(torch, z, y, k, settings):
    each = torch.nn.functional.mse_loss(z, y.reshape(z.shape), reduction="none")
    return each, torch.ones_like(each)


def _half_squared_error(torch, z, y, k, settings):
    each, count = _mean_squared_error(torch, z, y, k, settings)
    return each / 2, count


def _mean_absolute_error(torch, z, y, k, settings):
    each = torch.nn.functional.l1_loss(z, y.reshape(z.shape), reduction="none")
    return each, torch.ones_like(each)


def _huber(torch, z, y, k, settings):
    delta = settings.get("delta", 1.0)
    each = torch.nn.functional.huber_loss(z, y.reshape(z.shape), reduction="none", delta=delta)
    return each, torch.ones_like(each)


def _poisson(torch, z, y, k, settings):
    y = y.reshape(z.shape).to(z.dtype)
    each = torch.nn.functional.poisson_nll_loss(z, y, log_input=True, reduction="none")
    return each + torch.xlogy(y, y) - y, torch.ones_like(each)


def _gaussian_nll(torch, z, y, k, settings):
    mean, variance = z[..., : k // 2], z[..., k // 2 :].exp() + settings.get("eps", 1e-6)
    each = torch.nn.functional.gaussian_nll_loss(
        mean, y, variance, full=settings.get("full", False), eps=1e-300, reduction="none"
    )
    return each, torch.ones_like(each)


def _pinball(torch, z, y, k, settings):
    given = settings.get("quantiles", [0.1, 0.5, 0.9])
    q = torch.atleast_1d(torch.tensor(given, dtype=z.dtype))
    short = (y[..., None] - z.reshape(*y.shape, len(q))).reshape(z.shape)
    q = q.repeat(y.shape[-1])
    each = torch.maximum(q * short, (q - 1) * short)
    return each, torch.ones_like(each)


def _hinge(torch, z, y, k, settings):
    margin = settings.get("margin", 1.0)
    if k == 1:
        each = torch.relu(margin - (2 * y - 1) * z[..., 0])
    elif settings.get("multi_class") == "crammer_singer":
        each = torch.relu(margin + _of_rival(torch, z, y, k) - _of_class(z, y))
    else:
        each = torch.nn.functional.multi_margin_loss(
            z.reshape(-1, k), y.reshape(-1), margin=margin, reduction="none"
        ).reshape(y.shape)
    return each, torch.ones_like(each)


def _perceptron(torch, z, y, k, settings):
    if k == 1:
        each = torch.clamp(-(2 * y - 1) * z[..., 0], min=0)
    else:
        each = z.max(dim=-1).values - _of_class(z, y)
    return each, torch.ones_like(each)


def _of_class(z, y):
    return z.gather(-1, y[..., None])[..., 0]


def _of_rival(torch, z, y, k):
    true = torch.nn.functional.one_hot(y, k).bool()
    return z.masked_fill(true, -torch.inf).max(dim=-1).values


SINGLE = {
    "CrossEntropy": _cross_entropy,
    "BinaryCrossEntropy": _binary_cross_entropy,
    "MeanSquaredError": _mean_squared_error,
    "HalfSquaredError": _half_squared_error,
    "MeanAbsoluteError": _mean_absolute_error,
    "Huber": _huber,
    "Poisson": _poisson,
    "GaussianNLL": _gaussian_nll,
    "Pinball": _pinball,
    "Hinge": _hinge,
    "PerceptronLoss": _perceptron,
}


def steps(case, z, y, weight, count=STEPS):
    """Return the losses and the first gradient of SGD steps on z itself, and where it ends."""
    import torch

    output = torch.tensor(z, requires_grad=True)
    optimizer = torch.optim.SGD([output], lr=RATE)
    losses, first = [], None
    for _ in range(count):
        optimizer.zero_grad()
        loss = reference(case, output, y, weight)
        loss.backward()
        losses.append(loss.item())
        first = output.grad.numpy().copy() if first is None else first
        optimizer.step()
    return losses, first, output.detach().numpy()


def main():
    goldens = {}
    for number, case in enumerate(CASES):
        z, y, weight = draw(
            case, np.random.default_rng(number), 5 if len(CASES[case][3]) < 2 else 3
        )
        z = z.round(3)
        weight = None if weight is None else weight.round(3)
        losses, gradient, end = steps(case, z, y if y.dtype.kind == "i" else y.round(3), weight)
        goldens[case] = {
            "z": z.tolist(),
            "y": (y if y.dtype.kind == "i" else y.round(3)).tolist(),
            "weight": None if weight is None else weight.tolist(),
            "losses": losses[::3],
            "gradient": gradient.tolist(),
            "end": end.tolist(),
        }
    path = Path(__file__).with_name("losses.json")
    rows = [f"{json.dumps(case)}: {json.dumps(golden)}" for case, golden in goldens.items()]
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

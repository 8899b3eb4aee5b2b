"""Writes `optimizers.json`: 21 steps of every optimizer and schedule by PyTorch 2, in float64.

Run it with PyTorch installed: ``python tests/goldens/make_optimizers.py``. A net of 3-4-3 with tanh
is trained with cross-entropy on 12 samples in batches of 4, for 7 epochs. Kept are the learning
rate of every step, the gradient's norm before clipping, and all parameters after steps 1, 8 and 21.
`CASES` is read by the tests too.
"""

import json
import warnings
from pathlib import Path

import numpy as np

EPOCHS, BATCH = 7, 4
KEPT = (1, 8, 21)

# name of the case: (the optimizer, its settings but the learning rate, the rate or its schedule)
OPTIMIZERS = {
    "sgd": ("SGD", {}, 0.3),
    "sgd decay": ("SGD", {"weight_decay": 0.1}, 0.3),
    "momentum": ("SGD", {"momentum": 0.9}, 0.1),
    "momentum decay": ("SGD", {"momentum": 0.9, "weight_decay": 0.1}, 0.1),
    "nesterov": ("SGD", {"momentum": 0.8, "nesterov": True}, 0.1),
    "nesterov decay": ("SGD", {"momentum": 0.8, "nesterov": True, "weight_decay": 0.05}, 0.1),
    "adagrad": ("AdaGrad", {}, 0.1),
    "adagrad all": (
        "AdaGrad", {"epsilon": 1e-3, "initial_accumulator": 0.1, "weight_decay": 0.05}, 0.1,
    ),
    "rmsprop": ("RMSprop", {}, 0.01),
    "rmsprop all": (
        "RMSprop", {"rho": 0.9, "epsilon": 1e-3, "momentum": 0.7, "weight_decay": 0.05}, 0.01,
    ),
    "adam": ("Adam", {}, 0.05),
    "adam all": (
        "Adam", {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weight_decay": 0.05}, 0.05,
    ),
    "adamw": ("AdamW", {}, 0.05),
    "adamw all": (
        "AdamW", {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weight_decay": 0.3}, 0.05,
    ),
    "adamw without": ("AdamW", {"weight_decay": 0.0}, 0.05),
}  # fmt: skip
CLIPPED = {
    "sgd value": ("SGD", {"clip_value": 0.05}, 0.3),
    "sgd norm": ("SGD", {"clip_norm": 0.3}, 0.3),
    "sgd both": ("SGD", {"clip_value": 0.1, "clip_norm": 0.2, "weight_decay": 0.1}, 0.3),
    "nesterov norm": ("SGD", {"momentum": 0.8, "nesterov": True, "clip_norm": 0.3}, 0.1),
    "adagrad value": ("AdaGrad", {"clip_value": 0.05}, 0.1),
    "rmsprop norm": ("RMSprop", {"clip_norm": 0.3, "momentum": 0.7}, 0.01),
    "adam norm": ("Adam", {"clip_norm": 0.3, "weight_decay": 0.05}, 0.05),
    "adamw both": ("AdamW", {"clip_value": 0.1, "clip_norm": 0.2}, 0.05),
}
SCHEDULED = {
    "steps by epoch": ("SGD", {}, ("StepDecay", {"start": 0.3, "every": 2, "factor": 0.5})),
    "steps by batch": (
        "Adam", {}, ("StepDecay", {"start": 0.1, "every": 5, "factor": 0.3, "unit": "batch"}),
    ),
    "exponential by epoch": ("AdaGrad", {}, ("ExponentialDecay", {"start": 0.2, "factor": 0.7})),
    "exponential by batch": (
        "RMSprop", {}, ("ExponentialDecay", {"start": 0.02, "factor": 0.9, "unit": "batch"}),
    ),
    "cosine by epoch": (
        "AdamW", {}, ("CosineDecay", {"start": 0.1, "steps": 7, "end": 0.01}),
    ),
    "cosine by batch": (
        "SGD", {"clip_norm": 0.3}, ("CosineDecay", {"start": 0.3, "steps": 21, "unit": "batch"}),
    ),
    "warm-up to a number": ("SGD", {}, ("LinearWarmup", {"steps": 3, "then": 0.3})),
    "warm-up to a cosine": (
        "Adam",
        {"weight_decay": 0.01},
        ("LinearWarmup", {
            "steps": 6, "then": ("CosineDecay", {"start": 0.1, "steps": 15, "unit": "batch"}),
        }),
    ),
    "plateau": (
        "SGD",
        {},
        ("ReduceOnPlateau", {
            "start": 0.3, "factor": 0.5, "patience": 0, "min_delta": 0.04, "minimum": 0.05,
        }),
    ),
    "plateau with cooldown": (
        "Adam",
        {},
        ("ReduceOnPlateau", {
            "start": 0.1, "factor": 0.3, "patience": 1, "min_delta": 0.2, "cooldown": 1,
        }),
    ),
}  # fmt: skip
CASES = OPTIMIZERS | CLIPPED | SCHEDULED


def data():
    """Return X, labels, and the start parameters: nothing drawn, so nothing to be kept."""
    X = np.sin(np.arange(36.0) ** 2).reshape(12, 3)
    y = np.arange(12) * 7 % 12 % 3
    sizes = {(3, 4): 0.0, (4,): 1.0, (4, 3): 2.0, (3,): 3.0}
    parameters = [np.cos(np.arange(float(np.prod(s))) * 3 + phase).reshape(s) * 0.7
                  for s, phase in sizes.items()]  # fmt: skip
    return X, y, parameters


NAMES = {
    "rho": "alpha", "epsilon": "eps", "initial_accumulator": "initial_accumulator_value",
}  # fmt: skip


def torch_optimizer(torch, case, parameters):
    """Return PyTorch's optimizer of a case."""
    kind, settings, rate = CASES[case]
    settings = {k: v for k, v in settings.items() if not k.startswith("clip")}
    if kind.startswith("Adam"):
        settings["betas"] = (settings.pop("beta1", 0.9), settings.pop("beta2", 0.999))
    settings = {NAMES.get(name, name): value for name, value in settings.items()}
    start = rate if isinstance(rate, float) else start_of(rate)
    kind = "Adagrad" if kind == "AdaGrad" else kind
    return getattr(torch.optim, kind)(parameters, lr=start, **settings)


def start_of(rate):
    """Return the rate that a schedule's factors apply to."""
    if isinstance(rate, float):
        return rate
    name, settings = rate
    return start_of(settings["then"]) if name == "LinearWarmup" else settings["start"]


def torch_scheduler(torch, optimizer, rate):
    """Return PyTorch's scheduler of a schedule, and what it counts."""
    name, s = rate
    lr, unit = torch.optim.lr_scheduler, s.get("unit", "epoch")
    if name == "StepDecay":
        return lr.StepLR(optimizer, s["every"], s["factor"]), unit
    if name == "ExponentialDecay":
        return lr.ExponentialLR(optimizer, s["factor"]), unit
    if name == "CosineDecay":
        return lr.CosineAnnealingLR(optimizer, s["steps"], s.get("end", 0.0)), unit
    if name == "ReduceOnPlateau":
        return lr.ReduceLROnPlateau(
            optimizer, factor=s["factor"], patience=s["patience"], threshold=s["min_delta"],
            threshold_mode="abs", cooldown=s.get("cooldown", 0), min_lr=s.get("minimum", 0.0),
        ), "score"  # fmt: skip
    steps, then = s["steps"], s["then"]
    rising = lr.LinearLR(optimizer, 1 / steps, total_iters=steps - 1)
    if isinstance(then, float):
        return rising, unit
    follows, unit = torch_scheduler(torch, optimizer, then)
    return lr.SequentialLR(optimizer, [rising, follows], [steps]), unit


def trajectory(case):
    """Train by PyTorch; return the rates, the norms of the gradient and the kept parameters."""
    import torch

    X, y, start = data()
    X, y = torch.tensor(X), torch.tensor(y)
    W1, b1, W2, b2 = parameters = [torch.tensor(p, requires_grad=True) for p in start]
    _, settings, rate = CASES[case]
    optimizer = torch_optimizer(torch, case, parameters)
    scheduler, unit = None, None
    if not isinstance(rate, float):
        scheduler, unit = torch_scheduler(torch, optimizer, rate)

    def loss(rows):
        out = torch.tanh(X[rows] @ W1 + b1) @ W2 + b2
        return torch.nn.functional.cross_entropy(out, y[rows])

    rates, norms, kept = [], [], []
    with warnings.catch_warnings():
        # SequentialLR calls its parts in a way that PyTorch itself warns of
        warnings.simplefilter("ignore", UserWarning)
        for _ in range(EPOCHS):
            for start in range(0, len(X), BATCH):
                optimizer.zero_grad()
                loss(slice(start, start + BATCH)).backward()
                if "clip_value" in settings:
                    torch.nn.utils.clip_grad_value_(parameters, settings["clip_value"])
                limit = settings.get("clip_norm", np.inf)
                norms.append(torch.nn.utils.clip_grad_norm_(parameters, limit).item())
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                if unit == "batch":
                    scheduler.step()
                if len(rates) in KEPT:
                    kept.append(torch.cat([p.detach().reshape(-1) for p in parameters]).tolist())
            if unit == "epoch":
                scheduler.step()
            elif unit == "score":
                with torch.no_grad():
                    scheduler.step(loss(slice(None)).item())
    return {"rates": rates, "norms": norms, "parameters": kept}


if __name__ == "__main__":
    path = Path(__file__).with_name("optimizers.json")
    lines = (f"{json.dumps(case)}: {json.dumps(trajectory(case))}" for case in CASES)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

"""The libraries: nbann, scikit-learn and, where it is installed, PyTorch."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import nbann


def trainer_of(work, *, evaluate=False):
    """Return nbann's trainer; without `evaluate` it does what the others do and no more."""
    if work.classes:
        W1, b1, W2, b2 = work.start()
        layers = [
            nbann.Dense(work.hidden, weight=W1, bias=b1), nbann.ReLU(),
            nbann.Dense(work.classes, weight=W2, bias=b2),
        ]  # fmt: skip
    else:
        W1, W2 = work.start()
        layers = [
            nbann.Dense(work.hidden, weight=W1, bias=False), nbann.Sigmoid(),
            nbann.Dense(1, weight=W2, bias=False), nbann.Sigmoid(),
        ]  # fmt: skip
    settings = {} if evaluate else {"evaluate_every": None, "metrics": []}
    return nbann.Trainer(
        nbann.Sequential(layers),
        (work.X, work.y),
        loss="cross_entropy" if work.classes else nbann.HalfSquaredError("sum"),
        optimizer=nbann.SGD(work.rate, momentum=work.momentum),
        batch_size=None if work.full else work.batch,
        l2=work.l2,
        dtype=work.dtype,
        **settings,
    )


def with_nbann(work, *, evaluate=False):
    trainer = trainer_of(work, evaluate=evaluate)

    def train():
        trainer.run(work.epochs)
        return list(trainer.parameters.values())

    return train


def with_sklearn(work):
    """scikit-learn from the same start; its own shuffle, as it takes none from outside."""
    if not work.classes:
        return None  # it has no sigmoid output with a squared error
    estimator = MLPClassifier(
        (work.hidden,), activation="relu", solver="sgd", alpha=work.l2 * work.batch,
        batch_size=work.batch, learning_rate_init=work.rate, momentum=work.momentum,
        nesterovs_momentum=False, shuffle=not work.full, max_iter=work.epochs, tol=0.0,
        n_iter_no_change=work.epochs + 2, random_state=0, warm_start=True,
    )  # fmt: skip
    estimator.partial_fit(
        work.X[: work.batch], work.y[: work.batch], classes=np.arange(work.classes)
    )
    W1, b1, W2, b2 = work.start()
    estimator.coefs_, estimator.intercepts_ = [W1, W2], [b1, b2]

    def train():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it ends where it was told to
            estimator.fit(work.X, work.y)
        (W1, W2), (b1, b2) = estimator.coefs_, estimator.intercepts_
        return [W1, b1, W2, b2]

    return train


def with_torch(work):
    import torch

    torch.set_num_threads(1)
    parameters = [torch.from_numpy(p).requires_grad_() for p in work.start()]
    optimizer = torch.optim.SGD(parameters, lr=work.rate, momentum=work.momentum)
    X, y = torch.from_numpy(work.X), torch.from_numpy(work.y)
    functional = torch.nn.functional

    def loss_of(x, target):
        if not work.classes:
            W1, W2 = parameters
            out = torch.sigmoid(torch.sigmoid(x @ W1) @ W2)
            return functional.mse_loss(out, target, reduction="sum") / 2
        W1, b1, W2, b2 = parameters
        loss = functional.cross_entropy(
            torch.addmm(b2, torch.relu(torch.addmm(b1, x, W1)), W2), target
        )
        if work.l2:
            loss = loss + work.l2 / 2 * ((W1 * W1).sum() + (W2 * W2).sum())
        return loss

    def train():
        losses = []
        for epoch in range(work.epochs):
            order = None if work.full else torch.from_numpy(work.order(epoch))
            for start in range(0, len(work.X), work.batch):
                if order is None:
                    x, target = X, y
                else:
                    rows = order[start : start + work.batch]
                    x, target = X[rows], y[rows]
                optimizer.zero_grad()
                loss = loss_of(x, target)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        return [p.detach().numpy() for p in parameters]

    return train

"""The libraries: nbann, scikit-learn and, where it is installed, PyTorch."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import nbann


def trainer_of(work, *, evaluate=False):
    """Return nbann's trainer; without `evaluate` it does what the others do and no more."""
    layers = []
    if work.classes:
        parameters = work.start()
        activation = {"relu": nbann.ReLU, "tanh": nbann.Tanh}[work.activation]
        for W, b in zip(parameters[::2], parameters[1::2], strict=True):
            layers += [nbann.Dense(len(b), weight=W, bias=b), activation()]
        del layers[-1]  # the outputs are logits
    else:
        for W in work.start():
            layers += [nbann.Dense(W.shape[1], weight=W, bias=False), nbann.Sigmoid()]
    if work.optimizer == "adam":
        optimizer = nbann.Adam(learning_rate=work.rate)
    else:
        optimizer = nbann.SGD(work.rate, momentum=work.momentum)
    settings = {} if evaluate else {"evaluate_every": None, "metrics": []}
    return nbann.Trainer(
        nbann.Sequential(layers),
        (work.X, work.y),
        loss="cross_entropy" if work.classes else nbann.HalfSquaredError("sum"),
        optimizer=optimizer,
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
    if work.classes < 3:
        return None  # it has a single logistic output for two classes, and none with Trask's loss
    estimator = MLPClassifier(
        work.hidden, activation=work.activation, solver=work.optimizer,
        alpha=work.l2 * work.batch, batch_size=work.batch, learning_rate_init=work.rate,
        momentum=work.momentum, nesterovs_momentum=False, shuffle=not work.full,
        max_iter=work.epochs, tol=0.0, n_iter_no_change=work.epochs + 2, random_state=0,
        warm_start=True,
    )  # fmt: skip
    estimator.partial_fit(
        work.X[: work.batch], work.y[: work.batch], classes=np.arange(work.classes)
    )
    parameters = work.start()
    estimator.coefs_, estimator.intercepts_ = parameters[::2], parameters[1::2]

    def train():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it ends where it was told to
            estimator.fit(work.X, work.y)
        pairs = zip(estimator.coefs_, estimator.intercepts_, strict=True)
        return [array for pair in pairs for array in pair]

    return train


def with_torch(work):
    import torch

    torch.set_num_threads(1)
    parameters = [torch.from_numpy(p).requires_grad_() for p in work.start()]
    if work.optimizer == "adam":
        optimizer = torch.optim.Adam(parameters, lr=work.rate)
    else:
        optimizer = torch.optim.SGD(parameters, lr=work.rate, momentum=work.momentum)
    X, y = torch.from_numpy(work.X), torch.from_numpy(work.y)
    functional = torch.nn.functional
    activation = {"relu": torch.relu, "tanh": torch.tanh}[work.activation]

    def loss_of(x, target):
        if not work.classes:
            W1, W2 = parameters
            out = torch.sigmoid(torch.sigmoid(x @ W1) @ W2)
            return functional.mse_loss(out, target, reduction="sum") / 2
        for i in range(0, len(parameters) - 2, 2):
            x = activation(torch.addmm(parameters[i + 1], x, parameters[i]))
        loss = functional.cross_entropy(torch.addmm(parameters[-1], x, parameters[-2]), target)
        if work.l2:
            loss = loss + work.l2 / 2 * sum((W * W).sum() for W in parameters[::2])
        return loss

    def train():
        losses = []
        for epoch in range(work.epochs):
            for rows in work.batches(epoch):
                x, target = X, y
                if rows is not None:
                    chosen = torch.from_numpy(rows)
                    x, target = X[chosen], y[chosen]
                optimizer.zero_grad()
                loss = loss_of(x, target)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        return [p.detach().numpy() for p in parameters]

    return train

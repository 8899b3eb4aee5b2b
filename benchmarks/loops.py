"""The loop as one writes it by hand, layer by layer in lists; for Trask's net his own code.

It shuffles like nbann, notes the loss of every step (Trask's own code does not) and takes the
softmax with the row's maximum off. What is returned trains and returns the parameters.
"""

import numpy as np


def naive(work):
    return naive_mlp(work) if work.classes else naive_trask(work)


def naive_trask(work):
    """Trask's loop of 2015, names and all."""
    X, y = work.X, work.y
    syn0, syn1 = work.start()

    def train():
        nonlocal syn0, syn1
        for _ in range(work.epochs):
            l1 = 1 / (1 + np.exp(-(np.dot(X, syn0))))
            l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
            l2_delta = (y - l2) * (l2 * (1 - l2))
            l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
            syn1 += l1.T.dot(l2_delta)
            syn0 += X.T.dot(l1_delta)
        return [syn0, syn1]

    return train


def naive_mlp(work):
    parameters = work.start()
    weights, biases = parameters[::2], parameters[1::2]
    update = {"sgd": naive_sgd, "adam": naive_adam}[work.optimizer](work, parameters)
    relu = work.activation == "relu"

    def train():
        losses = []
        for epoch in range(work.epochs):
            for rows in work.batches(epoch):
                x, y = (work.X, work.y) if rows is None else (work.X[rows], work.y[rows])
                n = len(x)
                outs = [x]
                for W, b in zip(weights[:-1], biases[:-1], strict=True):
                    z = outs[-1] @ W + b
                    outs.append(np.maximum(z, 0) if relu else np.tanh(z))
                z = outs[-1] @ weights[-1] + biases[-1]
                exps = np.exp(z - z.max(axis=1, keepdims=True))
                p = exps / exps.sum(axis=1, keepdims=True)
                loss = -np.log(p[np.arange(n), y]).mean()
                if work.l2:
                    loss += work.l2 / 2 * sum((W**2).sum() for W in weights)
                losses.append(loss)

                dz = p.copy()
                dz[np.arange(n), y] -= 1
                dz /= n
                gradients = []
                for layer in reversed(range(len(weights))):
                    dW = outs[layer].T @ dz
                    if work.l2:
                        dW += work.l2 * weights[layer]
                    gradients += [dz.sum(axis=0), dW]
                    if layer:
                        a = outs[layer]
                        dz = (dz @ weights[layer].T) * ((a > 0) if relu else (1 - a**2))
                update(gradients[::-1])
        return parameters

    return train


def naive_sgd(work, parameters):
    velocities = [np.zeros_like(p) for p in parameters]

    def update(gradients):
        for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            if work.momentum:
                velocities[i] = work.momentum * velocities[i] - work.rate * gradient
                parameter += velocities[i]
            else:
                parameter -= work.rate * gradient

    return update


def naive_adam(work, parameters):
    """Kingma & Ba, "Adam", ICLR 2015, algorithm 1."""
    m, v = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    t = 0

    def update(gradients):
        nonlocal t
        t += 1
        for i, (parameter, g) in enumerate(zip(parameters, gradients, strict=True)):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g**2
            m_hat, v_hat = m[i] / (1 - 0.9**t), v[i] / (1 - 0.999**t)
            parameter -= work.rate * m_hat / (np.sqrt(v_hat) + 1e-8)

    return update

"""Layers that PyTorch has not, or that give more than one output there. Imports torch alone.

Each class stands by itself, so that `to_code` can write those that a net needs into its source.
"""

import torch
from torch import nn


class Tokens(nn.Embedding):
    """An embedding that takes whole numbers of any dtype."""

    def forward(self, x):
        """Return the row of each number."""
        return super().forward(x.long())


class Step(nn.Module):
    """1 where z > 0, else 0."""

    def forward(self, z):
        """Return 0 or 1; the gradient is 0, and not none: optimizers pass over what has none."""
        return z.sign().clamp(min=0)


class Tied(nn.Module):
    """A dense layer back, with the matrix of another layer, transposed, and a bias of its own."""

    def __init__(self, of, outputs, bias=True):
        super().__init__()
        self.of = [of]  # in a list: its weight is the other layer's parameter, not a second one
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x):
        """Return ``x @ weight.T + bias``, weight being (inputs, outputs) of the other layer."""
        (of,) = self.of
        weight = of.weight if isinstance(of, nn.Embedding) else of.weight.T
        return nn.functional.linear(x, weight, self.bias)


class Residual(nn.Module):
    """``x + inside(x)``, or with a projection ``projection(x) + inside(x)``."""

    def __init__(self, inside, projection=None):
        super().__init__()
        self.inside = inside
        self.projection = projection

    def forward(self, x):
        """Return the sum of both ways."""
        around = x if self.projection is None else self.projection(x)
        return around + self.inside(x)


class BatchNormOfSequences(nn.BatchNorm1d):
    """Batch normalization of (n, ..., features): PyTorch's own has the features second."""

    def forward(self, x):
        """Return the normalized features, in their place."""
        return super().forward(x.reshape(-1, x.shape[-1])).reshape(x.shape)


class GaussianNoise(nn.Module):
    """Adds normal noise in training."""

    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        """Return x, in training with noise."""
        return x + self.std * torch.randn_like(x) if self.training else x


class MaskingNoise(nn.Module):
    """Sets elements to 0 in training, and does not scale the others."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        """Return x, in training with zeros."""
        return x * (torch.rand_like(x) >= self.rate) if self.training else x


class ActivityPenalty(nn.Module):
    """Lets everything through; ``cost`` is what its activity adds to the loss."""

    def __init__(self, l1=0.0, kl=0.0, target=0.05):
        super().__init__()
        self.l1, self.kl, self.target, self.cost = l1, kl, target, 0.0

    def forward(self, a):
        """Return a."""
        rows, tiny = a.reshape(-1, a.shape[-1]), torch.finfo(a.dtype).eps
        self.cost = self.l1 * rows.abs().sum() / len(rows)
        if self.kl:
            rho, t = rows.mean(0).clamp(tiny, 1 - tiny), torch.tensor(self.target, dtype=a.dtype)
            apart = t * (t / rho).log() + (1 - t) * ((1 - t) / (1 - rho)).log()
            self.cost = self.cost + self.kl * apart.sum()
        if not self.training:
            self.cost = 0.0
        return a


class Silence(nn.Module):
    """Neurons whose output is 0."""

    def __init__(self, width, neurons):
        super().__init__()
        speaks = torch.ones(width)
        speaks[list(neurons)] = 0
        self.register_buffer("speaks", speaks)

    def forward(self, x):
        """Return x without what they say."""
        return x.masked_fill(self.speaks == 0, 0)


class OneOutput:
    """A recurrent layer of PyTorch that gives its states, or the last, and nothing else.

    With one bias, as nbann has it: PyTorch's second one stays at 0, but for what a GRU's reset gate
    is applied to.
    """

    def __init__(
        self, inputs, units, *, sequences=False, reverse=False, second_bias=False, **settings
    ):
        super().__init__(inputs, units, batch_first=True, **settings)
        self.sequences, self.reverse = sequences, reverse
        if not settings.get("bias", True):
            return
        nn.init.zeros_(self.bias_hh_l0)
        if second_bias:
            trained = torch.arange(3 * units) >= 2 * units
            self.bias_hh_l0.register_hook(lambda grad: grad * trained.to(grad.device))
        else:
            self.bias_hh_l0.requires_grad_(False)

    def forward(self, x):
        """Return (n, time, units), or the last state (n, units)."""
        x = x.flip(1) if self.reverse else x
        mask = getattr(self, "mask", None)
        if mask is None:
            states, _ = super().forward(x)
        else:
            states = self.carried(x, mask.flip(1) if self.reverse else mask)
        if not self.sequences:
            return states[:, -1]
        return states.flip(1) if self.reverse else states

    def carried(self, x, mask):
        """Return the states under a mask: a step that is not there leaves them as they were."""
        h = x.new_zeros(1, len(x), self.hidden_size)
        state, states = (h, h) if isinstance(self, nn.LSTM) else h, []
        for x_t, there in zip(x.split(1, 1), mask.unbind(1), strict=True):
            _, new = super().forward(x_t, state)
            there = (there > 0)[None, :, None]
            if isinstance(self, nn.LSTM):
                state = tuple(torch.where(there, *pair) for pair in zip(new, state, strict=True))
            else:
                state = torch.where(there, new, state)
            states.append(state[0][0] if isinstance(self, nn.LSTM) else state[0])
        return torch.stack(states, 1)


class RNN(OneOutput, nn.RNN):
    """A simple recurrent layer."""


class LSTM(OneOutput, nn.LSTM):
    """Long short-term memory."""


class GRU(OneOutput, nn.GRU):
    """Gated recurrent unit."""


class AnyRNN(nn.Module):
    """A simple recurrent layer with another activation than tanh or ReLU."""

    def __init__(self, inputs, units, activation, *, sequences=False, reverse=False, bias=True):
        super().__init__()
        self.input = nn.Linear(inputs, units, bias=bias)
        self.recurrent = nn.Linear(units, units, bias=False)
        self.activation = activation
        self.sequences, self.reverse = sequences, reverse

    def forward(self, x):
        """Return (n, time, units), or the last state (n, units)."""
        z, mask = self.input(x), getattr(self, "mask", None)
        h, states = torch.zeros_like(z[:, 0]), []
        there = torch.ones_like(z[:, :, 0]) if mask is None else mask
        if self.reverse:
            z, there = z.flip(1), there.flip(1)
        for z_t, there_t in zip(z.unbind(1), there.unbind(1), strict=True):
            new = self.activation(z_t + self.recurrent(h))
            h = torch.where(there_t[:, None] > 0, new, h)
            states.append(h)
        if not self.sequences:
            return h
        return torch.stack(states[::-1] if self.reverse else states, 1)


class Bidirectional(nn.Module):
    """Two recurrent layers, one from each end of time: their outputs side by side, or the sum."""

    def __init__(self, ahead, back, merge="concatenate"):
        super().__init__()
        self.ahead, self.back, self.merge = ahead, back, merge

    def forward(self, x):
        """Return both directions."""
        ahead, back = self.ahead(x), self.back(x)
        return ahead + back if self.merge == "sum" else torch.cat([ahead, back], -1)


class Padded(nn.Module):
    """A net of sequences of unequal length: takes a mask (n, time), 1 where a step is there."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, mask=None):
        """Return what the net gives."""
        layers = [one for one in self.net.modules() if isinstance(one, OneOutput | AnyRNN)]
        for layer in layers:
            layer.mask = mask
        try:
            return self.net(x)
        finally:
            for layer in layers:
                layer.mask = None


class Heads(nn.Module):
    """A body whose output goes into every head: a dict of outputs by name."""

    def __init__(self, body, heads, names):
        super().__init__()
        self.body, self.heads, self.names = body, nn.ModuleList(heads), tuple(names)

    def forward(self, x):
        """Return the outputs of each head."""
        inner = self.body(x)
        return {name: head(inner) for name, head in zip(self.names, self.heads, strict=True)}


def pinball(z, t, quantiles):
    """``max(q*e, (q - 1)*e)`` of ``e = t - z`` for each quantile q of each target, the mean."""
    q = torch.tensor(quantiles, dtype=z.dtype)
    e = t.unsqueeze(-1) - z.unflatten(-1, (-1, len(q)))
    return torch.maximum(q * e, (q - 1) * e).mean()


class BothClasses(nn.Module):
    """The probabilities of class 0 and class 1, from the logit of class 1."""

    def forward(self, z):
        """Return (n, 2)."""
        p = torch.sigmoid(z)
        return torch.cat([1 - p, p], -1)


class Clipped(nn.Module):
    """The shares of class 0 and class 1, from an output that was trained to be 0 or 1."""

    def forward(self, z):
        """Return (n, 2)."""
        p = z.clamp(0, 1)
        return torch.cat([1 - p, p], -1)

"""Noise in training: normal noise, or elements set to 0; imports the core's own parts only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks import number_in
from ..expr import Symbol
from ..ops.noise_ops import AddNoise, DrawNormal
from .dropout import Dropout
from .layer import Layer, Shape

if TYPE_CHECKING:
    from ..builder import Builder
    from ..plan import Plan


class GaussianNoise(Layer):
    """``a = x + std * u``, u normal with mean 0 and deviation 1, in training only.

    As the first layer of an autoencoder it makes a denoising one: what is to be reconstructed
    stays clean. (Vincent, Larochelle, Lajoie, Bengio & Manzagol, "Stacked Denoising
    Autoencoders", JMLR 11, 2010, section 3.3: additive isotropic Gaussian noise. As a regularizer:
    Bishop, "Training with Noise is Equivalent to Tikhonov Regularization", Neural Computation 7,
    1995.)

    Parameters
    ----------
    std : float
        Standard deviation of what is added, in the units of x, at least 0.
    name : str, optional

    Arrays
    ------
    ``<name>.draw`` (the u above) and ``<name>.out``: as the input, in training only.

    Raises
    ------
    ValueError
        A std that is not a finite number of at least 0.

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Sequential([nbann.GaussianNoise(0.1), nbann.Dense(2)])
    >>> trainer = nbann.Trainer(net, nbann.datasets.xor(), seed=1)
    >>> [op.name for op in trainer.step("layer")]
    ['gaussian_noise1.draw', 'gaussian_noise1.add_noise']
    """

    kind = "gaussian_noise"

    def __init__(self, std: float = 0.1, *, name: str | None = None) -> None:
        super().__init__(name)
        self.std = number_in("std", std, least=0.0)

    def __repr__(self) -> str:
        return f"GaussianNoise({self.std:g}{'' if self.name is None else f', name={self.name!r}'})"

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        plan.stream(name)
        return shape

    def emit(self, b: Builder, name: str, x: str) -> str:
        if not b.training:
            return x
        shape = b.shape(x)
        draw = b.array(f"{name}.draw", shape, Symbol("u", name))
        b.emit(DrawNormal(b.state.streams[name], draw))
        out = b.array(f"{name}.out", shape, Symbol("a", name))
        b.emit(AddNoise(x, draw, self.std, out))
        return out


class MaskingNoise(Dropout):
    """``a = x * m``: each element is set to 0 with probability `rate`, in training only.

    The noise of the first denoising autoencoder (Vincent, Larochelle, Bengio & Manzagol,
    "Extracting and Composing Robust Features with Denoising Autoencoders", ICML 2008, section
    2.3). Unlike in `Dropout`, what stays is not scaled.

    Parameters
    ----------
    rate : float
        Probability of being set to 0, in [0, 1).
    name : str, optional

    Arrays
    ------
    ``<name>.draw`` uniform in [0, 1); ``<name>.mask``: 0 or 1; ``<name>.out``: all as the input, in
    training only.

    Raises
    ------
    ValueError
        A rate out of its range.
    """

    kind = "masking_noise"
    scaled = False

    def __init__(self, rate: float = 0.25, *, name: str | None = None) -> None:
        super().__init__(rate, name=name)

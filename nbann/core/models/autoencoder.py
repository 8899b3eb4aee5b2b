"""The autoencoder: a net that gives back its input through a code; the core's own parts only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import bad_value
from ..expr import Symbol
from ..layers.activity_penalty import ActivityPenalty
from ..layers.layer import Layer, Shape
from ..layers.noise import GaussianNoise
from ..model import Model, Sequential
from ..ops.time_ops import Alias
from ..scoring.evaluate import Evaluator
from .mirroring import mirrored

if TYPE_CHECKING:
    from ..builder import Builder
    from ..data.dataset import Dataset
    from ..losses.loss import Loss, Task
    from ..plan import Plan
    from ..program import Floats
    from ..trainer import Trainer

CODE = "code"


class Code(Layer):
    """Gives what the encoder has made of a sample its name: the array "code.out"."""

    kind = CODE

    def build(self, plan: Plan, name: str, shape: Shape) -> Shape:
        return shape

    def emit(self, b: Builder, name: str, x: str) -> str:
        out = b.array(f"{name}.out", b.shape(x), Symbol("h", name), same_as=x)
        b.emit(Alias(x, out, "code"))
        return out


class Autoencoder(Sequential):
    """A net that learns to give back its input, ``x' = decoder(code)`` with ``code = encoder(x)``.

    It is a Sequential of [noise,] encoder [, sparsity], "code", decoder, so that everything that
    holds of a Sequential holds of it; "code.out" is the code. Trained on X alone (or on an
    "unsupervised" data set), which is what it is to give back, with the mean squared error unless
    another loss is asked for. (Rumelhart, Hinton & Williams, 1986; Hinton & Salakhutdinov,
    "Reducing the Dimensionality of Data with Neural Networks", Science 313, 2006.) A linear one
    spans the space of the first principal components (Baldi & Hornik, Neural Networks 2, 1989).

    Parameters
    ----------
    encoder : list of Layer or Sequential
    decoder : list of Layer or Sequential, optional
        By default the encoder mirrored: a `DenseTranspose` for each of its Dense, last first, with
        its activations between them; what comes last has none.
    tied : bool
        Let the mirrored decoder use the encoder's matrices, transposed: the same parameters in
        both directions. Its biases are its own.
    noise : float or Layer
        What the encoder sees is made noisy in training, what is to be given back is not (a
        denoising autoencoder, Vincent et al., ICML 2008): the deviation of `GaussianNoise`, or a
        layer such as `MaskingNoise(0.3)`. 0 for none.
    sparsity : float or ActivityPenalty
        What an active code costs: a factor of L1, or e.g. ``ActivityPenalty(kl=3.0, target=0.05)``
        after a Sigmoid (a sparse autoencoder, Ng, CS294A lecture notes). 0 for none.

    Attributes
    ----------
    encoder, decoder : tuple of Layer
        The layers before the code (noise and sparsity not among them) and after it.

    Raises
    ------
    ValueError
        No layer, `tied` beside a decoder that is given, an encoder that can not be mirrored, layers
        of one name or called "code"; an output unlike the input (when the trainer is made).

    Examples
    --------
    >>> import nbann
    >>> net = nbann.Autoencoder([nbann.Dense(8), nbann.Tanh(), nbann.Dense(2)], tied=True)
    >>> trainer = nbann.Trainer(
    ...     net, nbann.Dataset(nbann.datasets.digits().X / 16, task="unsupervised")
    ... )
    >>> net.encode(trainer, trainer.train_data.X[:3]).shape, trainer["code.out"].shape
    ((3, 2), (32, 2))
    """

    takes_targets: ClassVar[bool] = False

    def __init__(
        self,
        encoder: Iterable[Layer] | Sequential,
        decoder: Iterable[Layer] | Sequential | None = None,
        *,
        tied: bool = False,
        noise: float | Layer = 0.0,
        sparsity: float | ActivityPenalty = 0.0,
    ) -> None:
        if not isinstance(tied, bool):
            raise bad_value("tied", "True or False", repr(tied), "Pass e.g. tied=True.")
        if tied and decoder is not None:
            mend = "Leave the decoder out; or leave tied out and use DenseTranspose in the decoder."
            raise bad_value("Autoencoder", "tied=True without a decoder", "both", mend)
        self.tied, self.noise, self.sparsity = tied, noise, sparsity
        self.encoder = _layers(encoder, "encoder")
        self._given_decoder = None if decoder is None else _layers(decoder, "decoder")
        first = _noise(noise)
        before = (*first, *self.encoder, *_penalty(sparsity))
        self._middle = len(before)
        self.decoder: tuple[Layer, ...] = self._given_decoder or mirrored(
            self.encoder, Sequential(before).names[len(first) :], tied=tied
        )
        super().__init__((*before, Code(name=CODE), *self.decoder))

    def __repr__(self) -> str:
        return f"Autoencoder{super().__repr__().removeprefix('Sequential')}"

    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        out = super().build(plan, shape, prefix)
        if out != shape:
            mend = f"End the decoder with {shape[-1]} outputs, or leave it out to have it mirrored."
            raise bad_value("Autoencoder", f"an output of shape {shape}, as x has", f"{out}", mend)
        return out

    def usual_loss(self, task: Task) -> Loss | str | None:
        """Return the mean squared error."""
        return "mean_squared_error"

    def check_data(self, data: Dataset, loss: Loss, what: str) -> None:
        """Refuse labels and values: what it is to give back is a sample.

        Raises
        ------
        ValueError
            Targets of another size than the samples.
        """
        if data.y.size != data.X.size:
            mend = "Pass nbann.Dataset(ds.X, task='unsupervised')."
            received = f"targets for {data.task}"
            raise bad_value(f"{what} y", "what is to be given back, X itself", received, mend)

    # ---- using it --------------------------------------------------------------------------------
    def encode(self, trainer: Trainer, X: Any, mask: Any = None) -> NDArray[np.floating]:
        """Return the code of each sample, by the weights that a trainer has now; without noise.

        Parameters
        ----------
        trainer : Trainer
            That trains this model.
        X : array of shape (n, features)
        mask : array of shape (n, time), optional
            Of sequences.

        Returns
        -------
        array of shape (n, size of the code)

        Raises
        ------
        ValueError
            A trainer of another model, or samples that do not fit.
        """
        self._check(trainer)
        return trainer.activations(f"{CODE}.out", X, mask)

    def decode(self, trainer: Trainer, code: Any) -> NDArray[np.floating]:
        """Return what the decoder makes of codes, by the weights that a trainer has now.

        Parameters
        ----------
        trainer : Trainer
            That trains this model.
        code : array of shape (n, size of the code)

        Returns
        -------
        array of shape (n, features)

        Raises
        ------
        ValueError
            A trainer of another model, or codes of another size.
        """
        self._check(trainer)
        shape, given = trainer[f"{CODE}.out"].shape[1:], np.shape(code)[1:]
        if len(given) == len(shape) > 1 and given[-1] == shape[-1]:
            shape = given  # sequences of any length
        part = _Decoder(self.layers[self._middle + 1 :], self.names[self._middle + 1 :])
        recipe = replace(trainer._recipe, model=part, shape=shape)
        outputs = Evaluator(recipe, trainer._state, {}).outputs(recipe.inputs(code, "decode"))
        return self._read(trainer, outputs)

    def reconstruct(self, trainer: Trainer, X: Any, mask: Any = None) -> NDArray[np.floating]:
        """Return ``decode(encode(X))``: what the net gives back, in the shape of X.

        With `BinaryCrossEntropy` these are probabilities, where `Trainer.predict` has 0 and 1.

        Parameters
        ----------
        trainer : Trainer
            That trains this model.
        X : array of shape (n, features)
        mask : array of shape (n, time), optional
            Of sequences.

        Raises
        ------
        ValueError
            A trainer of another model, or samples that do not fit.
        """
        self._check(trainer)
        samples = trainer._inputs(X, "reconstruct", mask)
        return self._read(trainer, trainer._evaluator.outputs(samples))

    def _check(self, trainer: Trainer) -> None:
        if getattr(trainer, "model", None) is not self:
            mend = "Use trainer.model.encode(trainer, X)."
            raise bad_value("trainer", "the Trainer of this model", f"{trainer!r:.80}", mend)

    def _read(self, trainer: Trainer, outputs: Floats) -> NDArray[np.floating]:
        """Return outputs in the units of x: logits as probabilities."""
        if trainer.loss.kind != "binary_cross_entropy":
            return outputs
        return trainer.loss.probabilities(outputs, "classification")[..., -outputs.shape[-1] :]


class _Decoder(Model):
    """The decoder by itself, on the parameters of the whole."""

    def __init__(self, layers: tuple[Layer, ...], names: tuple[str, ...]) -> None:
        self.layers, self.names = layers, (CODE, *names)

    def build(self, plan: Plan, shape: Shape, prefix: str = "") -> Shape:
        raise ValueError("the parameters are those of the whole, and built with it")

    def emit(self, b: Builder, x: str, prefix: str = "") -> str:
        for name, layer in zip(self.names[1:], self.layers, strict=True):
            b.layer = name
            x = layer.emit(b, name, x)
        return x


def _layers(given: object, what: str) -> tuple[Layer, ...]:
    """Return a list of layers, or those of a Sequential, with what they are checked for there."""
    if isinstance(given, Sequential):
        return given.layers
    if isinstance(given, Layer) or not isinstance(given, Iterable):
        mend = f"Put them into a list: {what}=[Dense(8), ReLU()]."
        raise bad_value(what, "a list of layers or a Sequential", repr(given)[:60], mend)
    return Sequential(given).layers


def _noise(noise: object) -> tuple[Layer, ...]:
    if isinstance(noise, Layer):
        return (noise,)
    layer = GaussianNoise(noise)  # type: ignore[arg-type]  # it checks
    return (layer,) if layer.std else ()


def _penalty(sparsity: object) -> tuple[Layer, ...]:
    if isinstance(sparsity, ActivityPenalty):
        return (sparsity,)
    if isinstance(sparsity, (int, float)) and sparsity == 0:
        return ()
    return (ActivityPenalty(l1=sparsity),)  # type: ignore[arg-type]  # it checks

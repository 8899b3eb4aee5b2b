"""A run as source of PyTorch, scikit-learn or NumPy alone. Imports the core.

Which text belongs to which library is in `torch_code.py`, `sklearn_code.py` and `numpy_code.py`.
"""

from __future__ import annotations

from nbann.core.checks import whole_number
from nbann.core.errors import UnknownNameError
from nbann.core.trainer import Trainer

from .asking import check_flag
from .checking import check_padding
from .numpy_code import numpy_code
from .reading import read
from .sklearn_code import sklearn_code
from .torch_code import torch_code
from .training import run_of

TARGETS = {"numpy": numpy_code, "sklearn": sklearn_code, "torch": torch_code}


def to_code(
    trainer: Trainer,
    target: str,
    *,
    weights: bool = False,
    epochs: int | None = None,
) -> str:
    """Return Python source that trains a trainer's net anew, or that has its trained weights.

    The source stands by itself: it does not import nbann. It draws the same start weights from the
    same seed and goes through the data in the same order, so that it comes to nbann's own numbers,
    but for rounding; where a library can not, a comment at its head says so. At its end stand
    ``outputs(X)``, and where there are such ``predict(X)`` and ``predict_proba(X)``. Data of up to
    6000 numbers are written into it, larger ones are read from a file.

    Parameters
    ----------
    trainer : Trainer
        Of a `Sequential`, `Autoencoder`, `Heads`, `Perceptron` or `Adaline`.
    target : {"torch", "sklearn", "numpy"}
        PyTorch; scikit-learn's `MLPClassifier` or `MLPRegressor`; or NumPy alone.
    weights : bool
        Whether to write the trained weights, as numbers, in place of training.
    epochs : int, optional
        How many to train, at least 1: by default as many as the trainer has ended, or 10.

    Returns
    -------
    str

    Raises
    ------
    UnknownNameError
        Another target.
    ValueError
        As `to_torch` does; something in the run that the source can not repeat, such as weights of
        samples, frozen elements or a schedule that watches a score; a net that the library can not
        express.

    Examples
    --------
    >>> import nbann
    >>> trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), nbann.datasets.xor())
    >>> made = {}
    >>> exec(nbann.export.to_code(trainer, "numpy", weights=True), made)
    >>> bool((made["predict"](trainer["x"]) == trainer.predict(trainer["x"])).all())
    True
    """
    if not isinstance(target, str) or target not in TARGETS:
        raise UnknownNameError("target", target, TARGETS)
    check_flag("weights", weights)
    if epochs is not None:
        epochs = whole_number("epochs", epochs, least=1)
    net = read(trainer, "to_code")
    check_padding(trainer, "to_code")
    run = None if weights else run_of(trainer, net, epochs)
    lines = TARGETS[target](net, run)
    notes = () if run is None else run.notes
    head = ["# Written by nbann from a trainer.", *(f"# {note}" for note in notes)]
    return "\n".join([*head, *lines]).strip("\n") + "\n"

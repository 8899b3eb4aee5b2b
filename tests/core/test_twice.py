"""A loss of logits behind the activation that it applies itself: it says so."""

import warnings

import numpy as np
import pytest
from scipy.special import expit, softmax

import nbann

X = np.eye(3)


def made(last, loss, outputs, y, **options):
    net = nbann.Sequential([nbann.Dense(outputs, weight=np.full((3, outputs), 50.0)), *last])
    return nbann.Trainer(net, (X, y), loss=loss, **options)


def test_it_says_what_is_wrong_why_and_what_mends_it():
    with pytest.warns(UserWarning, match="applied twice") as caught:
        trainer = made([nbann.Sigmoid()], nbann.BinaryCrossEntropy(), 1, [1, 1, 0])
    assert [str(w.message) for w in caught] == [
        "loss: expected logits before BinaryCrossEntropy(), which applies the sigmoid itself; "
        "received the outputs of a Sigmoid: it is applied twice, and no probability is below 0.5 "
        "or above 0.731. Leave the Sigmoid at the end out; predict_proba gives the probabilities."
    ]
    assert caught[0].filename == __file__
    # and so it is: SciPy's sigmoid of its sigmoid, of outputs that are as large as 50
    np.testing.assert_allclose(trainer.predict_proba(X)[:, 1], expit(expit(50.0)))


def test_softmax_has_the_bound_of_so_many_classes():
    with pytest.warns(UserWarning, match="of a Softmax") as caught:
        made([nbann.Softmax()], "cross_entropy", 3, [0, 1, 2])
    most = softmax([1.0, 0.0, 0.0]).max()  # of probabilities, the surest
    assert f"none of the 3 probabilities is above {most:.3g}." in str(caught[0].message)


def test_layers_that_change_nothing_do_not_hide_it():
    for last in ([nbann.Identity()], [nbann.ActivityPenalty(l1=0.1)], [nbann.Flatten()]):
        with pytest.warns(UserWarning, match="applied twice"):
            made([nbann.Sigmoid(), *last], "bce", 1, [1, 1, 0])


def test_an_autoencoder_and_heads_say_so_too():
    coder = nbann.Autoencoder([nbann.Dense(2)], [nbann.Dense(3), nbann.Sigmoid()])
    with pytest.warns(UserWarning, match="no probability is below"):
        nbann.Trainer(coder, X, loss="bce")
    heads = {"kind": [nbann.Dense(2), nbann.Softmax()], "size": [nbann.Dense(1), nbann.Sigmoid()]}
    data = nbann.Dataset(X, {"kind": [0, 1, 1], "size": [0.1, 0.2, 0.9]})
    with pytest.warns(UserWarning, match="twice") as caught:
        nbann.Trainer(nbann.Heads([nbann.Dense(4)], heads), data)
    (only,) = caught
    assert str(only.message).startswith("head 'kind': expected logits before CrossEntropy()")


@pytest.mark.parametrize(
    ("last", "loss", "outputs", "y"),
    [
        ([], "bce", 1, [1, 1, 0]),
        ([nbann.Tanh()], "bce", 1, [1, 1, 0]),
        ([nbann.Sigmoid()], "mse", 1, [[0.1], [0.5], [0.9]]),
        ([nbann.Sigmoid(), nbann.Dense(1)], "bce", 1, [1, 1, 0]),
        ([], "cross_entropy", 3, [0, 1, 2]),
        ([nbann.Softmax()], "mse", 3, np.eye(3)),
    ],
)
def test_other_pairs_are_nobodys_business(last, loss, outputs, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made(last, loss, outputs, y)


def test_who_means_it_can_silence_it_and_twins_do_not_say_it_again(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*applied twice", category=UserWarning)
        trainer = made([nbann.Sigmoid()], "bce", 1, [1, 1, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer.run(1)
        trainer.branch().run(1)
        trainer.save(tmp_path / "run.npz")
        nbann.Trainer.load(tmp_path / "run.npz").step("batch")
        nbann.Dashboard(trainer, ["tangent", "loss", "decision"]).describe()

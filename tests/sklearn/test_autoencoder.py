"""The autoencoder as an estimator: scikit-learn's checks, PCA, what its trainer gives."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from nbann.sklearn import Autoencoder

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = load_digits().data[:400] / 16
VARIANTS = {
    "plain": {},
    "tied": {"tied": True, "activation": "tanh"},
    "deep": {"hidden_layer_sizes": (12, 7), "solver": "sgd", "learning_rate_init": 0.05},
    "noise": {"noise": 0.2, "code_activation": "relu"},
    "masking": {"masking": 0.2, "alpha": 0.01},
    "l1": {"sparsity": 0.01, "tied": True},
    "kl": {"sparsity": 0.5, "sparsity_target": 0.1, "code_activation": "logistic"},
    "linear": {"hidden_layer_sizes": (), "activation": "identity"},
}
CHECKS = parametrize_with_checks(
    [Autoencoder(max_iter=5), Autoencoder(1, (), tied=True, solver="sgd", max_iter=5)]
)


@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def fitted(variant="plain", **settings):
    settings = {"random_state": 0, "max_iter": 5} | VARIANTS[variant] | settings
    return Autoencoder(3, **({"hidden_layer_sizes": 9} | settings)).fit(X)


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_gives_what_its_trainer_gives(variant):
    net = fitted(variant)
    trainer, model = net.trainer_, net.trainer_.model
    code = net.transform(X)
    np.testing.assert_allclose(code, model.encode(trainer, X), rtol=1e-10, atol=1e-12)
    back = net.inverse_transform(code)
    np.testing.assert_allclose(back, model.reconstruct(trainer, X), rtol=1e-10, atol=1e-12)
    assert net.score(X) == pytest.approx(-((back - X) ** 2).mean())
    assert code.shape == (400, 3)
    assert list(net.get_feature_names_out()) == [f"autoencoder{i}" for i in range(3)]
    assert net.n_layers_ == len(net.coefs_) + 1
    assert len(net.loss_curve_) == net.n_iter_ == 5
    assert net.loss_ == net.loss_curve_[-1] < net.loss_curve_[0]


def test_a_linear_one_is_as_good_as_pca():
    pca = PCA(3).fit(X)
    least = ((X - pca.inverse_transform(pca.transform(X))) ** 2).mean()
    net = fitted("linear", batch_size=400, max_iter=4000, learning_rate_init=0.01, tol=0, tied=True)
    assert least <= -net.score(X) <= least * (1 + 1e-4)


def test_it_stops_when_nothing_improves_and_warns_if_it_does_not():
    net = fitted(max_iter=400, tol=0.01, n_iter_no_change=3)
    curve = np.array(net.loss_curve_)
    assert net.n_iter_ < 400
    best = np.minimum.accumulate(curve)
    improved = np.concatenate([[True], curve[1:] <= best[:-1] - 0.01])
    assert not improved[-4:].any()
    assert improved[-5]
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\)"):
        fitted(max_iter=2)


@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy])
def test_copies_transform_as_the_original(copied):
    net = fitted("tied")
    other = copied(net)
    np.testing.assert_array_equal(net.transform(X), other.transform(X))
    np.testing.assert_array_equal(
        net.inverse_transform(net.transform(X)), other.inverse_transform(other.transform(X))
    )
    with pytest.raises(AttributeError, match="fitted in this session"):
        other.trainer_  # noqa: B018 (the access is what is tested)
    del net.trainer_
    assert not hasattr(net, "trainer_")


def test_one_random_state_gives_one_result():
    np.testing.assert_array_equal(fitted("noise").transform(X), fitted("noise").transform(X))
    different = fitted("noise", random_state=1).transform(X)
    assert not np.array_equal(fitted("noise").transform(X), different)


def test_float32_stays_float32():
    net = Autoencoder(2, 5, random_state=0, max_iter=3).fit(X.astype(np.float32))
    code = net.transform(X.astype(np.float32))
    assert code.dtype == net.inverse_transform(code).dtype == net.coefs_[0].dtype == np.float32


def test_in_a_pipeline_and_a_search():
    y = load_digits().target[:400]
    net = Autoencoder(8, (), max_iter=200, learning_rate_init=0.01, random_state=0)
    pipe = make_pipeline(net, LogisticRegression(max_iter=500))
    search = GridSearchCV(pipe, {"autoencoder__n_components": [1, 8]}, cv=2).fit(X, y)
    assert search.best_params_ == {"autoencoder__n_components": 8}
    assert search.best_score_ > 0.6
    assert clone(net).get_params() == net.get_params()


def test_names_of_a_frame_are_kept():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    net = Autoencoder(1, 2, max_iter=2).fit(frame).set_output(transform="pandas")
    assert list(net.feature_names_in_) == ["a", "b", "c"]
    assert net.trainer_.train_data.feature_names == ("a", "b", "c")
    assert list(net.transform(frame).columns) == ["autoencoder0"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_components": 0}, "n_components: expected"),
        ({"solver": "lbfgs"}, "solver"),
        ({"code_activation": "softmax"}, "code_activation"),
        ({"noise": -1.0}, "noise: expected"),
        ({"noise": 0.1, "masking": 0.1}, "masking: expected 0"),
        ({"masking": 1.0}, "masking: expected"),
        ({"sparsity": 0.1, "sparsity_target": 0.1}, "expected 'logistic'"),
        ({"sparsity": 0.1, "sparsity_target": 2.0}, "sparsity_target: expected"),
        ({"tied": "yes"}, "tied: expected"),
        ({"alpha": -1}, "alpha: expected"),
        ({"learning_rate_init": 0}, "learning_rate_init: expected"),
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes"),
    ],
)
def test_parameters_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        Autoencoder(**settings).fit(X)


def test_codes_of_another_size():
    with pytest.raises(ValueError, match="expected 3 columns"):
        fitted().inverse_transform(np.ones((2, 4)))
    with pytest.raises(NotFittedError):
        Autoencoder().transform(X)

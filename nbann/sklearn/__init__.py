"""scikit-learn's estimators, trained by nbann: change the import, keep the numbers, step through.

``from nbann.sklearn import MLPClassifier, MLPRegressor`` in place of ``from sklearn.neural_network
import ...``: the same parameters, fitted attributes and results from the same `random_state`. The
training is a program of nbann's: ``estimator.trainer_`` can be stepped through, op by op. So it is
with `BernoulliRBM`, with `MLPRanker`, which has the shape of LightGBM's ranker, and with
`Autoencoder`, a transformer. What differs is told in docs/sklearn.md.
"""

from .autoencoder import Autoencoder
from .classifier import MLPClassifier
from .ranker import MLPRanker
from .rbm import BernoulliRBM
from .regressor import MLPRegressor

__all__ = ["Autoencoder", "BernoulliRBM", "MLPClassifier", "MLPRanker", "MLPRegressor"]

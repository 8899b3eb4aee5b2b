"""scikit-learn's estimators, trained by nbann: change the import, keep the numbers, step through.

``from nbann.sklearn import MLPClassifier, MLPRegressor`` in place of ``from sklearn.neural_network
import ...``: the same parameters, fitted attributes and results from the same `random_state`. The
training is a program of nbann's: ``estimator.trainer_`` can be stepped through, op by op. What
differs is told in docs/sklearn.md. `MLPRanker` has the shape of LightGBM's ranker.
"""

from .classifier import MLPClassifier
from .ranker import MLPRanker
from .regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRanker", "MLPRegressor"]

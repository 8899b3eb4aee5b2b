# %% [markdown]
# # Do we agree with scikit-learn?
#
# Two programs, written by other people, train "the same" network. Do they get the same numbers? If not, which one is wrong? Usually neither: they differ in what nobody said.
#
# **What you'll do**: make scikit-learn and nbann agree to twelve digits, then change one setting at a time and see which of them parts the two.
#
# **What you'll learn**: `sklearn.neural_network`, and what each of its defaults does.
#
# **What you need**: 20 minutes; [Iris from scratch?](07-iris-from-scratch.ipynb) and [All, some or one?](08-all-some-or-one.ipynb)

# %% [markdown]
# ## Everything said
#
# Here nothing is left to a default that matters.

# %% tags=["setup"]
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import nbann
import nbann.sklearn

warnings.simplefilter("ignore", ConvergenceWarning)  # "stopped after max_iter", which is meant here

# %%
iris = nbann.datasets.iris().standardized()
said = {
    "hidden_layer_sizes": (8,), "activation": "tanh", "solver": "sgd", "alpha": 0.01,
    "batch_size": 30, "learning_rate_init": 0.1, "momentum": 0.9, "nesterovs_momentum": True,
    "shuffle": False, "max_iter": 60, "tol": 0.0, "n_iter_no_change": 1000, "random_state": 0,
}
theirs = MLPClassifier(**said).fit(iris.X, iris.y)
ours = nbann.sklearn.MLPClassifier(**said).fit(iris.X, iris.y)
apart = np.abs(np.array(theirs.loss_curve_) - ours.loss_curve_).max()
print(f"after 60 epochs the losses agree to 1e-12: {apart < 1e-12}")
assert apart < 1e-12

# %% [markdown]
# `nbann.sklearn.MLPClassifier` reads scikit-learn's settings as scikit-learn does. Now the same by hand, in nbann's own words, from the same first weights:

# %%
trainer = ours.trainer_
trainer.reset()
W1, b1, W2, b2 = [array.copy() for array in trainer.parameters.values()]


def by_hand(**changes):
    settings = {
        "batch_size": 30, "shuffle": False, "l2": 0.01 / 30,
        "optimizer": nbann.SGD(0.1, momentum=0.9, nesterov=True),
    }
    activation = changes.pop("activation", nbann.Tanh)
    net = nbann.Sequential([
        nbann.Dense(8, name="hidden", weight=W1, bias=b1), activation(name="bend"),
        nbann.Dense(3, name="output", weight=W2, bias=b2),
    ])
    return nbann.Trainer(net, iris, **(settings | changes))


hand = by_hand()

# %% [markdown]
# Look at `l2`: scikit-learn's penalty is `alpha / 2` times the squared weights, *divided by the samples of the batch*; so `alpha=0.01` with 30 samples is 0.01 / 30 here. Such a thing stands in no table of settings.
#
# ## Predict
#
# scikit-learn's own defaults are: Adam instead of SGD, ReLU instead of tanh, batches of 200 (or all, if there are fewer), shuffled, a learning rate of 0.001, `alpha` 0.0001.

# %%
changes = {
    "shuffled": {"shuffle": True},
    "no Nesterov": {"optimizer": nbann.SGD(0.1, momentum=0.9)},
    "alpha 0.0001": {"l2": 0.0001 / 30},
    "one batch of all": {"batch_size": None, "l2": 0.01 / 150},
    "ReLU": {"activation": nbann.ReLU},
    "Adam, rate 0.001": {"optimizer": nbann.Adam(0.001)},
}


def losses(trainer, epochs=60):
    if trainer.position.epoch < epochs:
        trainer.run(epochs=epochs - trainer.position.epoch)
    return trainer.history["loss"][:epochs * trainer.batches].reshape(epochs, -1).mean(axis=1)


def largest(trainer):
    true = losses(by_hand())
    far = {name: np.abs(losses(by_hand(**change)) - true).max() for name, change in changes.items()}
    return max(far, key=far.get)


guess = nbann.Predict(
    "Which change alone moves the loss curve farthest?", choices=list(changes), truth=largest,
    unlocks=hand, explanation="At a hundredth of the learning rate it has hardly begun.",
)
guess

# %% tags=["solution"]
guess.answer("Adam, rate 0.001")

# %% [markdown]
# ## Run

# %%
true = losses(hand)
assert np.abs(true - theirs.loss_curve_).max() < 1e-12
assert np.abs(hand["hidden.weight"] - theirs.coefs_[0]).max() < 1e-12
print("by hand, too, to 1e-12: True")

parted = {name: by_hand(**change) for name, change in changes.items()}
for name, run in parted.items():
    print(f"{name:17} moves the loss by up to {np.abs(losses(run) - true).max():.4f},"
          f" after 60 epochs by {abs(losses(run)[-1] - true[-1]):.4f}")
print(guess.reveal())

# %%
shown = ["one batch of all", "ReLU", "Adam, rate 0.001"]
curves = nbann.panels.OverlaidCurves(
    [hand, *(parted[name] for name in shown)], "train_loss", names=["as said", *shown]
)
board = nbann.Dashboard(hand, [curves])
assert "as said" in board.describe()
board

# %% [markdown]
# None of these is wrong. But whoever says "an MLP with eight neurons got 0.05" has said little.
#
# ## Step through
#
# Where do two runs part for the first time? `Compare` finds the operation. Press **Find the first difference**; **Step** moves both.

# %%
one, other = by_hand(), by_hand(optimizer=nbann.SGD(0.1, momentum=0.9))
compare = nbann.Compare(one, other, names=["Nesterov", "plain momentum"])
compare

# %%
difference = compare.first_difference()
print(difference)
assert difference.op.startswith("sgd")

# %% [markdown]
# ## Change one thing
#
# Two defaults decide when to *stop*: `tol` and `n_iter_no_change` end a run whose loss has not fallen by 0.0001 for ten epochs, and `max_iter` ends it in any case. On digits, with everything at its default but one number:

# %%
digits = nbann.datasets.digits()
for max_iter in [20, 200]:
    net = nbann.sklearn.MLPClassifier(
        hidden_layer_sizes=(16,), max_iter=max_iter, random_state=0
    ).fit(digits.X[:600] / 16, digits.y[:600])
    right = net.score(digits.X[600:] / 16, digits.y[600:])
    print(f"max_iter {max_iter:3}: {net.n_iter_:3} epochs, loss {net.loss_:.2f}, {right:.0%} right")
if max_iter == 200:
    assert net.n_iter_ == 200

# %% [markdown]
# The default of 200 epochs is not enough here either: it has stopped because of `max_iter`, and scikit-learn would warn of that. With early stopping (`early_stopping=True`) a tenth of your data is set aside without being asked for twice.
#
# ## Exercise: the penalty that nobody writes down
#
# Write what `MLPClassifier` adds to the loss of a batch: `coefs` is the list of its weight matrices, `n` the number of samples in the batch.
#
# <details><summary>Hint 1</summary>
#
# Half of `alpha`, times the sum of the squares of all weights of all layers. Biases are left out.
#
# <details><summary>Hint 2</summary>
#
# And divided by `n`, as was said above. `sum((W**2).sum() for W in coefs)` adds over layers. [The solution](solutions/11-scikit-learn.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def penalty(coefs, alpha, n):
    return alpha * (coefs[0] ** 2).sum()


# %% tags=["solution"]
def penalty(coefs, alpha, n):
    return alpha / 2 * sum((W**2).sum() for W in coefs) / n


# %% tags=["check"]
nbann.check.sklearn_penalty(penalty)

# %% [markdown]
# ## In three lines
#
# - The same start, data order, loss, penalty and update rule give the same numbers, to the last digits.
# - Every default is a decision: optimizer, rate, batches, order, penalty, when to stop.
# - Where two runs differ, look for the first operation that does.
#
# **Further reading**: scikit-learn's user guide, *Neural network models (supervised)*; Pedregosa and others, *Scikit-learn: Machine Learning in Python*, JMLR 12 (2011); nbann's page on scikit-learn (`docs/sklearn.md`).
#
# **Next**: [What is there to learn without labels?](12-without-labels.ipynb)

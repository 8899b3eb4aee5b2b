# %% [markdown]
# # What is there to learn without labels?
#
# Nobody tells the net what the pictures show. It gets 64 pixels, must squeeze them through two numbers, and give them back. To do that well, it has to find out what digits are like.
#
# **What you'll do**: squeeze digits through two numbers, straight and bent, and lay them out on a map.
#
# **What you'll learn**: unsupervised learning, autoencoder, code, principal components (PCA), self-organizing map (SOM).
#
# **What you need**: 25 minutes; [Why bend the line?](04-bend-the-line.ipynb) and [Know it or remember it?](09-know-or-remember.ipynb)

# %% [markdown]
# ## Through two numbers
#
# An **autoencoder** is a net whose target is its own input. Its first half, the encoder, ends in a narrow layer, the **code**; the second half, the decoder, must give the picture back from the code alone. The loss is the mean squared error over all pixels (0 white, 1 black).
#
# The labels are put aside; we shall use them to *color* pictures, never to learn.

# %% tags=["setup"]
import numpy as np
from sklearn.decomposition import PCA

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
digits = nbann.datasets.digits()
named = nbann.Dataset(digits.X / 16, digits.y, target_names=digits.target_names)
named, named_test = named.split(test=0.25, seed=0)
train = nbann.Dataset(named.X, task="unsupervised")
test = nbann.Dataset(named_test.X, task="unsupervised")


def squeeze(encoder, decoder, rate):
    return nbann.Trainer(
        nbann.Autoencoder(encoder, decoder), train, test=test, loss="mean_squared_error",
        optimizer=nbann.Adam(rate), batch_size=32, seed=0,
    )


straight = squeeze([nbann.Dense(2)], [nbann.Dense(64)], rate=0.01)
bent = squeeze(
    [nbann.Dense(64), nbann.Tanh(), nbann.Dense(2)],
    [nbann.Dense(64), nbann.Tanh(), nbann.Dense(64), nbann.Sigmoid()], rate=0.01,
)

# %% [markdown]
# ## Predict
#
# Without a bend, the best that two numbers can do is known for long: **principal component analysis** (Pearson, 1901) takes the two directions in which the pictures differ most.

# %%
pca = PCA(2, svd_solver="full").fit(train.X)
best = np.mean((pca.inverse_transform(pca.transform(test.X)) - test.X) ** 2)
print(f"error of PCA with two numbers, on digits not seen: {best:.4f}")


def share(trainer):
    apart = squeeze(
        [nbann.Dense(64), nbann.Tanh(), nbann.Dense(2)],
        [nbann.Dense(64), nbann.Tanh(), nbann.Dense(64), nbann.Sigmoid()], rate=0.01,
    )
    apart.run(epochs=100)
    return round(100 * apart.history["test_loss"][-1] / best)


guess = nbann.Predict(
    "An autoencoder with tanh, also two numbers: what percentage of that error will be left?",
    slider=(0, 150, 5), truth=share, unlocks=bent, within=15,
    explanation="The sheet of all that two numbers can describe is bent: it comes closer.",
)
guess

# %% tags=["solution"]
guess.answer(60)

# %% [markdown]
# ## Run
#
# First the net without a bend. It has never heard of PCA.

# %%
straight.run(epochs=80)
error = straight.history["test_loss"][-1]
print(f"straight autoencoder: {error / best:.2f} times the error of PCA")
assert 1 < error / best < 1.05

bent.run(epochs=100)
print(f"bent autoencoder: {bent.history['test_loss'][-1] / best:.2f} times")
print(guess.reveal())
assert bent.history["test_loss"][-1] < 0.8 * best

# %% [markdown]
# A straight autoencoder has its only minimum where PCA is (Baldi & Hornik, 1989), and walks there. The bent one does better with as many numbers. What does its code look like?

# %% tags=["nbval-ignore-output"]
names = [str(k) for k in range(10)]
board = nbann.Dashboard(
    bent, [nbann.panels.LatentSpace(labels=named.y, names=names), "reconstruction"]
)
assert "2 neurons of code.out" in board.describe()
board

# %% [markdown]
# Each point is a digit, at the two numbers of its code; color and marker are the label that the net has never seen. Equal digits lie together, since what looks alike can be given back from nearly the same code. Right, digits of the test data and what comes back: blurred, but you can read most of them.
#
# ## Step through
#
# Press **Reset** (↺): back to the start. **Play** by **epoch**, ten a second: the points unfold. Step by **op**, and you find the operations of every other net, with `x` itself as the target.

# %%
bent.reset()
panels = [nbann.panels.LatentSpace(labels=named.y, names=names), "reconstruction"]
widget = nbann.StepThrough(bent, panels=panels)
widget

# %%
bent.reset()
bent.run(epochs=3)
early = widget.describe()
assert widget.here["epoch"] == 3
print(early[early.index("Reconstruction"):].split(";")[0])

# %% [markdown]
# ## Change one thing
#
# The number of neurons in the code, here without a bend, against as many principal components. Change `[1, 2, 8]`.

# %%
for count in [1, 2, 8]:
    net = squeeze([nbann.Dense(count)], [nbann.Dense(64)], rate=0.01)
    net.run(epochs=60)
    components = PCA(count, svd_solver="full").fit(train.X)
    least = np.mean((components.inverse_transform(components.transform(test.X)) - test.X) ** 2)
    print(f"{count} numbers: PCA {least:.3f}, autoencoder {net.history['test_loss'][-1]:.3f}")
if count == 8:  # larger ones come as near in more epochs
    assert net.history["test_loss"][-1] < 1.15 * least

# %% [markdown]
# There is quite another way to order things. A **self-organizing map** (Kohonen, 1982) is a grid of units with weights like a picture. Each digit goes to the unit that is most like it, and pulls that unit *and its neighbors* a little toward itself.

# %%
som = nbann.Trainer(nbann.SOM(12, 8, rule="batch"), named, seed=0)
som.run(epochs=30)
board = nbann.Dashboard(som, [nbann.panels.SOMMap(shape=(8, 8))], row_height=420)
assert "12 by 8 units" in board.describe()
board

# %% [markdown]
# Neighbors are alike, so that the map has regions: of 0, of 6, of 4. Dark borders are where neighbors differ most. Again the labels are only drawn in.
#
# ## Exercise: there and back
#
# Write what PCA gives back: describe each row of `X` by `k` numbers, and return the rows that these numbers stand for.
#
# <details><summary>Hint 1</summary>
#
# Subtract the mean of each column. `np.linalg.svd(Z, full_matrices=False)` returns three arrays; the rows of the third are the directions, most important first.
#
# <details><summary>Hint 2</summary>
#
# With `V` the first k of these rows, `Z @ V.T` are the numbers, and `Z @ V.T @ V` leads back. Do not forget the mean. [The solution](solutions/12-without-labels.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def reconstruct(X, k):
    return X  # too good to be true


# %% tags=["solution"]
def reconstruct(X, k):
    mean = X.mean(axis=0)
    Z = X - mean
    V = np.linalg.svd(Z, full_matrices=False)[2][:k]
    return mean + Z @ V.T @ V


# %% tags=["check"]
nbann.check.pca_reconstruction(reconstruct)

# %% [markdown]
# ## In three lines
#
# - Without labels a net can learn to describe: what passes through a narrow code must be what matters.
# - A straight autoencoder finds the principal components; a bent one can do better.
# - A self-organizing map lays out what is alike side by side.
#
# **Further reading**: Baldi & Hornik, *Neural Networks and Principal Component Analysis* (1989); Hinton & Salakhutdinov, *Reducing the Dimensionality of Data with Neural Networks*, Science 313 (2006); Kohonen, *Self-Organizing Maps* (2001).
#
# **Next**: [Up and down through the same weights?](13-up-and-down.ipynb)

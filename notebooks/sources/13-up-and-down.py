# %% [markdown]
# # Up and down through the same weights?
#
# So far numbers went one way, and blame came back. There are nets that have one set of weights and use it in both directions: to remember, and to imagine.
#
# **What you'll do**: let a net repair a damaged letter, then teach another one to dream of digits.
#
# **What you'll learn**: Hopfield net and BAM, energy, restricted Boltzmann machine (RBM), contrastive divergence; features for a classifier.
#
# **What you need**: 25 minutes; [What is there to learn without labels?](12-without-labels.ipynb)

# %% [markdown]
# ## A memory
#
# A **Hopfield net** has a unit for each pixel, 1 or -1, and a weight between any two. To store a letter, pixels that are equal get a stronger weight, others a weaker one: `W = W + x.T @ x / N`. That is all of its learning.

# %% tags=["setup"]
import numpy as np
from sklearn.linear_model import LogisticRegression

import nbann
import nbann.sklearn

np.set_printoptions(precision=2, suppress=True)

# %%
letters = nbann.datasets.letters("TXJ")
memory = nbann.Trainer(nbann.Hopfield(), letters)
memory.run()
weights = memory["hopfield.weight"]
print("letters that stay as they are:", f"{memory.history['train_stable'][-1]:.0%}")
print("a weight leads up and down alike:", np.array_equal(weights, weights.T))


def damaged(letter, flips, seed):
    pattern = letters.X[letter].copy()
    pattern[np.random.default_rng(seed).choice(35, flips, replace=False)] *= -1
    return pattern


recall = memory.model.recall(memory, damaged(0, flips=6, seed=0))

# %% [markdown]
# To **recall**, ask one unit after the other: add up what the others say, each times its weight, and take the sign of the sum. Until nothing changes.
#
# ## Predict

# %%
def bearable(trainer):
    for flips in range(1, 18):
        for seed in range(30, 60):  # with these, no sum of exactly 0 decides
            apart = memory.model.recall(memory, damaged(seed % 3, flips, seed))
            apart.run(epochs=4)
            if not np.array_equal(apart["hopfield.state"].ravel(), letters.X[seed % 3]):
                return flips - 1


guess = nbann.Predict(
    "How many of 35 pixels may be flipped, so that all of 30 damaged letters come back whole?",
    slider=(0, 17, 1), truth=bearable, unlocks=recall, within=1,
    explanation="Half of them flipped would be as near to the letter's negative as to itself.",
)
guess

# %% tags=["solution"]
guess.answer(8)

# %% [markdown]
# ## Run

# %%
recall.run(epochs=3)
print("turned in each round:", recall.history["turned"].astype(int))
energies = recall.history["loss"]
print(f"energy: {energies[0]:.2f} after the first unit -> {energies[-1]:.2f}")
assert (np.diff(energies) <= 0).all()  # it never rises
assert np.array_equal(recall["hopfield.state"].ravel(), letters.X[0])
print(guess.reveal())

# %% [markdown]
# **Energy** is $E = -\frac12 s W s$: low where units agree with what they get from the others. A unit turns only if that lowers it. So the state runs downhill, and the stored letters are the valleys.
#
# ## Step through
#
# Press **Reset** (↺) and step by **batch**: one unit is asked each time. Which ones turn, and what does the energy do? (*Network* lays the 35 units out as a square, *Reconstruction* as the letter.)

# %%
picture = nbann.panels.Reconstruction(shape=(7, 5))
widget = nbann.StepThrough(recall, panels=["energy", picture])
widget

# %%
recall.reset()
recall.step("batch", 10)
assert widget.here["batch"] == 10
words = widget.describe()
print(words[words.index("Energy: "):words.index("Reconstruction")])

# %% [markdown]
# A **BAM** does the same between two sides: here letters and a code of three. Up gives the code, down the letter, through one matrix.

# %%
codes = np.array([[1, 1, -1], [-1, 1, 1], [1, -1, 1]])
bam = nbann.Trainer(nbann.BAM(3), (letters.X, codes))
bam.run()
both = bam.model.recall(bam, damaged(2, flips=6, seed=1))
both.run(epochs=2)
print("up, the code of a damaged J:", both["bam.y"][0].astype(int))
print("down, pixels that turned:   ", int((both["bam.x"][0] != damaged(2, 6, 1)).sum()))
print("now it is the whole J:      ", np.array_equal(both["bam.x"][0], letters.X[2]))
assert np.array_equal(both["bam.y"][0], codes[2])
assert np.array_equal(both["bam.x"][0], letters.X[2])

# %% [markdown]
# ## Learn by going up and down
#
# Now with chance, and with hidden units: a **restricted Boltzmann machine**. **Up**: given a digit, each hidden unit is on with a probability. **Down**: given those that are on, each pixel is, through the same weights. It learns by comparing: what goes together in the *data* (positive phase) is strengthened, what goes together in its own *dream* of them (negative phase) is weakened. That is **contrastive divergence** (Hinton, 2002).

# %%
digits = nbann.datasets.digits(binary=True)
train, test = digits.split(test=0.25, seed=0)
pictures = nbann.Dataset(train.X, task="unsupervised")
machine = nbann.Trainer(nbann.RBM(64), pictures, optimizer=nbann.SGD(0.1), batch_size=20, seed=0)
for op in machine.program:
    if op.name.endswith(("hidden", "hidden_sample", "t1.visible", "t1.hidden", "weight_gradient")):
        print(f"{op.phase:9} {op.equation}")
machine.run(epochs=15)
errors = machine.history["train_reconstruction_error"]
print(f"error of what it dreams of a digit: {errors[0]:.2f} -> {errors[-1]:.2f}")
assert errors[-1] < errors[0] / 2

# %% [markdown]
# Step by **phase**: up in the positive one, down and up again in the negative one, then the update. Below, each small image is what one hidden unit looks for, often a piece of a stroke: ink where it is orange, none where it is blue.

# %%
shown = ["reconstruction", nbann.panels.WeightHeatmap(shape=(8, 8))]
both_ways = nbann.StepThrough(machine, panels=shown)
assert "64 visible units by 64 hidden units" in both_ways.describe()
both_ways

# %%
machine.goto(epoch=15)  # wherever you have stepped to
phases = []
for _ in range(4):
    machine.step("phase")
    phases.append(machine.last_op.phase)
assert phases == ["positive", "negative", "loss", "update"]
assert both_ways.here["op"] == machine.loaded.op
both_of = machine["x"].T @ machine["rbm.positive.hidden"] / len(machine["x"])
assert np.allclose(both_of, machine["rbm.positive.correlation"])
print(machine.arithmetic("rbm.weight.grad", (20, 0)))

# %% [markdown]
# The optimizer subtracts it: a weight grows where pixel and unit go together more often in the data (second number) than in the dream (first).
#
# ## Change one thing
#
# Are such units good for anything? Another machine trains a hundred of them on all training digits, without labels. Then a classifier gets few *labels*, and reads the pixels, or these units, or, to be fair, a hundred units with *random* weights. Once the digits stand in their place; once there is, beside each, the same moved by a pixel up, down, left and right. Change `labels` to 50 or to 1000.

# %%
labels = 200


def moved(data):
    wide = np.pad(data.X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    corners = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    X = [wide[:, row : row + 8, column : column + 8].reshape(-1, 64) for row, column in corners]
    order = np.random.default_rng(0).permutation(5 * len(data.X))
    return nbann.Dataset(np.concatenate(X)[order], np.tile(data.y, 5)[order])


def compared(train, test):
    rbm = nbann.sklearn.BernoulliRBM(100, learning_rate=0.1, n_iter=15, random_state=0)
    rbm.fit(train.X)
    drawn = np.random.default_rng(0).normal(0, 0.3, size=(64, 100))
    found = {}
    for name, read in {
        "pixels": lambda X: X,
        "random units": lambda X: 1 / (1 + np.exp(-(X - train.X.mean(axis=0)) @ drawn)),
        "RBM": rbm.transform,
    }.items():
        classifier = LogisticRegression(C=10, max_iter=3000)
        classifier.fit(read(train.X[:labels]), train.y[:labels])
        found[name] = classifier.score(read(test.X), test.y)
    return found


in_place, around = compared(train, test), compared(moved(train), moved(test))
for where, found in (("in place", in_place), ("moved", around)):
    print(f"{where:9}", *[f"{name} {share:.0%}" for name, share in found.items()], sep="  ")
if labels == 200:
    assert abs(in_place["RBM"] - in_place["pixels"]) < 0.06
    assert around["RBM"] > max(around["pixels"], around["random units"]) + 0.1

# %% [markdown]
# With 200 labels and digits in their place, pixels do nearly as well: another split of the data changes as much. Moved digits are where the units help a lot, and random ones hardly: what counts is that the weights were *learned*.

# %% [markdown]
# ## Exercise: what turning costs
#
# A unit `i` of a Hopfield net turns from `s[i]` to `-s[i]`. By how much does the energy change? You get the weights `W` and the states `s`.
#
# <details><summary>Hint 1</summary>
#
# You may compute the energy `-s @ W @ s / 2` twice, before and after. But only the products with `s[i]` change, so there is a shorter way.
#
# <details><summary>Hint 2</summary>
#
# What the unit gets is `W[i] @ s`. Before, the energy has `-s[i] * (W[i] @ s)` in it, afterward the opposite. [The solution](solutions/13-up-and-down.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def energy_change(W, s, i):
    return -s @ W @ s / 2  # the energy before


# %% tags=["solution"]
def energy_change(W, s, i):
    return 2 * s[i] * (W[i] @ s)


# %% tags=["check"]
nbann.check.energy_change(energy_change)

# %% [markdown]
# ## In three lines
#
# - A Hopfield net and a BAM store patterns as valleys of an energy; recall runs downhill.
# - An RBM goes up and down by chance, and learns from the difference between data and dream.
# - Hidden units that were never told a label can serve a classifier, most where pixels alone say little.
#
# **Further reading**: Hopfield, PNAS 79 (1982); Kosko, *Bidirectional Associative Memories* (1988); Hinton, *Training Products of Experts by Minimizing Contrastive Divergence* (2002) and *A Practical Guide to Training Restricted Boltzmann Machines* (2010).
#
# **Next**: [Can the future explain the past?](14-future-and-past.ipynb)

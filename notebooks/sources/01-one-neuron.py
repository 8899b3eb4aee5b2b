# %% [markdown]
# # One neuron: how does it decide?
#
# A single artificial neuron looks at a flower and says which kind it is. It can do one thing only: multiply, add, and ask whether the sum is above 0. How does it learn to be right?
#
# **What you'll do**: watch one neuron learn from its mistakes, flower by flower, and see the line that it draws move.
#
# **What you'll learn**: feature, weight, bias, label, mistake, epoch; the perceptron rule (Rosenblatt, 1958), and when it can not work.
#
# **What you need**: 20 minutes, school algebra and a little Python. [How do I begin?](00-start.ipynb) shows the controls.

# %% [markdown]
# ## Two measurements, one question
#
# The iris data has 150 flowers of three species. From two **features** of a flower, the width of its sepals and the length of its petals, the neuron is to tell: is it a *setosa*, or another? The right answer is its **label**: 1 for setosa, 0 for others.
# Measurements are standardized: 0 is the average, 1 a usual distance from it.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=2, suppress=True)

# %%
iris = nbann.datasets.iris()


def flowers(species):
    kinds = ["others", iris.target_names[species]]
    X, y = iris.X[:, [1, 2]], (iris.y == species).astype(int)
    names = ["sepal width", "petal length"]
    return nbann.Dataset(X, y, feature_names=names, target_names=kinds).standardized()


trainer = nbann.Trainer(nbann.Perceptron(), flowers(species=0), seed=73)
print(len(trainer.train_data), "flowers,", trainer.train_data.y.sum(), "of them setosa")
print("the first five flowers:", *trainer.train_data.X[:5], sep="\n")
print("their labels:", trainer.train_data.y[:5])

# %% [markdown]
# The neuron has a **weight** for each feature and a **bias**; all are 0 at first. It adds up
#
# $$z = w_1 \cdot \text{sepal width} + w_2 \cdot \text{petal length} + b$$
#
# and says *setosa* if $z$ is above 0. Where $z$ is just 0, it can not decide: there runs a straight line through the plane of all flowers.
#
# **It learns from mistakes only.** If it is right, nothing changes. If a setosa was missed, the features are added to the weights, and 1 to the bias; if another flower was taken for setosa, they are subtracted.
#
# ## Predict
#
# One pass through all flowers is an **epoch**. The neuron goes on until an epoch has no mistake.

# %%
def all_mistakes(trainer):
    twin = trainer.branch()  # counted apart, wherever your run stands
    twin.reset()
    twin.run(epochs=10)
    return int(twin.history["mistakes"].sum())


guess = nbann.Predict(
    "How many mistakes will it make in all before it gets all 150 flowers right?",
    slider=(0, 150, 1), truth=all_mistakes, unlocks=trainer, within=5,
    explanation="Only a mistake teaches it, but each mistake moves the whole line.",
)
guess

# %% tags=["solution"]
guess.answer(5)

# %% [markdown]
# ## Run
#
# Flower after flower, in a random order. We stop at each mistake and look at what it changes.

# %%
while trainer.position.epoch < 1:
    weights, bias = trainer["perceptron.weight"].ravel().copy(), trainer["perceptron.bias"][0]
    trainer.step("batch")  # one flower
    if not np.array_equal(weights, trainer["perceptron.weight"].ravel()):
        x, label = trainer["x"][0], trainer["y"][0]
        print(f"flower {x}, label {label}: z was {trainer['perceptron.out'][0, 0]:5.2f}")
        print(f"   weights {weights} -> {trainer['perceptron.weight'].ravel()},"
              f" bias {bias:g} -> {trainer['perceptron.bias'][0]:g}")

trainer.run(epochs=2)
mistakes = [int(count) for count in trainer.history["mistakes"]]
print("\nmistakes in each epoch:", mistakes)
assert mistakes == [3, 2, 0]
print(guess.reveal())

# %% [markdown]
# Look at the first line: with all weights at 0 the sum is 0, which is no decision, so it counts as a mistake. The neuron has learned something from the very first flower that it saw.
#
# After the last mistake, this is the line:

# %%
fine = nbann.panels.DecisionBoundary(resolution=200)
board = nbann.Dashboard(trainer, [fine])
assert trainer.evaluate(trainer.train_data)["accuracy"] == 1
board

# %% [markdown]
# ## Step through
#
# Press **Reset** (↺), then **Forward** beside the equation: it goes on to the next mistake, and stops just before the weights change. Press **Step**: now they do. Watch three places at once: the line in the plane, the edges of the network, the equation. Then **Forward** again: how far does the line move?

# %%
widget = nbann.StepThrough(trainer, panels=["decision", "weights"])
widget.stop_when = "grad_norm(perceptron) > 0"  # at a mistake
widget

# %%
trainer.reset()
stop = trainer.run(epochs=3)  # your condition stops it, too
assert stop.reason == "paused" and widget.here["batch"] == 1
print("stopped at:", trainer.position, "- all counted from 0")

# %% [markdown]
# ## Change one thing
#
# Now ask for another species: *versicolor* or not. It lies between the two others. Change `species=1` to 2 (virginica), and run again.

# %%
harder = nbann.Trainer(nbann.Perceptron(), flowers(species=1), seed=73)
harder.run(epochs=50)
counts = harder.history["mistakes"].astype(int)
print("mistakes in the first ten epochs:", counts[:10])
print("fewest in any of 50 epochs:", counts.min())
assert counts.min() > 0
board = nbann.Dashboard(harder, [nbann.panels.DecisionBoundary(resolution=200)])
board

# %% [markdown]
# It never ends. No straight line parts these flowers from the others, so there is always one on the wrong side, and its mistake moves the line away from where it was needed. If a line exists, the rule finds one after a limited number of mistakes; if not, it wanders for ever.
#
# ## Exercise: teach it
#
# Write the rule. You get the weights `w` and the bias `b`, one flower `x`, and the truth `t`: 1 for a setosa, **-1** for another. Return the new weights and the new bias.
#
# <details><summary>Hint 1</summary>
#
# It is a mistake when the sum and the truth do not have the same sign: when `t * (x @ w + b)` is not above 0. `x @ w` multiplies and adds up.
#
# <details><summary>Hint 2</summary>
#
# With `t` being 1 or -1, adding and subtracting are one line: `w + t * x`. [The solution](solutions/01-one-neuron.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def update(w, b, x, t):
    return w, b  # and if it was a mistake?


# %% tags=["solution"]
def update(w, b, x, t):
    if t * (x @ w + b) <= 0:
        return w + t * x, b + t
    return w, b


# %% tags=["check"]
nbann.check.perceptron_update(update)

# %% [markdown]
# ## In three lines
#
# - A neuron adds up its features, each times a weight, plus a bias, and decides by the sign: it draws a straight line.
# - The perceptron changes only at a mistake: it adds the sample to its weights, or subtracts it.
# - Where a line can part the classes it finds one; where none can, it never comes to rest.
#
# **Further reading**: Rosenblatt, *The Perceptron*, Psychological Review 65 (1958); Novikoff, *On Convergence Proofs on Perceptrons* (1962); Minsky & Papert, *Perceptrons* (1969).
#
# **Next**: [What does being wrong cost?](02-being-wrong.ipynb)

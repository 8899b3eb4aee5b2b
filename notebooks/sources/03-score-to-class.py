# %% [markdown]
# # From score to class?
#
# Three neurons, one for each species, each give a score: any number, large or small, above or below 0. Which one do you believe, and how much?
#
# **What you'll do**: turn scores into probabilities, put a price on them, and watch training move them.
#
# **What you'll learn**: softmax, cross-entropy, the gradient *probability minus truth*, and arithmetic that no large number breaks.
#
# **What you need**: 20 minutes; [What does being wrong cost?](02-being-wrong.ipynb)

# %% [markdown]
# ## Three scores
#
# One layer of three neurons looks at the four measurements of an iris, 40 flowers at a time (a **batch**). Thirty flowers are kept aside, to test it. All weights start at 0, so all scores do, too.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
train, test = nbann.datasets.iris().standardized().split(test=0.2, seed=1)
net = nbann.Sequential([nbann.Dense(3, name="score", weight=np.zeros((4, 3)), bias=np.zeros(3))])
trainer = nbann.Trainer(net, train, test=test, batch_size=40, optimizer=nbann.SGD(0.5), seed=0)

trainer.step("phase")
print("species:", *train.target_names)
print("scores of the first flower:", trainer["score.out"][0])

# %% [markdown]
# **Softmax** makes probabilities of scores (Bridle, 1990): raise $e$ to each score, so that all are above 0; divide by their sum, so that they add up to 1.
#
# $$p_k = \frac{e^{z_k}}{e^{z_1} + e^{z_2} + e^{z_3}}$$
#
# **Cross-entropy** is the price: $-\log p$ of the *true* class. It is 0 if the net was sure and right, and grows without end the surer it was of something else:

# %%
for p in (0.99, 0.5, 0.1, 0.01, 0.0001):
    print(f"probability of the truth {p:6}: loss {-np.log(p):.2f}")

# %% [markdown]
# ## Predict
#
# The net has learned nothing yet: every score is 0.

# %%
def first_loss(trainer):
    twin = trainer.branch()
    twin.reset()
    twin.step("phase", 2)
    return float(twin["loss"])


guess = nbann.Predict(
    "What is the loss of the very first batch?",
    slider=(0, 3, 0.05), truth=first_loss, unlocks=trainer, within=0.1,
    explanation="Three equal scores give each class a third, and -log(1/3) is log 3.",
)
guess

# %% tags=["solution"]
guess.answer(1.1)

# %% [markdown]
# ## Run
#
# The loss comes first, then what it asks of each score.

# %%
trainer.step("phase")
print(trainer.arithmetic("loss.p", (0, 0)))
assert np.isclose(trainer["loss"], np.log(3))
print(guess.reveal())

trainer.step("layer")
print("\nthe first flower is a", train.target_names[trainer["y"][0]])
for k in range(3):
    print(trainer.arithmetic("score.out.grad", (0, k)))

# %% [markdown]
# This is all that backpropagation (the question of [Who is to blame?](06-who-is-to-blame.ipynb)) needs to know of softmax and cross-entropy together: the loss grows with a score by *probability minus truth*, where the truth is 1 for the right class and 0 for the others (divided by the 40 flowers of the batch, as the loss is their mean). The right score is pushed up, the others down, and hardest where the net is most wrong.

# %%
trainer.run(epochs=30)
accuracy = trainer.evaluate(test)["accuracy"]
print(f"{accuracy:.0%} of the test flowers are named right")
assert accuracy >= 0.9
board = nbann.Dashboard(trainer, ["probabilities", "loss"])
board

# %% [markdown]
# The setosa is safe. Versicolor and virginica look alike, and the net says so: a probability is not only a choice, but how sure it is.
#
# ## Step through
#
# Press **Reset** (↺). Step by **op** through the first batch: the three bars of each flower stand at a third, and move only when the weights are updated. Then step by **batch**. Which bar is the first to rise?

# %%
widget = nbann.StepThrough(trainer, panels=["probabilities", "loss"])
widget

# %%
trainer.reset()
trainer.step("batch")
words = widget.describe()
assert words.count("(true)") == 3
print(words[words.index("Probabilities"):words.index("Loss:")])

# %% [markdown]
# ## Change one thing
#
# Add 1000 to every score. Which flower's probabilities change?

# %%
scores = np.array([2.0, 1.0, 0.0])


def plain(z):
    with np.errstate(all="ignore"):  # NumPy would warn
        return np.exp(z) / np.exp(z).sum()


print("softmax of", scores, "is", plain(scores))
print("softmax of", scores + 1000, "is", plain(scores + 1000))

twin = trainer.branch()  # the widget above stays as it is
twin.reset()
twin.step("phase", 2)
before = twin["loss.p"].copy()
twin.set("score.bias", slice(None), 1000.0)  # change this number
print("in nbann:", twin["score.out"][0], "->", twin["loss.p"][0])
assert np.array_equal(before, twin["loss.p"])

# %% [markdown]
# Only *differences* of scores count: $e^{z+1000}$ is $e^{1000}$ times $e^z$, and the factor cancels. But the plain formula gives *nan*, not a number: $e^{1000}$ is more than the computer can hold, and infinity divided by infinity is nothing. So whoever computes softmax first subtracts the largest score of each sample: the same probabilities, and no exponent is above 0.
#
# ## Exercise: a softmax that nothing breaks
#
# `z` has a row for each sample and a column for each class. Return the probabilities, in the same shape, also for scores of 1000.
#
# <details><summary>Hint 1</summary>
#
# Each row for itself: `z.sum(axis=1, keepdims=True)` sums rows and keeps the shape of a column, so that a matrix can be divided by it.
#
# <details><summary>Hint 2</summary>
#
# First `z = z - z.max(axis=1, keepdims=True)`; then exponentials, then divide by their sum. [The solution](solutions/03-score-to-class.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def softmax(z):
    return np.exp(z) / np.exp(z).sum()  # not quite


# %% tags=["solution"]
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %% tags=["check"]
nbann.check.softmax(softmax)

# %% [markdown]
# ## In three lines
#
# - Softmax turns scores into probabilities; only the differences of scores count.
# - Cross-entropy costs $-\log p$ of the true class: to be sure and wrong is what costs most.
# - Together their gradient is *probability minus truth*, and the largest score is subtracted before anything is raised to a power.
#
# **Further reading**: Bridle, *Probabilistic Interpretation of Feedforward Classification Network Outputs* (1990); Bishop, *Pattern Recognition and Machine Learning*, section 4.3 (2006); Blanchard, Higham & Higham, *Accurately Computing the Log-Sum-Exp and Softmax Functions*, IMA Journal of Numerical Analysis 41 (2021).
#
# **Next**: [Why bend the line?](04-bend-the-line.ipynb)

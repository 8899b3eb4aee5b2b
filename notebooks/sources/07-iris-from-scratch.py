# %% [markdown]
# # Iris from scratch?
#
# In 2016 Peng Zhao built a neural network in R from nothing but matrix products, to see how it works. The same net here takes some twenty lines of NumPy. Does it get the result that he published?
#
# **What you'll do**: write the whole loop, train it on half of the irises, and hold it against nbann and against the article.
#
# **What you'll learn**: how forward, loss, backward and update make a training loop; L2 penalty; confusion matrix; why a start can be too flat.
#
# **What you need**: 25 minutes; [Who is to blame?](06-who-is-to-blame.ipynb)

# %% [markdown]
# ## What the article does
#
# Four measurements in centimeters, six hidden neurons with ReLU, three outputs with softmax; half of each species for training, the other half for testing; weights that start at $0.01 \cdot N(0, 1)$; 2,000 steps over all 75 flowers at once; learning rate 0.01; and a penalty on large weights, $\frac{0.001}{2}\sum W^2$, added to the loss (**L2**). Random numbers differ between R and NumPy, so the numbers of a single run will, too.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
train, test = nbann.datasets.iris().split(test=0.5, seed=1)
print("flowers of each species to train with:", np.bincount(train.y))


def zhao(std=0.01, seed=1):
    small = nbann.initializers.Normal(std=std)
    net = nbann.Sequential([
        nbann.Dense(6, name="hidden", init=small),
        nbann.ReLU(name="relu"),
        nbann.Dense(3, name="output", init=small),
    ])
    return nbann.Trainer(
        net, train, test=test, batch_size=None, l2=0.001, optimizer=nbann.SGD(0.01), seed=seed
    )


trainer = zhao()
start = {name: array.copy() for name, array in trainer.parameters.items()}

# %% [markdown]
# ## Predict

# %%
def right_ones(trainer):
    apart = zhao()
    apart.run(epochs=2000)
    return round(75 * apart.evaluate(test)["accuracy"])


guess = nbann.Predict(
    "How many of the 75 test flowers will it name right?",
    slider=(25, 75, 1), truth=right_ones, unlocks=trainer, within=2,
)
guess

# %% tags=["solution"]
guess.answer(74)

# %% [markdown]
# ## Run: the loop
#
# Read each line aloud before you run it: which phase does it belong to?

# %%
X, Y = train.X, np.eye(3)[train.y]
W1, b1 = start["hidden.weight"].copy(), start["hidden.bias"].copy()
W2, b2 = start["output.weight"].copy(), start["output.bias"].copy()

for _ in range(2000):
    hidden = np.maximum(0, X @ W1 + b1)
    score = hidden @ W2 + b2
    p = np.exp(score - score.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)

    score_blame = (p - Y) / len(X)
    hidden_blame = score_blame @ W2.T * (hidden > 0)
    W2_grad = hidden.T @ score_blame + 0.001 * W2
    W1_grad = X.T @ hidden_blame + 0.001 * W1

    W2 -= 0.01 * W2_grad
    b2 -= 0.01 * score_blame.sum(axis=0)
    W1 -= 0.01 * W1_grad
    b1 -= 0.01 * hidden_blame.sum(axis=0)

answers = (np.maximum(0, test.X @ W1 + b1) @ W2 + b2).argmax(axis=1)
right = int((answers == test.y).sum())

# %%
trainer.run(epochs=2000)
assert np.allclose(trainer["hidden.weight"], W1, rtol=0, atol=1e-10)
assert np.allclose(trainer["output.bias"], b2, rtol=0, atol=1e-10)
print(guess.reveal())
assert right == round(75 * trainer.evaluate(test)["accuracy"]) == 74
board = nbann.Dashboard(trainer, ["loss", "confusion"])
board

# %% [markdown]
# The loop and nbann end at the same weights, to ten digits. The **confusion matrix** has a row for each true species and a column for each answer; what stands off the diagonal is wrong. Zhao's article shows 25, 24 and 25 right on the diagonal, one versicolor taken for virginica: 74 of 75, as here.
#
# That was one split and one start. A single number says little:

# %%
rights = []
for seed in range(5):
    train, test = nbann.datasets.iris().split(test=0.5, seed=seed)
    other = zhao(seed=seed)
    other.run(epochs=2000)
    rights.append(round(75 * other.evaluate(test)["accuracy"]))
train, test = nbann.datasets.iris().split(test=0.5, seed=1)
print("right of 75, with five splits and starts:", sorted(rights))
assert min(rights) >= 60 and max(rights) <= 75

# %% [markdown]
# ## Step through
#
# Look at the flat beginning of the loss curve above. Press **Reset** (↺), step through one update by **op**, and read the six hidden sums: they are all nearly 0, so all scores are, and every probability is near a third. What does the first gradient of `hidden.weight` look like? Then run 100 epochs at a time.

# %%
trainer.reset()
widget = nbann.StepThrough(trainer, panels=["loss", "gradients"])
widget

# %%
trainer.reset()
trainer.step("phase", 3)
print("largest gradient of a hidden weight:", f"{np.abs(trainer['hidden.weight.grad']).max():.4f}")
assert widget.here["op"] == trainer.loaded.op
trainer.run(epochs=300)
assert trainer.history["train_loss"][299] > 0.9

# %% [markdown]
# The blame of a hidden neuron comes back through the weights of the output, and these are near 0.01: hardly any of it arrives. It takes hundreds of steps until the weights are large enough to be told apart.
#
# ## Change one thing
#
# The size of the first weights: `std`.

# %%
for std in [0.01, 0.1, 0.5]:
    run = zhao(std=std)
    run.run(epochs=2000)
    losses = run.history["train_loss"]
    print(f"std {std:4}: loss below 0.5 after {int((losses > 0.5).sum()):4} steps, "
          f"{run.history['test_accuracy'][-1]:.0%} right at the end")
assert (losses > 0.5).sum() < 600

# %% [markdown]
# ## Exercise: the penalty
#
# Write one update with an L2 penalty. `gradient` is that of the loss alone; the penalty is `l2 / 2` times the sum of all squared weights. Return the new weights.
#
# <details><summary>Hint 1</summary>
#
# Loss and penalty are added, so their gradients are. What is the derivative of `l2 / 2 * w**2`?
#
# <details><summary>Hint 2</summary>
#
# It is `l2 * w`. In the loop above it stands as `+ 0.001 * W2`, before the step. [The solution](solutions/07-iris-from-scratch.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def update(W, gradient, learning_rate, l2):
    return W - learning_rate * gradient  # and the penalty?


# %% tags=["solution"]
def update(W, gradient, learning_rate, l2):
    return W - learning_rate * (gradient + l2 * W)


# %% tags=["check"]
nbann.check.l2_update(update)

# %% [markdown]
# ## In three lines
#
# - A whole neural network with its training is twenty lines: forward, loss, backward, update.
# - One run on one split is one number; several tell how far to trust it.
# - Weights that start too small make a flat start: the blame that passes back is multiplied by them.
#
# **Further reading**: Peng Zhao, *R for Deep Learning (I): Build Fully Connected Neural Network from Scratch* (2016), where the accuracy is given as 0.98; Fisher, *The Use of Multiple Measurements in Taxonomic Problems*, Annals of Eugenics 7 (1936).
#
# **Next**: [All, some or one?](08-all-some-or-one.ipynb)

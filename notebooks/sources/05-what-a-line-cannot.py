# %% [markdown]
# # What can a line not do?
#
# *One, but not both*: no straight line can say that. Two lines can, if something puts them together. That something is a hidden layer, and in 2015 Andrew Trask showed that it takes eleven lines of Python.
#
# **What you'll do**: see one neuron give up, run a loop like Trask's, get the same numbers from nbann, and look into the hidden space.
#
# **What you'll learn**: hidden layer, hidden space, what separable means; that a training loop is a short list of array operations.
#
# **What you need**: 25 minutes; [One neuron: how does it decide?](01-one-neuron.ipynb) and [Why bend the line?](04-bend-the-line.ipynb)

# %% [markdown]
# ## Four rows
#
# Trask's table has three inputs. The answer is 1 if exactly one of the first two is 1; the third is always 1 and takes the place of a bias.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=6, suppress=True)

# %%
table = nbann.datasets.trask()
for inputs, answer in zip(table.X, table.y):
    print(inputs, "->", answer)


def learner(*layers, seed=0):
    return nbann.Trainer(
        nbann.Sequential(layers), table, loss=nbann.HalfSquaredError(reduction="sum"),
        optimizer=nbann.SGD(1.0), batch_size=None, evaluate_every=None, seed=seed,
    )


flat = learner(nbann.Dense(1, name="output"), nbann.Sigmoid(name="answer"))

# %% [markdown]
# ## Predict
#
# First without a hidden layer: three weights, a bias, and a sigmoid, which puts the answer between 0 and 1.

# %%
def alone(trainer):
    apart = learner(nbann.Dense(1), nbann.Sigmoid(name="answer"))
    apart.run(epochs=2000)
    answers = apart["answer.out"].ravel()
    if np.allclose(answers, 0.5, atol=0.01):
        return "0.5 for all rows"
    right = int(((answers > 0.5) == table.y).sum())
    return "0, 1, 1, 0" if right == 4 else "three right, one wrong"


guess = nbann.Predict(
    "After 2,000 steps, what does the single layer answer to the four rows?",
    choices=["0, 1, 1, 0", "three right, one wrong", "0.5 for all rows"], truth=alone,
    unlocks=flat, explanation="Any line that gains on one row loses on another: it gives up.",
)
guess

# %% tags=["solution"]
guess.answer("0.5 for all rows")

# %% [markdown]
# ## Run
#
# The single layer, then a loop in Trask's spirit: `W0` and `W1` are his two matrices of weights, drawn from the same random numbers (his seed was 1). `output * (1 - output)` is the slope of the sigmoid.

# %%
flat.run(epochs=2000)
print("without a hidden layer:", flat["answer.out"].ravel())
print(guess.reveal())


def start():
    rng = np.random.RandomState(1)
    return 2 * rng.random_sample((3, 4)) - 1, 2 * rng.random_sample((4, 1)) - 1


X, y = table.X, table.y[:, None]
W0, W1 = start()
errors = []
for iteration in range(60_000):
    hidden = 1 / (1 + np.exp(-(X @ W0)))
    output = 1 / (1 + np.exp(-(hidden @ W1)))
    output_blame = (output - y) * (output * (1 - output))
    hidden_blame = output_blame @ W1.T * (hidden * (1 - hidden))
    W1 -= hidden.T @ output_blame
    W0 -= X.T @ hidden_blame
    if iteration % 10_000 == 0:
        errors.append(np.abs(output - y).mean())
print("\nmean error every 10,000 steps:", np.array(errors))

published = [0.496410031903, 0.00858452565325, 0.00578945986251,
             0.00462917677677, 0.00395876528027, 0.00351012256786]
assert np.allclose(errors, published, rtol=1e-9, atol=0)

# %% [markdown]
# These are the numbers that Trask's article prints, and this is nbann from the same start:

# %%
W0_start, W1_start = start()
trainer = learner(
    nbann.Dense(4, name="hidden", weight=W0_start, bias=False), nbann.Sigmoid(name="squash"),
    nbann.Dense(1, name="output", weight=W1_start, bias=False), nbann.Sigmoid(name="answer"),
)
trainer.run(epochs=60_000)
print("the loop:", output.ravel())
print("nbann:   ", trainer["answer.out"].ravel())
assert np.allclose(trainer["hidden.weight"], W0, rtol=0, atol=1e-12)
assert np.allclose(trainer["output.weight"], W1, rtol=0, atol=1e-12)

# %%
pair = learner(nbann.Dense(2), nbann.Tanh(name="pair"), nbann.Dense(1), nbann.Sigmoid(), seed=3)
pair.run(epochs=5000)
assert np.abs(pair["sigmoid1.out"].ravel() - table.y).max() < 0.1
board = nbann.Dashboard(pair, ["latent"], width=480, row_height=330)
board

# %% [markdown]
# Two hidden neurons are enough, if the start is lucky (other seeds get stuck), and can be drawn. This is the **hidden space**: each of the four rows lies where the two neurons put it. In the table no line parts 0 from 1. Here one does, and the output neuron has found it.
#
# | the loop | nbann |
# | --- | --- |
# | `hidden = ...`, `output = ...` | *forward*: a product, a sigmoid, a product, a sigmoid |
# | `output - y` | *loss*: the error, and half the sum of its squares |
# | `* (output * (1 - output))` | *backward*: the slope of the sigmoid, times the error |
# | `output_blame @ W1.T` | *backward*: the error goes back through the weights |
# | `* (hidden * (1 - hidden))` | *backward*: times the slope of the hidden neurons |
# | `hidden.T @ ...`, `X.T @ ...` | *backward*: what came in, times the error |
# | `W1 -= ...`, `W0 -= ...` | *update*: both at once, as one vector `theta` |
#
# ## Step through
#
# Find each line of the loop among the operations. Then choose **epoch**, and **Play** at 50 a second. *Latent space* shows the four rows as the hidden layer sees them: when can a straight line part them?

# %%
trainer.reset()
widget = nbann.StepThrough(trainer, panels=["latent", "weights"])
widget

# %%
ran = trainer.step("batch")
for op in ran:
    print(f"{op.phase:9} {op.equation}")
assert widget.here["op"] == len(ran)

# %% [markdown]
# ## Change one thing
#
# Points inside a ring of other points. Each hidden neuron draws one line. How many lines fence in the middle? Change `[1, 2, 3, 4]`.

# %%
rings = nbann.datasets.circles()
right = {}
for count in [1, 2, 3, 4]:
    layers = [nbann.Dense(count, name="hidden"), nbann.Tanh(), nbann.Dense(2)]
    fence = nbann.Trainer(nbann.Sequential(layers), rings, optimizer=nbann.Adam(0.03), seed=1)
    fence.run(epochs=80)
    right[count] = fence.history["train_accuracy"][-1]
    print(f"{count} hidden: {right[count]:.0%} right")
    if count == 3:
        three = fence
assert right[2] < 0.9 < right[3]

# %%
board = nbann.Dashboard(three, ["decision"], width=480, row_height=380)
assert "0 of 500 training points wrong" in board.describe()
board

# %% [markdown]
# Three lines make a triangle, with round corners because tanh is round. The output neuron still only adds up and cuts once. But what it adds up are three answers of hidden neurons, not two coordinates.
#
# ## Exercise: a net by hand
#
# Two hidden neurons and an output, each saying 1 if its sum is above 0, else 0. Choose weights and biases so that the net answers *one, but not both*.
# `W1` has a row for each input and a column for each hidden neuron.
#
# <details><summary>Hint 1</summary>
#
# Let the first hidden neuron say *at least one*, and the second *both*. Each adds the two inputs; only their biases differ.
#
# <details><summary>Hint 2</summary>
#
# Sums of 0, 1 or 2: biases of -0.5 and -1.5 cut between them. The output wants the first and not the second. [The solution](solutions/05-what-a-line-cannot.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def xor_net():
    W1, b1 = [[0, 0], [0, 0]], [0, 0]
    W2, b2 = [0, 0], 0
    return W1, b1, W2, b2


# %% tags=["solution"]
def xor_net():
    W1, b1 = [[1, 1], [1, 1]], [-0.5, -1.5]
    W2, b2 = [1, -1], -0.5
    return W1, b1, W2, b2


# %% tags=["check"]
nbann.check.xor_net(xor_net)

# %% [markdown]
# ## In three lines
#
# - A line can not part everything: *one, but not both* needs two lines, put together.
# - A hidden layer moves the points to where a line is enough; that is what it learns.
# - A training loop is a short list of array operations, and nbann's list is the same one.
#
# **Further reading**: Trask, *A Neural Network in 11 lines of Python (Part 1)* (2015); Minsky & Papert, *Perceptrons* (1969); Cybenko, *Approximation by Superpositions of a Sigmoidal Function* (1989).
#
# **Next**: [Who is to blame?](06-who-is-to-blame.ipynb)

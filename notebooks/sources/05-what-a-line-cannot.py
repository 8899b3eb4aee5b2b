# %% [markdown]
# # What can a line not do?
#
# Four rows and two inputs are enough to defeat any single neuron, however long it trains.
# Two hidden neurons solve them, and you will see where: in a space of their own.
#
# **What you'll do**: let one neuron fail, add a hidden layer, look at what it sees, and find its training in eleven lines of plain Python.
#
# **What you'll learn**: multi-layer nets, hidden space, linear separability, a whole training loop.
#
# **What you need**: 25 minutes; [One neuron: how does it decide?](01-one-neuron.ipynb) and [Why bend the line?](04-bend-the-line.ipynb)

# %% [markdown]
# ## Exactly one
#
# The answer is 1 if exactly one of two inputs is 1. This is the **exclusive or**, XOR. Two nets will learn it, with the same loss and learning rate: `line` is a single neuron, `trainer` has two hidden neurons before it.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
xor = nbann.datasets.xor()
for inputs, answer in zip(xor.X, xor.y):
    print(inputs, "->", answer)


def train_on(data, layers):
    """Half the squared error, summed over all rows; learning rate 1; all rows in a batch."""
    return nbann.Trainer(
        nbann.Sequential(layers), data, loss=nbann.HalfSquaredError(reduction="sum"),
        optimizer=nbann.SGD(learning_rate=1.0), batch_size=None, seed=1,
    )


def neuron():
    return [nbann.Dense(1, name="output"), nbann.Sigmoid(name="answer")]


line = train_on(xor, neuron())
trainer = train_on(xor, [nbann.Dense(2, name="hidden"), nbann.Sigmoid(name="squash"), *neuron()])

# %% [markdown]
# ## Predict
#
# A line through the plane can have three of the rows on their right sides. What will the single neuron's answers be after 2,000 steps?

# %%
CHOICES = ["three rows right", "two rows right", "0.5 for every row"]


def in_the_end(line):
    twin = line.branch()  # the answer is computed apart, wherever your run stands
    twin.reset()
    twin.run(epochs=2000)
    answers = twin.activations("answer.out", xor.X).ravel()
    if np.allclose(answers, 0.5, atol=0.01):
        return CHOICES[2]
    return CHOICES[0] if ((answers > 0.5) == xor.y).sum() == 3 else CHOICES[1]


guess = nbann.Predict(
    "What does the single neuron answer after 2,000 steps?",
    choices=CHOICES, truth=in_the_end, trainer=line, unlocks=trainer,
    explanation="The four rows pull the weights in opposite ways, until no pull is left.",
)
guess

# %% tags=["solution"]
guess.answer("0.5 for every row")

# %% [markdown]
# ## Run: one neuron, then three
#
# Watch the loss of the single neuron. The reason why it stays is in its sum, $z = w_1 x_1 + w_2 x_2 + b$. Add up $z$ for the rows (0, 0) and (1, 1), then for (0, 1) and (1, 0): both give $w_1 + w_2 + 2b$.
# But the first sum should be below 0 and the second above. No weights can do that: the two classes are not **linearly separable**. The cell tries 1,000 neurons at random.

# %%
line.run(epochs=2000)
for epoch in (10, 100, 2000):
    print(f"loss after {epoch:4} steps: {line.history['train_loss'][epoch - 1]:.3f}")
print("answers:", line.activations("answer.out", xor.X).ravel())
print(guess.reveal())
assert in_the_end(line) == "0.5 for every row"
assert np.isclose(line.history["train_loss"][-1], 0.5, atol=1e-6)

rng = np.random.default_rng(0)
z = xor.X @ rng.normal(size=(2, 1000)) + rng.normal(size=1000)
assert np.allclose(z[0] + z[3], z[1] + z[2])
right = ((z > 0) == xor.y[:, None]).sum(axis=0)
print("most rows that one of 1,000 random neurons has right:", right.max())
assert right.max() == 3

# %% [markdown]
# Now the net with a **hidden layer**: two neurons read the inputs, a third reads only these two.

# %%
trainer.run(epochs=2000)
for epoch in (10, 100, 2000):
    print(f"loss after {epoch:4} steps: {trainer.history['train_loss'][epoch - 1]:.3f}")
print("answers:", trainer.activations("answer.out", xor.X).ravel())
assert trainer.history["train_loss"][-1] < 0.01

# %% [markdown]
# ## Step through: into the hidden space
#
# The output neuron is a single neuron still, and can draw one line only. But it does not see the inputs. What it sees is on the right: **Latent space**, another name for hidden space, has an axis for each hidden neuron and a point for each row.
#
# Drag the timeline to its beginning, then slowly to its end. On the left, rows which are answered wrongly have a ring. On the right, look for the moment when a straight line can part squares from circles. In the end both squares lie on one spot. The cell below the widget makes the test: a fresh single neuron gets what the hidden neurons say.

# %%
widget = nbann.StepThrough(trainer, panels=["decision", "latent"], unit="epoch")
widget

# %%
decision, latent = widget.dashboard.panels
trainer.goto(epoch=0)
assert "2 of 4 training points wrong" in decision.describe()
trainer.goto(epoch=2000)
assert "0 of 4 training points wrong" in decision.describe() and widget.here["epoch"] == 2000

hidden = trainer.activations("squash.out", xor.X)
for inputs, said in zip(xor.X, hidden):
    print(inputs, "is, in hidden space,", said)
assert np.allclose(hidden[1], hidden[2], atol=0.01)

fresh = train_on(nbann.Dataset(hidden, xor.y), neuron())
fresh.run(epochs=2000)
answers = fresh.activations("answer.out", hidden).ravel()
print("answers of the fresh neuron:", answers)
assert ((answers > 0.5) == xor.y).all()

# %% [markdown]
# ## Eleven lines
#
# In 2015 Andrew Trask showed that eleven lines of NumPy suffice to train such a net. Here is a loop in that spirit, for his net: four hidden neurons, no biases, but a third input that is always 1 and does their work.
# A *delta* is how the loss changes with a neuron's sum; where the two lines with deltas come from is the question of the next lesson.

# %%
def start():
    rng = np.random.RandomState(1)  # the random numbers of his article
    return 2 * rng.random_sample((3, 4)) - 1, 2 * rng.random_sample((4, 1)) - 1


table, errors = nbann.datasets.trask(), []
X, y = table.X, table.y[:, None]
W0, W1 = start()
for step in range(60_000):
    hidden = 1 / (1 + np.exp(-(X @ W0)))
    output = 1 / (1 + np.exp(-(hidden @ W1)))
    output_delta = (output - y) * (output * (1 - output))
    hidden_delta = output_delta @ W1.T * (hidden * (1 - hidden))
    W1 -= hidden.T @ output_delta
    W0 -= X.T @ hidden_delta
    if step % 10_000 == 0:
        errors.append(np.abs(output - y).mean())
print("mean error every 10,000 steps:", *(f"{error:.5f}" for error in errors))

published = [0.496410031903, 0.00858452565325, 0.00578945986251,
             0.00462917677677, 0.00395876528027, 0.00351012256786]
assert np.allclose(errors, published, rtol=1e-9, atol=0)

# %% [markdown]
# These are the errors which his article prints. Now nbann, from the same start: do 60,000 steps lead to the same weights?

# %%
W0_start, W1_start = start()
twin = train_on(table, [
    nbann.Dense(4, name="hidden", weight=W0_start, bias=False), nbann.Sigmoid(name="squash"),
    nbann.Dense(1, name="output", weight=W1_start, bias=False), nbann.Sigmoid(name="answer"),
])
twin.run(epochs=60_000)
print("the loop:", output.ravel())
print("nbann:   ", twin["answer.out"].ravel())
assert np.allclose(twin["hidden.weight"], W0, rtol=0, atol=1e-12)
assert np.allclose(twin["output.weight"], W1, rtol=0, atol=1e-12)

# %% [markdown]
# Yes, to 12 decimals. So the loop's lines must be among nbann's operations. Here is the last step of both, line by line:

# %%
lines = {
    "hidden": ("squash.out", hidden), "output": ("answer.out", output),
    "output - y": ("loss.error", output - y),
    "output_delta": ("output.out.grad", output_delta),
    "hidden_delta": ("hidden.out.grad", hidden_delta),
    "W1 -= ...": ("output.weight.grad", hidden.T @ output_delta),
    "W0 -= ...": ("hidden.weight.grad", X.T @ hidden_delta),
}
writers = {name: op for op in twin.program for name in op.writes}
for code, (name, numbers) in lines.items():
    assert np.allclose(twin[name].reshape(numbers.shape), numbers, rtol=0, atol=1e-12)
    print(f"{code:13} {writers[name].equation}")
print(f"{'both -=':13} {twin.program[-1].equation}")

# %% [markdown]
# ## Change one thing
#
# Each hidden neuron draws one line. How many lines does it take to fence in a disk? With two, the net can cut out no more than a strip or a wedge. Change `neurons` to 1, then to 3, and look at the shape.

# %%
neurons = 2


def fence(neurons):
    disk = nbann.datasets.circles(200).standardized()
    layers = [nbann.Dense(neurons, name="hidden"), nbann.Tanh(), nbann.Dense(1, name="output")]
    net, sgd = nbann.Sequential(layers), nbann.SGD(learning_rate=2.0)
    trainer = nbann.Trainer(
        net, disk, loss="binary_cross_entropy", optimizer=sgd, batch_size=None, seed=0
    )
    trainer.run(epochs=500)
    return trainer


fenced = fence(neurons)
accuracy = fenced.history["train_accuracy"][-1]
assert accuracy > 0.97 if neurons > 2 else accuracy < 0.92
nbann.Dashboard(fenced, ["decision"], width=460, row_height=420)

# %% [markdown]
# ## Exercise: two lines by hand
#
# Give the weights yourself. The neurons are **step** neurons: each says 1 if its sum is above 0, else 0. Hidden neuron 0 is done: it fires if *at least one* input is 1. Set neuron 1 (the second column of `W1`, the second number of `b1`) and the output, so that the net computes XOR, even if an input is off by 0.1.
#
# <details><summary>Hint 1</summary>
#
# *Exactly one* is *at least one, but not both*. Let neuron 1 fire only if *both* inputs are 1. Then which sign does the output need for it?
#
# <details><summary>Hint 2</summary>
#
# With weights 1 and 1, neuron 1 sums to 2 for the row (1, 1) and to 1 at most for the others: its bias belongs halfway between. The output counts neuron 0 with 1 and neuron 1 with -1. [The solution](solutions/05-what-a-line-cannot.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def xor_net():
    W1 = np.array([[1.0, 0.0], [1.0, 0.0]])  # a row for each input, a column for each neuron
    b1 = np.array([-0.5, 0.0])
    W2 = np.array([1.0, 0.0])  # from hidden neurons 0 and 1 to the output
    b2 = -0.5
    return W1, b1, W2, b2


# %% tags=["solution"]
def xor_net():
    W1 = np.array([[1.0, 1.0], [1.0, 1.0]])  # a row for each input, a column for each neuron
    b1 = np.array([-0.5, -1.5])
    W2 = np.array([1.0, -1.0])  # from hidden neurons 0 and 1 to the output
    b2 = -0.5
    return W1, b1, W2, b2


# %% tags=["check"]
nbann.check.xor_net(xor_net)

# %% [markdown]
# ## In three lines
#
# - One neuron draws one line, and there are four rows which no line can part.
# - A hidden layer moves the rows to where a line can part them; the output neuron then draws it.
# - Training it is a short loop of array operations, and nbann runs the very same ones.
#
# **Further reading**: Minsky & Papert, *Perceptrons* (1969); Andrew Trask, *A Neural Network in 11 lines of Python (Part 1)* (2015); Christopher Olah, *Neural Networks, Manifolds, and Topology* (2014).
#
# **Next**: [Who is to blame?](06-who-is-to-blame.ipynb)

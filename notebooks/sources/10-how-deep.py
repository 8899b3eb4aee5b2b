# %% [markdown]
# # How deep can it go?
#
# If one hidden layer is good and three are better, why not a hundred? For a long time nobody could train them. Then a few small changes made it easy.
#
# **What you'll do**: follow the gradient down through twenty layers, read a diagnosis, and train a net of a hundred layers.
#
# **What you'll learn**: vanishing and exploding gradients, initialization, normalization, residual connections.
#
# **What you need**: 25 minutes; [Why bend the line?](04-bend-the-line.ipynb) and [Who is to blame?](06-who-is-to-blame.ipynb)

# %% [markdown]
# ## Layer upon layer
#
# Handwritten digits, and nets of any depth: one layer of 32 neurons, then blocks of 32, then ten outputs.

# %% tags=["setup"]
import numpy as np

import nbann

# %%
digits = nbann.datasets.digits()
train, test = nbann.Dataset(digits.X / 16, digits.y).split(test=0.25, seed=0)


def deep(depth, block):
    layers = [nbann.Dense(32, name="first")]
    for _ in range(depth):
        layers += block()
    net = nbann.Sequential([*layers, nbann.Dense(10, name="output")])
    adam = nbann.Adam(0.002)
    return nbann.Trainer(net, train, test=test, batch_size=32, optimizer=adam, seed=0)


def sigmoid():
    return [nbann.Dense(32), nbann.Sigmoid()]


trainer = deep(20, sigmoid)

# %% [markdown]
# ## Predict
#
# Blame flows back from the output. At each layer it is multiplied by weights, and by the slope of the sigmoid, which is a quarter at most.

# %%
def arrives(trainer):
    twin = deep(20, sigmoid)
    twin.step("phase", 3)
    share = np.linalg.norm(twin["first.weight.grad"]) / np.linalg.norm(twin["output.weight.grad"])
    return ["a tenth", "a thousandth", "a millionth", "less than that"][
        int(np.searchsorted([-0.05, -0.003, -1e-8], -share))
    ]


guess = nbann.Predict(
    "How large is the gradient of the first layer, against that of the last, twenty layers up?",
    choices=["a tenth", "a thousandth", "a millionth", "less than that"], truth=arrives,
    unlocks=trainer, explanation="A quarter, twenty times: that alone is 1e-12.",
)
guess

# %% tags=["solution"]
guess.answer("less than that")

# %% [markdown]
# ## Run
#
# One batch, forward and back, for nets of growing depth.

# %%
def sizes(trainer):
    trainer.reset()
    trainer.step("phase", 3)
    return [float(np.linalg.norm(trainer[f"{name}.weight.grad"])) for name in ("first", "output")]


for depth in (1, 5, 10, 20, 50):
    first, last = sizes(deep(depth, sigmoid))
    print(f"{depth:3} layers: gradient of the last {last:.0e}, of the first {first:.0e}")
first, last = sizes(trainer)
assert first / last < 1e-12
print(f"\na quarter, 20 times: {0.25**20:.0e}")
print(guess.reveal())

# %% [markdown]
# This is a **vanishing gradient**. The first layers stand still, and whatever they make of the picture at random is all that the others get.
#
# ## Step through
#
# The net is drawn as a strip of layers, with the ones at work opened. *Gradients* has a stem for each layer, on a logarithmic scale: a tenth part of the height can be a factor of a hundred. Press **Reset** (↺), step twice by **phase**, then by **layer** through the backward pass, and watch the stems appear from the right.

# %%
widget = nbann.StepThrough(trainer, panels=["gradients", "activations"])
widget

# %%
trainer.reset()
trainer.step("phase", 3)
print(nbann.diagnose(trainer))
assert any("vanishing" in str(finding) for finding in nbann.diagnose(trainer))
assert "Gradients" in widget.describe()

# %% [markdown]
# `nbann.diagnose` reads the numbers of any run and says what ails it, where, and what usually helps.
#
# ## Change one thing
#
# What it names, one by one. **He's start weights** are as large as it takes for a ReLU layer to pass on as much as it gets. **Batch normalization** brings each neuron's sums back to mean 0 and deviation 1. A **residual block** adds what it computes to what it was given, so that blame has a way around every layer. Change the depths.

# %%
def he():
    return [nbann.Dense(32, init="he_normal"), nbann.ReLU()]


def normalized():
    return [nbann.Dense(32), nbann.BatchNorm(), nbann.Tanh()]


def residual():
    small = nbann.initializers.Normal(std=0.02)
    return [nbann.Residual([nbann.ReLU(), nbann.Dense(32, init=small)])]


depths = (1, 20, 100)
print("layers    ", *[f"{depth:>8}" for depth in depths])
learned = {}
for block in (sigmoid, he, normalized, residual):
    for depth in depths:
        net = deep(depth, block)
        net.run(epochs=3)
        learned[block, depth] = net.history["test_accuracy"][-1] > 0.21  # chance is 0.1
    words = ["learns" if learned[block, depth] else "chance" for depth in depths]
    print(f"{block.__name__:10}", *[f"{word:>8}" for word in words])
if depths == (1, 20, 100):
    assert not learned[sigmoid, 20] and learned[residual, 20] and learned[residual, 100]

# %% [markdown]
# Residual blocks train at any depth here, in three epochs. Their gradient, in the net of a hundred:

# %%
hundred = deep(100, residual)
first, last = sizes(hundred)
print(f"gradient of the last layer {last:.2f}, of the first {first:.2f}")
assert 0.1 < first / last < 10
board = nbann.Dashboard(hundred, ["gradients"])
board

# %% [markdown]
# Nothing is lost on the way: the sum in each block passes blame on unchanged. Too *large* weights do the opposite, and the gradient explodes; clipping (`clip_norm=` of the optimizers) is a help against that.
#
# ## Exercise: how large to begin
#
# A layer has `fan_in` inputs and ReLU. How large should the standard deviation of its weights be, so that its outputs are as large as its inputs, on average of their squares? Return it.
#
# <details><summary>Hint 1</summary>
#
# A sum of `fan_in` products has a variance of `fan_in` times that of the weights (times the mean square of the inputs). ReLU then lets half of the squares pass.
#
# <details><summary>Hint 2</summary>
#
# So `fan_in * std**2 / 2` should be 1. [The solution](solutions/10-how-deep.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def start_std(fan_in):
    return 0.1  # what is right for one width is wrong for another


# %% tags=["solution"]
def start_std(fan_in):
    return (2 / fan_in) ** 0.5


# %% tags=["check"]
nbann.check.start_std(start_std)

# %% [markdown]
# ## In three lines
#
# - Going back, blame is multiplied at every layer: by less than 1 it vanishes, by more it explodes.
# - Start weights and normalization keep the factors near 1.
# - A residual block adds itself to what passes by, and a hundred layers train like a few.
#
# **Further reading**: Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen* (1991); Glorot & Bengio (2010); He and others, *Delving Deep into Rectifiers* (2015) and *Deep Residual Learning* (2016); Ioffe & Szegedy, *Batch Normalization* (2015).
#
# **Next**: [Do we agree with scikit-learn?](11-scikit-learn.ipynb)

# %% [markdown]
# # Can the future explain the past?
#
# Some things are understood only later. "He sat by the bank" - of the river, or the money? A net that reads from left to right has to answer before it knows. Another one reads from both ends.
#
# **What you'll do**: give a net a task that it can not solve in one direction, however long it trains; open it in time; and follow blame back through the steps.
#
# **What you'll learn**: recurrent net, hidden state, unrolling, backpropagation through time, bidirectional nets.
#
# **What you need**: 25 minutes; [Who is to blame?](06-who-is-to-blame.ipynb) and [How deep can it go?](10-how-deep.ipynb)

# %% [markdown]
# ## A task about neighbors
#
# Sequences of eight bits. At each step the answer is 1 if the bit *before* and the bit *after* differ (outside, bits count as 0). Trained on 300 sequences, a net is tested on all 256 that there are: so we can tell exactly what is possible.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
train = nbann.datasets.neighbor_xor(300, length=8)
bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
around = np.pad(bits, ((0, 0), (1, 1)))
test = nbann.Dataset(bits[:, :, None], around[:, :-2] ^ around[:, 2:])
print("bits:   ", train.X[1].ravel().astype(int))
print("answers:", train.y[1])


def reader(layer, seed=0):
    net = nbann.Sequential([
        layer, nbann.Dense(8, name="mix"), nbann.Tanh(name="bend"), nbann.Dense(2, name="answer"),
    ])
    return nbann.Trainer(
        net, train, test=test, optimizer=nbann.Adam(0.02), batch_size=16, seed=seed
    )


def one_way(**settings):
    return reader(nbann.RNN(6, return_sequences=True, name="rnn", **settings))


def both_ways():
    return reader(nbann.Bidirectional(nbann.RNN(6, return_sequences=True), name="both"))


forward, both = one_way(), both_ways()

# %% [markdown]
# A **recurrent net** has a **hidden state** $h$, which it carries from step to step:
#
# $$h_t = \tanh(x_t W + h_{t-1} U + b)$$
#
# The same $W$, $U$ and $b$ at every step. What it knows at step $t$ is what came in up to then. A **bidirectional** net has a second such chain that runs from the end to the beginning; at each step both states are put side by side.
#
# ## Predict

# %%
def reached(trainer):
    apart = one_way()
    apart.run(epochs=40)
    return round(100 * apart.history["test_accuracy"][-1])


guess = nbann.Predict(
    "After 40 epochs, what percentage of the answers does the one-directional net get right?",
    slider=(40, 100, 1), truth=reached, unlocks=[forward, both], within=4,
    explanation="Only at the last step does it know all that it needs: there is nothing to come.",
)
guess

# %% tags=["solution"]
guess.answer(56)

# %% [markdown]
# ## Run

# %%
for name, net in (("one direction", forward), ("both directions", both)):
    net.run(epochs=40)
    accuracy = net.history["test_accuracy"][-1]
    print(f"{name:15}: {'over 98%' if accuracy > 0.98 else 'under 65%'} right")
print(guess.reveal())
best = (7 * 0.5 + 1) / 8
print(f"the best that is possible without the next bit: {best:.2%}")
assert both.history["test_accuracy"][-1] > 0.98
assert forward.history["test_accuracy"].max() <= best

right = (forward.predict(test.X) == test.y).mean(axis=0)
print("right at each step but the last:", np.unique(right[:-1]))
print("at the last, over 90%:          ", right[-1] > 0.9)
assert (right[:-1] == 0.5).all() and right[-1] > 0.9

# %% [markdown]
# Exactly half, not nearly: whatever the net says after the first bits, there are as many sequences that go on with a 0 as with a 1, and the answer turns with that bit. No training helps against a future that is not there. The last answer has none to wait for, and it has learned that one.
#
# ## Step through
#
# The net is unrolled: each operation stands at a **time** step. Press **Reset** (↺), then step by **layer**: the forward chain fills from the left, the backward chain from the right. *Hidden states* shows both, unit by unit.

# %%
both.reset()
widget = nbann.StepThrough(both, panels=[nbann.panels.HiddenStates(sample=178), "loss"])
widget

# %%
both.reset()
both.step("phase")
assert widget.here["op"] == both.loaded.op
for chain in ("forward", "backward"):
    ops = [op for op in both.program if op.phase == "forward" and op.layer == f"both.{chain}"]
    times = dict.fromkeys(op.time for op in ops if op.time is not None)
    print(f"{chain:8} goes through the time steps", *times)
print(both.arithmetic("both.forward.t1.h", (0, 0)))

# %% [markdown]
# On the way back it is the same in reverse. The blame of a state comes from the answer at that step, *and* from the next state, through $U$: **backpropagation through time**. The gradient of $U$ is the sum over all steps.
#
# How far does blame reach? Here a net must tell after twenty bits whether the number of ones was odd, so that the first bit counts as much as the last:

# %%
bits = np.random.default_rng(0).integers(0, 2, size=(200, 20, 1))
parity = nbann.Dataset(bits, bits.sum(axis=(1, 2)) % 2)
steps = (19, 14, 9, 4, 0)
print("blame of the state at step  ", *[f"{t:>7}" for t in steps])
for name, start in (("small U", nbann.initializers.Normal(0.1)), ("orthogonal U", "orthogonal")):
    rnn = nbann.RNN(8, name="rnn", recurrent_init=start)
    counter = nbann.Trainer(nbann.Sequential([rnn, nbann.Dense(2)]), parity, batch_size=50, seed=0)
    counter.step("phase", 3)
    sizes = [np.linalg.norm(counter[f"rnn.t{t}.h.grad"]) for t in steps]
    print(f"{name:27}", *[f"{size:.1e}" for size in sizes])
    if name == "small U":
        assert sizes[-1] < 1e-5 * sizes[0]
assert sizes[-1] > 0.01 * sizes[0]

# %% [markdown]
# It is a net of twenty layers, one for each step, all with the same weights. If $U$ shrinks what it gets, the blame vanishes; an *orthogonal* start, which only turns it (the slope of tanh still shrinks it a little), is nbann's default. LSTM and GRU go further: their states pass on by adding.
#
# ## Change one thing
#
# Set `reverse = True`: then the first two nets read from the end. Is the future alone enough? Which step is the one that they can know? A GRU has a better memory than an RNN: does that help?

# %%
reverse = False

for name, layer in {
    "RNN": nbann.RNN(6, return_sequences=True, reverse=reverse),
    "GRU": nbann.GRU(6, return_sequences=True, reverse=reverse),
    "RNN, both": nbann.Bidirectional(nbann.RNN(6, return_sequences=True)),
}.items():
    net = reader(layer)
    net.run(epochs=40)
    right = (net.predict(test.X) == test.y).mean(axis=0)
    print(f"{name:10} steps that it knows:", *np.flatnonzero(right > 0.9))
assert (right > 0.9).all()

backward = one_way(reverse=True)
backward.run(epochs=40)
right = (backward.predict(test.X) == test.y).mean(axis=0)
assert (right[1:] == 0.5).all() and right[0] > 0.9

# %%
both.run(epochs=5)
board = nbann.Dashboard(both, [nbann.panels.HiddenStates(sample=178)])
assert "both.backward, 6 units" in board.describe()
board

# %% [markdown]
# ## Exercise: one step back in time
#
# `h` is the state now, with `h = tanh(... + before @ U)`. You know its blame. Write the blame of the state *before*.
#
# <details><summary>Hint 1</summary>
#
# Two factors again. First from the state now to its sum: times the slope of tanh, `1 - h**2`.
#
# <details><summary>Hint 2</summary>
#
# Then through the weights, turned round: `@ U.T`. In [Who is to blame?](06-who-is-to-blame.ipynb) the slope came last, as it was that of the layer before; here it is that of the state now. [The solution](solutions/14-future-and-past.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def step_back(blame, h, U):
    return blame @ U.T  # something is missing


# %% tags=["solution"]
def step_back(blame, h, U):
    return (blame * (1 - h**2)) @ U.T


# %% tags=["check"]
nbann.check.step_back(step_back)

# %% [markdown]
# ## In three lines
#
# - A recurrent net is one layer used at every time step; its state carries what has been.
# - In one direction nothing of what comes later can be known; two directions see both.
# - Unrolled, it is a deep net: blame flows back through time, and vanishes on the way.
#
# **Further reading**: Elman, *Finding Structure in Time* (1990); Werbos, *Backpropagation Through Time* (1990); Schuster & Paliwal, *Bidirectional Recurrent Neural Networks* (1997); Hochreiter & Schmidhuber, *Long Short-Term Memory* (1997).
#
# **Next**: [Can it put things in order?](15-put-in-order.ipynb)

# %% [markdown]
# # All, some or one?
#
# Before each step, how many examples should the net look at? All of them give the best direction. One gives a poor direction, but at once.
#
# **What you'll do**: race the same net with all digits, 32 and 1 at a time, on two different clocks; then watch the paths that they take.
#
# **What you'll learn**: batch, mini-batch and stochastic gradient descent; momentum, RMSprop, Adam; why an epoch is not a step.
#
# **What you need**: 25 minutes; [What does being wrong cost?](02-being-wrong.ipynb) and [Iris from scratch?](07-iris-from-scratch.ipynb)

# %% [markdown]
# ## One net, three ways to feed it
#
# Handwritten digits of 8 by 8 pixels, 32 hidden neurons. Only `batch_size` differs: the number of digits of which the loss is the mean, before each update. *None* stands for all 1,348.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
digits = nbann.datasets.digits()
train, test = nbann.Dataset(digits.X / 16, digits.y).split(test=0.25, seed=0)


def net(batch_size):
    layers = [nbann.Dense(32, name="hidden"), nbann.ReLU(), nbann.Dense(10, name="output")]
    return nbann.Trainer(
        nbann.Sequential(layers), train, test=test, batch_size=batch_size,
        optimizer=nbann.SGD(0.05),
    )


names = ["all", "some", "one"]
everything, some, one = racers = [net(None), net(32), net(1)]
for name, racer in zip(names, racers):
    print(f"{name:5}: {racer.batches:5} updates in an epoch")

# %% [markdown]
# ## Predict
#
# Same start, same learning rate. In ten **epochs** each looks at every digit ten times.

# %%
def best(race):
    apart = [net(None), net(32), net(1)]
    for racer in apart:
        racer.run(epochs=10)
    return names[int(np.argmin([racer.history["train_loss"][-1] for racer in apart]))]


race = nbann.Compare(everything, some, one, names=names)
guess = nbann.Predict(
    "Whose loss is lowest after ten epochs?", choices=names, truth=best, unlocks=race,
    explanation="It has taken 1,348 times as many steps as the one that looks at all.",
)
guess

# %% tags=["solution"]
guess.answer("one")

# %% [markdown]
# ## Run
#
# The first clock counts epochs, the second counts updates (a gradient computed, a step taken).

# %%
for racer in racers:
    racer.run(epochs=10)
print(guess.reveal())
for name, racer in zip(names, racers):
    epochs, updates = racer.history["train_loss"], len(racer.history["loss"])
    print(f"{name:5}: loss {epochs[-1]:.3f} after 10 epochs, which are {updates:6,} updates")

print()
for name, batch_size in zip(names, [None, 32, 1]):
    racer = net(batch_size)
    racer.step("batch", 430)
    print(f"{name:5}: loss {racer.evaluate(train)['loss']:.3f} after 430 updates")
assert everything.history["train_loss"][-1] > 2 > some.history["train_loss"][-1]
assert one.history["train_loss"][-1] < 0.05

# %%
curves = nbann.panels.OverlaidCurves
board = nbann.Dashboard(
    one, [curves(racers, "train_loss", names=names), curves(racers[1:], "loss", names=names[1:])]
)
board

# %% [markdown]
# By epochs *one* is far ahead, since it has made 13,480 updates when *all* has made 10. By updates *all* is no worse than *some*, but its 430 updates took 43 times the work. Right, the loss of each batch: that of *one* leaps about. The loss of a single digit says little about all of them, and so does its gradient. *Some* is the usual bargain: 32 digits cost one matrix product, and their mean is steady enough.
#
# ## Step through
#
# The three side by side, in step by **epoch**. Press **Reset** and **Step**; then choose **batch** and see who moves how often. Each keeps its own numbers in the table.

# %%
race

# %%
for racer in racers:
    racer.reset()
    racer.step("epoch")
assert [racer.position.epoch for racer in racers] == [1, 1, 1]
print("updates after one epoch:", [len(racer.history["loss"]) for racer in racers])

# %% [markdown]
# ## Change one thing
#
# A narrow valley: a line of two numbers, on data whose average is not 0. Watch the path. Change `nbann.SGD(0.1)` to `nbann.SGD(0.1, momentum=0.9)`, `nbann.RMSprop(0.1)` or `nbann.Adam(0.2)`; or `batch_size=None` to 1, with `nbann.SGD(0.02)`.

# %%
rng = np.random.default_rng(0)
x = rng.normal(1.5, 1, size=(200, 1))
valley = nbann.Dataset(x, 0.6 * x[:, 0] - 0.9 + 0.5 * rng.normal(size=200), task="regression")


def walk(optimizer, batch_size=None, steps=40):
    line = nbann.Sequential([nbann.Dense(1, name="line", weight=[[-1.0]], bias=[1.5])])
    walker = nbann.Trainer(
        line, valley, loss="mean_squared_error", batch_size=batch_size, optimizer=optimizer,
    )
    places = (("line.weight", (0, 0)), ("line.bias", 0))
    board = nbann.Dashboard(
        walker, [nbann.panels.LossLandscape(weights=places)], width=480, row_height=340
    )
    for _ in range(steps):
        walker.step("batch")
        board.update()  # the path grows
    board.finish()
    return walker, board


walker, board = walk(nbann.SGD(0.1))
print(f"loss after 40 steps of all: {walker.evaluate(valley)['loss']:.3f}")
board

# %%
walker, board = walk(nbann.SGD(0.02), batch_size=1)
print(f"loss after 40 steps of one: {walker.evaluate(valley)['loss']:.3f}")
board

# %% [markdown]
# With all data the path falls into the valley and creeps along it. With one example at a time it staggers. **Momentum** keeps a velocity: across the valley the pushes cancel, along it they add up. **RMSprop** divides each gradient by its usual size, **Adam** does both.
#
# ## Exercise: momentum
#
# The new velocity is `momentum` times the old one, minus the learning rate times the gradient; then the weights move by the velocity. Return the new `w` and the new `v`.
#
# <details><summary>Hint 1</summary>
#
# Two lines. The velocity comes first, and the weights use the new one.
#
# <details><summary>Hint 2</summary>
#
# `v = momentum * v - learning_rate * gradient`, then `w + v`. [The solution](solutions/08-all-some-or-one.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def step(w, v, gradient, learning_rate, momentum):
    return w - learning_rate * gradient, v  # plain gradient descent


# %% tags=["solution"]
def step(w, v, gradient, learning_rate, momentum):
    v = momentum * v - learning_rate * gradient
    return w + v, v


# %% tags=["check"]
nbann.check.momentum_step(step)

# %% [markdown]
# ## In three lines
#
# - An update needs a direction, not the best one: a few examples give one that is good enough, and many updates for the same work.
# - The fewer the examples, the noisier the path; the learning rate must suit it.
# - Momentum remembers where it was going; RMSprop and Adam give each weight a step of its own size.
#
# **Further reading**: Robbins & Monro, *A Stochastic Approximation Method* (1951); Polyak, *Some methods of speeding up the convergence of iteration methods* (1964); Bottou, *Stochastic Gradient Descent Tricks* (2012); Kingma & Ba, *Adam* (2014).
#
# **Next**: [Know it or remember it?](09-know-or-remember.ipynb)

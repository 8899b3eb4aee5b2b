# %% [markdown]
# # Know it or remember it?
#
# A net that answers everything right that it has seen may have understood it. Or it has learned it by heart. How can you tell, and what helps?
#
# **What you'll do**: watch a net get better and worse at once, then make it wider with a slider until it remembers even what is wrong.
#
# **What you'll learn**: training, validation and test data, over-fitting, L2, dropout, early stopping.
#
# **What you need**: 25 minutes; [Iris from scratch?](07-iris-from-scratch.ipynb) and [All, some or one?](08-all-some-or-one.ipynb)

# %% [markdown]
# ## Patients that it has not seen
#
# The breast cancer data: 30 measurements of a tumor's cells, malignant or benign. The net learns from the **training data**, 171 patients. The 398 others are **test data**: it never learns from them, so they tell what it knows.

# %% tags=["setup"]
import ipywidgets
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
train, test = nbann.datasets.breast_cancer().split(test=0.7, seed=0)
train = train.standardized()
test = test.standardized(like=train)  # with the training data's own mean and deviation
print(len(train), "patients to learn from,", len(test), "to be tested with,",
      train.X.shape[1], "measurements of each")


def net(l2=0.0, dropout=0.0, watched=test, seed=0):
    layers = [nbann.Dense(64, name="hidden"), nbann.Tanh(name="tanh")]
    if dropout:
        layers.append(nbann.Dropout(dropout))
    return nbann.Trainer(
        nbann.Sequential([*layers, nbann.Dense(2, name="output")]), train, test=watched,
        optimizer=nbann.Adam(0.01), batch_size=20, l2=l2, seed=seed,
    )


trainer = net()

# %% [markdown]
# ## Predict
#
# In 150 epochs the loss on the training data will come down to nearly nothing.

# %%
def fate(trainer):
    apart = net()
    apart.run(epochs=150)
    losses = apart.history["test_loss"]
    if losses[-1] < 1.1 * losses.min():
        return "falls, and stays low"
    return "falls, then rises" if losses.argmin() > 0 else "rises from the start"


guess = nbann.Predict(
    "And the loss on the test data?",
    choices=["falls, and stays low", "falls, then rises", "rises from the start"],
    truth=fate, unlocks=trainer,
    explanation="From some epoch on, what it learns is true of these 171 patients only.",
)
guess

# %% tags=["solution"]
guess.answer("falls, then rises")

# %% [markdown]
# ## Run

# %%
trainer.run(epochs=150)
print(guess.reveal())
losses, tests = trainer.history["train_loss"], trainer.history["test_loss"]
best = int(tests.argmin())
print(f"training loss: {losses[best]:.3f} after epoch {best + 1}, {losses[-1]:.4f} at the end")
print(f"test loss:     {tests[best]:.3f} after epoch {best + 1}, {tests[-1]:.4f} at the end")
assert tests[-1] > 2 * tests[best] and losses[-1] < losses[best]

board = nbann.Dashboard(trainer, [nbann.panels.LossCurve(log=True), "confusion"])
board

# %% [markdown]
# The two curves part. That is **over-fitting**: the net goes on improving on what it has seen, at the cost of what it has not. Look closer: nearly as many test patients are right at the end as before. What has risen is the price of the wrong ones, of which it has become *sure*.
#
# ## Step through
#
# Press **Reset** (↺), choose **epoch**, and **Step**. Stop where the test loss (dashed) is lowest. The box beside *Forward* can do that for you: with a condition, `test_loss > 0.1`, it stops every run where that comes true.

# %%
widget = nbann.StepThrough(trainer, panels=["loss", "activations"])
widget.stop_when = "test_loss > 0.1"
widget

# %%
trainer.reset()
stop = trainer.run(epochs=100)
print("stopped in epoch", trainer.position.epoch, "-", stop.why)
assert stop.reason == "paused" and best < trainer.position.epoch < 100
widget.stop_when = ""

# %% [markdown]
# ## Change one thing
#
# Three remedies. **L2** makes large weights cost something. **Dropout** silences random neurons in each step, so that none can rely on another. **Early stopping** keeps the weights of the best epoch. But data that chooses an epoch no longer judges it fairly. So half of the 398 become **validation data**, which chooses; the other half, unseen, judges. And one start may be luck: `nbann.sweep` trains five of each. Change `l2` and `dropout`.

# %%
validation, unseen = test.split(test=0.5, seed=0)
l2, dropout = 0.01, 0.5  # change these
remedies = {"nothing": {}, "L2": {"l2": l2}, "dropout": {"dropout": dropout}, "early stopping": {}}


def build(remedy, seed):
    return net(**remedies[remedy], watched=validation, seed=seed)


def unseen_loss(trainer):
    return trainer.evaluate(unseen)["loss"]


found = {}
for remedy in remedies:
    early = remedy == "early stopping"
    table = nbann.sweep(
        build, {"remedy": [remedy]}, "in process", seeds=5, epochs=100, progress=False,
        until=nbann.EarlyStopping("test_loss", patience=10) if early else None,
        metrics=[unseen_loss],
    ).table
    found[remedy] = table["unseen_loss"]
    print(f"{remedy:14} loss {found[remedy].mean():.2f} ± {found[remedy].std():.2f}, "
          f"after {table['epochs'].mean():.0f} epochs")
assert found["early stopping"].max() < found["nothing"].min()
if (l2, dropout) == (0.01, 0.5):
    assert found["early stopping"].max() < found["L2"].min()
    assert found["L2"].max() < found["nothing"].min()
    assert found["dropout"].mean() > found["nothing"].mean() - found["nothing"].std()

# %% [markdown]
# After ± stands the deviation over the five starts. L2 and early stopping lower the loss by far more than that, dropout does not lower it at all: remedies are tried, not believed.
#
# Now in the plane, where you see it: two spirals, and every tenth label is *wrong on purpose*. Move the slider to make the net wider.

# %%
true = nbann.datasets.spirals(200, noise=0.2, seed=0)
spirals = true.with_label_noise(0.1, seed=0)
wrong = true.y != spirals.y
others = nbann.datasets.spirals(1000, noise=0.2, seed=100)
frame = {}


def spiral_net(width, data=spirals):
    layers = [nbann.Dense(width), nbann.ReLU(), nbann.Dense(width), nbann.ReLU(), nbann.Dense(2)]
    wide = nbann.Trainer(
        nbann.Sequential(layers), data, test=others, optimizer=nbann.Adam(0.01), batch_size=20
    )
    wide.run(epochs=300)
    return wide


def widen(width):
    frame["net"] = wide = spiral_net(width)
    board = nbann.Dashboard(wide, ["decision", "loss"])
    if "box" in frame:
        frame["box"].children = (slider, nbann.FrameView(board))
    return board


slider = nbann.Slider("neurons in each layer", values=[2, 4, 8, 16, 32, 64], value=32)
frame["box"] = ipywidgets.VBox([slider, nbann.FrameView(widen(32))])
slider.observe(lambda change: widen(change["new"]), "value")
frame["box"]

# %%
for width in (4, 32):
    slider.value = width
    wide = frame["net"]
    print(f"{width:2} neurons: {wide.history['train_accuracy'][-1]:.0%} of what it saw,"
          f" {wide.history['test_accuracy'][-1]:.0%} of what it did not")
for name, run in {"the wide one": wide, "its twin, told the truth": spiral_net(32, true)}.items():
    repeated = int((run.predict(spirals.X[wrong]) == spirals.y[wrong]).sum())
    print(f"{repeated:2} of {wrong.sum()} wrong labels are the answers of {name}")
assert repeated <= 2
assert "Decision boundary" in frame["box"].children[1].describe()

# %% [markdown]
# Too narrow, and it can not even follow the spirals. Wide, it follows them, and then bends its border round single points whose label is wrong: those it has not understood but remembered. Its twin has learned the same points with their true labels, and gives none of these answers.
#
# ## Exercise: dropout
#
# Write what dropout does while training. `a` is what neurons say; each number becomes 0 with probability `rate`; the rest is scaled up so that the sum stays as large on average. `rng.random(shape)` gives numbers between 0 and 1.
#
# <details><summary>Hint 1</summary>
#
# `rng.random(a.shape) >= rate` is True where a number is kept. Multiply by it.
#
# <details><summary>Hint 2</summary>
#
# A share of `1 - rate` is kept, so divide by that. [The solution](solutions/09-know-or-remember.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def dropout(a, rate, rng):
    return a  # drop some, and make up for it


# %% tags=["solution"]
def dropout(a, rate, rng):
    kept = rng.random(a.shape) >= rate
    return a * kept / (1 - rate)


# %% tags=["check"]
nbann.check.dropout(dropout)

# %% [markdown]
# ## In three lines
#
# - Only data that the net has not learned from tells what it knows.
# - Over-fitting shows where the two curves part: it goes on learning what is true of the training data only.
# - L2, dropout and early stopping work against it; which one helps is found by trying, and judged by data that chose nothing.
#
# **Further reading**: Krogh & Hertz, *A Simple Weight Decay Can Improve Generalization* (1991); Prechelt, *Early Stopping - But When?* (1998); Srivastava and others, *Dropout* (2014).
#
# **Next**: [How deep can it go?](10-how-deep.ipynb)

# %% [markdown]
# # What went wrong here?
#
# A run fails, and says nothing. The loss stands still, or is *nan*, or one of three answers stays poor. With a run that can be gone back to you need not guess: go to where it happened, and look.
#
# **What you'll do**: find the cause of three broken runs, mend each, and prove that it is mended.
#
# **What you'll learn**: dead neurons, overflow, bad scales, leaks; diagnosis, autopsy, going back, branches, comparing.
#
# **What you need**: 25 minutes; [How deep can it go?](10-how-deep.ipynb) and [Can it put things in order?](15-put-in-order.ipynb)

# %% [markdown]
# ## Case 1: it does not learn
#
# Three kinds of wine, thirteen measurements, sixteen hidden neurons. The loss comes down to 1.09, which is nearly $\log 3$: the price of not knowing. There it stays.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=2, suppress=True)

# %%
train, test = nbann.datasets.wine().split(test=0.3, seed=0)


def classifier(train, test):
    net = nbann.Sequential([
        nbann.Dense(16, name="hidden"), nbann.ReLU(name="bend"), nbann.Dense(3, name="output"),
    ])
    return nbann.Trainer(net, train, test=test, optimizer=nbann.SGD(0.1), batch_size=16, seed=0)


stuck = classifier(train, test)

# %% [markdown]
# ## Predict

# %%
def awake(trainer):
    apart = classifier(train, test)
    apart.run(epochs=20)
    return int((apart.activations("bend.out", train.X) > 0).any(axis=0).sum())


guess = nbann.Predict(
    "After 20 epochs, how many of the 16 hidden neurons still answer to any of the wines?",
    slider=(0, 16, 1), truth=awake, unlocks=stuck,
    explanation="All are dead: ReLU gives 0 for every wine, and its slope is 0 as well.",
)
guess

# %% tags=["solution"]
guess.answer(0)

# %% [markdown]
# ## Run, and ask

# %%
stuck.run(epochs=20)
print(f"loss {stuck.history['train_loss'][-1]:.2f}")
print(nbann.diagnose(stuck))
print(guess.reveal())
assert "dead relu" in str(nbann.diagnose(stuck))

# %% [markdown]
# When did they die? Back to the start, and on, batch by batch:

# %%
stuck.goto(epoch=0, batch=0, op=0)
for batch in range(4):
    stuck.step("batch")
    asleep = int((stuck["bend.out"] == 0).all(axis=0).sum())
    print(f"batch {batch}: {asleep:2} asleep, largest input {stuck['x'].max():.0f}, "
          f"largest step of a weight {np.abs(stuck.last_change('hidden.weight')).max():.2f}")

# %% [markdown]
# One measurement, proline, is near 1,000. The gradient of a weight is *what came in times blame*, so the first two steps were huge, and threw every sum far below 0. From there no blame comes back. The mend is not a smaller rate but a better scale:

# %%
scaled = train.standardized()
mended = classifier(scaled, test.standardized(like=scaled))
mended.run(epochs=20)
print(f"{mended.history['test_accuracy'][-1]:.0%} of the test wines are named right")
assert mended.history["test_accuracy"][-1] > 0.9

# %% [markdown]
# ## Step through
#
# Look at the death: press **Reset**, and step by **phase** through the first batches. *Activations* shows how the sums move, and what share of `bend` is dead.

# %%
widget = nbann.StepThrough(stuck, panels=["activations", "gradients"])
widget

# %%
stuck.goto(epoch=0, batch=4)
assert "100% dead" in widget.describe()
print(stuck.explain("hidden.weight", (12, 0)))

# %% [markdown]
# ## Case 2: not a number
#
# An estimator of disease from ten features. `run` stops by itself, before the batch in which a number could no longer be held, and keeps an **autopsy**.

# %%
patients, others = nbann.datasets.diabetes().split(test=0.3, seed=0)
line = nbann.Trainer(
    nbann.Sequential([nbann.Dense(1, name="line")]), patients, test=others,
    loss="mean_squared_error", optimizer=nbann.SGD(0.001), seed=0,
)
stop = line.run(epochs=100)
first, *rest = str(stop.autopsy).split("\n")
print(first.partition(":")[0], "-", first.partition(":")[2])
mends = [text for text in rest if "too high" in text or "Scale them" in text]
print(*mends, sep="\n")
assert stop.reason == "nan" and np.isfinite(line["line.weight"]).all()

# %% [markdown]
# ## Change one thing
#
# The weights before are there still, but already useless: it went wrong long ago. A **branch** is a twin with the same past. Let it go back, and give it another learning rate. Which rate lets it live? And what is the larger trouble, the rate or the scale?

# %%
twin = line.branch()
twin.goto(epoch=0, batch=0, op=0)
twin.learning_rate = 1e-6
print("small rate:", twin.run(epochs=50).reason, f"loss {twin.history['train_loss'][-1]:.4g}")

near = patients.standardized()
better = nbann.Trainer(
    nbann.Sequential([nbann.Dense(1, name="line")]), near, test=others.standardized(like=near),
    loss="mean_squared_error", optimizer=nbann.SGD(0.05), seed=0,
)
print("right scale:", better.run(epochs=50).reason, f"loss {better.history['train_loss'][-1]:.4g}")
assert better.history["train_loss"][-1] < 3200 < twin.history["train_loss"][-1]
print(str(nbann.Compare(line, twin).first_difference()).split(":")[0])

# %% [markdown]
# ## Case 3: three heads, one voice
#
# One body of twelve neurons with three **heads**: one puts documents in order (a ranker), one estimates a price, one says good or not (a classifier). None of them gets far.

# %%
ranked, ranked_test = nbann.datasets.ranking(40).split(test=0.5, seed=0)


def three_heads(unit):
    def with_targets(data):
        price = 3 * data.X[:, 0] - 2 * data.X[:, 1]  # in thousands
        targets = {"order": data.y, "price": unit * price, "good": (data.X[:, 2] > 0).astype(int)}
        return nbann.Dataset(data.X, targets, groups=data.groups)

    net = nbann.Heads(
        [nbann.Dense(12, name="body"), nbann.Tanh()],
        {"order": [nbann.Dense(1)], "price": [nbann.Dense(1)], "good": [nbann.Dense(2)]},
    )
    loss = nbann.Losses({"order": nbann.RankNet()})
    return nbann.Trainer(
        net, with_targets(ranked), test=with_targets(ranked_test), loss=loss,
        optimizer=nbann.SGD(0.02, clip_norm=5.0), batch_size=5, seed=0,
    )


for unit in (1000, 1):
    heads = three_heads(unit)
    heads.step("phase", 3)
    sizes = [np.linalg.norm(heads[f"{name}.out.grad"]) for name in ("order", "price", "good")]
    print(f"price in units of 1/{unit}: gradients of order, price, good: {np.array(sizes)}")
    first = heads.evaluate(heads.test_data)
    heads.run(epochs=40)
    last = heads.evaluate(heads.test_data)
    left = last["price_loss"] / first["price_loss"]
    print(f"   NDCG {last['order_ndcg']:.2f}, good or not: {last['good_accuracy']:.0%} right, "
          f"squared error of the price: {left:.0%} of the first")
assert last["good_accuracy"] > 0.9 and left < 0.1

# %% [markdown]
# In single units the error of the price is a thousand times larger, its square a million times: the body listens to that head alone. `clip_norm` then shortens the whole gradient to 5, which leaves next to nothing for the others, and for a price in the thousands steps that are far too short. Scale targets, too; a small weight, `nbann.Losses(..., weights={"price": 1e-6})`, frees the two others only.
#
# ## Exercise: mend a leak
#
# A net with wonderful test results fails at work. Its maker had standardized all data together: the test data had a say in what the net saw. Mend it: `train` gets mean 0 and deviation 1 in each column, and `test` goes through the very same steps.
#
# <details><summary>Hint 1</summary>
#
# Mean and deviation of which data may be used? Only of that which is known before the test.
#
# <details><summary>Hint 2</summary>
#
# `train.mean(axis=0)` and `train.std(axis=0)`, for both. [The solution](solutions/16-what-went-wrong.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def standardize(train, test):
    both = np.concatenate([train, test])
    mean, deviation = both.mean(axis=0), both.std(axis=0)
    return (train - mean) / deviation, (test - mean) / deviation


# %% tags=["solution"]
def standardize(train, test):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / deviation, (test - mean) / deviation


# %% tags=["check"]
nbann.check.standardize(standardize)

# %% [markdown]
# ## In three lines
#
# - Ask the numbers, not your memory: a diagnosis says what ails, an autopsy which operation it was.
# - Go back to where it began, change one thing in a branch, and prove that it is mended.
# - Most of it is scale: of features, of targets, of steps, of heads beside one another.
#
# **Further reading**: LeCun, Bottou, Orr & Müller, *Efficient BackProp* (1998); Caruana, *Multitask Learning* (1997); Kaufman and others, *Leakage in Data Mining* (2012).
#
# **Next**: [More than one machine?](17-more-than-one-machine.ipynb)

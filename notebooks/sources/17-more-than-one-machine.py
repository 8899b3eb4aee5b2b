# %% [markdown]
# # More than one machine?
#
# One run after another, on one processor: sooner or later that is too slow. There are two ways out. **Many runs at once**, none of which knows of the others; and **one run on many machines**, which have to agree after every batch.
#
# **What you'll do**: train 48 nets side by side and read their map; then split one batch over two workers, step by step.
#
# **What you'll learn**: sweep, grid, seeds; data-parallel training: scatter, gradient, reduce, update.
#
# **What you need**: 20 minutes; [All, some or one?](08-all-some-or-one.ipynb) and [How deep can it go?](10-how-deep.ipynb)

# %% [markdown]
# ## Predict
#
# Two half-moons, to be told apart by nets of 1, 2, 4 or 8 hidden layers. Each depth is tried with six learning rates, from 0.01 to 3.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
train, test = nbann.datasets.moons(200, noise=0.2, seed=1).split(test=0.4, seed=0)
grid = {"depth": [1, 2, 4, 8], "learning_rate": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]}


def build(depth, learning_rate, seed=0):
    hidden = [layer for _ in range(depth) for layer in (nbann.Dense(8), nbann.Tanh())]
    return nbann.Trainer(
        nbann.Sequential([*hidden, nbann.Dense(2)]), train, test=test,
        optimizer=nbann.SGD(learning_rate), batch_size=16, seed=seed,
    )


# %%
def compared():
    shallow, deep = best_rate[1], best_rate[8]
    return "smaller" if deep < shallow else "larger" if deep > shallow else "the same"


guess = nbann.Predict(
    "Which learning rate is best for 8 hidden layers, compared with that for one?",
    choices=["smaller", "the same", "larger"], truth=compared,
    explanation="A step that one layer can take, eight layers in a row take too far.",
)
guess

# %% tags=["solution"]
guess.answer("smaller")

# %% [markdown]
# ## Run many
#
# A **sweep** calls `build` for every pair of the grid, with two seeds each: a single seed is a lottery. The runs are dealt out to the processors of this machine; `executor=` takes a cluster just as well. Same seed, same numbers, wherever a run was.

# %%
sweep = nbann.sweep(build, grid, seeds=2, epochs=20, progress=False)
print(len(sweep), "runs,", len(sweep[0].history["train_loss"]), "epochs each")
assert set(sweep.table["status"]) == {"done"}

# %%
nbann.Dashboard(sweep, [nbann.panels.SweepMap(x="learning_rate", y="depth", metric="train_loss")])

# %% [markdown]
# Read it row by row: where is each depth at its best, and where does it break?

# %%
best_rate = {}
for depth in grid["depth"]:
    row = sweep.table[sweep.table["depth"] == depth]
    loss = [row["train_loss"][row["learning_rate"] == r].mean() for r in grid["learning_rate"]]
    best_rate[depth] = grid["learning_rate"][int(np.argmin(loss))]
    print(f"{depth} hidden: best at {best_rate[depth]}; at 3.0 the loss is "
          f"{'above' if loss[-1] > np.log(2) else 'below'} that of a coin")
print(guess.reveal())
assert best_rate[8] < best_rate[1]

# %% [markdown]
# Any of them can be had back, trained, to look into:

# %%
winner = sweep.best("train_loss").trainer()
print(f"depth {sweep.best('train_loss').settings['depth']}, {winner.position}")
assert winner.history["train_loss"][-1] == sweep.table["train_loss"].min()

# %% [markdown]
# ## Step through one batch on two workers
#
# Now one run. The rows are dealt out: worker 1 holds every other one, worker 2 the rest. For each batch both get the weights (**scatter**), each computes the **gradient** of the rows it holds, and the two are averaged (**reduce**) before the one **update**. Press **Step**, by *phase*.

# %%
alone, together = build(2, 0.3), build(2, 0.3)
together.distribute(workers=2)
widget = nbann.StepThrough(together, panels=["loss", "decision"])
widget

# %%
together.reset()  # wherever you have stepped to
together.distribute(workers=2)
for _ in together.program.phases:
    ran = together.step("phase")
    print(f"{ran[0].phase:22}", ran[0].equation.text())
print(together.arithmetic("loss"))
assert widget.here["op"] == together.loaded.op

# %% [markdown]
# With which shares? A batch is drawn from all rows, so one worker may hold more of it. Its gradient is a mean over *its* rows, and counts as much as they do. Then it is the gradient of the whole batch:

# %%
for one in (alone, together):
    one.goto(epoch=0, batch=1)
rows = [round(16 * float(together[f"worker{k}.share"])) for k in (1, 2)]
apart = np.abs(alone["dense1.weight.grad"] - together["dense1.weight.grad"]).max()
print("rows of this batch:", *rows)
print("gradients differ by less than 1e-15:", bool(apart < 1e-15))
assert apart < 1e-15 and sum(rows) == 16

# %% [markdown]
# So far both workers were in this process, one after the other. With an `executor` they are processes, here or elsewhere; a `dask.distributed.Client` stands for a cluster. Nothing else changes.

# %%
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

spread = build(2, 0.3)
with ProcessPoolExecutor(2, get_context("spawn")) as pool:
    spread.run(epochs=5, executor=pool)
spread.gather()
alone.goto(epoch=5)
losses = np.abs(alone.history["loss"] - spread.history["loss"])
print(len(losses), "batches; losses differ by less than 1e-12:", bool(losses.max() < 1e-12))
assert losses.max() < 1e-12

# %% [markdown]
# ## Change one thing
#
# How many workers are too many? Each gets all weights and sends all gradients back, for every batch. Set `workers` to 5, and `neurons` to 100: what is sent grows, and each has less to do. It pays where a batch takes long to compute.
#
# And not every net can be split: what if a layer looks at the whole batch?

# %%
workers, neurons = 2, 8
layers = [nbann.Dense(neurons), nbann.Tanh(), nbann.Dense(neurons), nbann.Tanh(), nbann.Dense(2)]
weights = sum(w.size for w in nbann.Trainer(nbann.Sequential(layers), train).parameters.values())
print(f"{weights} weights: {2 * workers * weights * 8 / 1000:.1f} kB on the way for each batch")

net = nbann.Sequential([nbann.Dense(8), nbann.BatchNorm(), nbann.Dense(2)])
try:
    nbann.Trainer(net, train).distribute(workers=workers)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Exercise: reduce
#
# `gradients` has a row for each worker, the gradient of the mean loss of its own samples; `counts` says how many those were. Return the gradient of the mean loss of all samples.
#
# <details><summary>Hint 1</summary>
#
# A mean times its count is a sum. Sums can be added up.
#
# <details><summary>Hint 2</summary>
#
# `counts @ gradients` is the sum over all samples; what is it divided by? [The solution](solutions/17-more-than-one-machine.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def reduce(gradients, counts):
    return gradients.mean(axis=0)


# %% tags=["solution"]
def reduce(gradients, counts):
    return counts @ gradients / counts.sum()


# %% tags=["check"]
nbann.check.reduce_gradients(reduce)

# %% [markdown]
# ## In three lines
#
# - Runs that do not know of each other can be anywhere: a sweep is many of them, and a map to read.
# - A gradient is a mean over samples, so parts of it can be computed apart and averaged by their rows.
# - What is sent for each batch is the price; it pays where computing takes longer than sending.
#
# **Further reading**: Bergstra & Bengio, *Random Search for Hyper-Parameter Optimization* (2012); Dean and others, *Large Scale Distributed Deep Networks* (2012); Goyal and others, *Accurate, Large Minibatch SGD* (2017).
#
# **Next**: [Make your own lesson](make-your-own-lesson.ipynb)

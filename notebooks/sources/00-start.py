# %% [markdown]
# # How do I begin?
#
# nbann trains neural networks inside a notebook, in steps that you can see. You stop at any multiplication, read its numbers, change one, go back, and go on.
# Seventeen lessons use it to answer one question each. This page shows you the controls; nothing here needs to be understood yet.
#
# **What you'll do**: check that everything works, press Step, go back, change a weight, ask why.
#
# **What you'll learn**: how to use the widget that all lessons use.
#
# **What you need**: 5 minutes. A little Python helps; no mathematics yet.
#
# A notebook is made of cells. Click one and press **Shift+Enter** to run it, then the next; or choose *Run > Run All Cells* from the menu.

# %% [markdown]
# ## Does it work here?

# %%
import nbann

train, test = nbann.datasets.iris().standardized().split(test=0.2, seed=0)
assert len(train) == 120 and len(test) == 30
net = nbann.Sequential([
    nbann.Dense(3, name="hidden"), nbann.Tanh(name="tanh"), nbann.Dense(3, name="output"),
])
trainer = nbann.Trainer(net, train, test=test, optimizer=nbann.SGD(learning_rate=0.2), seed=1)
trainer.run(epochs=30)
accuracy = trainer.evaluate(test)["accuracy"]
assert accuracy > 0.8
print(f"It works: a small net has learned to name {accuracy:.0%} of {len(test)} new flowers.")

# %% [markdown]
# If this cell raised an error, a package is missing: `pip install -U "nbann[lab]"`, then start JupyterLab anew.
#
# ## Guess first
#
# Lessons ask before they tell. A guess that turns out wrong teaches most, and nobody sees it but you. Until you have guessed, the buttons of the next widget are locked.

# %%
trainer.reset()
guess = nbann.Predict(
    "The net starts anew and sees 120 flowers ten times. How many of 30 new ones will be right?",
    slider=(0, 30, 1), truth=lambda trainer: round(30 * trainer.history["test_accuracy"][9]),
    unlocks=trainer, after=10, within=2,
)
guess

# %% [markdown]
# ## Step, back, play
#
# 1. Press **Step**. One operation has run: it is marked in the list, written as an equation with its numbers, and lit in the network.
# 2. Press **◀** to go back. Every number is as it was.
# 3. Choose **batch** or **epoch** and step again: larger strides. An epoch is one pass through all flowers.
# 4. Press **Play**, watch ten epochs go by, press **Pause**. Then press **Reveal** above.
# 5. Point at a neuron or a connection to read it. Click it to change it, or to ask **why?**
#
# Keys: space plays, → and ← step and go back, **?** lists the others.

# %%
widget = nbann.StepThrough(trainer, panels=["loss", "decision"])
widget

# %% [markdown]
# If you see a picture but no buttons, the widget is not connected: run the cells from the top, once. After a restart of the kernel, run them again.
#
# ## Buttons and Python are one
#
# Whatever a button does, Python can do, to the same run. Run this cell and look up.

# %%
trainer.reset()
trainer.step("op")
print(trainer.arithmetic("hidden.out", (0, 0)))
before = trainer["hidden.out"][0, 0]

trainer.set("hidden.weight", (0, 0), 2.0)  # change a weight; what follows from it follows
assert trainer["hidden.weight"][0, 0] == 2.0
assert trainer["hidden.out"][0, 0] != before
assert widget.here["op"] == trainer.loaded.op
print(trainer.arithmetic("hidden.out", (0, 0)))

# %%
trainer.reset()
trainer.run(epochs=10)
assert trainer.position.epoch == 10
print(guess.reveal())

# %% [markdown]
# ## How a lesson goes
#
# - **Predict**, run, and see how far off you were.
# - **Step through** what happened, then **change one thing**.
# - An **exercise** ends each lesson: a cell to fill in, and a cell that checks it. It says *ok*, or *not yet* and what to look at. Two hints open one by one; all solutions are in the folder `solutions`.
#
# What you change stays yours: `nbann lab` never overwrites a lesson that you have changed.
#
# | | Question | |
# | --- | --- | --- |
# | 1 | [One neuron: how does it decide?](01-one-neuron.ipynb) | one layer, labels, the perceptron |
# | 2 | [What does being wrong cost?](02-being-wrong.ipynb) | loss, gradient descent |
# | 3 | [From score to class?](03-score-to-class.ipynb) | softmax, cross-entropy |
# | 4 | [Why bend the line?](04-bend-the-line.ipynb) | activations |
# | 5 | [What can a line not do?](05-what-a-line-cannot.ipynb) | hidden layers |
# | 6 | [Who is to blame?](06-who-is-to-blame.ipynb) | backpropagation |
# | 7 | [Iris from scratch?](07-iris-from-scratch.ipynb) | the whole loop |
# | 8 | [All, some or one?](08-all-some-or-one.ipynb) | stochastic gradient descent |
# | 9 | [Know it or remember it?](09-know-or-remember.ipynb) | over-fitting |
# | 10 | [How deep can it go?](10-how-deep.ipynb) | very deep nets |
# | 11 | [Do we agree with scikit-learn?](11-scikit-learn.ipynb) | defaults |
# | 12 | [What is there to learn without labels?](12-without-labels.ipynb) | autoencoder, PCA, maps |
# | 13 | [Up and down through the same weights?](13-up-and-down.ipynb) | Hopfield nets, RBM |
# | 14 | [Can the future explain the past?](14-future-and-past.ipynb) | recurrent nets |
# | 15 | [Can it put things in order?](15-put-in-order.ipynb) | ranking |
# | 16 | [What went wrong here?](16-what-went-wrong.ipynb) | debugging a run |
# | 17 | [More than one machine?](17-more-than-one-machine.ipynb) | sweeps, data-parallel training |
#
# For teachers: [Make your own lesson](make-your-own-lesson.ipynb).
#
# **Next**: [One neuron: how does it decide?](01-one-neuron.ipynb)

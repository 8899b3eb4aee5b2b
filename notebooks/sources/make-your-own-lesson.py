# %% [markdown]
# # How do I make a lesson of my own?
#
# For teachers. Below is a new lesson in twenty lines: a question, a widget that waits for the guess, a run, the answer. Copy it, put in your data, your net and your question.
#
# **What you'll do**: run the twenty lines, then change three of them.
#
# **What you'll learn**: how a lesson is put together, and how to check that it stays true.
#
# **What you need**: 20 minutes, and [How do I begin?](00-start.ipynb)

# %% [markdown]
# ## Twenty lines

# %% tags=["setup"]
import numpy as np

import nbann

# %%
train, test = nbann.datasets.wine().split(test=0.3, seed=1)
train = train.standardized()
trainer = nbann.Trainer(
    nbann.Sequential([nbann.Dense(5, name="hidden"), nbann.Tanh(), nbann.Dense(3, name="output")]),
    train, test=test.standardized(like=train), optimizer=nbann.SGD(0.5), batch_size=16, seed=0,
)


def right(trainer):  # how many new wines, in percent
    return round(100 * trainer.history["test_accuracy"][19])


guess = nbann.Predict(
    "Three vineyards, thirteen measurements: what percentage of new wines is named right?",
    slider=(0, 100, 1), truth=right, unlocks=trainer, after=20, within=5,
)
guess

# %%
lesson = nbann.StepThrough(trainer, panels=["loss", "confusion"])
lesson

# %%
trainer.run(epochs=20)
print(guess.reveal())
assert 90 <= right(trainer) <= 100

# %% [markdown]
# These cells have all of a lesson but the words. `Predict` holds the buttons until a guess is made; `truth` is computed from the run itself, so that the answer can never be out of date; the assertion proves that what your text says is what the notebook does.
#
# ## Your data, your net, your panels
#
# - **Data**: `nbann.Dataset(X, y)` takes arrays and data frames; some twenty sets are in `nbann.datasets`.
# - **Net and settings**: whatever [the lessons](00-start.ipynb) use, from one neuron to a hundred layers.
# - **Panels**, by name: "loss", "decision", "landscape", "weights", "network", "activations", "gradients", "confusion", "predictions", "latent", "states" and more. One that does not fit says why.
#
# A figure that stays in the notebook, with its words:

# %%
board = nbann.Dashboard(trainer, ["loss", "confusion", "latent"])
assert "Confusion" in board.describe()
board

# %% [markdown]
# ## An exercise with a check
#
# `nbann.check` has checks for common exercises. They compare with something independent, never with a copy of the answer: here the slope that a learner writes down is held against the function itself.
#
# Write the slope of $f(z) = z^2 / (1 + z^2)$, for an array `z`:
#
# <details><summary>Hint 1</summary>
#
# A quotient: the slope of $u/v$ is $(u'v - uv')/v^2$.
#
# <details><summary>Hint 2</summary>
#
# The upper part is $2z(1+z^2) - 2z \cdot z^2$. [The solution](solutions/make-your-own-lesson.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def slope(z):
    return z  # put the slope here


# %% tags=["solution"]
def slope(z):
    return 2 * z / (1 + z**2) ** 2


# %% tags=["check"]
nbann.check.derivative(slope, of=lambda z: z**2 / (1 + z**2))

# %% [markdown]
# For a check of your own, `nbann.check.asking` calls a learner's function for you: one that raises, returns nothing, gives NaN or never comes back gets a message, and nothing else breaks. Say what is right by a property, and say first what is wrong:

# %%
from nbann.check import asking


def check_mean_and_spread(standardize):
    """Standardized numbers have mean 0 and deviation 1, whatever they were before."""
    x = np.random.default_rng().normal(5, 3, size=50)
    z = asking.read_array(asking.call(standardize, x), x.shape, what="numbers")
    if abs(z.mean()) > 1e-9:
        raise asking.not_yet(f"the mean should be 0, yours is {z.mean():.3g}.")
    if abs(z.std() - 1) > 1e-9:
        raise asking.not_yet(f"the deviation should be 1, yours is {z.std():.3g}.")
    return "ok: mean 0 and deviation 1."


print(check_mean_and_spread(lambda x: (x - x.mean()) / x.std()))

# %% [markdown]
# ## Keep it true
#
# Save the notebook with its outputs, and run `pytest --nbval your-lesson.ipynb` (`pip install nbval`): every cell is run again and must print what it printed. Pictures are not compared, so print or assert what they say: `board.describe()`. A cell that is meant to say "not yet" has the tag `raises-exception`.
#
# To hand out a playground in a prepared state: `nbann.Playground("spirals", hide=["code"]).to_json("start.json")`, and `nbann.Playground.from_json("start.json")` for the class.
#
# **Next**: [How do I begin?](00-start.ipynb) has the list of all lessons.

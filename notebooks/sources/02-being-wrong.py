# %% [markdown]
# # What does being wrong cost?
#
# A class is right or wrong. A number is *nearly* right, or far off, and far off is worse. Once there is a price for being wrong, learning is simple: walk downhill.
#
# **What you'll do**: fit a line to 442 patients by walking down a bowl, and find the step at which the walk goes up instead.
#
# **What you'll learn**: estimator (regressor), error, loss, gradient, gradient descent, learning rate.
#
# **What you need**: 20 minutes; [One neuron: how does it decide?](01-one-neuron.ipynb)

# %% [markdown]
# ## A line through patients
#
# The diabetes data (Efron and others, 2004) has a number for how far the disease of each patient went on within a year, from 25 to 346. Our neuron is to estimate it from one feature, the body mass index, standardized. It adds up $z = w \cdot x + b$, and $z$ is its answer: no decision, just the number. That is a straight line.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
everything = nbann.datasets.diabetes()
patients = nbann.Dataset(
    everything.X[:, [2]], everything.y, task="regression",
    feature_names=["body mass index"], target_names=["progression"],
).standardized()


print(len(patients), "patients, disease from", patients.y.min(), "to", patients.y.max())


def line(learning_rate):
    net = nbann.Sequential([nbann.Dense(1, name="line")])
    return nbann.Trainer(
        net, patients, loss="mean_squared_error", batch_size=None,
        optimizer=nbann.SGD(learning_rate), seed=0,
    )


trainer = line(learning_rate=0.1)
trainer.step("phase", 2)
print("the first three patients: true", trainer["y"][:3].ravel(), " the line says",
      trainer["line.out"][:3].ravel())
print(f"loss: {trainer['loss']:.0f}")

# %% [markdown]
# The **error** of a patient is what the line says, minus what is true. The **loss** is the mean of the *squared* errors: twice as far off costs four times as much, and too high costs as much as too low.
#
# The loss is a number for each choice of $w$ and $b$: a landscape over the plane of these two. Here it is a bowl. The **gradient** says how fast the loss grows with $w$, and with $b$; it points uphill. **Gradient descent** takes a step against it, as long as the gradient times the **learning rate**:
#
# $$w \leftarrow w - \eta \, \frac{\partial L}{\partial w}, \qquad b \leftarrow b - \eta \, \frac{\partial L}{\partial b}$$
#
# ## Predict
#
# The learning rate will be 0.1. Large steps arrive sooner, so why not 1.1?

# %%
def with_large_steps(trainer):
    apart = line(learning_rate=1.1)
    apart.run(epochs=10)
    first, *_, last = apart.history["train_loss"]
    return "a climb" if last > first else "a faster fall" if last < 4000 else "no change"


guess = nbann.Predict(
    "What will the loss do in ten steps with a learning rate of 1.1?",
    choices=["a faster fall", "no change", "a climb"], truth=with_large_steps, unlocks=trainer,
    explanation="Each step leaps over the bottom, and lands higher up on the other side.",
)
guess

# %% tags=["solution"]
guess.answer("a climb")

# %% [markdown]
# ## Run
#
# Thirty steps; each looks at all patients. Is there a shorter way? For a line there is: *least squares* can be solved with a pencil, and that answer is what the walk should arrive at.

# %%
trainer.run(epochs=30)
design = np.stack([patients.X[:, 0], np.ones(len(patients.X))], axis=1)
(slope, offset), *_ = np.linalg.lstsq(design, patients.y, rcond=None)
print(f"walked to   w = {trainer['line.weight'][0, 0]:.2f}, b = {trainer['line.bias'][0]:.2f}")
print(f"pencil says w = {slope:.2f}, b = {offset:.2f}")

trainer.run(epochs=100)
assert np.isclose(trainer["line.weight"][0, 0], slope, rtol=1e-10)
assert np.isclose(trainer["line.bias"][0], offset, rtol=1e-10)

# %% [markdown]
# After 130 steps they agree to ten digits. Nobody told the neuron the formula of least squares.
#
# ## Step through
#
# Press **Reset** (↺): back to the start. Choose the unit **epoch** and step. Watch the dot walk down the bowl, and the line turn. At first the steps are long, then shorter and shorter, though the learning rate is the same: why? Then choose **op**, and read how a gradient is added up from all patients.

# %%
trainer.reset()
bowl = nbann.panels.LossLandscape(weights=(("line.weight", (0, 0)), ("line.bias", 0)))
widget = nbann.StepThrough(trainer, panels=["loss", bowl, "predictions"])
widget

# %%
trainer.reset()  # wherever you have stepped to
trainer.run(epochs=30)
assert widget.here["epoch"] == 30
spent = trainer.history["train_loss"]
print(f"loss after steps 1, 2, 3: {spent[0]:.0f}, {spent[1]:.0f}, {spent[2]:.0f};"
      f" after 30: {spent[-1]:.0f}")
assert "R2 0.344" in widget.describe()

# %% [markdown]
# The bowl is flat at its bottom, so there the gradient is small. What remains, 3890, is no failure of learning: patients with the same body mass index differ, and no line can follow them all.
#
# ## Change one thing
#
# Only the learning rate differs. What would you take?

# %%
rates = [0.01, 0.1, 0.5, 0.9, 1.0, 1.1]
runs = [line(rate) for rate in rates]
for rate, run in zip(rates, runs):
    run.run(epochs=10)
    print(f"learning rate {rate:4}: loss after 10 steps {run.history['train_loss'][-1]:10.0f}")


def limit(X):
    design = np.column_stack([X, np.ones(len(X))])
    return 2 / np.linalg.eigvalsh(2 * design.T @ design / len(design)).max()


all_ten = everything.standardized().X
print(f"limit: {limit(patients.X):.3f}, with all ten features: {limit(all_ten):.3f}")
print(guess.reveal())
assert runs[5].history["train_loss"][-1] > runs[5].history["train_loss"][0]
assert np.isclose(limit(patients.X), 1)

# %% [markdown]
# This bowl curves by 2 in all directions. A step of 0.5 then leads to the bottom at once. With 1.0 it leaps to the other side, as high as before, and so for ever; with more it climbs. The limit is 2 divided by the largest curvature. A narrower bowl has a lower one: with all ten features it is a quarter. In deep nets nobody knows the curvature beforehand, so one tries.
#
# ## Exercise: the gradient
#
# Write how fast the mean squared error grows with `w` and with `b`. You get all `x` and `y` as arrays, and return two numbers.
#
# <details><summary>Hint 1</summary>
#
# With `error = w * x + b - y` the loss is `np.mean(error**2)`. The derivative of a square is 2 times the error, times the derivative of what is squared.
#
# <details><summary>Hint 2</summary>
#
# The error grows with `b` by 1, and with `w` by `x`. So the slope with b is `2 * np.mean(error)`. [The solution](solutions/02-being-wrong.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def gradient(x, y, w, b):
    error = w * x + b - y
    return 0.0, 0.0  # the slope with w, the slope with b


# %% tags=["solution"]
def gradient(x, y, w, b):
    error = w * x + b - y
    return 2 * np.mean(error * x), 2 * np.mean(error)


# %% tags=["check"]
nbann.check.line_gradient(gradient)

# %% [markdown]
# ## In three lines
#
# - The loss puts a price on being wrong; the mean squared error prices each error by its square.
# - The gradient points uphill, and gradient descent steps against it until it is flat.
# - The learning rate scales the steps: too small is slow, too large climbs; the limit is 2 over the largest curvature.
#
# **Further reading**: Cauchy's note on the method of descent, *Comptes Rendus* 25 (1847); Efron, Hastie, Johnstone & Tibshirani, *Least Angle Regression*, Annals of Statistics 32 (2004), where the data is from; Goodfellow, Bengio & Courville, *Deep Learning*, chapter 4 (2016).
#
# **Next**: [From score to class?](03-score-to-class.ipynb)

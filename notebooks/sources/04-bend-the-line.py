# %% [markdown]
# # Why bend the line?
#
# A neuron adds up, and a sum is a straight line. What do a hundred neurons make of it, layer after layer? Without one small thing in between: a straight line.
#
# **What you'll do**: stack layers with and without a bend between them, and ride along the bend with a slider.
#
# **What you'll learn**: activation, slope (derivative), saturation; why layers need both.
#
# **What you need**: 20 minutes; [What does being wrong cost?](02-being-wrong.ipynb) and [From score to class?](03-score-to-class.ipynb)

# %% [markdown]
# ## Two layers, no bend
#
# Points lie along a wave. A net of 16 *hidden* neurons, between the input and one output, is to follow it. Between the layers stands an **activation**, a function that each neuron puts its sum through, or nothing (`Identity`).

# %% tags=["setup"]
import ipywidgets
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
wave = nbann.datasets.sine().standardized()


def follow(activation):
    net = nbann.Sequential([
        nbann.Dense(16, name="first"), activation(name="bend"), nbann.Dense(1, name="second"),
    ])
    return nbann.Trainer(net, wave, optimizer=nbann.Adam(0.02), batch_size=32, seed=0)


straight, bent = follow(nbann.Identity), follow(nbann.Tanh)
for run in (straight, bent):
    assert sum(array.size for array in run.parameters.values()) == 49

# %% [markdown]
# ## Predict
#
# Both nets have the same 49 numbers to choose, and train as long.

# %%
def improvement(trainer):
    apart = [follow(nbann.Identity), follow(nbann.Tanh)]
    for run in apart:
        run.run(epochs=200)
    without, with_bend = (run.history["train_loss"][-1] for run in apart)
    factor = without / with_bend
    return "about as low" if factor < 2 else "about half" if factor < 4 else "a tenth or less"


guess = nbann.Predict(
    "The net without a bend ends at some loss. How low does the one with tanh get?",
    choices=["about as low", "about half", "a tenth or less"], truth=improvement,
    unlocks=bent,
)
guess

# %% tags=["solution"]
guess.answer("a tenth or less")

# %% [markdown]
# ## Run

# %%
for run in (straight, bent):
    run.run(epochs=200)
losses = [run.history["train_loss"][-1] for run in (straight, bent)]
print(f"loss without a bend {losses[0]:.3f}, with tanh {losses[1]:.3f}")
print(guess.reveal())
assert losses[0] > 8 * losses[1]

line = straight["first.weight"] @ straight["second.weight"]
offset = straight["first.bias"] @ straight["second.weight"] + straight["second.bias"]
x = np.array([[-1.0], [0.0], [2.0]])
print("two layers say ", straight.predict(x).ravel())
print("one line says  ", (x @ line + offset).ravel())
assert np.allclose(straight.predict(x).ravel(), (x @ line + offset).ravel())

# %% [markdown]
# The product of two matrices is a matrix: two layers without a bend *are* one layer, and a hundred would be, too. With a bend they are not.
#
# ## Step through
#
# Watch the tanh net learn to bend. Press **Reset** (↺), choose **epoch** and **Play**. Under *Tangent* you see the curve of tanh (solid), its slope (dashed), and where neuron 0 stands for the first point of the batch.

# %%
widget = nbann.StepThrough(bent, panels=["predictions", "tangent"])
widget

# %%
bent.goto(epoch=0, batch=0, op=0)
bent.step("phase", 3)
assert widget.here["op"] == bent.loaded.op
print(bent.arithmetic("bend.out", (0, 0)))
print(bent.arithmetic("bend.slope", (0, 0)))
print(bent.arithmetic("first.out.grad", (0, 0)))

# %% [markdown]
# The third line is why the **slope** matters. On the way back, what the loss wants of the neuron is multiplied by it: where the curve is flat, hardly anything comes through, and the neuron hardly learns. It is *saturated*.
#
# ## Change one thing
#
# One neuron with one weight that is 0, so that its sum `z` is just its bias; the slider sets that. Find the steepest place and the flattest. Then put `nbann.ReLU`, `nbann.LeakyReLU` or `nbann.GELU` in the place of `nbann.Sigmoid`, and run the cell again.

# %%
net = nbann.Sequential([nbann.Dense(1, name="neuron", weight=[[0.0]]), nbann.Sigmoid(name="bend")])
one = nbann.Trainer(net, ([[0.0]], [[1.0]]), loss="mean_squared_error")
one.step("phase", 3)  # forward, loss, backward: the slope is there
picture = nbann.FrameView(one, panels=["tangent"])


def move(z):
    one.set("neuron.bias", 0, z)


slider = nbann.Slider("z", -4.0, 4.0, 0.1, value=0.0, on_change=move)
ipywidgets.VBox([slider, picture])

# %%
for z in (0.0, 2.0, 4.0):
    slider.value = z
    print(f"z = {z:3}: a = {one['bend.out'][0, 0]:.3f}, slope {one['bend.slope'][0, 0]:.3f}")
assert "largest slope" in picture.describe()

# %% [markdown]
# The sigmoid is never steeper than a quarter, and at 4 it passes on less than a fiftieth of what arrives. ReLU passes all or nothing. In [How deep can it go?](10-how-deep.ipynb) these factors multiply, layer by layer.
#
# A bend in the plane: the same two nets as classifiers of two rings.

# %%
rings = nbann.datasets.circles()
nets = {}
for name, activation in (("no bend", nbann.Identity), ("ReLU", nbann.ReLU)):
    layers = [nbann.Dense(8), activation(), nbann.Dense(2)]
    nets[name] = nbann.Trainer(nbann.Sequential(layers), rings, optimizer=nbann.Adam(0.02), seed=0)
    nets[name].run(epochs=60)
    print(f"{name}: {nets[name].history['train_accuracy'][-1]:.0%} right")
assert nets["no bend"].history["train_accuracy"][-1] < 0.7
assert nets["ReLU"].history["train_accuracy"][-1] > 0.95
nbann.Dashboard(nets["no bend"], ["decision"], width=480, row_height=380)

# %%
board = nbann.Dashboard(nets["ReLU"], ["decision"], width=480, row_height=380)
assert "0 of 500 training points wrong" in board.describe()
board

# %% [markdown]
# ## Exercise: the slope of softplus
#
# *Softplus* is a ReLU with a round corner: $f(z) = \log(1 + e^z)$. Write its slope, for an array `z`.
#
# <details><summary>Hint 1</summary>
#
# The slope of $\log u$ is $u'/u$. Here $u = 1 + e^z$. Far to the right the slope must near 1, far to the left 0.
#
# <details><summary>Hint 2</summary>
#
# $e^z / (1 + e^z)$. Divide both by $e^z$, and you know it: it is the sigmoid. [The solution](solutions/04-bend-the-line.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def slope(z):
    return np.exp(z)  # put the slope here


# %% tags=["solution"]
def slope(z):
    return 1 / (1 + np.exp(-z))


# %% tags=["check"]
nbann.check.derivative(slope, of=lambda z: np.log(1 + np.exp(z)))

# %% [markdown]
# ## In three lines
#
# - Layers without an activation between them are one layer: a straight line, however many.
# - An activation bends the line; each has a curve, and a slope at each place.
# - Learning goes back through the slope: where it is near 0, the neuron is saturated and stands still.
#
# **Further reading**: LeCun, Bottou, Orr & Müller, *Efficient BackProp* (1998), section 4.4; Glorot, Bordes & Bengio, *Deep Sparse Rectifier Neural Networks* (2011); Hendrycks & Gimpel, *Gaussian Error Linear Units* (2016).
#
# **Next**: [What can a line not do?](05-what-a-line-cannot.ipynb)

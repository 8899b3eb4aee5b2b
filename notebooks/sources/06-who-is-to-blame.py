# %% [markdown]
# # Who is to blame?
#
# A net of nine neurons looks at a flower and gets it wrong. Which neuron should change, which way, and by how much?
# **Backpropagation** answers that by multiplying and adding alone. Here you watch every multiplication.
#
# **What you'll do**: step through one training step on six flowers, follow one weight by hand, and check all of it.
#
# **What you'll learn**: forward pass, loss, the error of each neuron, the gradient of a weight, the update.
#
# **What you need**: 25 minutes; what a derivative is; [From score to class?](03-score-to-class.ipynb) and [Why bend the line?](04-bend-the-line.ipynb)

# %% [markdown]
# ## The net
#
# Iris flowers: four measurements in, three species out, and six hidden neurons with ReLU in between (*4-6-3*).
# Six flowers make a batch: few enough to see every term of every sum.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=3, suppress=True)

# %%
flowers = nbann.datasets.iris().standardized()
train, test = flowers.split(test=0.5, seed=0)

net = nbann.Sequential([
    nbann.Dense(6, name="hidden"),
    nbann.ReLU(name="relu"),
    nbann.Dense(3, name="output"),
])
trainer = nbann.Trainer(
    net, train, test=test, batch_size=6, optimizer=nbann.SGD(learning_rate=0.1), seed=2
)
for op in trainer.program:
    print(f"{op.index:2}  {op.phase:9} {op.layer:7} {op.equation}")

# %% [markdown]
# That list *is* a training step: **forward** computes an answer, **loss** says how wrong it is, **backward** says who is to blame, **update** changes the weights.
#
# `x` are the flowers, a row each; `W`, `b` weights and biases; `z` what a neuron adds up, `a` what it says; `p` probabilities, `Y` the truth (1 for the right species, else 0), `n` the six flowers, `L` the loss; `dL/d...` is how the loss changes with a number;
# `theta` stands for all weights and biases, `eta` for the learning rate; `@` is the matrix product, `.T` a transpose.
#
# ## Predict
#
# The net will give flower 0 too little probability for its own species. A neuron's **blame** is how much the loss would change if the neuron said a little more.
# Only the hidden neurons 0 and 3 are awake for flower 0, and neuron 3 says more.

# %%
def most_to_blame(trainer):
    twin = trainer.branch()  # the answer is computed apart, wherever your run stands
    twin.reset()
    twin.step("phase", 3)
    return f"neuron {np.abs(twin['hidden.out.grad'][0]).argmax()}"


guess = nbann.Predict(
    "Which hidden neuron is more to blame for the loss of flower 0?",
    choices=["neuron 0", "neuron 3"], truth=most_to_blame, unlocks=trainer,
    explanation="What counts is not how loud a neuron is, but how its output pulls the answer.",
)
guess

# %% tags=["solution"]
guess.answer("neuron 0")

# %% [markdown]
# ## Run: one step by hand
#
# **Forward**: each hidden neuron adds up the measurements, each times a weight, plus a bias; ReLU lets only positive sums pass. **Loss**: softmax turns three outputs into probabilities; the loss is the mean of $-\log p$ of the true species.

# %%
trainer.step("phase")
print(trainer.arithmetic("hidden.out", (0, 0)))
print(trainer.arithmetic("relu.out", (0, 0)))
print("what the six hidden neurons say of flower 0:", trainer["relu.out"][0])

trainer.step("phase")
species = train.target_names[trainer["y"][0]]
print(f"\nflower 0 is a {species}, probabilities: {trainer['loss.p'][0]}")

# %% [markdown]
# **Backward** starts at the outputs, where blame is simple: probability minus truth, divided by the six flowers. Then it flows back through the same weights:
# a neuron's blame is the blame of every output it feeds, each times the weight between them. The slope of ReLU (1 if awake, 0 if asleep) lets it through, or not.

# %%
trainer.step("layer")
print(trainer.arithmetic("output.out.grad", (0, 0)))
trainer.step("layer")
print(trainer.arithmetic("relu.out.grad", (0, 3)))
trainer.step("layer", 2)
blame = trainer["hidden.out.grad"][0] + 0.0
print("\nblame of the hidden neurons for flower 0:", blame)
assert np.count_nonzero(blame) == 2 and most_to_blame(trainer) == "neuron 0"
print(guess.reveal())

# %% [markdown]
# A positive blame says: *had this neuron said a little less, the loss would be smaller.* A negative one, as neuron 3 has: *a little more would have helped.*
#
# Now one weight, from petal length (input 2) to neuron 0. For each flower, its share of the gradient is *what came in* times *the blame of the neuron*; the six shares add up. The **update** goes a small step against the gradient.

# %%
print(trainer.arithmetic("hidden.weight.grad", (2, 0)))

came_in, blamed = trainer["x"][:, 2], trainer["hidden.out.grad"][:, 0]
by_hand = sum(a * b for a, b in zip(came_in, blamed))
print("\nby hand:", round(by_hand, 6))
assert np.isclose(by_hand, trainer["hidden.weight.grad"][2, 0], rtol=0, atol=1e-15)

trainer.step("phase")
print(trainer.arithmetic("hidden.weight", (2, 0)))

# %% [markdown]
# ## The chain rule of one weight
#
# Why did that weight move? `explain` opens its update, then the gradient, flower by flower; the percentages are shares of the number they add up to.
# The second table opens one flower's blame, output by output: *slope of ReLU* times *weight* times *blame of the output*. These products are the **chain rule**.
#
# Beside each gradient stands a **central difference**, which knows nothing of backpropagation: the number was moved a hair up and down, and the loss computed anew.

# %%
why = trainer.explain("hidden.weight", (2, 0))
print(why)
print()
print(why.gradient.open(0))
assert why.agrees and why.gradient.open(0).agrees
for opened in (why, why.gradient, why.gradient.open(0)):
    assert np.isclose(sum(term.value for term in opened.all_terms), opened.value, atol=1e-15)

# %% [markdown]
# ## Step through
#
# The same trainer, with buttons (locked until you have guessed). Press **Step** and watch the network, the equation and the list move together; point at a neuron; choose another *element*;
# press **why?** on a weight; go **back**. Press **?** for the keys.

# %%
widget = nbann.StepThrough(trainer, panels=["loss", "weights"])
widget

# %% [markdown]
# Python drives the very same trainer: run this and look up.

# %%
trainer.reset()  # wherever you have stepped to
trainer.step("batch")
trainer.step("phase", 2)
trainer.step("op", 4)  # four operations of the backward pass
assert widget.here["op"] == trainer.loaded.op == 9
assert widget.equation["phase"] == "backward" and widget.equation["array"] == "relu.out.grad"
print(widget.equation["text"])

# %% [markdown]
# ## Change one thing
#
# Be the central difference yourself: move one weight up and down, see what the loss does, divide by the distance. nbann then does it for all weights.
#
# `chosen` leads from hidden neuron 3, awake for two of these six flowers, to output 1. Change it to `(0, 1)` and run the cell again: neuron 0 sleeps through this batch, so the gradient is 0.

# %%
chosen = (3, 1)

trainer.goto(epoch=0, batch=2, op=0)
trainer.step("phase", 3)
awake = np.count_nonzero(trainer["relu.out"][:, chosen[0]])
gradient, weight = trainer["output.weight.grad"][chosen], trainer["output.weight"][chosen]

losses = []
for changed in (weight + 0.001, weight - 0.001):
    trainer.set("output.weight", chosen, changed)  # all that follows from it is computed anew
    losses.append(float(trainer["loss"]))
trainer.set("output.weight", chosen, weight)
by_hand = (losses[0] - losses[1]) / 0.002
print(f"neuron {chosen[0]} is awake for {awake} of 6 flowers")
print(f"gradient {gradient:.5f}, by hand {by_hand:.5f}")
assert np.isclose(gradient, by_hand, rtol=1e-4, atol=1e-9)
assert (gradient == 0) == (awake == 0)

check = trainer.check_gradients()
count = sum(array.size for array in trainer.parameters.values())
print(f"all {count} weights and biases agree to 1e-7: {check.error < 1e-7}")
assert check.error < 1e-7

# %% [markdown]
# ## Exercise: pass the blame on
#
# Write the line at the heart of backpropagation for a hidden layer of **tanh** neurons. You get `output_blame`, a row for each flower and a column for each output; the weights `W` from hidden neurons (rows) to outputs (columns); and `a`, what the hidden neurons said. Return the blame of each hidden neuron's *sum* $z$, for each flower.
#
# <details><summary>Hint 1</summary>
#
# Two factors: what comes back through the weights, and the slope of tanh. The first is a matrix product with the weights turned round, `output_blame @ W.T`.
#
# <details><summary>Hint 2</summary>
#
# The slope of tanh can be had from $a$ alone: it is 1 where $a$ is 0, and 0 where $a$ is 1 or -1. Multiply element by element. [The solution](solutions/06-who-is-to-blame.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def hidden_blame(output_blame, W, a):
    return output_blame  # put the blame of the hidden neurons here


# %% tags=["solution"]
def hidden_blame(output_blame, W, a):
    return output_blame @ W.T * (1 - a**2)


# %% tags=["check"]
nbann.check.hidden_blame(hidden_blame)

# %% [markdown]
# ## In three lines
#
# - Blame starts at the output as *prediction minus truth* and flows back through the same weights that carried the answer forward.
# - A weight's gradient is *what came in* times *the blame of the neuron it feeds*, added up over the batch.
# - The update takes a small step against it. That is all of backpropagation.
#
# **Further reading**: Rumelhart, Hinton & Williams, *Learning representations by back-propagating errors*, Nature 323 (1986); Nielsen, *Neural Networks and Deep Learning*, chapter 2 (2015).
#
# **Next**: [Iris from scratch?](07-iris-from-scratch.ipynb)

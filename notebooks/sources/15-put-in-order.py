# %% [markdown]
# # Can it put things in order?
#
# A search engine need not know how good a page is. It must know which of two is better. That is another task than to estimate a number, and a net that estimates well can order badly.
#
# **What you'll do**: train the same net as an estimator and as a ranker, and watch one query's list come into order.
#
# **What you'll learn**: query, relevance, NDCG; pairwise (RankNet, LambdaRank) and listwise (ListNet) losses; why a regressor fails.
#
# **What you need**: 20 minutes; [What does being wrong cost?](02-being-wrong.ipynb) and [From score to class?](03-score-to-class.ipynb)

# %% [markdown]
# ## Queries and documents
#
# The data has **queries**, each with some documents (a row of five features each) and their **relevance**, 0 to 4. A net gives each document a **score**; within a query, the documents are put in the order of their scores.

# %% tags=["setup"]
import numpy as np

import nbann

np.set_printoptions(precision=2, suppress=True)

# %%
train, test = nbann.datasets.ranking(60).split(test=0.5, seed=0)
queries = len(np.unique(train.groups))
print(len(train), "documents of", queries, "queries to learn from; the first query's relevance:")
print(train.y[train.groups == train.groups[0]])


def net(loss, train=train, test=test, seed=0):
    layers = [nbann.Dense(8, name="hidden"), nbann.Tanh(), nbann.Dense(1, name="score")]
    return nbann.Trainer(
        nbann.Sequential(layers), train, test=test, loss=loss,
        optimizer=nbann.Adam(0.02), batch_size=5, seed=seed,
    )


estimator, ranker = net("mean_squared_error"), net(nbann.RankNet())

# %% [markdown]
# How good is an order? **NDCG** adds up the gain $2^{relevance} - 1$ of each document, divided by $\log_2(place + 1)$, so that what stands on top counts most; and divides that by the best sum that could be had. 1 is perfect.
#
# ## Predict
#
# The estimator learns to give each document its relevance, by squared error.

# %%
def against_chance(trainer):
    apart = net("mean_squared_error")
    apart.run(epochs=10)
    learned = apart.history["test_ndcg"][-1]
    if abs(learned - chance) < 0.02:
        return "no better"
    return "better" if learned > chance else "worse"


def average_of_random_orders(data, seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for query in np.unique(data.groups):
        gains = 2.0 ** data.y[data.groups == query] - 1
        places = np.log2(np.arange(len(gains)) + 2)
        best = (np.sort(gains)[::-1] / places).sum()
        found += [(rng.permutation(gains) / places).sum() / best for _ in range(50)]
    return np.mean(found)


chance = average_of_random_orders(test)
guess = nbann.Predict(
    "The order of its estimates, against a random order: better, no better, or worse?",
    choices=["better", "no better", "worse"], truth=against_chance, unlocks=[estimator, ranker],
)
guess

# %% tags=["solution"]
guess.answer("worse")

# %% [markdown]
# ## Run

# %%
for trainer in (estimator, ranker):
    trainer.run(epochs=10)
print(f"random order:          NDCG {chance:.2f}")
print(f"order of the estimates: NDCG {estimator.history['test_ndcg'][-1]:.2f}")
print(f"order of the ranker:    NDCG {ranker.history['test_ndcg'][-1]:.2f}")
print(guess.reveal())
assert estimator.history["test_ndcg"][-1] < chance - 0.02 < 0.9 < ranker.history["test_ndcg"][-1]

errors = estimator.history["train_loss"]
print(f"\nmean squared error of the estimator: {errors[0]:.2f} -> {errors[-1]:.2f}")
assert errors[-1] < errors[0]

# %% [markdown]
# Worse than chance: was that one unlucky split? Four others, each with another start:

# %%
data = nbann.datasets.ranking(60)
for seed in range(1, 5):
    halves = data.split(test=0.5, seed=seed)
    found = [average_of_random_orders(halves[1])]
    for loss in ("mean_squared_error", nbann.RankNet()):
        other = net(loss, *halves, seed=seed)
        other.run(epochs=10)
        found.append(other.history["test_ndcg"][-1])
    print("random order {:.2f}, estimates {:.2f}, ranker {:.2f}".format(*found))
    assert found[0] + 0.05 > found[1] and found[2] > 0.95

# %% [markdown]
# Mostly worse than chance, once about as good, and never near the ranker. Yet the estimator *has* learned: its error has come down. But look at what it learned. Queries differ: some have good documents only, others poor ones, and their features differ as well.

# %%
direction = ranker["hidden.weight"] @ ranker["score.weight"]  # roughly what the ranker goes by
along = (train.X @ direction).ravel()
within = [
    np.corrcoef(along[train.groups == query], train.y[train.groups == query])[0, 1]
    for query in np.unique(train.groups)
]
over_all = np.corrcoef(along, train.y)[0, 1]
print(f"within a query, relevance and direction: correlation {np.mean(within):.2f}")
print(f"over all documents:                      correlation {over_all:.2f}")
assert np.mean(within) > 0.5 and over_all < 0

# %% [markdown]
# Within each query relevance *rises* along this direction; over all queries it *falls* (Simpson's paradox). The estimator follows what is larger, the differences between queries, which do not matter for any order. The ranker compares within queries, and there they drop out:
#
# **RankNet** looks at pairs: for each pair with different relevance the loss is $\log(1 + e^{-(s_{better} - s_{worse})})$. **LambdaRank** weighs each pair by how much NDCG would change if the two were swapped. **ListNet** compares whole lists, by a softmax over each query.
#
# ## Step through
#
# *Ranked list* shows one query of the test data: on the left the order before, on the right that of now; the darker, the more relevant. Press **Reset** (↺), choose **batch**, step, and watch the dark ones rise.

# %%
ranker.reset()
widget = nbann.StepThrough(ranker, panels=["ranking", "loss"])
widget

# %%
ranker.reset()
ranker.step("phase", 2)
words = widget.describe()
assert "Ranked list: query 0 of the test data" in words
for op in ranker.program:
    if op.phase == "loss":
        print(op.equation)

# %% [markdown]
# ## Change one thing
#
# The loss, all else equal.

# %%
for loss in (nbann.RankNet(), nbann.LambdaRank(), nbann.ListNet()):
    other = net(loss)
    other.run(epochs=10)
    print(f"{type(loss).__name__:11} NDCG {other.history['test_ndcg'][-1]:.2f}")
    assert other.history["test_ndcg"][-1] > 0.95

# %% [markdown]
# ## Exercise: how good is an order?
#
# Write the NDCG of one query. You get the relevance of its documents and their scores (no two are equal).
#
# <details><summary>Hint 1</summary>
#
# `relevance[np.argsort(-scores)]` is the relevance in the order of the scores. Its gains are `2.0**r - 1`, its places 1, 2, 3, ...
#
# <details><summary>Hint 2</summary>
#
# Write a function for the sum `((2.0**r - 1) / np.log2(np.arange(len(r)) + 2)).sum()`. Then divide the sum of this order by that of the best, `np.sort(relevance)[::-1]`. [The solution](solutions/15-put-in-order.ipynb)
#
# </details>
# </details>

# %% tags=["exercise"]
def ndcg(relevance, scores):
    gains = 2.0**relevance - 1
    return (gains / np.log2(np.arange(len(gains)) + 2)).sum()


# %% tags=["solution"]
def ndcg(relevance, scores):
    def gained(r):
        return ((2.0**r - 1) / np.log2(np.arange(len(r)) + 2)).sum()

    return gained(relevance[np.argsort(-scores)]) / gained(np.sort(relevance)[::-1])


# %% tags=["check"]
nbann.check.ndcg(ndcg)

# %% [markdown]
# ## In three lines
#
# - To order is not to estimate: what counts are differences within a query.
# - Pairwise losses look at two documents, listwise ones at all; what queries differ by drops out.
# - NDCG says how good an order is, and what stands on top counts most.
#
# **Further reading**: Burges and others, *Learning to Rank using Gradient Descent* (2005); Burges, *From RankNet to LambdaRank to LambdaMART* (2010); Cao and others, *Learning to Rank: From Pairwise Approach to Listwise Approach* (2007); Järvelin & Kekäläinen, *Cumulated Gain-Based Evaluation* (2002).
#
# **Next**: [What went wrong here?](16-what-went-wrong.ipynb)

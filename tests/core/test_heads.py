"""One body and several heads: PyTorch's numbers, each head alone, replay, saving, bad input."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import log_loss, r2_score

import nbann
from nbann.core.scoring import evaluate

from . import sums
from .nets import same_run
from .timelines import Line, same_state

N = 14
WORDS = np.array(["ash", "elm", "fir"])


def data(n=N, seed=0, **extra):
    """Return a set with a class in words, two values, and one value that is uncertain."""
    rng = np.random.default_rng(seed)
    y = {
        "species": WORDS[np.arange(n) % 3],
        "size": rng.standard_normal((n, 2)),
        "age": rng.standard_normal(n),
    }
    return nbann.Dataset(rng.standard_normal((n, 4)), y, **extra)


def net():
    heads = {
        "species": [nbann.Dense(5), nbann.ReLU(), nbann.Dense(3, name="logits")],
        "size": [nbann.Dense(2)],
        "age": nbann.Sequential([nbann.Dense(2)]),
    }
    return nbann.Heads([nbann.Dense(6, name="body"), nbann.Tanh()], heads)


def losses(**weights):
    return nbann.Losses({"age": nbann.GaussianNLL(), "species": "cross_entropy"}, weights)


def make(ds=None, **settings):
    settings = {"loss": losses(size=0.5, age=2.0), "batch_size": None, "seed": 2} | settings
    return nbann.Trainer(net(), data() if ds is None else ds, **settings)


# ---- learning ------------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.parametrize("weighted", [False, True])
def test_it_learns_as_pytorchs_does(weighted):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    weight = np.random.default_rng(5).uniform(0.5, 2, N) if weighted else None
    trainer = make(data(weight=weight), optimizer=nbann.SGD(0.2))
    twins = {n: torch.tensor(a.copy(), requires_grad=True) for n, a in trainer.parameters.items()}
    ds = trainer.train_data
    X, y = torch.tensor(ds.X.copy()), torch.tensor(ds.y.copy())
    w = torch.ones(N, dtype=torch.float64) if weight is None else torch.tensor(weight)
    w = w / w.sum()
    for _ in range(20):
        p = twins
        body = torch.tanh(X @ p["body.weight"] + p["body.bias"])
        hidden = torch.relu(body @ p["species.dense1.weight"] + p["species.dense1.bias"])
        logits = hidden @ p["species.logits.weight"] + p["species.logits.bias"]
        size = body @ p["size.dense1.weight"] + p["size.dense1.bias"]
        age = body @ p["age.dense1.weight"] + p["age.dense1.bias"]
        own = {
            "species": functional.cross_entropy(logits, y[:, 0].long(), reduction="none") @ w,
            "size": ((size - y[:, 1:3]) ** 2).mean(dim=1) @ w,
            "age": functional.gaussian_nll_loss(
                age[:, 0], y[:, 3], age[:, 1].exp() + 1e-6, reduction="none", eps=1e-300
            )
            @ w,
        }
        loss = own["species"] + 0.5 * own["size"] + 2.0 * own["age"]
        loss.backward()
        trainer.step("batch")
        assert trainer["loss"].item() == pytest.approx(loss.item(), rel=1e-11)
        for name, one in own.items():
            assert trainer[f"loss.{name}"].item() == pytest.approx(one.item(), rel=1e-11)
        for name, twin in twins.items():
            np.testing.assert_allclose(trainer[name + ".grad"], twin.grad, rtol=1e-8, atol=1e-12)
            with torch.no_grad():
                twin -= 0.2 * twin.grad
                twin.grad.zero_()


@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_equal_central_differences(weighted):
    weight = np.arange(float(N)) if weighted else None
    sparse = [nbann.Dense(4), nbann.Sigmoid(), nbann.ActivityPenalty(kl=0.2, l1=0.1)]
    heads = {"a": [nbann.Dense(3)], "b": [nbann.Dense(2)], "c": [nbann.Dense(3)]}
    rng = np.random.default_rng(3)
    y = {"a": np.arange(N) % 3, "b": rng.random((N, 2)), "c": rng.random(N)}
    loss = nbann.Losses(
        {
            "a": nbann.CrossEntropy(class_weights=[1, 2, 3], label_smoothing=0.1),
            "b": nbann.Huber(),
            "c": nbann.Pinball(),
        },
        {"a": 0.3, "c": 4.0},
    )
    ds = nbann.Dataset(rng.standard_normal((N, 4)), y, weight=weight)
    trainer = nbann.Trainer(nbann.Heads(sparse, heads), ds, loss=loss, batch_size=6, l2=0.1)
    trainer.run(2)
    assert trainer.check_gradients().error < 1e-7


def test_the_body_learns_from_each_head_by_its_weight():
    """The gradient of a weighted sum is that of nets with one head each, added up."""
    whole = make()
    whole.step("phase", 3)
    total = np.zeros_like(whole["body.weight"])
    for name, weight in {"species": 1.0, "size": 0.5, "age": 2.0}.items():
        others = dict.fromkeys({"species", "size", "age"} - {name}, 0.0)
        alone = make(loss=losses(**others))
        alone.step("phase", 3)
        total += weight * alone["body.weight.grad"]
    np.testing.assert_allclose(whole["body.weight.grad"], total, rtol=1e-12, atol=1e-15)


def test_one_head_alone_is_a_sequential():
    ds = data()
    labels = np.arange(N) % 3
    alone = nbann.Trainer(
        nbann.Heads([nbann.Dense(6), nbann.Tanh()], {"species": [nbann.Dense(3)]}),
        (ds.X, {"species": labels}), batch_size=5, seed=1,
    )  # fmt: skip
    plain = nbann.Trainer(
        nbann.Sequential([nbann.Dense(6), nbann.Tanh(), nbann.Dense(3)]),
        (ds.X, labels), batch_size=5, seed=1,
    )  # fmt: skip
    for trainer in (alone, plain):
        trainer.run(5)
    np.testing.assert_array_equal(alone.history["loss"], plain.history["loss"])
    for ours, theirs in zip(alone.parameters.values(), plain.parameters.values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(
        alone.history["train_species_accuracy"], plain.history["train_accuracy"]
    )
    np.testing.assert_array_equal(alone.predict(ds.X)["species"], plain.predict(ds.X))


def test_every_element_is_what_its_arithmetic_says():
    weight = np.random.default_rng(5).uniform(0.5, 2, 5)
    trainer = make(data(5, weight=weight))
    trainer.step("phase", 3)
    for op in trainer.program:
        if op.phase == "update":
            continue
        assert op.equation.text().count("=") == 1
        for name in op.writes:
            array = trainer[name]
            for place in np.ndindex(*array.shape):
                equation, value = op.arithmetic(place, name), float(array[place])
                assert equation.value() == pytest.approx(value, rel=1e-9, abs=1e-13), name
                sums.check(equation.text(digits=17, terms=None), value, digits=17)


def test_a_gradient_in_the_body_opens_to_every_head():
    trainer = make()
    trainer.run(2)
    trainer.step("phase", 3)
    name = "tanh1.out.grad"
    found = trainer.explain(name, (0, 1), largest=None)
    assert sum(term.value for term in found.terms) == pytest.approx(trainer[name][0, 1], rel=1e-9)
    labels = " ".join(term.label for term in found.terms)
    assert all(head in labels for head in ("species", "size", "age"))
    weight = trainer.explain("body.weight.grad", (0, 1), largest=None)
    assert sum(t.value for t in weight.terms) == pytest.approx(
        trainer["body.weight.grad"][0, 1], rel=1e-9
    )


# ---- what is shown -------------------------------------------------------------------------------


def test_history_predictions_and_metrics_by_head():
    train, test = data(60, seed=1), data(31, seed=2)
    metrics = {"size": ["r2"], "age": ["coverage_0.8", "mse"], "species": ["accuracy", "log_loss"]}
    trainer = make(train, test=test, metrics=metrics, batch_size=16, optimizer="adam")
    trainer.run(4)
    assert set(trainer.history) == {"loss", *trainer.measured}
    predicted = trainer.predict(test.X)
    assert {name: one.shape for name, one in predicted.items()} == {
        "species": (31,), "size": (31, 2), "age": (31,),
    }  # fmt: skip
    labels, size, age = test.y[:, 0].astype(int), test.y[:, 1:3], test.y[:, 3]
    last = {name: column[-1] for name, column in trainer.history.items()}
    p = trainer.predict_proba(test.X)
    assert list(p) == ["species"]
    assert last["test_species_accuracy"] == (predicted["species"] == labels).mean()
    assert last["test_species_loss"] == pytest.approx(log_loss(labels, p["species"]))
    assert last["test_species_log_loss"] == pytest.approx(last["test_species_loss"])
    assert last["test_size_loss"] == pytest.approx(((predicted["size"] - size) ** 2).mean())
    assert last["test_size_r2"] == pytest.approx(r2_score(size, predicted["size"]))
    std = trainer.predict_std(test.X)["age"]
    nll = -norm.logpdf(age, predicted["age"], std).mean() - np.log(2 * np.pi) / 2
    assert last["test_age_loss"] == pytest.approx(nll)
    bounds = trainer.predict_interval(test.X, 0.8)["age"]
    inside = (bounds[:, 0] <= age) & (age <= bounds[:, 1])
    assert last["test_age_coverage_0.8"] == inside.mean()
    total = last["test_species_loss"] + 0.5 * last["test_size_loss"] + 2 * last["test_age_loss"]
    assert last["test_loss"] == pytest.approx(total)
    assert trainer.evaluate(test)["loss"] == pytest.approx(total)
    np.testing.assert_array_equal(trainer.activations("size.out", test.X), predicted["size"])
    assert "batches" in repr(nbann.diagnose(trainer)) or len(nbann.diagnose(trainer))


@pytest.mark.parametrize("weighted", [False, True])
def test_a_score_does_not_depend_on_how_many_rows_are_passed_at_once(weighted, monkeypatch):
    weight = np.random.default_rng(5).uniform(0.5, 2, 60) if weighted else None
    trainer = make(data(60, seed=1, weight=weight), l2=0.1)
    trainer.run(2)
    whole = trainer.evaluate(trainer.train_data)
    monkeypatch.setattr(evaluate, "CHUNK", 7)
    parts = trainer.evaluate(trainer.train_data)
    assert list(parts) == list(whole)
    for name, value in whole.items():
        assert parts[name] == pytest.approx(value, rel=1e-12), name


def test_a_breakpoint_on_one_heads_loss():
    trainer = make(batch_size=5)
    seen = []
    trainer.on("layer", lambda event: seen.append(float(event["loss.size"])), layer="loss.size",
               phase="loss")  # fmt: skip
    trainer.run(1)
    assert len(seen) == 3
    assert np.isfinite(seen).all()


def test_data_with_several_targets():
    ds = data()
    assert [t.name for t in ds.targets] == ["species", "size", "age"]
    assert ds.targets[0].names == ("ash", "elm", "fir")
    assert (ds.task, ds.y.shape) == ("several", (N, 4))
    train, test = ds.standardized().split(test=0.3, seed=1)
    assert test.targets == train.targets == ds.targets
    rows = [int(np.flatnonzero((ds.y == row).all(axis=1))[0]) for row in test.y]
    np.testing.assert_array_equal(ds.y[rows], test.y)
    np.testing.assert_array_equal(ds.with_noise(0.1).y, ds.y)
    np.testing.assert_array_equal(ds.take([2, 0]).y, ds.y[[2, 0]])
    pair = nbann.Trainer(
        nbann.Heads([nbann.Dense(2)], {"species": [nbann.Dense(3)]}),
        (ds.X, {"species": WORDS[np.arange(N) % 3]}),
        test=(ds.X[:2], {"species": ["fir", "elm"]}),
    )
    np.testing.assert_array_equal(pair.test_data.y[:, 0], [2, 1])


def test_sequences_and_words_in_the_body():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 7, (12, 5)).astype(float)
    mask = np.ones((12, 5))
    mask[::2, 3:] = 0
    y = {"kind": np.arange(12) % 2, "value": rng.random(12)}
    body = [nbann.Embedding(7, 3), nbann.GRU(4)]
    heads = {"kind": [nbann.Dense(2)], "value": [nbann.Dense(1)]}
    trainer = nbann.Trainer(nbann.Heads(body, heads), nbann.Dataset(X, y, mask=mask), batch_size=5)
    trainer.run(2)
    assert trainer.check_gradients().error < 1e-7
    assert trainer.predict(X, mask)["value"].shape == (12,)


# ---- going back, saving --------------------------------------------------------------------------


def test_going_back_gives_every_number_again():
    def fresh():
        return make(batch_size=5, optimizer=nbann.Adam(0.05), test=data(9, seed=4))

    trainer, line = fresh(), Line(fresh)
    trainer.run(3)
    for place in [(1, 1, 15), (0, 2, 30), (2, 0, 0)]:
        trainer.goto(*place)
        same_state(line.at(trainer.position), trainer)
    for act in (("set", "body.weight", (0, 1), 0.7), ("silence", "tanh1", 2)):
        getattr(trainer, act[0])(*act[1:])
        line.acted(trainer.position, act)
        trainer.step("batch", 2)
        same_state(line.at(trainer.position), trainer)
    trainer.freeze("size.dense1.weight")
    line.acted(trainer.position, ("freeze", "size.dense1.weight"))
    trainer.run(1)
    trainer.back("op", 11)
    same_state(line.at(trainer.position), trainer)


@pytest.mark.parametrize("metrics", [None, [], {"size": ["r2", "mse"], "species": []}])
def test_a_saved_run_goes_on_bit_for_bit(metrics, tmp_path):
    trainer = make(batch_size=5, optimizer="adam", metrics=metrics, test=data(9, seed=4))
    trainer.run(2)
    trainer.step("op", 20)
    trainer.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    assert repr(loaded.model) == repr(trainer.model)
    assert repr(loaded.loss) == repr(trainer.loss)
    assert loaded.train_data.targets == trainer.train_data.targets
    for one in (trainer, loaded):
        one.run(2)
        one.back("batch", 3)
    same_run(trainer, loaded)


def test_any_loss_sits_in_a_head():
    """Those that are written for one output know nothing of heads."""
    rng = np.random.default_rng(0)
    X, values = rng.standard_normal((N, 3)), rng.random((N, 2))
    two, three = np.arange(N) % 2, np.arange(N) % 3
    cases = {
        "a": ("binary_cross_entropy", two, 1), "b": (nbann.Hinge(), three, 3),
        "c": (nbann.PerceptronLoss(), two, 1), "d": (nbann.Poisson(), np.round(3 * values), 2),
        "e": (nbann.HalfSquaredError("sum"), values, 2), "f": ("mae", values, 2),
        "g": (nbann.Hinge(multi_class="crammer_singer"), three, 3), "h": ("huber", values, 2),
    }  # fmt: skip
    heads = {name: [nbann.Dense(width)] for name, (_, _, width) in cases.items()}
    many = nbann.Trainer(
        nbann.Heads([nbann.Dense(4), nbann.Tanh()], heads),
        (X, {name: y for name, (_, y, _) in cases.items()}),
        loss=nbann.Losses({name: loss for name, (loss, _, _) in cases.items()}, {"e": 0.1}),
        batch_size=None,
    )
    assert many.check_gradients().error < 1e-6
    many.step("phase", 2)
    for name, (loss, y, width) in cases.items():
        head = nbann.Dense(
            width, weight=many[f"{name}.dense1.weight"], bias=many[f"{name}.dense1.bias"]
        )
        body = nbann.Dense(4, weight=many["dense1.weight"], bias=many["dense1.bias"])
        one = nbann.Trainer(
            nbann.Sequential([body, nbann.Tanh(), head]), (X, y), loss=loss, batch_size=None
        )
        one.step("phase", 2)
        assert many[f"loss.{name}"].item() == one["loss"].item(), name


# ---- a classifier, a ranker and an estimator -----------------------------------------------------


def documents(seed=0, n=60):
    """Return documents in queries: what they are, how relevant, and what they cost."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 4))
    relevance = np.clip(np.round(X @ [1, 0.5, 0, 0] + 1), 0, 4).astype(int)
    y = {"kind": (X[:, 2] > 0).astype(int), "relevance": relevance, "price": 2 * X[:, 3]}
    return nbann.Dataset(X, y, groups=[5, 7, 8, 10] * (n // 30))


def three(ds, **settings):
    heads = {"kind": [nbann.Dense(2)], "relevance": [nbann.Dense(1)], "price": [nbann.Dense(1)]}
    settings = {
        "loss": nbann.Losses({"relevance": nbann.LambdaRank()}, {"price": 0.5}),
        "metrics": {"relevance": ["ndcg"], "price": ["r2"], "kind": ["accuracy"]},
        "batch_size": 3, "seed": 1,
    } | settings  # fmt: skip
    return nbann.Trainer(nbann.Heads([nbann.Dense(6), nbann.Tanh()], heads), ds, **settings)


def test_a_classifier_a_ranker_and_an_estimator_are_each_what_they_are_alone():
    ds = documents()
    trainer = three(ds, batch_size=None)
    assert trainer.check_gradients().error < 1e-7
    trainer.step("phase", 2)
    p, table = trainer.parameters, ds.y
    alone = {
        "kind": ((ds.X, table[:, 0].astype(int)), "cross_entropy", 2),
        "relevance": (nbann.Dataset(ds.X, table[:, 1], groups=ds.groups), "lambdarank", 1),
        "price": ((ds.X, table[:, 2]), "mse", 1),
    }
    for name, (data, loss, width) in alone.items():
        layers = [
            nbann.Dense(6, weight=p["dense1.weight"], bias=p["dense1.bias"]), nbann.Tanh(),
            nbann.Dense(width, weight=p[f"{name}.dense1.weight"], bias=p[f"{name}.dense1.bias"]),
        ]  # fmt: skip
        one = nbann.Trainer(nbann.Sequential(layers), data, loss=loss, batch_size=None)
        one.step("phase", 2)
        assert trainer[f"loss.{name}"].item() == pytest.approx(one["loss"].item(), rel=1e-12)
        np.testing.assert_allclose(
            trainer.predict(ds.X)[name], one.predict(ds.X), rtol=1e-12, atol=1e-15
        )
    assert trainer.predict_proba(ds.X)["kind"].shape == (60, 2)


def test_all_three_learn_and_are_shown_apart(tmp_path):
    train, test = documents(n=120).split(test=0.25, seed=1)
    assert len(set(train.groups) & set(test.groups)) == 0
    trainer = three(train, test=test, optimizer=nbann.Adam(0.02))
    trainer.run(60)
    last = {name: column[-1] for name, column in trainer.history.items()}
    assert last["test_kind_accuracy"] > 0.9
    assert last["test_relevance_ndcg"] > 0.9
    assert last["test_price_r2"] > 0.9
    parts = last["test_kind_loss"] + last["test_relevance_loss"] + last["test_price_loss"] / 2
    assert last["test_loss"] == pytest.approx(parts, rel=1e-12)
    trainer.save(tmp_path / "run.npz")
    loaded = nbann.Trainer.load(tmp_path / "run.npz")
    for one in (trainer, loaded):
        one.run(2)
        one.back("batch", 4)
    same_run(trainer, loaded)


def test_heads_at_every_time_step():
    rng = np.random.default_rng(0)
    X, mask = rng.standard_normal((10, 5, 2)), np.ones((10, 5))
    mask[::3, 4] = 0
    ds = nbann.Dataset(X, {"kind": rng.integers(0, 2, (10, 5)), "size": rng.random((10, 5))},
                       mask=mask)  # fmt: skip
    body = [nbann.RNN(3, return_sequences=True)]
    heads = {"kind": [nbann.Dense(2)], "size": [nbann.Dense(1)]}
    trainer = nbann.Trainer(nbann.Heads(body, heads), ds, batch_size=4)
    trainer.run(2)
    assert trainer.check_gradients().error < 1e-7
    labels = trainer.predict(X, mask)["kind"]
    right = labels == ds.y[..., 0]
    assert ds.y.shape == (10, 5, 2)
    assert trainer.predict(X, mask)["size"].shape == (10, 5)
    assert trainer.history["train_kind_accuracy"][-1] == right[mask > 0].mean()


# ---- what does not fit ---------------------------------------------------------------------------

BODY = [nbann.Dense(2)]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nbann.Heads(BODY, {}), "a dict of lists of layers"),
        (lambda: nbann.Heads(BODY, [nbann.Dense(2)]), "a dict of lists of layers"),
        (lambda: nbann.Heads(BODY, {"dense1": [nbann.Dense(2)]}), "a name other than dense1"),
        (lambda: nbann.Heads(BODY, {"a.b": [nbann.Dense(2)]}), "without a dot"),
        (lambda: nbann.Heads(BODY, {"loss": [nbann.Dense(2)]}), "a name other than"),
        (lambda: nbann.Heads(BODY, {"weight": [nbann.Dense(2)]}), "other than .*received 'weight'"),
        (lambda: nbann.Heads(BODY, {"a": BODY}), "each layer object once"),
        (lambda: nbann.Heads(BODY, {"a": [nbann.Embedding(3, 2)]}), "Embedding"),
        (lambda: nbann.Losses(["mse"]), "losses: expected a dict by head"),
        (lambda: nbann.Losses(weights={"a": -1.0}), "weight of 'a': expected"),
        (lambda: nbann.Dataset(np.ones((2, 1)), {}), "at least one target"),
        (lambda: nbann.Dataset(np.ones((2, 1)), {"a": [1, 2, 3]}), "y 'a': expected 2 rows"),
        (lambda: nbann.Dataset(np.ones((2, 1)), {"a.b": [1, 2]}), "text without a dot"),
        (lambda: nbann.Dataset(np.ones((2, 1)), {"a": [1, np.nan]}), "y 'a'"),
        (lambda: nbann.Dataset(np.ones((2, 1)), {"a": [1, 2]}, "regression"), "task: expected"),
        (lambda: nbann.Dataset(np.ones((2, 3, 1)), {"a": [1, 2], "b": np.ones((2, 3))}), "of all"),
    ],
)
def test_descriptions_that_make_no_sense(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "mse"}, "one array of targets; received several"),
        ({"loss": nbann.Losses({"height": "mse"})}, "losses: expected the heads of the net"),
        ({"loss": nbann.Losses(weights={"height": 1})}, "weights: expected the heads"),
        ({"loss": nbann.Losses({"size": "nonsense"})}, "nonsense"),
        ({"metrics": ["accuracy"]}, "metrics: expected a dict by head"),
        ({"metrics": {"height": ["r2"]}}, "metrics: expected a dict by head"),
        ({"metrics": {"size": ["accuracy"]}}, "accuracy"),
        ({"test": (np.ones((2, 4)), {"species": ["ash", "elm"]})}, "training data's targets"),
        ({"test": (np.ones((2, 4)), [0, 1])}, "training data's targets"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings)


def test_nets_that_do_not_fit():
    ds = data()
    heads = {"species": [nbann.Dense(3)], "size": [nbann.Dense(2)]}
    with pytest.raises(ValueError, match="y: expected the heads of the net"):
        nbann.Trainer(nbann.Heads(BODY, heads), ds)
    with pytest.raises(ValueError, match="model: expected heads for several targets"):
        nbann.Trainer(nbann.Sequential([nbann.Dense(3)]), ds)
    with pytest.raises(ValueError, match=r"Losses: expected nbann\.Heads"):
        nbann.Trainer(nbann.Heads([nbann.Dense(2)], heads), (ds.X, ds.y[:, 1]))
    wide = {"species": [nbann.Dense(3)], "size": [nbann.Dense(3)], "age": [nbann.Dense(1)]}
    with pytest.raises(ValueError, match="train y 'size'"):
        nbann.Trainer(nbann.Heads([nbann.Dense(2)], wide), ds)
    steps = nbann.Dataset(np.ones((3, 4, 2)), {"a": [0, 1, 0], "b": [0, 1, 0]})
    mixed = {"a": [nbann.Dense(2)], "b": [nbann.RNN(2)]}
    with pytest.raises(ValueError, match="expected heads with rows alike"):
        nbann.Trainer(nbann.Heads([nbann.Dense(2)], mixed), steps)
    documents = {"rank": [0, 1, -1, 2], "kind": [0, 1, 0, 1]}
    grouped = nbann.Dataset(np.eye(4), documents, groups=[2, 2])
    rankers = {"rank": [nbann.Dense(1)], "kind": [nbann.Dense(2)]}
    with pytest.raises(ValueError, match="train y 'rank': expected relevance of at least 0"):
        nbann.Trainer(
            nbann.Heads([nbann.Dense(2)], rankers), grouped,
            loss=nbann.Losses({"rank": "ranknet"}),
        )  # fmt: skip
    with pytest.raises(ValueError, match="data grouped by query"):
        nbann.Trainer(
            nbann.Heads([nbann.Dense(2)], rankers), (np.eye(4), documents),
            loss=nbann.Losses({"rank": "ranknet"}),
        )  # fmt: skip


def test_the_loss_of_a_head_is_better_low():
    """The oracle is the history: the epoch of the smallest number, and the first that is below."""
    trainer = nbann.Trainer(net(), data(), test=data(seed=1), loss=losses(), seed=3)
    rule = nbann.EarlyStopping("test_size_loss", patience=4)
    trainer.run(60, until=rule)
    column = trainer.history["test_size_loss"]
    assert (rule.best, rule.best_epoch) == (column.min(), column.argmin() + 1)
    trainer.reset()
    trainer.run(60, until=nbann.TargetReached("train_species_loss", 1.0))
    assert trainer.history["train_species_loss"][-1] <= 1.0
    assert (trainer.history["train_species_loss"][:-1] > 1.0).all()


def test_a_metric_that_is_called_a_loss_says_what_is_better_itself():
    def own_loss(y, predicted):
        return 0.0

    trainer = nbann.Trainer(net(), data(), loss=losses(), metrics={"size": [own_loss]})
    with pytest.raises(ValueError, match="'train_size_own_loss' without a mode"):
        trainer.run(2, until=nbann.EarlyStopping("train_size_own_loss"))


def test_losses_by_head_are_wrapped_and_targets_named():
    with pytest.raises(ValueError, match=r"received a dict. Pass nbann.Losses"):
        nbann.Trainer(net(), data(), loss={"age": "mse"})
    with pytest.raises(ValueError, match=r"Pass y=\{'species': ..., 'size': ..., 'age': ...\}"):
        nbann.Trainer(net(), (data().X, np.zeros(N)))

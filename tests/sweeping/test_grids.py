"""What a grid may be, and what is refused before anything runs."""

import itertools
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.model_selection import ParameterGrid, ParameterSampler

import nbann
from nbann.core.errors import UnknownNameError
from nbann.sweeping.grids import settings_of

from . import builds

made = []


def counting(rate=0.1, neurons=4, seed=0):
    made.append(rate)
    return builds.build(rate, neurons, seed)


@pytest.fixture(autouse=True)
def nothing_runs():
    made.clear()
    yield
    assert made == []


def refused(*args, error=ValueError, match, **options):
    with pytest.raises(error, match=match):
        nbann.sweep(*args, **options)


# ---- what is taken -------------------------------------------------------------------------------
def test_a_dict_of_lists_is_scikit_learns_parameter_grid():
    grid = {"a": [1, 2], "b": ["x", "y", "z"]}
    ours = settings_of(grid, None, 0)
    theirs = list(ParameterGrid(grid))
    assert sorted(map(str, ours)) == sorted(map(str, theirs))
    assert ours == [{"a": a, "b": b} for a, b in itertools.product([1, 2], "xyz")]


def test_lists_may_be_arrays_ranges_and_generators():
    grid = {"a": np.array([1, 2]), "b": range(2), "c": (x for x in (0.5,)), "d": np.float32([1])}
    found = settings_of(grid, None, 0)
    assert [list(one.values()) for one in found] == [
        [1, 0, 0.5, 1.0],
        [1, 1, 0.5, 1.0],
        [2, 0, 0.5, 1.0],
        [2, 1, 0.5, 1.0],
    ]
    assert {type(v) for v in found[0].values()} == {int, float}


def test_samplers_of_scikit_learn_and_of_ones_own():
    def spaces():
        return ParameterSampler({"a": [1, 2, 3], "b": [0.1, 0.2]}, n_iter=4, random_state=1)

    assert settings_of(spaces(), None, 0) == list(spaces())

    def draw(rng):
        return {"a": float(rng.uniform()), "b": rng.integers(5)}

    one, again, other = (settings_of(draw, 3, seed) for seed in (7, 7, 8))
    rng = np.random.default_rng(7)
    assert one == [{"a": float(rng.uniform()), "b": int(rng.integers(5))} for _ in range(3)]
    assert one == again != other
    endless = ({"a": i} for i in itertools.count())
    assert settings_of(endless, 2, 0) == [{"a": 0}, {"a": 1}]
    assert settings_of(lambda: {"a": 1}, 1, 0) == [{"a": 1}]


# ---- what is not ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("grid", "match"),
    [
        ({"rate": 0.1}, r"grid\['rate'\]: expected a list.*received 0.1.*\[0.1\]"),
        ({"rate": "0.1"}, "expected a list"),
        ({"rate": np.array(3.0)}, "expected a list"),
        ({"rate": {0.1, 0.2}}, "no order"),
        ({"rate": []}, r"grid\['rate'\]: expected at least one value"),
        ({}, "at least one setting"),
        ([], "at least one run"),
        ([{}], "at least one setting"),
        ([0.1, 0.2], "run 0: expected a dict"),
        ({1: [2]}, "names of settings as text"),
        ({"": [2]}, "names of settings as text"),
        (None, "a dict of lists"),
        ("rate", "a dict of lists"),
        (3, "a dict of lists"),
        (dict, "a dict of lists"),
        (lambda rng: {"rate": 1.0}, "runs= beside a sampler"),
    ],
)
def test_grids_that_are_none(grid, match):
    refused(counting, grid, match=match)


def test_an_unknown_setting_names_the_nearest():
    refused(
        counting,
        {"rate": [0.1], "neuron": [3]},
        error=UnknownNameError,
        match="Unknown setting 'neuron'. Did you mean 'neurons'",
    )
    refused(
        counting, [{"rate": 0.1}, {"speed": 1}], error=UnknownNameError, match="setting 'speed'"
    )


def test_a_setting_that_is_needed_and_not_given():
    refused(lambda rate, depth: None, {"rate": [1]}, match="none for depth")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"seeds": -1}, "seeds: expected a whole number of at least 1"),
        ({"seeds": 0}, "seeds"),
        ({"seeds": []}, "seeds: expected at least one"),
        ({"seeds": [0, -1]}, "at least 0"),
        ({"seeds": "3"}, "seeds"),
        ({"seeds": True}, "seeds"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 2.5}, "epochs"),
        ({"until": 3}, "until"),
        ({"runs": 3}, "runs: expected no number"),
        ({"workers": 0}, "workers"),
        ({"executor": "process"}, "Did you mean 'processes'"),
        ({"executor": 4}, "executor of concurrent.futures"),
        ({"executor": ThreadPoolExecutor}, "executor of concurrent.futures"),
        ({"metrics": []}, "metrics"),
        ({"metrics": 3}, "metrics"),
        ({"metrics": ["loss", "loss"]}, "each name once"),
        ({"metrics": {"a": "loss"}}, "metrics"),
        ({"resume": 3}, "resume"),
        ({"resume": __file__}, "that of a file"),
    ],
)
def test_options_out_of_range(options, match):
    refused(counting, {"rate": [0.1]}, match=match, **options)


def test_seeds_need_a_build_that_takes_one():
    refused(lambda rate: None, {"rate": [1]}, seeds=2, match="a build with a parameter 'seed'")
    refused(counting, {"seed": [1]}, seeds=2, match="none beside a grid with the setting 'seed'")


def test_epochs_once():
    refused(lambda rate: None, {"rate": [1], "epochs": [2]}, epochs=3, match="both")
    refused(lambda rate: None, {"rate": [1], "epochs": [0]}, match="epochs")


def test_a_build_that_is_none():
    trainer = builds.build()
    refused(trainer, {"rate": [1]}, match="a function that returns a Trainer")
    refused("build", {"rate": [1]}, match="a function that returns a Trainer")


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_that_is_shut_down(kind):
    executor = kind(1)
    executor.shutdown()
    refused(counting, {"rate": [0.1]}, executor, error=RuntimeError, match="Make a new one")


def test_a_build_that_can_not_be_sent_says_what_to_do():
    lock = threading.Lock()

    def build(rate):
        with lock:
            return counting(rate)

    refused(build, {"rate": [0.1]}, "processes", match="lock.*executor='in process'")
    with ProcessPoolExecutor(1) as executor:
        refused(build, {"rate": [0.1]}, executor, match="build: expected something that can be")

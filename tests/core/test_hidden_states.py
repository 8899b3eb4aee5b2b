"""What layers remember step by step: against the definition in plain NumPy, and against PyTorch."""

import numpy as np
import pytest

import nbann
from nbann import datasets


def net(layer, train, **settings):
    return nbann.Trainer(nbann.Sequential([layer, nbann.Dense(2)]), train, seed=2, **settings)


def over_time(x, w, prefix, order):
    """Return h of a simple recurrent net at each step, gone through in an order."""
    W, U, b = (w[f"{prefix}.{key}"] for key in ("weight", "recurrent", "bias"))
    h, found = np.zeros(len(U)), np.zeros((len(x), len(U)))
    for t in order:
        found[t] = h = np.tanh(x[t] @ W + h @ U + b)
    return found


@pytest.mark.parametrize("many", [False, True])
def test_rows_are_the_states_of_the_time_steps(many):
    ds = datasets.neighbor_xor(20, 6)
    y = ds.y if many else ds.y[:, 0]
    train = nbann.Dataset(ds.X, y)
    trainer = net(nbann.RNN(4, return_sequences=many, name="rnn"), train)
    trainer.run(3)
    trainer.step("op", 7)
    before = {n: trainer[n].copy() for n in trainer.names}
    for row in (0, 5):
        found = nbann.hidden_states(trainer, ds.X[row])
        assert found.shape == (6, 4)
        expected = over_time(ds.X[row], trainer.parameters, "rnn", range(6))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    for name, array in before.items():
        np.testing.assert_array_equal(trainer[name], array)  # what is stepped through stays
    longer = nbann.hidden_states(trainer, np.ones((9, 1)))
    assert longer.shape == (9, 4)


@pytest.mark.parametrize("merge", ["concatenate", "sum"])
def test_both_directions(merge):
    ds = datasets.neighbor_xor(20, 6)
    both = nbann.Bidirectional(nbann.RNN(3, return_sequences=True), merge=merge, name="both")
    trainer = net(both, ds)
    trainer.run(2)
    x, w = ds.X[4], trainer.parameters
    ahead = over_time(x, w, "both.forward", range(6))
    back = over_time(x, w, "both.backward", range(6)[::-1])
    for layer, expected in {
        "both.forward": ahead, "both.backward": back, "both": np.hstack([ahead, back]),
        None: np.hstack([ahead, back]),
    }.items():  # fmt: skip
        found = nbann.hidden_states(trainer, x, layer)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_cells_and_a_mask():
    ds = datasets.parity(30, length=5, seed=1)
    row = int(np.argmin(ds.mask.sum(axis=1)))
    length = int(ds.mask[row].sum())
    assert length < 5
    trainer = net(nbann.LSTM(3), ds)
    for state in "hc":
        found = nbann.hidden_states(trainer, ds.X[row], mask=ds.mask[row], state=state)
        alone = nbann.hidden_states(trainer, ds.X[row, :length], state=state)
        np.testing.assert_allclose(found[:length], alone, rtol=1e-12)
        for t in range(length, 5):
            np.testing.assert_array_equal(found[t], found[length - 1])
    h, c = (nbann.hidden_states(trainer, ds.X[0], state=s) for s in "hc")
    assert not np.allclose(h, c)


@pytest.mark.torch
def test_cells_are_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle here, is not installed")
    x = np.random.default_rng(0).standard_normal((7, 2))
    trainer = net(nbann.LSTM(3, name="lstm"), (x[None].repeat(4, 0), [0, 1, 0, 1]))
    cell = torch.nn.LSTMCell(2, 3, dtype=torch.float64)
    w = {
        key: torch.from_numpy(trainer[f"lstm.{key}"].T.copy())
        for key in ("weight", "recurrent", "bias")
    }
    with torch.no_grad():
        cell.weight_ih.copy_(w["weight"])
        cell.weight_hh.copy_(w["recurrent"])
        cell.bias_ih.copy_(w["bias"])
        cell.bias_hh.zero_()
        state, rows = None, {"h": [], "c": []}
        for row in torch.from_numpy(x)[:, None]:
            state = cell(row, state)
            for key, value in zip("hc", state, strict=True):
                rows[key].append(value[0].numpy())
    for key, expected in rows.items():
        found = nbann.hidden_states(trainer, x, state=key)
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_of_characters_and_stacked_layers():
    ds = datasets.characters("abcd" * 5, 6)
    layers = [
        nbann.Embedding(4, 3),
        nbann.GRU(2, return_sequences=True, name="low"),
        nbann.RNN(5, return_sequences=True, name="high"),
        nbann.Dense(4),
    ]
    trainer = nbann.Trainer(nbann.Sequential(layers), ds)
    assert nbann.hidden_states(trainer, ds.X[0], "low").shape == (6, 2)
    assert nbann.hidden_states(trainer, ds.X[0]).shape == (6, 5)
    with pytest.raises(ValueError, match=r"recurrent layer 'dense1'.*high, low"):
        nbann.hidden_states(trainer, ds.X[0], "dense1")
    with pytest.raises(ValueError, match="Unknown state of 'high' 'c'"):
        nbann.hidden_states(trainer, ds.X[0], state="c")
    with pytest.raises(ValueError, match=r"sample: expected an array of 1 axes; .*\(1, 6\)"):
        nbann.hidden_states(trainer, ds.X[:1])


def test_a_net_without_a_memory():
    trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), datasets.xor())
    with pytest.raises(ValueError, match="a net with a recurrent layer"):
        nbann.hidden_states(trainer, [0, 1])

"""The network picture against the trainer's arrays."""

import re

import numpy as np
import pytest

import nbann
from nbann.panels import Dashboard, NetworkDiagram
from nbann.panels.lit import lit_by
from nbann.panels.network_layout import neuron_names_of
from nbann.panels.style import PX, SMALL, THEMES
from nbann.panels.text import short_number, text_width

from .boards import attached, blobs, classes, deep, trask, wide

LIGHT = THEMES["light"]


def inside(values):
    """Numbers as they stand in small neurons: without the leading zero."""
    return [re.sub(r"^(−?)0\.", r"\1.", short_number(float(v))) for v in values]


def colors_of(collection):
    return np.round(np.asarray(collection.get_facecolor()) * 255).astype(int)


def test_neurons_show_one_sample_of_the_batch():
    panel = attached(NetworkDiagram(sample=3), classes(), width=9)
    trainer = panel.trainer
    trainer.step("phase")
    panel.update()
    x, a, z = (trainer[name][3] for name in ("x", "relu1.out", "output.out"))
    assert panel._numbers.words == inside((*x, *a, *z))
    assert panel._nodes.get_offsets().shape == (4 + 6 + 3, 2)
    assert f"relu1.out {', '.join(f'{v:#.3g}' if v else '0' for v in a)}".replace("-", "−") in (
        panel.describe()
    )


def test_a_layer_shows_z_until_its_activation_has_run():
    panel = attached(NetworkDiagram(), classes(), width=9)
    trainer = panel.trainer
    assert panel._numbers.words[4:] == [""] * 9  # nothing computed yet
    assert "hidden and relu1: not computed yet" in panel.describe()
    trainer.step("op")
    panel.update()
    assert panel._numbers.words[4:10] == inside(trainer["hidden.out"][0])
    trainer.step("op")
    panel.update()
    assert panel._numbers.words[4:10] == inside(trainer["relu1.out"][0])


def test_what_the_batch_before_left_is_gray():
    panel = attached(NetworkDiagram(), classes())
    panel.trainer.run(1)
    panel.update()
    gray = LIGHT.diverging(np.array([np.nan]), 1.0)[0]
    assert not (colors_of(panel._nodes)[4:] == gray).all(axis=1).any()
    panel.trainer.step("op")  # z of the hidden layer is new, the output is the last batch's
    panel.update()
    assert (colors_of(panel._nodes)[10:] == gray).all()
    assert not (colors_of(panel._nodes)[4:10] == gray).all(axis=1).any()
    assert panel._numbers.words[10:] == [""] * 3


def test_edges_tell_sign_and_size_of_weights():
    panel = attached(NetworkDiagram(), classes())
    panel.trainer.run(3)
    panel.update()
    weights = np.concatenate(
        [panel.trainer[name].ravel() for name in ("hidden.weight", "output.weight")]
    )
    widths = np.array(panel._edges.get_linewidths())
    first = slice(0, 24)
    np.testing.assert_array_equal(
        np.argsort(np.abs(weights[first])), np.argsort(widths[first], kind="stable")
    )
    red, blue = (np.asarray(panel._edges.get_colors())[:, i] for i in (0, 2))
    big = np.abs(weights) > 0.2
    np.testing.assert_array_equal((red > blue)[big], (weights > 0)[big])
    starts = np.array([segment[0] for segment in panel._edges.get_segments()])
    np.testing.assert_array_equal(starts[:24], np.repeat(panel.places.at[0], 6, axis=0))


@pytest.mark.parametrize("index", range(13))
def test_what_the_op_reads_and_writes_is_lit(index):
    panel = attached(NetworkDiagram(), classes())
    trainer = panel.trainer
    trainer.step("op", index + 1)
    panel.update()
    op = trainer.last_op
    columns = {"x": 0, "hidden": 1, "relu1": 1, "output": 2, "loss": 2, "y": 2}
    edges = {"hidden": 24, "output": 18}
    for names, bands, rings in (
        (op.reads, panel._bands[0], panel._rings[0]),
        (op.writes, panel._bands[1], panel._rings[1]),
    ):
        weights = {n.split(".")[0] for n in names if ".weight" in n}
        biases = {n.split(".")[0] for n in names if ".bias" in n}
        nodes = {
            columns[n.split(".")[0]]
            for n in names
            if ".weight" not in n and ".bias" not in n and n != "learning_rate"
        }
        if op.phase == "update" and names is op.reads:
            weights = biases = set()  # also written, and told as that
        assert len(bands.get_segments()) == sum(edges[w] for w in weights)
        count = sum(len(panel.places.at[i]) for i in nodes)
        count += sum({"hidden": 6, "output": 3}[b] for b in biases)
        assert len(rings.get_offsets()) == count
    assert panel._status.get_text() == f"last op: {op.phase} {op.name}"
    assert panel._status.get_color() == LIGHT.phases[op.phase]
    assert f"last op: {op.phase} {op.name}, read " in panel.describe()


def test_a_chance_that_is_no_number_says_so_in_little_room():
    net = nbann.Sequential([nbann.Dense(2, weight=[[1e200] * 2]), nbann.Dense(2)])
    trainer = nbann.Trainer(net, ([[1e200], [1.0]], [0, 1]), metrics=[], batch_size=2)
    trainer.step("phase", 2)
    assert np.isnan(trainer["loss.p"][0]).all()
    panel = attached(NetworkDiagram(), trainer)
    assert [word for word in panel._chances.words if word] == ["NaN", "NaN"]


def test_a_bias_that_is_rounding_is_told_as_none():
    trainer = nbann.Trainer(
        nbann.Sequential([nbann.Dense(1, name="only", weight=[[1.0]], bias=[1e-17])]),
        ([[1.0], [2.0]], [1.0, 2.0]),
    )
    words = attached(NetworkDiagram(), trainer).describe()
    assert "biases only.bias 0;" in words
    trainer.set("only.bias", 0, 1e-9)  # which is no rounding
    assert "biases only.bias 1.00e−09;" in attached(NetworkDiagram(), trainer).describe()


def test_an_op_that_reads_nothing_is_not_said_to_read():
    net = nbann.Sequential([nbann.Dropout(0.5, name="drop"), nbann.Dense(2)])
    trainer = nbann.Trainer(net, ([[0.0], [1.0]], [0, 1]))
    assert trainer.op.reads == ()  # which units are dropped is drawn
    words = attached(NetworkDiagram(), trainer).describe()
    assert words.endswith("next op: forward drop.draw, writes drop.draw.")
    trainer.step("op")
    words = attached(NetworkDiagram(), trainer).describe()
    assert words.endswith("last op: forward drop.draw, wrote drop.draw.")


def test_reading_and_writing_differ_in_more_than_color():
    panel = attached(NetworkDiagram(), classes())
    for pair in (panel._bands, panel._rings):
        read, written = (artist.get_linestyle()[0][1] for artist in pair)
        assert read is not None
        assert written is None
    assert {"read", "written"} <= {text.get_text() for text in panel.ax.texts}


def test_probabilities_and_loss_are_those_of_the_batch():
    panel = attached(NetworkDiagram(), classes())
    trainer = panel.trainer
    assert panel._chances.words == [""] * 3
    assert panel._loss.words == [""]
    trainer.step("phase", 2)
    panel.update()
    z = trainer["output.out"][0]
    p = np.exp(z) / np.exp(z).sum()
    assert panel._chances.words == [f"{100 * v:#.3g}%" for v in p]
    y = trainer["y"]
    z = trainer["output.out"]
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])
    assert panel._loss.words == [f"loss {loss:#.3g}"]


def test_biases_are_shown():
    panel = attached(NetworkDiagram(), classes())
    panel.trainer.run(5)
    panel.update()
    bias = np.concatenate([panel.trainer[f"{n}.bias"] for n in ("hidden", "output")])
    colors = colors_of(panel._dots)
    assert colors.shape == (9, 4)
    strong = np.abs(bias) > 0.5 * np.abs(bias[:6]).max()
    np.testing.assert_array_equal(
        (colors[:, 0] > colors[:, 2])[:6][strong[:6]], bias[:6][strong[:6]] > 0
    )
    assert panel._bias_numbers.words == [short_number(float(b)) for b in bias[6:]]
    assert len(attached(NetworkDiagram(), trask())._dots.get_offsets()) == 0


def test_wide_layers_are_folded():
    panel = attached(NetworkDiagram(), wide())
    panel.trainer.step("phase")
    panel.update()
    assert [len(at) for at in panel.places.at] == [7, 7, 7]
    texts = [text.get_text() for text in panel.ax.texts]
    assert texts.count("⋮") == 3
    assert {"x1", "x784", "inputs (784)", "class 9"} <= set(texts)
    assert len(panel._edges.get_segments()) == 2 * 49


def test_deep_nets_stay_within_their_place():
    panel = attached(NetworkDiagram(), deep())
    at = panel.places.nodes
    width, height = panel.size
    assert (at > 0).all()
    assert (at < (width, height)).all()
    assert panel.places.spread > 2 * panel.places.radius


def test_a_short_batch_shows_its_last_sample():
    trainer = classes(batch_size=16)
    panel = attached(NetworkDiagram(sample=15), trainer)
    trainer.step("batch", trainer.batches)
    panel.update()
    rows = len(trainer["x"])
    assert rows < 16
    assert f"sample {rows - 1} of {rows} in the batch" in panel.describe()
    np.testing.assert_array_equal(panel.row("x"), trainer["x"][-1])


def test_a_binary_output_is_named_by_its_class():
    data = nbann.Dataset(np.eye(2), [0, 1], target_names=["no", "yes"])
    net = nbann.Sequential([nbann.Dense(1), nbann.Sigmoid()])
    panel = attached(NetworkDiagram(), nbann.Trainer(net, data, loss="half_squared_error"))
    assert "is yes" in [text.get_text() for text in panel.ax.texts]


@pytest.mark.parametrize("first", [nbann.GaussianNoise(0.1), nbann.Dropout(0.5), nbann.Tanh()])
def test_what_comes_right_after_the_inputs_stands_on_them(first):
    net = nbann.Sequential([first, nbann.Dense(3)])
    trainer = nbann.Trainer(net, blobs(), batch_size=5)
    panel = attached(NetworkDiagram(), trainer, width=9)
    name = net.names[0]
    texts = [text.get_text() for text in panel.ax.texts]
    assert "inputs" in texts
    assert name in texts
    trainer.step("layer")
    panel.update()
    expected = [short_number(float(v)) for v in trainer[f"{name}.out"][0]]
    assert panel._numbers.words[:4] == expected


@pytest.mark.parametrize("neurons", [2, 9])
def test_heads_side_by_side_are_not_drawn_in_a_row(neurons):
    data = blobs()
    heads = {"kind": [nbann.Dense(neurons)], "value": [nbann.Dense(1)]}
    y = {"kind": data.y % 2, "value": data.X[:, 0]}
    trainer = nbann.Trainer(nbann.Heads([nbann.Dense(4)], heads), nbann.Dataset(data.X, y))
    panel = attached(NetworkDiagram(), trainer)
    assert panel.describe().startswith(f"Network: 4-4 with heads kind {neurons}, value 1, ")
    kind, value = panel.places.at[2:]
    assert kind[0, 0] == value[0, 0]
    assert kind[:, 1].min() > value[:, 1].max()


def test_the_edges_of_a_tied_decoder_are_the_encoders_turned_round():
    """Square matrices, so that only the way they are read tells one from its transpose."""
    X = np.random.default_rng(0).normal(size=(9, 3))
    net = nbann.Autoencoder([nbann.Dense(3, name="a"), nbann.Dense(3, name="b")], tied=True)
    trainer = nbann.Trainer(net, nbann.Dataset(X, task="unsupervised"))
    panel = attached(NetworkDiagram(), trainer, width=9)
    assert panel.describe().startswith("Network: 3-3-3-3-3, ")
    a, b = trainer["a.weight"], trainer["b.weight"]
    # one edge after the other: by the neuron that it comes from, then by that to which it leads
    weights = np.concatenate([w.ravel() for w in (a, b, b.T, a.T)])
    limits = np.repeat([panel._edge_limits[i].value for i in range(1, 5)], 9)
    expected = 0.3 + 2.4 * np.minimum(abs(weights) / limits, 1)
    np.testing.assert_allclose(np.array(panel._edges.get_linewidths()) / PX, expected)
    lit, _ = lit_by(trainer.program.writer["dense_transpose2.out"], panel.columns)
    assert lit.edges == {1, 4}  # "a.weight" leads from x, and to x again
    assert neuron_names_of(trainer, "a.weight") == ("neuron 0", "neuron 1", "neuron 2")


def test_many_classes_have_their_probability_beside_their_name():
    layers = nbann.Sequential([nbann.Dense(8), nbann.Tanh(), nbann.Dense(30)])
    data = nbann.Dataset(np.arange(120.0).reshape(60, 2) / 60, np.arange(60) % 30)
    trainer = nbann.Trainer(layers, data, batch_size=20)
    trainer.step("batch")
    board = Dashboard(trainer, ["network"], width=300, row_height=200)
    board.render()
    (panel,) = board.panels
    names = {t.get_text(): t for t in panel.ax.texts if t.get_text().startswith("class ")}
    renderer = board._canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in names.values()]
    assert len(boxes) == len(panel._chances.words)
    for box, (x, y), word in zip(boxes, panel._chances.at, panel._chances.words, strict=True):
        assert word.endswith("%")
        left, middle = panel.ax.transData.transform((x, y))
        assert left > box.x1
        assert abs(middle - (box.y0 + box.y1) / 2) < 3
        assert left + text_width(word, SMALL) < board.width

"""Network pictures of every kind of net against numbers worked out apart from them."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import nbann
from nbann.panels import Dashboard, NetworkDiagram
from nbann.panels.network_ring import RING
from nbann.panels.style import PX, SMALL, THEMES
from nbann.panels.text import number, short_number, text_width

from .boards import attached, classes
from .nets import NETS, flat, hopfield, sequences

LIGHT = THEMES["light"]
GRAY = LIGHT.diverging(np.array([np.nan]), 1.0)[0]


def colors_of(collection):
    return np.round(np.asarray(collection.get_facecolor()) * 255).astype(int)


def lines(collection):
    return [np.round(segment, 9).tolist() for segment in collection.get_segments()]


def cross(a, b):
    return a[0] * b[1] - a[1] * b[0]


def part(panel):
    (found,) = panel.parts
    return found


# ---- never stale -----------------------------------------------------------------------------
def seen(panel):
    """All that moving artists hold."""
    found = []
    for artist in panel.artists():
        found.append(type(artist).__name__)
        for what in ("get_segments", "get_offsets", "get_sizes", "get_linewidths", "get_text",
                     "get_array", "get_facecolor", "get_edgecolor", "get_extent"):  # fmt: skip
            if hasattr(artist, what):
                value = getattr(artist, what)()
                if isinstance(value, list):
                    value = [np.asarray(one).tolist() for one in value]
                found.append(np.asarray(value).tolist() if not isinstance(value, list) else value)
        found += [getattr(artist, "words", None)]
    return found


@pytest.mark.parametrize("inside", ["number", "bar"])
@pytest.mark.parametrize("name", NETS)
def test_an_update_shows_what_a_fresh_panel_would(name, inside):
    trainer = NETS[name]()
    panel = attached(NetworkDiagram(inside=inside, edges="gradient"), trainer)
    ops = len(trainer.program)
    weight = next(n for n in trainer.parameters if n.endswith("weight"))

    def check():
        panel._restart()  # limits that have grown are kept on purpose
        panel.update()
        fresh = attached(NetworkDiagram(inside=inside, edges="gradient"), trainer)
        assert seen(panel) == seen(fresh)
        assert panel.describe() == fresh.describe()

    for step in (1, ops // 3, ops // 2):
        trainer.step("op", max(step, 1))
        check()
    trainer.set(weight, (0, 1), 0.75)
    check()
    trainer.run(1)
    check()
    first = trainer.timeline.number
    trainer.back("batch")
    check()
    trainer.set(weight, (0, 1), -0.5)
    trainer.step("op", 2)
    check()
    if trainer.timeline.number != first:
        trainer.switch(first)
        check()
    trainer.reset()
    check()


@pytest.mark.parametrize("name", NETS)
def test_a_blitted_picture_is_a_full_one(name):
    trainer = NETS[name]()
    board = Dashboard(trainer, [NetworkDiagram()], width=450)
    board.render()
    for _ in range(3):
        trainer.step("op", 3)
        blitted = board.render()
        board._background = None
        assert np.abs(blitted.astype(int) - board.render()).max() <= 3


# ---- time ------------------------------------------------------------------------------------
def states(trainer):
    """An Elman net's states by hand, (time, n, units)."""
    W, U, b = (trainer[f"rnn1.{what}"] for what in ("weight", "recurrent", "bias"))
    h, found = np.zeros((len(trainer["x"]), 3)), []
    for time in range(4):
        h = np.tanh(trainer["x"][:, time] @ W + h @ U + b)
        found.append(h)
    return np.array(found)


def test_a_recurrent_net_shows_the_step_of_the_op():
    trainer = NETS["recurrent"]()
    panel = attached(NetworkDiagram(sample=2), trainer, width=9)
    trainer.step("op", 5)  # unstack, then z and h of steps 0 and 1
    panel.update()
    known = states(trainer)[:2, 2]
    assert panel.time == 1
    assert panel._numbers.words[2:5] == [short_number(v) for v in known[1]]
    assert panel._numbers.words[:2] == [short_number(v) for v in trainer["x"][2, 1]]
    np.testing.assert_allclose(part(panel).states(1)[:2], known)
    assert np.isnan(part(panel).states(1)[2:]).all()
    norms = [number(float(np.linalg.norm(h))) for h in known]
    assert f"norm of rnn1's state over 4 time steps: {norms[0]}, {norms[1]}, none, none" in (
        panel.describe()
    )
    assert "time step 1 of 0 to 3" in panel.describe()
    assert panel._keys.words == ["h"]


def test_a_step_that_is_asked_for_stays():
    trainer = NETS["recurrent"]()
    panel = attached(NetworkDiagram(time=0), trainer)
    trainer.step("phase")
    panel.update()
    np.testing.assert_allclose(panel.values(panel.columns[1]), states(trainer)[0, 0])
    with pytest.raises(ValueError, match="a time step below 4"):
        attached(NetworkDiagram(time=4), trainer)
    with pytest.raises(ValueError, match="no sequences"):
        attached(NetworkDiagram(time=1), classes())


def test_the_edges_of_gates_are_those_of_the_candidate():
    trainer = NETS["every step"]()
    panel = attached(NetworkDiagram(), trainer)
    np.testing.assert_array_equal(panel.matrix(1), trainer["lstm1.weight"][:, 6:9])  # i, f, g, o
    np.testing.assert_array_equal(panel.bias(1), trainer["lstm1.bias"][6:9])
    assert panel._aside.words == ["t = 0 of 0…3 · edges: gate g"]


@pytest.mark.parametrize("width", [2.4, 3.0, 4.5])
def test_what_stands_aside_makes_room_for_the_loss(width):
    trainer = NETS["every step"]()
    trainer.step("phase", 2)
    panel = attached(NetworkDiagram(), trainer, width=width)
    ((aside,), (loss,)) = panel._aside.words, panel._loss.words
    assert loss.startswith("loss ")
    assert aside.startswith("t = ") or width < 3
    end = panel._aside.at[0, 0] + text_width(aside, SMALL)
    assert end < panel._loss.at[0, 0] - text_width(loss, SMALL)


def test_an_output_at_every_step_is_that_of_the_step():
    trainer = NETS["every step"]()
    panel = attached(NetworkDiagram(time=2), trainer)
    trainer.step("phase", 2)
    panel.update()
    z = trainer["dense1.out"][0, 2]
    np.testing.assert_allclose(panel.probabilities(), np.exp(z) / np.exp(z).sum())
    np.testing.assert_array_equal(panel.values(panel.columns[2]), z)


def test_both_directions_stand_above_one_another():
    panel = attached(NetworkDiagram(), NETS["both ways"]())
    forward, backward = panel.places.at[1:3]
    assert forward[0, 0] == backward[0, 0]
    assert forward[:, 1].min() > backward[:, 1].max()
    ahead, back = (np.array(line) for line in panel._ways.get_segments())
    assert len(panel._wires.get_segments()) == 6
    turns = [cross(*np.diff(line[:3], axis=0)) for line in (ahead, back)]
    assert turns[0] * turns[1] < 0  # one loop goes left, the other right


def test_a_thing_that_is_looked_up_is_told_by_its_number():
    trainer = NETS["things"]()
    trainer.step("op")
    panel = attached(NetworkDiagram(most=4), trainer)
    thing = int(trainer["x"][0, 0])
    assert panel._numbers.words[0] == str(thing)
    np.testing.assert_array_equal(panel.matrix(1), trainer["embedding1.weight"][[thing]])
    assert f"looks up row {thing} of 5 rows" in panel.describe()


# ---- forks and shortcuts ---------------------------------------------------------------------
def test_heads_have_bands_of_their_own():
    trainer = NETS["heads"]()
    trainer.step("phase", 2)
    panel = attached(NetworkDiagram(), trainer)
    at = panel.places.at
    assert min(at[2][:, 1].min(), at[3][:, 1].min()) > at[4][:, 1].max()
    starts = np.array([segment[0] for segment in panel._edges.get_segments()])
    np.testing.assert_array_equal(starts[-4:], at[1])  # "value" reads the body
    assert {"kind", "value"} <= {text.get_text() for text in panel.ax.texts}
    z = trainer["kind.dense2.out"][0]
    p = np.exp(z) / np.exp(z).sum()
    assert panel._chances.words == [f"{number(100 * v)}%" for v in p]
    assert f"probabilities of kind class 0 {number(p[0])}" in panel.describe()
    assert panel.describe().startswith("Network: 4-4 with heads kind 3-2, value 1, ")


def test_a_shortcut_is_an_arc_that_the_sum_lights():
    trainer = NETS["residual"]()
    panel = attached(NetworkDiagram(), trainer)
    (arc,) = panel._ways.get_segments()
    assert arc[0, 0] == panel.places.at[1][0, 0]
    assert arc[27, 0] == panel.places.at[3][0, 0]
    assert arc[:, 1].max() < panel.size[1]
    while trainer.shown_op.name != "residual1.sum":
        trainer.step("op")
    panel.update()
    assert (panel._ways.get_colors()[0, :3] * 255).round().tolist() == [0, 0x75, 0x6B]
    assert "residual1 adds a shortcut from tanh1" in panel.describe()


# ---- marks -----------------------------------------------------------------------------------
def test_who_drops_out_is_struck_and_told():
    trainer = NETS["residual"]()
    panel = attached(NetworkDiagram(), trainer)
    assert not panel._strokes.get_segments()
    while trainer.shown_op.name != "dropout1.drop":
        trainer.step("op")
    off = trainer["dropout1.mask"] == 0
    panel.sample = int(np.argmax(off.any(axis=1) & ~off.all(axis=1)))
    panel.update()
    off = np.flatnonzero(off[panel.sample])
    assert 0 < len(off) < 4
    middles = [np.mean(segment, axis=0) for segment in panel._strokes.get_segments()]
    np.testing.assert_allclose(middles, panel.places.at[3][off])
    said = f"neuron{'s' * (len(off) > 1)} {', '.join(map(str, off))}"
    assert f"dropped of residual1.dense2 and residual1 and dropout1: {said}" in panel.describe()


def test_silenced_neurons_are_crossed_out_and_frozen_weights_ticked():
    trainer = classes()
    panel = attached(NetworkDiagram(), trainer)
    assert not panel._strokes.get_segments()
    assert not panel._ticks.get_segments()
    trainer.silence("hidden", 2)
    trainer.freeze("hidden.weight", (1, 4))
    trainer.freeze("output.bias")
    panel.update()
    strokes = panel._strokes.get_segments()
    assert len(strokes) == 2
    np.testing.assert_allclose(np.mean(strokes, axis=(0, 1)), panel.places.at[1][2])
    ticks = np.array(panel._ticks.get_segments())
    assert len(ticks) == 2 + 3  # two across the edge, one through each bias
    start, end = panel.places.at[0][1], panel.places.at[1][4]
    for middle in ticks[:2].mean(axis=1):
        assert abs(cross(end - start, middle - start)) < 1e-6 * np.hypot(*(end - start)) ** 2
    np.testing.assert_allclose(ticks[2:].mean(axis=1), panel.places.biases([2]))
    words = panel.describe()
    assert "silenced of hidden and relu1: neuron 2" in words
    assert "frozen of hidden.weight: 1 weight of 24" in words
    assert "frozen of output.bias: 3 biases of 3" in words
    assert panel._aside.words == ["× silenced · ‖ frozen"]
    trainer.unsilence("hidden", 2)
    trainer.unfreeze("hidden.weight")
    trainer.unfreeze("output.bias")
    panel.update()
    assert not panel._strokes.get_segments()
    assert not len(panel._ticks.get_segments())


def test_normalization_is_told():
    words = attached(NetworkDiagram(), NETS["normalized"]()).describe()
    assert "batch_norm1 normalizes each neuron over the batch" in words
    assert "layer_norm1 normalizes over the neurons of a sample" in words


# ---- edges and insides -----------------------------------------------------------------------
def test_edges_by_gradient_are_gray_until_it_is_there():
    trainer = classes()
    panel = attached(NetworkDiagram(edges="gradient"), trainer)
    trainer.run(1)  # the last batch has left gradients behind
    trainer.step("phase", 2)
    panel.update()
    colors = np.round(panel._edges.get_colors() * 255).astype(int)
    assert (colors == GRAY).all()
    trainer.step("phase")
    panel.update()
    grads = [trainer[f"{name}.weight.grad"] for name in ("hidden", "output")]
    scale = [panel._edge_limits[i].value for i in (1, 2)]
    expected = [0.3 + 2.4 * np.abs(g).ravel() / s for g, s in zip(grads, scale, strict=True)]
    np.testing.assert_allclose(
        np.array(panel._edges.get_linewidths()) / PX, np.concatenate(expected)
    )
    low, high = number(float(grads[0].min())), number(float(grads[0].max()))
    assert f"gradients hidden.weight {low} to {high}" in panel.describe()


def test_bars_are_as_long_as_the_values():
    trainer = classes()
    trainer.step("op", 2)
    panel = attached(NetworkDiagram(inside="bar"), trainer)
    bars = np.array(part(panel)._bars.get_segments())
    heights = (bars[:, 1] - bars[:, 0])[:, 1]
    values = np.concatenate([trainer["x"][0] / panel._limits[0].value,
                             trainer["relu1.out"][0] / panel._limits[1].value])  # fmt: skip
    radii = np.repeat(panel.places.radii[:2], (4, 6))
    np.testing.assert_allclose(heights[:10], 0.8 * radii * values)
    assert (heights[10:] == 0).all()
    assert (colors_of(panel._nodes)[10:] == GRAY).all()


def test_a_net_of_two_features_has_its_answers_in_its_neurons():
    data = nbann.datasets.circles()
    net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(2)])
    trainer = nbann.Trainer(net, data)
    panel = attached(NetworkDiagram(inside="heatmap"), trainer)
    trainer.run(2)
    panel.update()
    inside = part(panel)
    grid = inside.grid
    a = np.tanh(grid @ trainer["dense1.weight"] + trainer["dense1.bias"])
    np.testing.assert_allclose(inside.pictures(1), a.T.reshape(3, 16, 16))
    np.testing.assert_allclose(inside.pictures(0)[1], grid[:, 1].reshape(16, 16))
    assert grid[0, 1] > data.X[:, 1].max()  # the upper left comes first
    assert grid[0, 0] < data.X[:, 0].min()
    asked = inside._answers
    trainer.step("phase")  # forward: no parameter has changed
    panel.update()
    assert inside._answers is asked
    trainer.silence("dense1", 0)
    panel.update()
    assert (inside.pictures(1)[0] == 0).all()


def test_a_net_that_reads_images_has_its_weights_in_its_neurons():
    net = nbann.Sequential([nbann.Dense(4), nbann.ReLU(), nbann.Dense(2)])
    trainer = nbann.Trainer(net, (flat(12, 25), np.arange(12) % 2))
    panel = attached(NetworkDiagram(inside="heatmap"), trainer, width=9)
    weight = trainer["dense1.weight"]
    np.testing.assert_array_equal(part(panel).pictures(1), weight.T.reshape(4, 5, 5))
    pixels = part(panel)._images[1].get_array()
    corner = LIGHT.diverging(weight[:1, 0], np.abs(weight).max())[0]
    np.testing.assert_array_equal(pixels[0, 0], corner)  # first pixel of the first neuron
    with pytest.raises(ValueError, match="two features, or inputs that form a square image"):
        attached(NetworkDiagram(inside="heatmap"), classes())


# ---- very deep nets --------------------------------------------------------------------------
def test_a_very_deep_net_is_a_strip_with_a_lens():
    trainer = NETS["very deep"]()
    panel = attached(NetworkDiagram(), trainer)
    trainer.step("op", 9)  # z of the fifth layer
    panel.update()
    strip = part(panel)
    assert strip.focus == 5
    assert panel.view == [4, 5, 6]
    assert panel._names_now[5:7] == ["dense5.out", None]
    spreads, norms = strip.spreads(), strip.norms()
    np.testing.assert_allclose(spreads[4], np.std(trainer["tanh4.out"]))
    assert np.isnan(spreads[6:]).all()
    np.testing.assert_allclose(norms[3], np.sqrt(np.mean(trainer["dense3.weight"] ** 2)))
    assert "opened tanh4, tanh5, tanh6" in panel.describe()
    assert f"{number(float(spreads[5]))} in layer 5" in panel.describe()
    (frame,) = strip._frames[1].get_segments()
    np.testing.assert_allclose(frame[:, 0].min(), strip.left + 5 * strip.step)
    np.testing.assert_allclose(frame[:, 0].max(), strip.left + 6 * strip.step)


def test_words_of_a_strip_are_of_now_before_an_update():
    trainer = NETS["very deep"]()
    panel = attached(NetworkDiagram(), trainer)
    trainer.step("op", 2)  # the first layer's z and its tanh
    spread = number(float(np.std(trainer["tanh1.out"])))
    assert f"to {spread} in layer 1" in panel.describe()


def test_the_cells_of_a_strip_are_the_values_of_its_layers():
    trainer = NETS["very deep"]()
    trainer.step("phase")
    panel = attached(NetworkDiagram(), trainer)
    image = part(panel)._values.get_array()
    values, limit = trainer["tanh7.out"][0], panel._limits[7].value
    rows = (np.arange(16) + 0.5) * 5 / 16
    np.testing.assert_array_equal(image[:, 7], LIGHT.diverging(values[rows.astype(int)], limit))


# ---- machines --------------------------------------------------------------------------------
def test_a_boltzmann_machine_shows_what_both_sides_know():
    trainer = NETS["rbm"]()
    panel = attached(NetworkDiagram(sample=1), trainer)
    trainer.step("op", 2)
    panel.update()
    W, b = trainer["rbm.weight"], trainer["rbm.hidden_bias"]
    hidden = 1 / (1 + np.exp(-(trainer["x"][1] @ W + b)))
    np.testing.assert_allclose(panel.values(panel.columns[1]), hidden)
    assert len(panel._dots.get_offsets()) == 4 + 3
    assert len(panel._edges.get_segments()) == 12


def test_a_ring_has_a_line_for_each_pair():
    trainer = hopfield()
    trainer.run(1)
    panel = attached(NetworkDiagram(), trainer)
    X = trainer.train_data.X
    expected = X.T @ X / X.shape[1]
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(part(panel).weights(), expected)
    assert len(part(panel)._edges.get_segments()) == 16 * 15 / 2
    shown = expected[np.triu_indices(16, 1)]
    assert f"weights from {number(shown.min())} to {number(shown.max())}" in panel.describe()


def test_many_units_are_a_grid_beside_their_weights():
    trainer = hopfield(RING + 1)
    trainer.run(1)
    panel = attached(NetworkDiagram(), trainer)
    states, weights = (image.get_array() for image in part(panel)._images)
    assert states.shape == (5, 5, 4)
    assert weights.shape == (25, 25, 4)
    assert "25 units in a grid" in panel.describe()


def test_the_unit_that_is_asked_is_ringed():
    trainer = NETS["recall"]()
    panel = attached(NetworkDiagram(), trainer)
    trainer.step("op")
    panel.update()
    one = int(trainer["x"][0, 0])
    (_, written) = (rings.get_offsets() for rings in part(panel)._rings)
    np.testing.assert_allclose(written, part(panel).at[[one]])
    assert f"unit {one} is asked" in panel.describe()


def test_a_map_shows_distances_and_the_nearest_unit():
    trainer = NETS["som"]()
    panel = attached(NetworkDiagram(), trainer)
    assert "distances not computed yet" in panel.describe()
    trainer.step("phase")
    panel.update()
    distances = np.linalg.norm(trainer["x"][0] - trainer["som.weight"], axis=1)
    np.testing.assert_allclose(part(panel).distances(), distances)
    nearest = int(distances.argmin())
    np.testing.assert_allclose(part(panel)._best.get_offsets(), part(panel).at[[nearest]])
    row, column = divmod(nearest, 4)
    assert f"the nearest is unit {nearest}, in row {row} and column {column}" in panel.describe()
    gaps = part(panel).between()
    assert len(gaps) == 3 * 3 + 2 * 4  # neighbors across and down on a grid of 3 by 4


# ---- what does not fit, what is wrong --------------------------------------------------------
def test_blocks_for_a_sample_are_refused_in_words():
    X = sequences().reshape(12, 2, 2, 2)
    trainer = nbann.Trainer(
        nbann.Sequential([nbann.Dense(2), nbann.Flatten(), nbann.Dense(2)]), (X, [0, 1] * 6)
    )
    panel = attached(NetworkDiagram(), trainer)
    assert "'dense1.out' has the shape (2, 2, 2) for a sample" in panel.describe()


@pytest.mark.parametrize(
    ("options", "error"),
    [({"inside": "bars"}, "mean 'bar'"), ({"edges": "weights"}, "mean 'weight'"),
     ({"time": -1}, "at least 0")],
)  # fmt: skip
def test_wrong_options_are_told(options, error):
    with pytest.raises(ValueError, match=error):
        NetworkDiagram(**options)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("size", [(200, 120), (900, 300)])
def test_every_picture_can_be_drawn_small_and_large(name, size):
    board = Dashboard(NETS[name](), [NetworkDiagram()], width=size[0], row_height=size[1])
    board.trainer.step("op", 5)
    assert board.render().shape == (size[1], size[0], 4)


def test_hostile_names_stay_text():
    name = r"$\frac{a}{b}$ <img onerror=x> ‮ 😀"
    net = nbann.Sequential([nbann.Dense(3, name=name), nbann.Residual([nbann.Dense(3)])])
    trainer = nbann.Trainer(net, nbann.Dataset(flat(), np.arange(12) % 3))
    panel = attached(NetworkDiagram(), trainer)
    assert not any(text.get_parse_math() for text in panel.ax.texts)
    FigureCanvasAgg(panel._figure).draw()

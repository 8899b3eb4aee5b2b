"""What the panels of a net's outputs promise alike: in place, blitted, within bounds, literal."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import nbann
from nbann.panels import PANELS, Dashboard

from .boards import attached, classes, values
from .test_dashboard import full

HOSTILE = ["<img src=x onerror=alert(1)>", r"$\href{javascript:x}{y}$", "w" * 10_000, "שלום 🎉\n\t"]


def curve() -> nbann.Trainer:
    net = nbann.Sequential([nbann.Dense(6), nbann.Tanh(), nbann.Dense(2)])
    return nbann.Trainer(net, nbann.datasets.heteroscedastic(60), loss=nbann.GaussianNLL())


def digits() -> nbann.Trainer:
    X = nbann.datasets.digits().X[:80] / 16
    net = nbann.Autoencoder([nbann.Dense(8), nbann.ReLU(), nbann.Dense(3)])
    return nbann.Trainer(net, nbann.Dataset(X, task="unsupervised"))


def wine() -> nbann.Trainer:
    ds = nbann.datasets.wine().standardized()
    data = nbann.Dataset(ds.X, task="unsupervised", feature_names=ds.feature_names)
    return nbann.Trainer(nbann.Autoencoder([nbann.Dense(3)]), data)


def ranker() -> nbann.Trainer:
    net = nbann.Sequential([nbann.Dense(4), nbann.Tanh(), nbann.Dense(1)])
    return nbann.Trainer(net, nbann.datasets.ranking(12), batch_size=4, optimizer="adam")


def reader() -> nbann.Trainer:
    both = nbann.Bidirectional(nbann.GRU(4, return_sequences=True))
    net = nbann.Sequential([both, nbann.Dense(2)])
    return nbann.Trainer(net, nbann.datasets.neighbor_xor(40, 8))


def plane_map() -> nbann.Trainer:
    return nbann.Trainer(nbann.SOM(5, 5, rule="batch"), nbann.datasets.moons(60), batch_size=20)


def image_map() -> nbann.Trainer:
    ds = nbann.datasets.digits()
    data = nbann.Dataset(ds.X[:200] / 16, ds.y[:200])
    return nbann.Trainer(nbann.SOM(4, 4, rule="batch", topology="hexagonal"), data)


CASES: list[tuple[str, Callable[[], nbann.Trainer]]] = [
    ("confusion", classes),
    ("predictions", values),
    ("predictions", curve),
    ("reconstruction", digits),
    ("reconstruction", wine),
    ("latent", classes),
    ("latent", digits),
    ("latent", values),
    ("ranking", ranker),
    ("states", reader),
    ("som", plane_map),
    ("som", image_map),
]
IDS = [f"{name}-{make.__name__}" for name, make in CASES]
every_case = pytest.mark.parametrize(("name", "make"), CASES, ids=IDS)


@every_case
def test_a_blitted_picture_is_a_full_one(name, make):
    trainer = make()
    board = Dashboard(trainer, [name], width=450, theme="dark")
    for move in (
        lambda: None,
        lambda: trainer.step("op", 3),
        lambda: trainer.step("batch"),
        lambda: trainer.run(4),
        lambda: trainer.back("batch"),
        trainer.reset,
    ):
        move()
        pixels = board.render()
        difference = np.abs(pixels.astype(int) - full(board).astype(int))
        assert difference.max() <= 1


@every_case
def test_updates_change_artists_in_place(name, make):
    trainer = make()
    panel = attached(PANELS[name](), trainer)
    moving = [id(artist) for artist in panel.artists()]
    children = [id(child) for child in panel.ax.get_children()]
    for _ in range(100):
        trainer.step("op", 3)
        panel.update()
    assert [id(artist) for artist in panel.artists()] == moving
    assert [id(child) for child in panel.ax.get_children()] == children
    assert len(panel._figure.axes) == 1
    still = [child for child in panel.ax.get_children() if child not in panel.artists()]
    assert max(c.get_zorder() for c in still) < min(a.get_zorder() for a in panel.artists())


@every_case
def test_attaching_again_leaves_nothing_behind(name, make):
    panel = attached(PANELS[name](), make())
    count = len(panel.ax.findobj(include_self=True))
    for theme in ("dark", "light"):
        panel.attach(panel.ax, panel.trainer, theme=theme)
    assert len(panel.ax.findobj(include_self=True)) == count


@every_case
def test_reset_gives_the_first_picture_and_words_again(name, make):
    trainer = make()
    panel = attached(PANELS[name](), trainer)

    def picture():
        panel.update()
        canvas = FigureCanvasAgg(panel._figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba()).copy()

    first, words = picture(), panel.describe()
    trainer.run(30)
    assert (picture() != first).any()
    assert panel.describe() != words
    trainer.reset()
    np.testing.assert_array_equal(picture(), first)
    assert panel.describe() == words


@every_case
@pytest.mark.parametrize(("width", "columns"), [(900, 2), (480, 1)])
def test_no_text_is_cut_off_too_small_or_on_another(name, make, width, columns):
    trainer = make()
    trainer.run(3)
    board = Dashboard(trainer, [name] if columns == 1 else [name, "loss"], width=width)
    board.render()
    ax = board.figure.axes[0]
    edge = width if columns == 1 else width / 2
    texts = [*ax.texts, ax.xaxis.label, ax.yaxis.label]
    boxes = []
    for text in texts:
        if not text.get_text():
            continue
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.x1 <= edge + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= board.height + 1, text
        assert text.get_fontsize() / 0.72 >= 9
        boxes.append((text, box.shrunk(0.9, 0.8)))
    for i, (text, box) in enumerate(boxes):
        touching = [other for other, room in boxes[:i] if box.overlaps(room)]
        assert touching == [], text


@pytest.mark.parametrize("width", [300, 480, 900])
def test_hostile_names_are_shown_as_text(width):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 4))
    y = np.arange(24) % 4
    data = nbann.Dataset(X, y, feature_names=HOSTILE, target_names=HOSTILE)
    net = nbann.Sequential([nbann.Dense(3), nbann.Tanh(), nbann.Dense(4)])
    table = nbann.Dataset(X, X[:, :2], feature_names=HOSTILE, target_names=HOSTILE[1:3])
    alone = nbann.Dataset(X, task="unsupervised", feature_names=HOSTILE)
    steps = nbann.Dataset(X.reshape(6, 4, 4), y[:6] % 2, feature_names=HOSTILE)
    boards = [
        Dashboard(nbann.Trainer(net, data), ["confusion", "latent"], width=width),
        Dashboard(
            nbann.Trainer(nbann.Sequential([nbann.Dense(2)]), table),
            ["predictions"],
            width=width,
        ),
        Dashboard(
            nbann.Trainer(nbann.Autoencoder([nbann.Dense(2)]), alone),
            ["reconstruction"],
            width=width,
        ),
        Dashboard(nbann.Trainer(nbann.SOM(2, 2), data), ["som"], width=width),
        Dashboard(
            nbann.Trainer(nbann.Sequential([nbann.RNN(2), nbann.Dense(2)]), steps),
            ["states"],
            width=width,
        ),
    ]
    for board in boards:
        board.trainer.run(1)
        board.render()
        assert "<img" not in board.html().split(">", 1)[1]
        assert max(map(len, board.describe().split())) < 200
        for text in board.figure.axes[0].texts:
            assert not text.get_parse_math()
            assert len(text.get_text()) < 400


@every_case
def test_a_panel_says_why_it_does_not_fit_another(name, make):
    trainer = make()
    for other, kind in PANELS.items():
        panel = attached(kind(), trainer)
        reason = panel.fits(trainer)
        assert panel.describe() == f"{panel.title}: {reason}" or reason is None
        if other == name:
            assert reason is None
        if reason is not None:
            assert reason.endswith(".")
            assert panel.artists() == []


def test_short_names():
    kinds = {name: PANELS[name].__name__ for name, _ in CASES}
    assert kinds == {
        "confusion": "ConfusionMatrix",
        "predictions": "Predictions",
        "reconstruction": "Reconstruction",
        "latent": "LatentSpace",
        "ranking": "RankedList",
        "states": "HiddenStates",
        "som": "SOMMap",
    }
    for kind in {PANELS[name] for name, _ in CASES}:
        assert repr(kind()) == f"{kind.__name__}()"

"""Files that are damaged, unknown or made to do harm: each is refused with one clear error.

`forged` makes a file whose digest is right whatever is in it, as an attacker would.
"""

import copy
import hashlib
import io
import json
import pickle
import random
import struct
import subprocess
import sys
import textwrap
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

import nbann
from nbann.core.storing.container import read_container, write_container
from nbann.core.storing.faults import FileError

from . import nets, test_saving


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return the bytes of a small saved run, its document and its arrays."""
    path = tmp_path_factory.mktemp("saved") / "run.npz"
    trainer = test_saving.classifier(
        nbann.Dense(4, init=lambda rng, shape: rng.standard_normal(shape)),
        nbann.Dropout(0.2),
        test=(nets.data()[0], nets.data()[1]),
        optimizer=nbann.Adam(nbann.schedules.ReduceOnPlateau(0.1)),
        metrics=["accuracy", "confusion_matrix"],
    )
    trainer.run(2)
    trainer.step("op", 5)
    trainer.save(path)
    raw = path.read_bytes()
    document, arrays = read_container(io.BytesIO(raw), "")
    del document["arrays"]
    return raw, document, arrays


def sealed(raw):
    """Return bytes with the digest of what stands before it."""
    return raw[:-64] + hashlib.sha256(raw[:-64]).hexdigest().encode()


def forged(document, arrays):
    file = io.BytesIO()
    write_container(file, document, arrays)
    return file.getvalue()


def refused(tmp_path, raw, match=None, **given):
    """Assert that bytes are refused, and that the error says what is wrong."""
    path = tmp_path / "hostile.npz"
    path.write_bytes(raw)
    with pytest.raises(FileError, match=match) as found:
        nbann.Trainer.load(path, **given)
    assert "expected" in str(found.value) or "newer nbann" in str(found.value)
    return found.value


# ---- damage -------------------------------------------------------------------------------------
def test_any_changed_byte_is_found(saved, tmp_path):
    raw, chance = saved[0], random.Random(0)
    places = {chance.randrange(len(raw)) for _ in range(400)} | set(range(len(raw) - 100, len(raw)))
    for place in sorted(places | set(range(64))):
        changed = bytearray(raw)
        changed[place] ^= 1 << chance.randrange(8)
        refused(tmp_path, bytes(changed))


def test_any_cut_is_found(saved, tmp_path):
    raw = saved[0]
    for length in {*range(0, len(raw), 151), *range(len(raw) - 80, len(raw))}:
        refused(tmp_path, raw[:length])
    refused(tmp_path, raw + b"\0")
    refused(tmp_path, b"\0" + raw)
    refused(tmp_path, raw + raw[: len(raw) // 2])


def test_files_of_other_kinds(tmp_path):
    for raw in (b"", b"PK", b"hello", b"\0" * 10_000, pickle.dumps({"a": 1}), b"\x93NUMPY" * 50):
        refused(tmp_path, raw, "expected a file that Trainer.save wrote")
    other = io.BytesIO()
    np.savez(other, a=np.arange(3))
    refused(tmp_path, other.getvalue(), "another .npz file")


# ---- the archive --------------------------------------------------------------------------------
def archive_of(members, compression=zipfile.ZIP_STORED):
    """Return a sealed archive of names and bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.comment = b"nbann sha256 " + b"0" * 64
        for name, raw in members:
            archive.writestr(zipfile.ZipInfo(name), raw, compression)
    return sealed(file.getvalue())


def members_of(raw):
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def test_an_honest_copy_is_accepted(saved, tmp_path):
    (tmp_path / "copy").write_bytes(archive_of(members_of(saved[0])))
    nbann.Trainer.load(tmp_path / "copy")
    (tmp_path / "copy").write_bytes(forged(*saved[1:]))
    nbann.Trainer.load(tmp_path / "copy")


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_members_that_do_not_belong(saved, tmp_path):
    members = members_of(saved[0])
    for more in ("evil.npy", "../../evil.npy", "/etc/passwd", "C:\\evil", "00000.npy", "a/", ""):
        refused(tmp_path, archive_of([*members, (more, members[1][1])]))
    refused(tmp_path, archive_of(members[:-1]))
    refused(tmp_path, archive_of(members[1:]))
    refused(tmp_path, archive_of(members[::-1]))
    refused(tmp_path, archive_of([]))


def test_a_bomb_is_not_unpacked(tmp_path):
    bomb = archive_of([("document.json", b" " * 300_000_000)], zipfile.ZIP_DEFLATED)
    assert len(bomb) < 400_000
    tracemalloc.start()
    refused(tmp_path, bomb, "plain bytes")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def patched(raw, offsets):
    """Return bytes with some of the second member's headers changed.

    `offsets` says where in its local and its central one, and what: {(6, 8): ("<H", 1)}.
    """
    changed = bytearray(raw)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        places, start = [info.header_offset for info in archive.infolist()], archive.start_dir
    for (local, central), (form, value) in offsets.items():
        if local is not None:
            struct.pack_into(form, changed, places[1] + local, value)
        if central is not None:
            second = changed.index(b"PK\x01\x02", start + 4)
            struct.pack_into(form, changed, second + central, value)
    return sealed(bytes(changed))


@pytest.mark.parametrize(
    "offsets",
    [
        {(6, 8): ("<H", 1)},  # encrypted
        {(None, 8): ("<H", 1)},
        {(8, 10): ("<H", 8)},  # deflated
        {(8, 10): ("<H", 99)},
        {(None, 10): ("<H", 12)},
        {(None, 24): ("<I", 2**31)},  # larger than it is
        {(None, 20): ("<I", 2**31), (None, 24): ("<I", 2**31)},
        {(None, 20): ("<I", 2**32 - 1)},
        {(None, 42): ("<I", 0)},  # over the first one
        {(None, 42): ("<I", 2**31)},
        {(26, None): ("<H", 2**16 - 1)},
        {(28, None): ("<H", 2**16 - 1)},
        {(None, 16): ("<I", 7)},  # another checksum
        {(None, 28): ("<H", 2**16 - 1)},
        {(None, 30): ("<H", 2**16 - 1)},
    ],
)
def test_headers_that_lie(saved, tmp_path, offsets):
    refused(tmp_path, patched(saved[0], offsets))


def test_random_headers(saved, tmp_path):
    """Changed bytes under a right digest: refused, or a trainer like the saved one."""
    raw, chance = saved[0], random.Random(2)
    path = tmp_path / "fuzzed"
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        start = archive.start_dir
        headers = [info.header_offset for info in archive.infolist()]
    outcomes = set()
    for number in range(1500):
        changed = bytearray(raw)
        for _ in range(chance.choice((1, 1, 2, 8))):
            near = chance.choice(headers) + chance.randrange(180)
            place = near if number % 3 else chance.randrange(start, len(raw) - 64)
            changed[min(place, len(raw) - 65)] = chance.randrange(256)
        path.write_bytes(sealed(bytes(changed)))
        outcomes.add(outcome(path))
    assert outcomes <= {"loaded", "refused"}


def outcome(path):
    try:
        nbann.Trainer.load(path)
    except FileError:
        return "refused"
    return "loaded"


# ---- arrays -------------------------------------------------------------------------------------
def with_member(raw, number, made):
    members = members_of(raw)
    name, old = members[number]
    members[number] = (name, made(old))
    return archive_of(members)


def npy(header, payload=b"", version=b"\x01\x00", length=None):
    text = header.encode() + b"\n"
    count = len(text) if length is None else length
    return b"\x93NUMPY" + version + struct.pack("<H", count) + text + payload


HEADER = "{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}"


@pytest.mark.parametrize(
    "made",
    [
        npy(HEADER.format("'|O'", "False", "(1,)"), pickle.dumps(print)),
        npy(HEADER.format("[('a', '<f8')]", "False", "(1,)"), b"\0" * 8),
        npy(HEADER.format("'<M8[s]'", "False", "(1,)"), b"\0" * 8),
        npy(HEADER.format("'|V8'", "False", "(1,)"), b"\0" * 8),
        npy(HEADER.format("'<U2'", "False", "(1,)"), b"\0" * 8),
        npy(HEADER.format("'<c16'", "False", "(1,)"), b"\0" * 16),
        npy(HEADER.format("'>f8'", "False", "(1,)"), b"\0" * 8),
        npy(HEADER.format("'|b1'", "False", "(1,)"), b"\7"),
        npy(HEADER.format("'<f8'", "False", "(1000000000000,)"), b"\0" * 8),
        npy(HEADER.format("'<f8'", "False", "(4294967296, 4294967296)")),
        npy(HEADER.format("'<f8'", "False", "(0, 99999999999999999)")),
        npy(HEADER.format("'<f8'", "False", "(-1,)"), b"\0" * 8),
        npy(HEADER.format("'<f8'", "False", "(2,)"), b"\0" * 8),
        npy(HEADER.format("'<f8'", "False", "(1,)"), b"\0" * 9),
        npy(HEADER.format("'<f8'", "False", "(" + "1, " * 40 + ")"), b"\0" * 8),
        npy(HEADER.format("'<f8'", "__import__('os').abort()", "(1,)"), b"\0" * 8),
        npy("(" * 5000, b"\0" * 8),
        npy(HEADER.format("'<f8'", "False", "(1,)"), b"\0" * 8, version=b"\x02\x00"),
        npy(HEADER.format("'<f8'", "False", "(1,)"), b"", length=65535),
        b"",
        b"\x93NUMPY",
        pickle.dumps(print),
    ],
)
def test_arrays_that_are_none(saved, tmp_path, made):
    refused(tmp_path, with_member(saved[0], 3, lambda old: made), "array")


def might_be_honest(name, array, other):
    """Whether another run of this net could have such an array."""
    if name.startswith("history/") and other.dtype == array.dtype:
        # a longer run, or a metric that gives more numbers: columns 2, 3, 5 and 6 here
        return other.ndim == 1 or name[-1] in "2356"
    return name.endswith("/y") and other.dtype == np.int16  # labels


def test_every_array_is_checked_against_the_trainer(saved, tmp_path):
    _, document, arrays = saved
    for name, array in arrays.items():
        with np.errstate(invalid="ignore"):  # what has not been computed is NaN
            narrow = array.astype(np.int16)
        for other in (
            array[..., None],
            narrow,
            np.concatenate([array.reshape(-1), array.reshape(-1), [1]]).astype(array.dtype),
            np.empty(0),
        ):
            if not might_be_honest(name, array, other):
                refused(tmp_path, forged(document, arrays | {name: other}))
        refused(tmp_path, forged(document, {k: v for k, v in arrays.items() if k != name}))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["data/train/X", "data/test/X"])
def test_data_must_be_finite(saved, tmp_path, name, bad):
    _, document, arrays = saved
    X = arrays[name].copy()
    X[2, 1] = bad
    refused(tmp_path, forged(document, arrays | {name: X}), "finite")


# ---- the document -------------------------------------------------------------------------------
def test_documents_that_are_none(saved, tmp_path):
    for text in (
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b'{"format":"nbann trainer","version":NaN}',
        b'{"format":"nbann trainer","version":1,"version":1}',
        b'{"format":"nbann trainer","version":"1"}',
        b'{"format":"nbann trainer","version":1}',
        b'{"format":"nbann trainer","version":true}',
        b'{"format":"nbann trainer","version":-1}',
        b'{"format":"nbann trainer","version":1.0}',
        b'{"format":"nbann trainer","version":' + b"9" * 5000 + b"}",
        b'{"format":"another","version":1}',
    ):
        refused(tmp_path, with_member(saved[0], 0, lambda old, text=text: text))


def test_a_newer_version_says_what_to_do(saved, tmp_path):
    raw = forged(saved[1] | {"version": 3}, saved[2])
    refused(tmp_path, raw, "written by a newer nbann: version 3, this one reads up to 1. Update")


def places(node, way=()):
    """Yield the way to every entry of a document."""
    if isinstance(node, dict | list):
        for key in node if isinstance(node, dict) else range(len(node)):
            yield (*way, key)
            yield from places(node[key], (*way, key))


def changed(document, way, value):
    document = copy.deepcopy(document)
    inside = document
    for key in way[:-1]:
        inside = inside[key]
    if value is MISSING:
        del inside[way[-1]]
    else:
        inside[way[-1]] = value
    return document


MISSING = object()
ODD = [None, True, -1, 10**30, 1.5, 1e308, "", "__import__", [], {}, [[]], {"kind": "x"}, MISSING]


@pytest.mark.filterwarnings("ignore:.* was saved:UserWarning")
def test_odd_entries_anywhere(saved, tmp_path):
    """Each is refused, or (a name, a number in its range) makes no difference to safety."""
    _, document, arrays = saved
    chance = random.Random(5)
    path = tmp_path / "odd"
    refusals = 0
    for way in places(document):
        for value in chance.sample(ODD, 4):
            path.write_bytes(forged(changed(document, way, value), arrays))
            try:
                trainer = nbann.Trainer.load(path)
            except FileError:
                refusals += 1
            except ValueError as error:
                assert "expected it to be given" in str(error)  # noqa: PT017
            else:
                trainer.step("op")
    assert refusals > 300


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("run", "epoch"), -1),
        (("run", "epoch"), 2**60),
        (("run", "batch"), 4),
        (("run", "done"), 10_000),
        (("run", "done"), -1),
        (("run", "diverged"), 10_000),
        (("run", "touched"), {"nothing": 1}),
        (("run", "touched"), {"loss": -1}),
        (("run", "programs"), [4, 3]),
        (("run", "programs"), [10**9]),
        (("run", "streams"), {}),
        (("run", "streams", "dropout1", "bit_generator"), "MT19937"),
        (("run", "streams", "dropout1", "state", "state"), 2**128),
        (("run", "history", "columns"), ["epoch", "evil"]),
        (("setup", "batch_size"), 0),
        (("setup", "batch_size"), 3),
        (("setup", "seed"), -1),
        (("setup", "dtype"), "object"),
        (("setup", "l2"), float(10**300) * 10),
        (("setup", "metrics"), ["accuracy", "nothing"]),
        (("setup", "data"), {}),
        (("setup", "data", "train", "task"), "magic"),
        (("setup", "data", "train", "feature_names"), ["a"]),
        (("setup", "model", "kind"), "Trainer"),
        (("setup", "model", "kind"), "os.system"),
        (("setup", "model", "kind"), "Layer"),
        (("setup", "model", "arguments", "layers"), []),
        (("setup", "model", "arguments", "evil"), 1),
        (("setup", "model", "arguments", "layers", 0, "arguments", "units"), 5),
        (("setup", "model", "arguments", "layers", 0, "arguments", "units"), 10**9),
        (("setup", "model", "arguments", "layers", 0, "arguments", "units"), 10**30),
        (("setup", "model", "arguments", "layers", 0, "arguments", "init"), {"drawn": 7}),
        (("setup", "model", "arguments", "layers", 0, "arguments", "init"), {"kind": "open"}),
        (("setup", "model", "arguments", "layers", 0, "arguments", "weight"), {"array": "state/"}),
        (("setup", "optimizer", "kind"), "SGD"),
        (("setup", "optimizer", "arguments", "learning_rate"), -1),
        (("setup", "loss"), {"kind": "Huber", "arguments": {"delta": 0}}),
        (("timeline",), {"a": 1}),
        (("layout",), []),
    ],
)
def test_entries_that_do_not_fit(saved, tmp_path, way, value):
    _, document, arrays = saved
    if value == float("inf"):
        value = 10**400
    refused(tmp_path, forged(changed(document, way, value), arrays))


def net_of(*layers):
    return {"kind": "Sequential", "arguments": {"layers": list(layers)}}


def layer(kind, **arguments):
    return {"kind": kind, "arguments": arguments}


HUGE = 10**12


@pytest.mark.parametrize(
    "net",
    [
        net_of(layer("Dense", units=HUGE), layer("BatchNorm"), layer("Dense", units=3)),
        net_of(layer("Dense", units=HUGE, bias=False), layer("LayerNorm"), layer("Dense", units=3)),
        net_of(layer("Embedding", count=1, units=HUGE)),
        net_of(layer("Embedding", count=HUGE, units=1)),
        net_of(layer("Residual", layers=[layer("Dense", units=HUGE), layer("Dense", units=3)])),
        net_of(layer("LSTM", units=HUGE)),
        net_of(layer("Bidirectional", layer=layer("GRU", units=HUGE))),
        net_of(*[layer("Tanh")] * 20_000, layer("Dense", units=3)),
        net_of(*[layer("Dense", units=1)] * 20_000),
        net_of(layer("Residual", layers=[layer("Tanh"), net_of(layer("Tanh"))])),
    ],
)
def test_models_larger_than_their_file(saved, tmp_path, net):
    _, document, arrays = saved
    raw = forged(changed(document, ("setup", "model"), net), arrays)
    tracemalloc.start()
    refused(tmp_path, raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000 + 60 * len(raw)


def test_a_model_that_is_deep(saved, tmp_path):
    _, document, arrays = saved
    for depth in (200, 5000):
        raw = b'{"kind":"Residual","arguments":{"layers":[' * depth + b'"x"' + b"]}}" * depth
        more = {"format": "nbann trainer", "version": 1, "arrays": list(arrays)}
        whole = json.dumps(changed(document, ("setup", "model"), "HERE") | more)
        deep = whole.encode().replace(b'"HERE"', raw)
        refused(tmp_path, with_member(saved[0], 0, lambda old, deep=deep: deep))


def test_activations_larger_than_their_file(tmp_path):
    """Small parameters and a large batch: what the ops write is in the file as well."""
    trainer = nbann.Trainer(
        nbann.Sequential([nbann.Dense(2, name="a"), nbann.Dense(2, name="b")]),
        (np.arange(4000.0).reshape(4000, 1) / 4000, np.arange(4000) % 2),
        batch_size=1,
    )
    trainer.save(tmp_path / "run")
    with open(tmp_path / "run", "rb") as file:
        document, arrays = read_container(file, "")
    del document["arrays"]
    refused(tmp_path, forged(changed(document, ("setup", "batch_size"), 4000), arrays))
    refused(tmp_path, forged(changed(document, ("setup", "batch_size"), None), arrays))


def test_nothing_is_carried_out(saved, tmp_path, monkeypatch):
    """Loading unpickles nothing and calls none of Python's ways to run a text."""
    path = tmp_path / "run"
    path.write_bytes(saved[0])
    nbann.Trainer.load(path)  # whatever has to be imported is

    def audit(event, args):
        if active and event in ("exec", "compile", "pickle.find_class", "os.system", "import"):
            seen.append((event, args))

    active, seen = False, []
    sys.addaudithook(audit)
    active = True
    nbann.Trainer.load(path)
    active = False
    assert [event for event, _ in seen if event != "import"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limit on memory")
def test_a_process_with_little_memory_refuses_them_as_well(saved, tmp_path):
    _, document, arrays = saved
    units = ("setup", "model", "arguments", "layers", 0, "arguments", "units")
    (tmp_path / "a").write_bytes(forged(changed(document, units, 10**9), arrays))
    bomb = [("document.json", b" " * 10**8)]
    (tmp_path / "b").write_bytes(archive_of(bomb, zipfile.ZIP_DEFLATED))
    code = f"""
        import resource, nbann
        import nbann.core.trainer, nbann.core.storing.saving
        now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + 64_000_000,) * 2)
        for name in "ab":
            try:
                nbann.Trainer.load({str(tmp_path)!r} + "/" + name)
            except nbann.FileError as error:
                print(name, "refused")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["a", "refused", "b", "refused"], done.stderr


def test_a_refusal_does_not_take_long(saved, tmp_path):
    raw = with_member(saved[0], 3, lambda old: npy("{'descr': '" + "1, " * 1300 + "}"))
    begin = time.process_time()
    refused(tmp_path, raw)
    assert time.process_time() - begin < 10  # of the processor, which others use as well

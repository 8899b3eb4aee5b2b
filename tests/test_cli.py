"""The command ``nbann lab``: real files, a recorded launch, and one real JupyterLab."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from nbann import cli

FIRST = "06-who-is-to-blame.ipynb"
SECOND = "more/12-eleven-lines.ipynb"


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    """A release of two lessons, and a function that publishes the next release."""
    source = tmp_path / "release"

    def publish(text):
        for name in (FIRST, SECOND):
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{name} {text}")
        return {name: source / name for name in (FIRST, SECOND)}

    monkeypatch.setattr(cli, "find_lessons", lambda: publish("v1"))
    publish.at = lambda text: monkeypatch.setattr(cli, "find_lessons", lambda: publish(text))
    return publish


@pytest.fixture
def lab(tmp_path, monkeypatch, lessons):
    """Run `nbann lab` with the given words; returns the status, keeps the launched commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "browser_available", lambda: True)
    monkeypatch.setattr(cli, "_is_root", lambda: False)

    def run(*words):
        return cli.main(["lab", *words], launch=lambda command: run.commands.append(command) or 0)

    run.commands = []
    return run


def files(folder):
    found = (path.relative_to(folder) for path in Path(folder).rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found)


# ---- what is written ----------------------------------------------------------------------------


def test_lessons_are_laid_out_and_the_first_is_opened(lab, tmp_path, capsys):
    assert lab() == 0
    folder = tmp_path / "nbann-lessons"
    assert files(folder) == [cli.MANIFEST, FIRST, SECOND]
    assert (folder / SECOND).read_text() == f"{SECOND} v1"
    [command] = lab.commands
    assert command == [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{FIRST}",
    ]
    out = capsys.readouterr().out
    assert str(folder) in out
    assert f"added {FIRST}" in out


def test_a_second_run_writes_nothing(lab, tmp_path, capsys):
    lab("work")
    before = {name: (tmp_path / "work" / name).stat().st_mtime_ns for name in files("work")}
    capsys.readouterr()
    assert lab("work") == 0
    assert {name: (tmp_path / "work" / name).stat().st_mtime_ns for name in files("work")} == before
    assert capsys.readouterr().out == f"Lessons: {tmp_path / 'work'}\n"


def test_an_untouched_lesson_is_updated_in_place(lab, lessons, tmp_path, capsys):
    lab("work")
    lessons.at("v2")
    lab("work")
    assert (tmp_path / "work" / FIRST).read_text() == f"{FIRST} v2"
    assert files("work") == [cli.MANIFEST, FIRST, SECOND]
    assert f"updated {FIRST}" in capsys.readouterr().out
    lessons.at("v3")
    lab("work")
    assert (tmp_path / "work" / FIRST).read_text() == f"{FIRST} v3"


def test_a_changed_lesson_is_kept_and_the_new_one_laid_beside_it(lab, lessons, tmp_path, capsys):
    lab("work")
    mine = tmp_path / "work" / SECOND
    mine.write_text("my own work")
    lessons.at("v2")
    assert lab("work") == 0
    beside = tmp_path / "work" / "more/12-eleven-lines.new.ipynb"
    assert mine.read_text() == "my own work"
    assert beside.read_text() == f"{SECOND} v2"
    assert f"kept {SECOND}, which you have changed" in capsys.readouterr().out
    # The lesson nobody touched is updated as ever.
    assert (tmp_path / "work" / FIRST).read_text() == f"{FIRST} v2"


def test_a_changed_lesson_is_kept_within_one_release_too(lab, tmp_path):
    lab("work")
    (tmp_path / "work" / FIRST).write_text("my own work")
    lab("work")
    lab("work")
    assert (tmp_path / "work" / FIRST).read_text() == "my own work"
    assert files("work") == [cli.MANIFEST, FIRST, "06-who-is-to-blame.new.ipynb", SECOND]


def test_an_untouched_new_file_is_updated_a_changed_one_gets_a_number(lab, lessons, tmp_path):
    work = tmp_path / "work"
    lab("work")
    (work / FIRST).write_text("mine")
    lessons.at("v2")
    lab("work")
    lessons.at("v3")
    lab("work")
    new, new2 = (work / f"06-who-is-to-blame.{mark}.ipynb" for mark in ("new", "new2"))
    assert new.read_text() == f"{FIRST} v3"
    assert not new2.exists()

    new.write_text("mine as well")
    lessons.at("v4")
    lab("work")
    assert (work / FIRST).read_text() == "mine"
    assert new.read_text() == "mine as well"
    assert new2.read_text() == f"{FIRST} v4"


def test_a_file_that_nbann_did_not_write_is_kept(lab, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / FIRST).write_text("was here before")
    (tmp_path / "work" / "other.txt").write_text("unrelated")
    lab("work")
    assert (tmp_path / "work" / FIRST).read_text() == "was here before"
    assert (tmp_path / "work" / "other.txt").read_text() == "unrelated"
    assert (tmp_path / "work" / "06-who-is-to-blame.new.ipynb").exists()


def test_a_deleted_lesson_comes_back(lab, tmp_path):
    lab("work")
    (tmp_path / "work" / FIRST).unlink()
    lab("work")
    assert (tmp_path / "work" / FIRST).read_text() == f"{FIRST} v1"


@pytest.mark.parametrize("text", ["{", "[]", '{"sha256": 3}', "\xff"])
def test_an_unreadable_manifest_loses_nothing(lab, lessons, tmp_path, capsys, text):
    lab("work")
    (tmp_path / "work" / cli.MANIFEST).write_text(text, encoding="latin-1")
    lessons.at("v2")
    assert lab("work") == 0
    assert (tmp_path / "work" / FIRST).read_text() == f"{FIRST} v1"
    assert (tmp_path / "work" / "06-who-is-to-blame.new.ipynb").read_text() == f"{FIRST} v2"
    assert "was not readable" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "work" / cli.MANIFEST).read_text())["sha256"]) == 2


# ---- folders that cannot be used ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_in_place_of_the_folder(lab, tmp_path, capsys, name):
    (tmp_path / "file").write_text("a file")
    assert lab(name) == 2
    assert (tmp_path / "file").read_text() == "a file"
    assert not lab.commands
    assert "file" in capsys.readouterr().err


def test_a_folder_in_place_of_a_lesson(lab, tmp_path, capsys):
    (tmp_path / "work" / FIRST).mkdir(parents=True)
    assert lab("work") == 2
    assert FIRST in capsys.readouterr().err
    assert not lab.commands


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_folder_that_may_not_be_written(lab, tmp_path, capsys, monkeypatch):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.geteuid() == 0:  # root may write anywhere, so let the system call say no
        monkeypatch.setattr(Path, "write_bytes", _refuse)
    assert lab("locked") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Name a folder that you may write to" in error
    assert files(locked) == []


def test_a_write_that_fails_half_way_leaves_the_old_lesson_whole(
    lab, lessons, tmp_path, monkeypatch
):
    lab("work")
    lessons.at("v2")
    monkeypatch.setattr(os, "replace", _refuse)
    assert lab("work") == 2
    assert (tmp_path / "work" / FIRST).read_text() == f"{FIRST} v1"
    assert files("work") == [cli.MANIFEST, FIRST, SECOND]
    monkeypatch.undo()


def _refuse(path, *_):
    raise PermissionError(13, "Permission denied", str(path))


# ---- the words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "folder", "passed"),
    [
        (["--port", "8899"], "nbann-lessons", ["--port", "8899"]),
        (
            ["work", "--port=8899", "--ip", "127.0.0.1"],
            "work",
            ["--port=8899", "--ip", "127.0.0.1"],
        ),
        (["--ServerApp.base_url=/x/", "work"], "work", ["--ServerApp.base_url=/x/"]),
        (["--debug", "work"], "work", ["--debug"]),
        (["--no-browser", "work"], "work", []),
        (["work", "--config", "a.py", "other"], "work", ["--config", "a.py", "other"]),
    ],
)
def test_other_options_go_on_to_jupyterlab_unchanged(lab, tmp_path, words, folder, passed):
    assert lab(*words) == 0
    [command] = lab.commands
    assert command[3] == f"--ServerApp.root_dir={tmp_path / folder}"
    expected = ["--no-browser"] if "--no-browser" in words else []
    assert command[5:] == expected + passed


def test_what_the_user_sets_is_not_set_twice(lab, monkeypatch):
    monkeypatch.setattr(cli, "_is_root", lambda: True)
    given = ["--notebook-dir=/", "--LabApp.default_url=/lab", "--allow-root"]
    lab("work", *given)
    assert lab.commands[0][3:] == given


def test_root_is_allowed_and_told_so(lab, monkeypatch, capsys):
    monkeypatch.setattr(cli, "_is_root", lambda: True)
    lab("work")
    assert lab.commands[0][5:] == ["--allow-root"]
    assert "Running as root" in capsys.readouterr().out


def test_without_a_browser_the_url_is_announced(lab, monkeypatch, capsys):
    monkeypatch.setattr(cli, "browser_available", lambda: False)
    assert lab("work") == 0
    assert "--no-browser" in lab.commands[0]
    out = capsys.readouterr().out
    assert "No browser was found" in out
    assert FIRST in out


def test_a_lesson_name_is_quoted_in_the_url():
    command = cli.jupyter_command(Path("work"), "eleven lines & more.ipynb", [])
    assert command[-1] == "--LabApp.default_url=/lab/tree/eleven%20lines%20%26%20more.ipynb"


def test_browser_available_asks_the_machine(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not cli.browser_available()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(cli.webbrowser, "get", lambda: "a browser")
    assert cli.browser_available()

    def none_found():
        raise cli.webbrowser.Error("no browser")

    monkeypatch.setattr(cli.webbrowser, "get", none_found)
    assert not cli.browser_available()


def test_a_missing_jupyterlab_is_named_in_one_line(lab, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None)
    assert lab("work") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert 'pip install "nbann[lab]"' in error
    assert not (tmp_path / "work").exists()


def test_an_installation_without_lessons_says_so(lab, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(cli, "find_lessons", dict)
    assert lab("work") == 1
    assert "found none" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_help_and_version(capsys):
    assert cli.main([]) == 0
    assert "lab" in capsys.readouterr().out
    assert cli.main(["--version"]) == 0
    assert re.fullmatch(r"nbann \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)
    for words in (["--help"], ["lab", "--help"], ["lab", "-h"]):
        with pytest.raises(SystemExit) as exit_info:
            cli.main(words)
        assert exit_info.value.code == 0
        assert "usage: nbann" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["nonsense"], ["--nonsense"]])
def test_unknown_words_are_refused(words, capsys):
    with pytest.raises(SystemExit) as exit_info:
        cli.main(words)
    assert exit_info.value.code == 2
    assert "nonsense" in capsys.readouterr().err


def test_lessons_alone_are_laid_out_without_jupyterlab(lessons, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None)  # not even asked for
    launched = []
    assert cli.main(["lessons", "work"], launch=launched.append) == 0
    assert launched == []
    assert files(tmp_path / "work") == [cli.MANIFEST, FIRST, SECOND]
    (tmp_path / "work" / FIRST).write_text("mine")
    lessons.at("v2")
    capsys.readouterr()
    assert cli.main(["lessons", "work"]) == 0
    assert (tmp_path / "work" / FIRST).read_text() == "mine"
    assert f"kept {FIRST}" in capsys.readouterr().out
    (tmp_path / "file").write_text("a file")
    assert cli.main(["lessons", "file"]) == 2
    assert capsys.readouterr().err.startswith("nbann lessons: expected a folder")


# ---- the real things ----------------------------------------------------------------------------


def test_find_lessons_prefers_those_of_the_wheel(tmp_path, monkeypatch):
    package = tmp_path / "nbann"
    for name in ("b.ipynb", "a.ipynb", ".ipynb_checkpoints/a-checkpoint.ipynb", "notes.txt"):
        path = tmp_path / "notebooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("from the checkout")
    monkeypatch.setattr(cli, "__file__", str(package / "cli.py"))
    assert list(cli.find_lessons()) == ["a.ipynb", "b.ipynb"]
    (package / "_notebooks").mkdir(parents=True)
    (package / "_notebooks" / "c.ipynb").write_text("from the wheel")
    assert list(cli.find_lessons()) == ["c.ipynb"]


def test_the_lessons_of_this_checkout_are_found():
    lessons = cli.find_lessons()
    assert lessons
    for path in lessons.values():
        assert json.loads(path.read_text(encoding="utf-8"))["nbformat"] == 4


def test_a_real_jupyterlab_opens_on_the_lesson(tmp_path):
    """`nbann lab` in a process of its own, with options passed on, answers for its first lesson."""
    env = dict(os.environ)
    for kind in ("CONFIG", "DATA", "RUNTIME"):
        env[f"JUPYTER_{kind}_DIR"] = str(tmp_path / kind)
    words = ["lab", "work", "--no-browser", "--port=0", "--ServerApp.base_url=/nested/"]
    log_path = tmp_path / "log.txt"
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "nbann", *words], cwd=tmp_path, env=env, stdout=log, stderr=log
        )
    try:
        url = _wait_for_url(process, log_path)
        first = cli.first_lesson(cli.find_lessons())
        assert f"/nested/lab/tree/{first}?token=" in url
        # The URL that was printed is answered, and so is the lesson's own content.
        with urllib.request.urlopen(url, timeout=30) as page:
            assert page.status == 200
        content_url = url.replace("/lab/tree/", "/api/contents/")
        with urllib.request.urlopen(content_url, timeout=30) as answer:
            assert answer.status == 200
            assert json.load(answer)["name"] == Path(first).name
    finally:
        # exec, not a child: this one process is JupyterLab, so the signal reaches it.
        process.terminate()
        assert process.wait(timeout=30) is not None


def _wait_for_url(process, log_path, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        text = log_path.read_text()
        found = re.search(r"^\s+(http://\S+token=\w+)", text, flags=re.MULTILINE)
        if found:
            return found[1]
        if process.poll() is not None:
            pytest.fail(f"JupyterLab ended with status {process.returncode}:\n{text}")
        time.sleep(0.1)
    pytest.fail(f"JupyterLab printed no URL within {seconds} s:\n{log_path.read_text()}")

"""The command ``nbann``: lays the lessons out and opens JupyterLab; standard library only."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import itertools
import json
import os
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

MANIFEST = ".nbann-lessons.json"
DEFAULT_FOLDER = "nbann-lessons"

# JupyterLab's usual options that take no value: a word after one of them is DIR. A word after any
# other option written without "=" is that option's value.
SWITCHES = {"--allow-root", "--autoreload", "--collaborative", "--core-mode", "--debug", "-y"}

Launch = Callable[[list[str]], int]


def main(argv: Sequence[str] | None = None, launch: Launch | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after ``nbann``; by default those of this process.
    launch : callable, optional
        Starts the JupyterLab command that it is given; by default `start`.

    Returns
    -------
    int
        Exit status: 0 for success, 1 where JupyterLab is missing, 2 for words or a folder that
        cannot be used.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    passed: list[str] = []
    if words[:1] == ["lab"]:
        ours, passed = split_options(words[1:])
        words = ["lab", *ours]
    parser = _parser()
    options = parser.parse_args(words)
    if options.version:
        print(f"nbann {importlib.metadata.version('nbann')}")
        return 0
    if options.command is None:
        parser.print_help()
        return 0
    if options.command == "lessons":
        _, status = put(Path(options.dir), "lessons")
        return status
    return lab(Path(options.dir), options.no_browser, passed, launch or start)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nbann", description="Train neural networks in steps that a person can see."
    )
    parser.add_argument("--version", action="store_true", help="show nbann's version and exit")
    commands = parser.add_subparsers(dest="command", title="commands")
    lab_parser = commands.add_parser(
        "lab",
        help="put the lessons in a folder and open JupyterLab on the first",
        description="Put the lessons in DIR and open JupyterLab on the first. A lesson that you "
        "have changed is never overwritten: the new one is laid beside it.",
        epilog="Any further option goes on to JupyterLab, e.g. --port=8899; "
        "'jupyter lab --help' lists them.",
        usage="nbann lab [DIR] [--no-browser] [JupyterLab options]",
        allow_abbrev=False,
    )
    lessons_parser = commands.add_parser(
        "lessons",
        help="put the lessons in a folder, and no more",
        description="Put the lessons in DIR, e.g. where a server begins for each of its users. A "
        "lesson that you have changed is never overwritten: the new one is laid beside it.",
        allow_abbrev=False,
    )
    for one in (lab_parser, lessons_parser):
        one.add_argument(
            "dir",
            metavar="DIR",
            nargs="?",
            default=DEFAULT_FOLDER,
            help="folder for the lessons, made if missing (default: ./%(default)s)",
        )
    lab_parser.add_argument(
        "--no-browser", action="store_true", help="print the URL instead of opening a browser"
    )
    return parser


def split_options(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Split the words after ``nbann lab`` into nbann's own and JupyterLab's.

    The first bare word that is no option's value is DIR.

    Examples
    --------
    >>> split_options(["--port", "8899", "work", "--no-browser"])
    (['work', '--no-browser'], ['--port', '8899'])
    """
    ours: list[str] = []
    passed: list[str] = []
    folder_found = value_expected = False
    for word in words:
        if word.startswith("-"):
            own = word in ("--no-browser", "--help", "-h")
            (ours if own else passed).append(word)
            value_expected = "=" not in word and not own and word not in SWITCHES
        elif value_expected or folder_found:
            passed.append(word)
            value_expected = False
        else:
            ours.append(word)
            folder_found = True
    return ours, passed


def lab(folder: Path, no_browser: bool, passed: list[str], launch: Launch) -> int:
    """Put the lessons in `folder` and launch JupyterLab on the first; return the exit status."""
    if importlib.util.find_spec("jupyterlab") is None:
        return _fail(1, 'JupyterLab is not installed. Install it: pip install "nbann[lab]"')
    lessons, status = put(folder, "lab")
    if status:
        return status
    opening = first_lesson(lessons)
    if not (no_browser or _names(passed, "open_browser") or browser_available()):
        print("No browser was found on this machine.")
        no_browser = True
    if no_browser and not _names(passed, "default_url"):
        print(f"Open the URL that JupyterLab prints below; it leads to {opening}.")
    if no_browser:
        passed = ["--no-browser", *passed]
    if _is_root() and not _names(passed, "allow-root", "allow_root"):
        # A container's user is root as a rule, and JupyterLab would refuse to start.
        print("Running as root: JupyterLab is started with --allow-root.")
        passed = ["--allow-root", *passed]
    return launch(jupyter_command(folder, opening, passed))


def put(folder: Path, command: str) -> tuple[dict[str, Path], int]:
    """Put the lessons in `folder`, and say so; return them, and the exit status of `command`."""
    lessons = find_lessons()
    if not lessons:
        message = (
            "expected the lessons in this installation, found none. "
            "Install nbann again, from a wheel or from a checkout that has notebooks/."
        )
        return lessons, _fail(1, message, command)
    if folder.exists() and not folder.is_dir():
        message = f"expected a folder for the lessons, received the file {folder}. Name another."
        return lessons, _fail(2, message, command)
    try:
        notes = lay_out(lessons, folder)
    except OSError as error:
        message = f"cannot put the lessons in {folder}: {error}. "
        return lessons, _fail(2, f"{message}Name a folder that you may write to.", command)
    print(f"Lessons: {folder.resolve()}", *notes, sep="\n  ")
    return lessons, 0


def _fail(status: int, message: str, command: str = "lab") -> int:
    print(f"nbann {command}: {message}", file=sys.stderr)
    return status


# ---- the lessons ----------------------------------------------------------------------------


def find_lessons() -> dict[str, Path]:
    """Return the lessons that came with nbann: path inside the lessons' folder -> file."""
    package = Path(__file__).resolve().parent
    packed = package / "_notebooks"
    root = packed if packed.is_dir() else package.parent / "notebooks"
    relative = (path.relative_to(root) for path in root.rglob("*.ipynb"))
    return {
        path.as_posix(): root / path
        for path in sorted(relative)
        if not any(part.startswith(".") for part in path.parts)
    }


def first_lesson(names: Iterable[str]) -> str:
    """Return the lesson to open: the first in the order of the file names."""
    return min(names)


def lay_out(lessons: dict[str, Path], folder: Path) -> list[str]:
    """Put the lessons in `folder`, and say what was done, one line each.

    A file is replaced only if its bytes are those that an earlier call wrote there; the manifest
    holds their hashes. Any other file is a person's work: it stays, and the new lesson is laid
    beside it as ``NAME.new.ipynb`` (``NAME.new2.ipynb``, ... where that one was changed too).
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, notes = _read_manifest(folder)
    before = dict(written)
    for name, source in lessons.items():
        data = source.read_bytes()
        for candidate in _candidates(name):
            done = _place(folder / candidate, data, written.get(candidate))
            if done is not None:
                written[candidate] = _digest(data)
                break
        if candidate != name:
            notes.append(f"kept {name}, which you have changed; the new one is {candidate}")
        elif done:
            notes.append(f"{done} {name}")
    if written != before:
        text = json.dumps({"sha256": written}, indent=1, sort_keys=True) + "\n"
        _write_whole(folder / MANIFEST, text.encode())
    return notes


def _candidates(name: str) -> Iterable[str]:
    yield name
    stem = str(PurePosixPath(name).with_suffix(""))
    for number in itertools.count(1):
        yield f"{stem}.new{number if number > 1 else ''}.ipynb"


def _place(path: Path, data: bytes, written: str | None) -> str | None:
    """Write `data` unless a person's work is there; say what was done, None if nothing may be."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, data)
        return "added"
    present = path.read_bytes()
    if present == data:
        return ""
    if _digest(present) == written:
        _write_whole(path, data)
        return "updated"
    return None


def _read_manifest(folder: Path) -> tuple[dict[str, str], list[str]]:
    try:
        return dict(json.loads((folder / MANIFEST).read_bytes())["sha256"]), []
    except FileNotFoundError:
        return {}, []
    except (ValueError, KeyError, TypeError):
        # Without it nothing counts as unchanged, so nothing can be lost.
        return {}, [f"{MANIFEST} was not readable: every lesson that differs is kept as yours"]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees half of it, whatever happens on the way."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


# ---- JupyterLab -----------------------------------------------------------------------------


def browser_available() -> bool:
    """Tell whether a browser that can show JupyterLab will open on this machine."""
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        return False  # only text browsers are left, and they cannot show JupyterLab
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def jupyter_command(folder: Path, opening: str, passed: list[str]) -> list[str]:
    """Return the command that starts JupyterLab in `folder` on the lesson `opening`.

    JupyterLab refuses an option that is given twice, so what the user sets is left to the user.
    """
    command = [sys.executable, "-m", "jupyterlab"]
    if not _names(passed, "root_dir", "notebook-dir"):
        command.append(f"--ServerApp.root_dir={folder.resolve()}")
    if not _names(passed, "default_url"):
        # Both the browser and the URL that JupyterLab prints, with its token, lead here.
        command.append(f"--LabApp.default_url=/lab/tree/{quote(opening)}")
    return command + passed


def _names(passed: list[str], *options: str) -> bool:
    return any(option in word.partition("=")[0] for word in passed for option in options)


def _is_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0


def start(command: list[str]) -> int:
    """Become `command`, so that Ctrl-C reaches it alone; on Windows run it and wait."""
    sys.stdout.flush()
    if os.name == "nt":
        return subprocess.call(command)
    os.execv(command[0], command)

"""Every lesson has the one shape: a person who knows one knows where to look in all."""

import re
from itertools import pairwise

import pytest

from .lessons import ALL, LESSONS, ROOT, SERIES, SOLUTIONS, code, headings, markdown, read, words

PARTS = ["Predict", "Run", "Step through", "Change one thing", "Exercise", "In three lines"]
MOST_WORDS, MOST_CELLS, LARGEST = 900, 25, 500_000
QUESTIONS = [
    "One neuron: how does it decide?",
    "What does being wrong cost?",
    "From score to class?",
    "Why bend the line?",
    "What can a line not do?",
    "Who is to blame?",
    "Iris from scratch?",
    "All, some or one?",
    "Know it or remember it?",
    "How deep can it go?",
    "Do we agree with scikit-learn?",
    "What is there to learn without labels?",
    "Up and down through the same weights?",
    "Can the future explain the past?",
    "Can it put things in order?",
    "What went wrong here?",
    "More than one machine?",
]
SHAPED = pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
EVERY = pytest.mark.parametrize("path", ALL, ids=lambda path: path.relative_to(LESSONS).as_posix())


def test_the_series_asks_its_questions_in_order():
    titles = [headings(read(path))[0][1] for path in SERIES]
    assert titles == QUESTIONS
    assert [path.name[:2] for path in SERIES] == [f"{n:02}" for n in range(1, len(QUESTIONS) + 1)]


@SHAPED
def test_it_opens_with_what_you_do_learn_and_need(path):
    first = markdown(read(path))[0]
    assert re.match(r"# .*\?\n", first), "the title is a question"
    places = [first.find(f"**What you'll {part}**: ") for part in ("do", "learn")]
    places.append(first.find("**What you need**: "))
    assert places == sorted(places)
    assert places[0] > 0, "expected **What you'll do**: ..., **What you'll learn**: ..., "
    need = first[places[-1] :]
    minutes = re.search(r"(\d+) minutes", need)
    assert minutes, "expected how many minutes it takes"
    assert 15 <= int(minutes[1]) <= 25
    assert "](" in need or path.name.startswith("01"), "expected links to what it builds on"


@SHAPED
def test_its_parts_are_in_order(path):
    found = headings(read(path))
    assert [level for level, _ in found].count(1) == 1
    assert all(level in (1, 2, 3) for level, _ in found)
    below = [a for a, b in pairwise(found) if b[0] > a[0] + 1]
    assert below == [], "a heading is at most one level below the one before"
    parts = [part for _, words in found for part in PARTS if re.match(rf"{part}\b", words)]
    assert parts == PARTS


@SHAPED
def test_it_is_short(path):
    notebook = read(path)
    assert len(notebook.cells) <= MOST_CELLS
    assert words(notebook) <= MOST_WORDS


@SHAPED
def test_a_guess_comes_before_the_run_and_is_come_back_to(path):
    sources = [cell.source for cell in code(read(path))]
    asked = [n for n, source in enumerate(sources) if "nbann.Predict(" in source]
    revealed = [n for n, source in enumerate(sources) if ".reveal()" in source]
    assert asked, "expected nbann.Predict(...)"
    assert revealed, "expected print(guess.reveal())"
    assert asked[0] < revealed[0]
    answered = [cell.source for cell in code(read(SOLUTIONS / path.name), "solution")]
    assert any(".answer(" in source for source in answered), "the solution makes a guess"


@SHAPED
def test_its_widgets_are_asserted_on(path):
    source = "\n".join(cell.source for cell in code(read(path)))
    assert re.search(r"nbann\.(StepThrough|Compare|NetworkView|Playground|FrameView)\(", source)
    assert source.count("assert ") >= 3


@SHAPED
def test_its_exercise_has_two_hints_one_within_the_other(path):
    notebook = read(path)
    text = "\n".join(markdown(notebook))
    exercise = text[text.index("## Exercise") :]
    opened = re.findall(r"<summary>(.*?)</summary>", exercise)
    assert opened == ["Hint 1", "Hint 2"]
    tags = re.findall(r"</?details>", exercise)
    assert tags == ["<details>", "<details>", "</details>", "</details>"]
    assert f"solutions/{path.name})" in exercise
    assert len(code(notebook, "exercise")) == 1
    assert len(code(notebook, "check")) == 1
    assert "nbann.check." in code(notebook, "check")[0].source


@SHAPED
def test_its_check_says_not_yet_and_the_solution_passes(path):
    [cell] = code(read(path), "check")
    assert "raises-exception" in cell.metadata["tags"]
    [output] = cell.outputs
    assert (output.output_type, output.ename) == ("error", "NotYet")
    assert output.evalue.startswith("not yet: ")
    [solved] = code(read(SOLUTIONS / path.name), "check")
    assert "raises-exception" not in solved.metadata["tags"]
    assert "ok: " in str(solved.outputs)


@SHAPED
def test_it_ends_with_three_lines_reading_and_the_next(path):
    last = markdown(read(path))[-1]
    recap, _, rest = last[last.index("## In three lines") :].partition("**Further reading**: ")
    assert len(re.findall(r"^- ", recap, flags=re.MULTILINE)) == 3
    further, _, following = rest.partition("**Next**: ")
    assert len(further.split()) > 5
    assert following.startswith("[")


@EVERY
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)\)", "\n".join(markdown(read(path)))):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).resolve().is_file(), target
            assert ROOT in (path.parent / target).resolve().parents


@EVERY
def test_every_picture_has_words(path):
    pictures = [
        output
        for cell in code(read(path))
        for output in cell.outputs
        if any(kind.startswith("image/") for kind in output.get("data", {}))
        or "<img" in str(output.get("data", {}).get("text/html", ""))
    ]
    for output in pictures:
        assert len(output.data.get("text/plain", "").split()) >= 8
        for image in re.findall(r"<img[^>]*>", str(output.data.get("text/html", ""))):
            assert re.search(r'alt="[^"]{20,}', image)


@EVERY
def test_it_is_light_and_was_executed(path):
    assert path.stat().st_size <= LARGEST
    notebook = read(path)
    assert "widgets" not in notebook.metadata
    assert all(cell.execution_count for cell in code(notebook))


@EVERY
def test_code_is_not_cut_off(path):
    """JupyterLab does not wrap code: a longer line would have to be scrolled."""
    lines = [line for cell in code(read(path)) for line in cell.source.split("\n")]
    assert [line for line in lines if len(line) > 100] == []


@EVERY
def test_numbers_are_printed_with_few_digits(path):
    """More would differ from machine to machine; an op's own arithmetic rounds by itself."""
    printed = [
        output.text
        for cell in code(read(path))
        for output in cell.outputs
        if output.output_type == "stream"
    ]
    numbers = [number for text in printed for number in re.findall(r"\d+\.\d+", text)]
    assert [n for n in numbers if len(n.replace(".", "").lstrip("0")) > 7] == []

"""Predict in a real JupyterLab: a locked run, a guess, the run, the truth; by mouse and by key."""

import nbformat
import pytest

SETUP = """
import nbann
trainer = nbann.Trainer(nbann.Sequential([nbann.Dense(3, name="hidden"), nbann.Tanh(),
                                          nbann.Dense(2)]), nbann.datasets.xor())
predict = nbann.Predict("What will the loss be after <b>10</b> epochs?", slider=(0, 2, 0.01),
    truth=lambda t: t.history["train_loss"][9], unlocks=trainer, after=10,
    explanation="It falls slowly at first.")
choice = nbann.Predict("Will it fall?", choices=["yes", "no <img src=x onerror=alert(1)>"],
    truth=lambda t: "yes" if t.history["train_loss"][-1] < t.history["train_loss"][0] else "no",
    trainer=trainer)
widget = nbann.StepThrough(trainer, panels=["loss"])
import ipywidgets
ipywidgets.VBox([predict, choice, widget])
"""


@pytest.fixture
def page(lab_page):
    lab_page.page.set_viewport_size({"width": 1280, "height": 1400})
    lab_page.open(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SETUP.strip())]))
    lab_page.run_all_cells()
    lab_page.page.locator(".nbann-step-through").first.wait_for()
    return lab_page.page


def button(root, name):
    return root.get_by_role("button", name=name, exact=True)


def test_a_guess_unlocks_the_run_and_is_held_against_it(lab_page, page):
    predict, steps = page.locator(".nbann-predict").first, page.locator(".nbann-step-through").first
    locked = steps.locator(".nbann-locked")
    assert locked.inner_text() == "Guess first: What will the loss be after <b>10</b> epochs?"
    assert button(steps, "Step").is_disabled()
    assert button(steps, "Play").is_disabled()
    steps.focus()
    steps.press("ArrowRight")
    page.wait_for_timeout(300)
    assert "next: op 1" in steps.locator(".nbann-status").inner_text()
    assert button(predict, "Reveal").is_disabled()
    assert predict.get_by_role("group", name="What will the loss be after").count() == 1

    slider = predict.get_by_role("slider", name="Your guess")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowLeft")
    assert predict.locator(".nbann-guess-output").inner_text() == "0.95"
    button(predict, "Record my guess").click()
    predict.get_by_text("Your guess: 0.95").wait_for()
    locked.wait_for(state="hidden")
    button(predict, "Reveal").click()
    predict.get_by_role("alert").filter(has_text="Run 10 epochs first; 0 are done.").wait_for()

    steps.locator("input[aria-label='Epochs to run']").fill("12")
    button(steps, "Run").click()
    page.wait_for_function(
        "() => /epoch 12/.test(document.querySelector('.nbann-status').textContent)"
    )
    page.wait_for_function("() => document.querySelector('.nbann-waiting').textContent === ''")
    button(predict, "Reveal").click()
    predict.locator(".nbann-verdict").wait_for()
    lab_page.run_code("print(f\"TRUTH {trainer.history['train_loss'][9]:.4g}\")")
    truth = page.get_by_text("TRUTH 0").last.inner_text().split()[-1]
    shown = predict.locator(".nbann-both dd").all_inner_texts()
    assert shown == ["0.95", truth]
    assert predict.locator(".nbann-result").inner_text().endswith("It falls slowly at first.")
    live = predict.locator(".nbann-live[aria-live]")
    assert live.text_content().startswith(f"You guessed 0.95; it is {truth}")
    lab_page.screenshot("predict", predict)
    assert lab_page.console_errors == []


def test_choices_by_key_hostile_words_and_errors(lab_page, page):
    choice = page.locator(".nbann-predict").nth(1)
    assert choice.locator("img").count() == 0
    radios = choice.get_by_role("radio")
    assert button(choice, "Record my guess").is_disabled()
    radios.first.focus()
    radios.first.press("Space")
    assert radios.first.is_checked()
    button(choice, "Record my guess").focus()
    page.keyboard.press("Enter")
    choice.get_by_text("Your guess: yes").wait_for()
    assert radios.first.is_disabled()
    button(choice, "Reveal").click()  # nothing has been run: the callable fails, and it is shown
    choice.get_by_role("alert").filter(has_text="train_loss").wait_for()
    lab_page.run_code("_ = trainer.run(40)")
    button(choice, "Reveal").click()
    choice.locator(".nbann-verdict").filter(has_text="Right: yes.").wait_for()
    for dark in (True, False):
        lab_page.set_theme("Dark" if dark else "Light")
        for width in (570, 990):
            page.set_viewport_size({"width": width, "height": 1400})
            page.wait_for_timeout(600)
            lab_page.screenshot(f"predict-choice-{dark}-{width}", choice)
            inside = choice.evaluate("(el) => el.scrollWidth <= el.clientWidth + 1")
            assert inside
    lab_page.run_code("choice.reset()")
    choice.get_by_text("The answer is revealed after your guess.").wait_for()
    assert not radios.first.is_checked()
    assert lab_page.console_errors == []

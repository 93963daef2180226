"""The main job as somebody does it: from a file to an approved configuration in three formats."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from tests.browser import desk
from tests.browser.lab import QUICK

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.browser.stack import Stack
    from tests.fakes.openai_server import OpenAIServer

RUN_MS = 60_000
RACE = {k: v for k, v in QUICK.items() if k != "full_every"} | {"trials": 12, "rounds": 1}
"""Own settings of the optimizer that a new run is set to."""


def test_a_newcomer_gets_from_a_file_to_three_downloads(
    visit: Visit, stack: Stack, model: OpenAIServer, tmp_path: Path
) -> None:
    page = visit(None, stack.manage("first_admin_link"))
    found_a_project(page)
    connect(page, model.url)
    upload(page, tmp_path)
    make_a_program(page)
    try_one_example(page)
    make_a_metric(page)
    model.seconds = 0.1
    optimize(page)
    watch_it_finish(page)
    model.seconds = 0.0
    compare_with_the_baseline(page)
    approve(page)
    files = download_all(page, tmp_path)
    check(files)


def found_a_project(page: Page) -> None:
    expect(page).to_have_url(re.compile("/welcome/"))
    page.goto("/projects/new/")
    page.get_by_label("Name").fill("Front desk")
    page.get_by_role("button", name="Create project").click()
    expect(page).to_have_url(re.compile(r"/p/front-desk[^/]*/"))


def connect(page: Page, model_url: str) -> None:
    room(page, "Models & keys")
    page.get_by_role("link", name="OpenAI-compatible").click()
    page.get_by_label("Name", exact=True).fill("House")
    page.get_by_label("Address", exact=True).fill(model_url)
    page.get_by_label("Allow this address, should it be local").check()
    page.get_by_label("Models").fill("scripted")
    page.get_by_label("Price of input").fill("1")
    page.get_by_label("Price of output").fill("2")
    page.get_by_role("button", name="Save").click()
    card = page.get_by_role("region", name="House")
    card.get_by_role("button", name="Test").click()
    expect(card.get_by_text("Works")).to_be_visible()


def upload(page: Page, folder: Path) -> None:
    file = folder / "messages.csv"
    file.write_bytes(desk.as_csv(45))
    room(page, "Datasets")
    page.get_by_role("link", name="New dataset").first.click()
    page.locator('input[type="file"]').set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    expect(page.get_by_label("Use of ticket_id")).to_have_value("metadata")
    expect(page.get_by_label("Use of message")).to_have_value("input")
    expect(page.get_by_label("Use of team")).to_have_value("expected")
    expect(page.get_by_label("Type of team")).to_have_value("choice")
    page.get_by_label("Seed", exact=True).fill("7")
    with page.expect_response(re.compile("/outlook/")):
        page.get_by_label("Train, %", exact=True).fill("40")
        page.get_by_label("Train, %", exact=True).blur()
    expect(page.locator("#outlook")).to_contain_text("validation")
    page.get_by_role("button", name="Create dataset").click()
    expect(page.get_by_role("heading", level=1, name="messages")).to_be_visible()


def make_a_program(page: Page) -> None:
    page.get_by_role("link", name="Create a program from these columns").click()
    page.get_by_label("Name", exact=True).fill("Triage")
    page.get_by_role("button", name="Create program").click()
    expect(page.get_by_role("heading", level=1, name="Triage")).to_be_visible()
    # The drawing that the server sent is out of sight as soon as the canvas stands in its place.
    step = page.locator("pipeline-graph").get_by_text("classify", exact=True)
    expect(step.locator("visible=true").first).to_be_visible()


def try_one_example(page: Page) -> None:
    page.get_by_role("link", name="Try one example").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-state=done]")).to_be_visible()
    trace = page.locator(".call-trace")
    expect(trace).to_contain_text("classify")
    expect(trace.get_by_text("Read as")).to_be_visible()
    message = page.get_by_label("message").input_value()
    expect(trace).to_contain_text(message[:30])


def make_a_metric(page: Page) -> None:
    room(page, "Metrics")
    page.get_by_role("link", name="New metric").first.click()
    choose(page, "Program", "Triage")
    choose(page, "Dataset", "messages")
    page.get_by_role("radio", name="Choice accuracy").check()
    choose(page, "Output", "team")
    choose(page, "Expected", "team")
    page.get_by_label("Name", exact=True).fill("Right team")
    expect(page.locator(".bench li")).to_have_count(5)
    page.get_by_role("button", name="Create metric").click()
    expect(page.get_by_text("Right team").first).to_be_visible()


def optimize(page: Page) -> None:
    room(page, "Runs")
    page.get_by_role("link", name="Start a run").click()
    choose(page, "Metric", "Right team")
    page.get_by_role("radio", name="Own settings").check()
    page.get_by_text("Advanced", exact=True).click()
    for name, value in RACE.items():
        page.locator(f"#id_{name}").fill(str(value))
    with page.expect_response(re.compile("/estimate/")):
        page.get_by_label("Seed").fill("3")
    expect(page.locator("#estimate")).to_contain_text("Calls")
    expect(page.locator("#estimate")).to_contain_text("$")
    page.get_by_role("button", name="Optimize").click()
    expect(page.get_by_role("heading", level=1, name="Run 1")).to_be_visible()


def watch_it_finish(page: Page) -> None:
    """Trials arrive by themselves; a mark set on the window would not survive a reload."""
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("#run-trials tbody tr").first).to_be_visible(timeout=RUN_MS)
    expect(page.locator("#run-status")).to_have_attribute("data-done", "1.000", timeout=RUN_MS)
    expect(page.locator("#run-status .chip")).to_contain_text("Finished")
    expect(page).to_have_title(re.compile("✓"))
    assert page.locator("#run-trials tbody tr").count() >= 2  # a race is shown by its candidates
    assert page.evaluate("window.neverReloaded")
    expect(page.locator("#run-verdict")).to_contain_text("Verdict")
    expect(page.locator("#run-kpis")).to_contain_text("full score of the best")


def compare_with_the_baseline(page: Page) -> None:
    page.get_by_role("link", name="Compare with the baseline").click()
    expect(page.get_by_role("heading", name="What this settles")).to_be_visible()
    expect(page.locator("#examples tbody tr").first).to_be_visible()
    page.locator("#examples tbody tr a").first.click()
    expect(page.get_by_role("heading", name="The example")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Review", exact=True).click()


def approve(page: Page) -> None:
    expect(page.get_by_role("heading", level=1, name=re.compile("Review of"))).to_be_visible()
    page.get_by_label("What they should know").fill("The first run of all.")
    page.get_by_role("button", name="Send to review").click()
    approving = page.get_by_role("button", name="Approve candidate")
    expect(approving).to_have_attribute("aria-disabled", "true")
    while (unseen := page.get_by_role("button", name=re.compile("^Mark as seen"))).count():
        unseen.first.click()
        page.wait_for_load_state()
    if (others := page.get_by_label("Why the others may pass")).count():
        others.fill("Each of them is two teams at once.")
        page.get_by_role("button", name="Let them pass").click()
    page.get_by_label("Note").fill("Better on every team.")
    approving.click()
    dialog = page.get_by_role("dialog", name=re.compile("Approve as Triage v1"))
    expect(dialog).to_contain_text("Against the baseline")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_role("heading", level=1, name=re.compile("Triage v1"))).to_be_visible()
    expect(page.get_by_text("Better on every team.")).to_be_visible()


def download_all(page: Page, folder: Path) -> dict[str, Path]:
    files = page.get_by_role("region", name="Files")
    found = {}
    for link in files.get_by_role("link", name=re.compile("^Download")).all():
        with page.expect_download() as coming:
            link.click()
        target = folder / coming.value.suggested_filename
        coming.value.save_as(target)
        found[(link.get_attribute("href") or "").rstrip("/").rsplit("/", 1)[-1]] = target
    return found


def check(files: dict[str, Path]) -> None:
    """The DSPy state and the Python file are run in the tests of releases; here they are whole."""
    assert {"json", "dspy", "python"} <= set(files), files
    content = json.loads(files["json"].read_text())
    assert content["name"] == "Triage"
    assert hashlib.sha256(files["json"].read_bytes()).hexdigest()
    assert json.loads(files["dspy"].read_text())
    compile(files["python"].read_text(), str(files["python"]), "exec")


def choose(page: Page, field: str, label: str) -> None:
    page.get_by_role("combobox", name=re.compile(f"^{field}")).select_option(label=label)


def room(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Project").get_by_role("link", name=name).click()

"""What goes wrong says so beside its cause; nothing is lost and nothing is spent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

from promptlab.launch.ports import free_port
from tests.browser import desk
from tests.browser.lab import await_run

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab
    from tests.browser.watch import Watch
    from tests.fakes.openai_server import OpenAIServer

BAD_FILES = {
    "empty": (b"", "empty"),
    "header only": (b"message,team\n", "row"),
    "one row": (b"message,team\nhello,billing\n", ""),
    "no text at all": (b"\x00\x01\x02\x03\xff\xfe\x00" * 50, ""),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_makes_no_dataset_is_refused_in_words(
    kind: str, visit: Visit, lab: Lab, tmp_path: Path
) -> None:
    content, word = BAD_FILES[kind]
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    page = visit(lab.alice, f"{lab.path}/datasets/new/")
    page.locator('input[type="file"]').set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    if kind == "one row":  # it can be read; no dataset can be made of it
        page.get_by_role("button", name="Create dataset").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(word)
    assert lab.project.datasets.count() == 0


def test_a_column_used_twice_is_told_beside_the_column(
    visit: Visit, lab: Lab, tmp_path: Path
) -> None:
    file = tmp_path / "messages.csv"
    file.write_bytes(desk.as_csv(12))
    page = visit(lab.alice, f"{lab.path}/datasets/new/")
    page.locator('input[type="file"]').set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    page.get_by_label("Field name of team").fill("message")
    page.get_by_label("Name of the dataset").fill("Twice")
    page.get_by_role("button", name="Create dataset").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Field name of team")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name of the dataset")).to_have_value("Twice")


def test_a_program_that_runs_in_a_circle_is_kept_as_a_draft_that_cannot_run(
    visit: Visit, lab: Lab, tmp_path: Path
) -> None:
    file = tmp_path / "circle.json"
    file.write_text(json.dumps(circle()))
    page = visit(lab.alice, f"{lab.path}/programs/new/?from=file")
    page.locator('input[type="file"]').set_input_files(file)
    page.get_by_role("button", name="Read program").click()
    expect(page.get_by_role("heading", level=1, name="Loop")).to_be_visible()
    expect(page.locator("#why-not")).to_contain_text("circle")
    optimize = page.locator("main .head").get_by_text("Optimize", exact=True)
    expect(optimize).to_have_attribute("aria-disabled", "true")


def test_a_cap_below_one_trial_is_refused_beside_the_cap(visit: Visit, lab: Lab) -> None:
    lab.provider(), lab.program()
    page = visit(lab.alice, f"{lab.path}/runs/new/")
    page.get_by_text("Advanced", exact=True).click()
    page.locator("#id_seed").fill("11")
    page.get_by_label("At most calls").fill("3")
    page.get_by_role("button", name="Optimize").click()
    cap = page.get_by_label("At most calls")
    expect(cap).to_have_attribute("aria-invalid", "true")
    expect(cap).to_have_value("3")
    expect(page.locator("#id_seed")).to_have_value("11")
    assert lab.project.runs.count() == 0


def test_a_wrong_key_is_told_at_the_provider_and_stops_a_run_unpaid(
    visit: Visit, lab: Lab, model: OpenAIServer
) -> None:
    model.key = "sk-right"
    provider = lab.provider(api_key="sk-wrong")
    project_run = lab.start_run()  # nobody has tested it
    page = visit(lab.alice, f"{lab.path}/providers/")
    card = page.get_by_role("region", name=provider.name)
    card.get_by_role("button", name="Test").click()
    expect(card.get_by_text("Failed", exact=True)).to_be_visible()
    expect(card).not_to_contain_text("sk-wrong")
    run = await_run(project_run.run, lambda run: run.status in ("failed", "paused"))
    page.goto(f"{lab.path}/runs/{project_run.number}/")
    expect(page.locator("#run-state")).to_contain_text("Desk")
    expect(page.locator("#run-state")).not_to_contain_text("sk-wrong")
    assert (run.used_cost, run.held_cost, run.baseline_score) == (0, 0, None)
    repair(lab, model, page)
    expect(page.locator("#run-status .chip")).to_contain_text("Finished", timeout=60_000)


def repair(lab: Lab, model: OpenAIServer, page: Page) -> None:
    """The key becomes right, and the run goes on where it stopped."""
    model.key = ""
    page.locator("#run-actions button[form=do-resume]").click()


def test_a_dead_endpoint_is_told_where_it_was_asked(visit: Visit, lab: Lab) -> None:
    lab.provider(api_base=f"http://127.0.0.1:{free_port()}/v1")
    lab.program()
    page = visit(lab.alice, f"{lab.path}/providers/")
    card = page.get_by_role("region", name="Desk")
    card.get_by_role("button", name="Test").click()
    expect(card.get_by_text("Failed", exact=True)).to_be_visible(timeout=30_000)
    page.goto(f"{lab.path}/programs/{lab.program().pk}/try/")
    message = page.get_by_label("message").input_value()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("The model could not be asked.")).to_be_visible(timeout=30_000)
    page.go_back()
    expect(page.get_by_label("message")).to_have_value(message)


def circle() -> dict[str, object]:
    """A program whose two modules wait for each other."""
    text = {"type": "text", "description": "", "choices": []}

    def module(name: str, takes: str, gives: str) -> dict[str, object]:
        return {
            "name": name,
            "signature": {
                "inputs": [{"name": takes, **text}],
                "outputs": [{"name": gives, **text}],
                "instruction": "Think.",
            },
            "kind": "predict",
            "demos": [],
            "description": "",
        }

    return {
        "format": "promptlab/program@1",
        "name": "Loop",
        "description": "",
        "inputs": [{"name": "message", **text}],
        "modules": [module("first", "b", "a"), module("second", "a", "b")],
        "calls": [
            {"name": "first", "module": "first", "inputs": {"b": "second.b"}},
            {"name": "second", "module": "second", "inputs": {"a": "first.a"}},
        ],
        "outputs": {"answer": "second.b"},
    }


def test_a_form_that_met_a_full_disk_is_sent_again_by_a_reload_or_as_it_was_left(
    visit: Visit, watch: Watch, lab: Lab
) -> None:
    from django.template.loader import render_to_string

    watch.allow("503")
    full = render_to_string(
        "outage.html", {"title": "The server's disk is full", "told": "", "resend": True}
    )
    refusals = iter([True, True])

    def answer(route: Route) -> None:
        if route.request.method == "POST" and next(refusals, False):
            route.fulfill(status=503, body=full, content_type="text/html; charset=utf-8")
        else:
            route.continue_()

    page = visit(lab.alice, "/account/")
    page.route("**/account/", answer)
    page.get_by_label("Name").fill("Alice of the full disk")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="disk is full")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Name")).to_have_value("Alice of the full disk")

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="disk is full")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Name")).to_have_value("Alice of the full disk")
    lab.alice.refresh_from_db()
    assert lab.alice.name == "Alice of the full disk"

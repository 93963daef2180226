"""A run's page while it goes: stopping, going on, restarts of the server, and who may do what."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from tests.browser import desk
from tests.browser.lab import await_run

if TYPE_CHECKING:
    from optimizer.models import Run
    from promptlab.runs.models import ProjectRun
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab
    from tests.browser.stack import Stack
    from tests.browser.watch import Watch
    from tests.fakes.openai_server import OpenAIServer

LONG = {"trials": 200, "full_every": 2}


def url_of(lab: Lab, project_run: ProjectRun) -> str:
    return f"{lab.path}/runs/{project_run.number}/"


def expect_state(page: Page, state: str, within: float = 15_000) -> None:
    expect(page.locator("#run-status")).to_have_attribute(
        "data-run", re.compile(f"^({state})$"), timeout=within
    )


def searching(run: Run) -> bool:
    return run.phase == "search" and run.phase_done >= 1


def test_a_run_is_paused_and_resumed_and_cancelled_and_keeps_its_best(
    visit: Visit, lab: Lab, model: OpenAIServer
) -> None:
    model.seconds = 0.1
    project_run = lab.start_run(**LONG)
    page = visit(lab.alice, url_of(lab, project_run))
    await_run(project_run.run, searching)
    page.get_by_role("button", name="Pause").click()
    expect_state(page, "paused")
    trials = project_run.run.trials.count()
    page.get_by_role("button", name="Resume").click()
    expect_state(page, "search|starting|baseline|bootstrap|propose")
    await_run(project_run.run, lambda run: run.trials.count() > trials)
    await_run(project_run.run, lambda run: best_of(run) > 0)
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    expect_state(page, "cancelled")
    expect(page.locator("#run-kpis")).to_contain_text("full score of the best")
    expect(page.get_by_role("link", name="Review best so far")).to_be_visible()
    run = await_run(project_run.run, lambda run: run.ended)
    assert run.best_score is not None


def test_a_run_whose_replies_say_nothing_waits_shows_them_and_goes_on_when_told_to(
    visit: Visit, lab: Lab
) -> None:
    project_run = lab.start_run(model=desk.SORRY)
    page = visit(lab.alice, url_of(lab, project_run))
    expect_state(page, "paused", within=60_000)
    expect(page.locator("#run-state")).to_contain_text("none has a reply that could be read")
    expect(page.locator("#run-unread pre").first).to_contain_text("I am sorry, I cannot say")
    page.get_by_role("button", name="Resume anyway").click()
    expect_state(page, "better|no_gain", within=60_000)
    expect(page.locator("#run-unread pre")).to_have_count(0)


def test_after_a_restart_of_the_server_the_page_is_right_within_five_seconds(
    visit: Visit, lab: Lab, model: OpenAIServer, stack: Stack, watch: Watch
) -> None:
    watch.allow("WebSocket connection to")
    model.seconds = 0.1
    project_run = lab.start_run(trials=40)
    page = visit(lab.alice, url_of(lab, project_run))
    expect(page.locator("#run-trials tbody tr").first).to_be_visible(timeout=60_000)
    stack.stop("web")
    expect(page.locator("#reconnecting")).to_be_visible()
    model.seconds = 0.0
    await_run(project_run.run, lambda run: run.ended)
    stack.start_web()
    stack.await_web()
    expect_state(page, "better|no_gain", within=5_000)
    expect(page.locator("#reconnecting")).to_be_hidden()
    newest = project_run.run.trials.order_by("-number").first()
    assert newest is not None
    expect(page.locator(f"#t{newest.number}")).to_be_visible()


def test_a_page_that_was_closed_meanwhile_shows_everything_when_opened_again(
    visit: Visit, lab: Lab
) -> None:
    project_run = lab.finished_run()
    page = visit(lab.alice, url_of(lab, project_run))
    expect_state(page, "better|no_gain")
    count = project_run.run.trials.exclude(number=0).count()
    expect(page.locator("#run-trials tbody tr")).to_have_count(count)


def test_a_viewer_watches_but_finds_no_buttons_and_is_refused(
    visit: Visit, lab: Lab, model: OpenAIServer, watch: Watch
) -> None:
    watch.allow("403")
    model.seconds = 0.1
    project_run = lab.start_run(**LONG)
    page = visit(lab.person("carol", "viewer"), url_of(lab, project_run))
    expect(page.locator("#run-trials tbody tr").first).to_be_visible(timeout=60_000)
    for name in ("Pause", "Resume", "Cancel run", "Raise cap"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    assert post(page, f"{url_of(lab, project_run)}pause/") == 403
    assert post(page, f"{url_of(lab, project_run)}cancel/") == 403
    answer = page.goto(f"{lab.path}/runs/new/")
    assert answer is not None
    assert answer.status == 403
    assert await_run(project_run.run, lambda run: True).wish == "run"
    for room in ("datasets", "programs", "metrics", "runs"):
        page.goto(f"{lab.path}/{room}/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("^New "))).to_have_count(0)


def test_who_signs_out_in_one_tab_reads_no_further_in_another(
    visit: Visit, lab: Lab, watch: Watch
) -> None:
    """The run rests: nothing rings, and the page is idle."""
    project_run = lab.start_run(model=desk.SORRY)
    page = visit(lab.alice, url_of(lab, project_run))
    expect_state(page, "paused", within=60_000)
    assert post(page, "/logout/") == 302
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=15_000)
    assert "next=" in page.url


def test_who_is_made_a_viewer_loses_the_buttons_on_the_open_page(
    visit: Visit, lab: Lab, model: OpenAIServer
) -> None:
    model.seconds = 0.1
    project_run = lab.start_run(**LONG)
    editor = lab.person("erin", "editor")
    page = visit(editor, url_of(lab, project_run))
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    await_run(project_run.run, searching)
    editor.memberships.update(role="viewer")
    expect(page.get_by_role("button", name="Pause")).to_have_count(0, timeout=15_000)
    trials = project_run.run.trials.count()
    await_run(project_run.run, lambda run: run.trials.count() > trials + 1)
    expect(page.locator(f"#t{trials + 1}")).to_be_visible()  # and goes on reading
    lab.cancel_runs()


def test_a_reviewer_rejects_with_a_note_that_everybody_reads(visit: Visit, lab: Lab) -> None:
    project_run = lab.finished_run()
    page = visit(lab.person("bob", "reviewer"), url_of(lab, project_run))
    page.get_by_role("link", name="Review best").click()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Say why").first).to_be_visible()
    page.get_by_label("Note").fill("Too long for the phone line.")
    page.get_by_role("button", name="Reject").click()
    seen = visit(lab.person("carol", "viewer"), url_of(lab, project_run))
    expect(seen.locator("#run-verdict")).to_contain_text("Too long for the phone line.")


def best_of(run: Run) -> int:
    """The best candidate's number; 0 is the baseline."""
    return run.best_candidate.number if run.best_candidate else 0


def post(page: Page, path: str) -> int:
    """The status of a post as a form of this page would send it."""
    headers = json.loads(page.locator("body").get_attribute("hx-headers:inherited") or "{}")
    answer = page.context.request.post(
        path, headers={**headers, "Referer": page.url}, max_redirects=0
    )
    return answer.status


def test_an_edit_outlives_the_page_is_scored_beside_the_others_and_gone_on_from(
    visit: Visit, lab: Lab
) -> None:
    project_run = lab.finished_run()
    run = f"{url_of(lab, project_run)}candidates"
    page = visit(lab.alice, f"{run}/0/")
    page.get_by_role("link", name="Edit", exact=True).click()
    words = page.get_by_label("Instruction").first
    with page.expect_response(re.compile(r"draft=1")):
        words.fill("Which team answers the {message}? Look at what is asked for.")
    page.goto(f"{run}/0/")
    page.get_by_role("link", name="Edit", exact=True).click()
    expect(page.get_by_text("Your draft of")).to_be_visible()
    expect(words).to_have_value(re.compile("Look at what is asked for"))
    page.get_by_role("button", name="Add demo").first.click()
    expect(page.get_by_role("button", name="Remove")).to_have_count(1)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    page.get_by_role("button", name="Show what changes").click()
    expect(page.locator("#changes")).to_contain_text("tokens of prompt")
    page.get_by_role("button", name="Score it").click()
    expect(page.locator("#run-status")).to_have_attribute("data-state", "ok", timeout=60_000)
    made = project_run.run.candidates.order_by("-number").first()
    assert made is not None
    page.goto(f"{run}/{made.number}/")
    expect(page.get_by_text("Edited by hand by")).to_be_visible()
    page.get_by_role("link", name="Search on from here").click()
    expect(page.get_by_text(f"It goes on from candidate {made.number}")).to_be_visible()


def test_prompts_are_played_side_by_side_and_one_becomes_a_candidate(
    visit: Visit, lab: Lab
) -> None:
    project_run = lab.finished_run()
    best = project_run.run.best_candidate
    assert best is not None
    page = visit(lab.alice)
    page.goto(f"{lab.path}/runs/{project_run.number}/candidates/{best.number}/")
    page.get_by_role("link", name="Playground").click()
    second = page.get_by_role("region", name="Column 2")
    with page.expect_response(lambda response: "draft" in response.url):
        second.get_by_label("Instruction").first.fill("Say who answers {message}, in one word.")
    page.get_by_role("button", name="Add a column").click()
    third = page.get_by_role("region", name="Column 3")
    expect(third.get_by_label("Instruction").first).to_have_value(re.compile("in one word"))
    page.get_by_role("button", name="Remove row 3").click()
    expect(page.get_by_text("Row 3", exact=False)).to_have_count(0)
    page.goto(f"{lab.path}/")  # what was typed outlives the page
    page.get_by_role("link", name="Playground").click()
    expect(third.get_by_label("Instruction").first).to_have_value(re.compile("in one word"))
    what = f"{project_run.number}.{best.number}"
    page.get_by_role("region", name="Column 1").get_by_label("Prompts").select_option(what)
    expect(page.locator("[name=c0-shown]")).to_have_value(what)  # its prompts were drawn
    page.get_by_role("button", name="Run", exact=True).click()
    answers = page.get_by_role("region", name="Answers")
    expect(answers.get_by_text("waiting…")).to_have_count(0)
    expect(answers.get_by_text("mean of 2 rows")).to_have_count(3)
    answers.get_by_text("As it was sent").nth(1).click()
    expect(answers.get_by_text("in one word.").first).to_be_visible()
    answers.get_by_role("button", name="Make it a candidate").first.click()
    expect(page.get_by_role("heading", name="Edit by hand")).to_be_visible()
    expect(page.get_by_label("Instruction").first).to_have_value(re.compile("in one word"))

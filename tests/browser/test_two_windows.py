"""The loop in two windows at once: an editor's and a reviewer's, and who watches or may not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from promptlab.runs.models import ProjectRun
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab
    from tests.browser.watch import Watch

EDITED = "Which team answers the {message}? Look at what is asked for, not at who asks."


def test_run_edit_review_promote_roll_back_and_go_on_in_two_windows(
    visit: Visit, lab: Lab, watch: Watch
) -> None:
    run = lab.finished_run()
    path = f"{lab.path}/runs/{run.number}/"
    editor = visit(lab.person("erin", "editor"), f"{path}candidates/0/")
    reviewer = visit(lab.person("bob", "reviewer"))

    first = edited(editor, run, EDITED)
    review = f"{path}review/{first}/"
    send(editor, review, "Shorter, and it names what counts.")

    reviewer.goto(review)
    reviewer.get_by_label("Note").fill("Say what to do with two teams at once.")
    reviewer.get_by_role("button", name="Request changes").click()
    expect(reviewer.get_by_text("Say what to do with two teams at once.").first).to_be_visible()

    editor.goto(path)  # the request leads to the page that edits
    expect(editor.locator("#run-verdict")).to_contain_text("Say what to do with two teams")
    editor.goto(f"{path}candidates/{first}/")
    second = edited(editor, run, f"{EDITED} Of two teams name the one that is asked first.")
    send(editor, f"{path}review/{second}/", "It says so now.")

    one = approved(reviewer, f"{path}review/{second}/")
    promoted(reviewer, one)
    promoted(reviewer, approved(reviewer, review))
    reviewer.get_by_role("button", name=re.compile("Roll production back")).first.click()
    dialog = reviewer.get_by_role("dialog", name=re.compile("production back"))
    dialog.get_by_role("button", name="Roll back").click()
    reviewer.wait_for_load_state()

    editor.goto(one)  # where production points again
    expect(editor.get_by_role("heading", level=1)).to_contain_text("production")
    editor.get_by_role("link", name="Search on from here").click()
    expect(editor.get_by_text(f"It goes on from candidate {second}")).to_be_visible()

    viewer = visit(lab.person("carol", "viewer"), one)
    expect(viewer.get_by_role("button", name=re.compile("Promote|Roll"))).to_have_count(0)
    expect(viewer.get_by_role("link", name="Edit", exact=True)).to_have_count(0)
    lab.person("dave", "viewer")
    lab.project.memberships.filter(user=lab.people["dave"]).delete()
    watch.allow("status of 404")
    answer = visit(lab.people["dave"], "").goto(one)
    assert answer is not None
    assert answer.status == 404


def edited(page: Page, run: ProjectRun, text: str) -> int:
    """Edit the candidate that the page shows, and score it beside the others."""
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Instruction").first.fill(text)
    page.get_by_role("button", name="Score it").click()
    expect(page.locator("#run-status")).to_have_attribute("data-state", "ok", timeout=60_000)
    made = run.run.candidates.order_by("-number").first()
    assert made is not None
    return int(made.number)


def send(page: Page, review: str, note: str) -> None:
    page.goto(review)
    page.locator("#send [name=note]").fill(note)
    page.get_by_role("button", name="Send to review").click()
    expect(page.get_by_text(note).first).to_be_visible()


def approved(page: Page, review: str) -> str:
    """See all that there is to be seen, and approve; the version's address."""
    page.goto(review)
    unseen = page.get_by_role("button", name=re.compile("^Mark as seen"))
    for left in range(unseen.count(), 0, -1):
        unseen.first.click()
        expect(unseen).to_have_count(left - 1)
    page.wait_for_load_state()
    if (others := page.locator("#id_reason")).count():
        others.fill("Each of them is two teams at once.")
        page.get_by_role("button", name="Let them pass").click()
        expect(others).to_have_count(0)
    page.get_by_label("Note").fill("Clearer, and it was asked for.")
    page.get_by_role("button", name="Approve candidate").click()
    dialog = page.get_by_role("dialog", name=re.compile("Approve as"))
    if (against := dialog.get_by_label(re.compile("Why"))).count():
        against.fill("The shorter one is wanted.")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    page.wait_for_url(re.compile("/versions/"))
    return page.url


def promoted(page: Page, version: str) -> None:
    page.goto(version)
    page.get_by_role("button", name="Promote to production").first.click()
    dialog = page.get_by_role("dialog", name=re.compile("to production"))
    dialog.get_by_role("button", name="Promote").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("production")

"""Everything by keyboard, on the real pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab
    from tests.fakes.openai_server import OpenAIServer


def test_the_first_tab_offers_to_skip_to_the_content(visit: Visit, lab: Lab) -> None:
    page = visit(lab.alice, f"{lab.path}/datasets/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("main :focus").first).to_be_visible()


def test_the_palette_goes_where_its_words_say(visit: Visit, lab: Lab) -> None:
    lab.dataset()
    page = visit(lab.alice, f"{lab.path}/programs/")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Page or action")
    expect(field).to_be_focused()
    expect(page.get_by_role("option").first).to_be_visible()
    field.fill("messages")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/datasets/\d+/"))


def test_two_letters_lead_to_a_room_and_n_makes_something_new(visit: Visit, lab: Lab) -> None:
    lab.dataset()
    page = visit(lab.alice, f"{lab.path}/programs/")
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page).to_have_url(re.compile(r"/datasets/$"))
    page.wait_for_load_state()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(r"/datasets/new/$"))


def test_a_dialog_holds_the_focus_and_gives_it_back(
    visit: Visit, lab: Lab, model: OpenAIServer
) -> None:
    model.seconds = 0.1
    project_run = lab.start_run(trials=200)
    page = visit(lab.alice, f"{lab.path}/runs/{project_run.number}/")
    opener = page.get_by_role("button", name="Cancel run")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Tab")
        expect(page.locator("main :focus")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_an_invalid_form_takes_the_focus_to_what_is_wrong(visit: Visit, lab: Lab) -> None:
    page = visit(lab.alice, f"{lab.path}/providers/new/endpoint/")
    page.get_by_label("Name", exact=True).fill("House")
    page.get_by_label("Models").fill("scripted")
    page.get_by_label("Address").fill("http://me:secret@127.0.0.1/v1")
    page.get_by_role("button", name="Save").press("Enter")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Address")).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_value("House")

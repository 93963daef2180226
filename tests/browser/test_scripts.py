"""The scripts in a real browser, under the policy that the product sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.template import engines
from playwright.sync_api import Browser, expect

from promptlab.ui.forms import FileDrop, PromptTextarea
from tests.browser.pages import Site


@pytest.fixture
def site(browser: Browser) -> Iterator[Site]:
    """Fails the test when the page complained, of the policy for example."""
    window = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    site = Site(window.new_page())
    site.page.route("**/*", site.serve)
    site.page.on("console", lambda message: site.complaints.append(message.text))
    site.page.on("pageerror", lambda error: site.complaints.append(str(error)))
    yield site
    window.close()
    assert [said for said in site.complaints if "422" not in said] == []


class Instruction(forms.Form):
    instruction = forms.CharField(widget=PromptTextarea(known=["message"]), initial="Read.")


class Upload(forms.Form):
    file = forms.FileField(widget=FileDrop(accept=".csv"))


def page(main: str = "", **context: Any) -> str:
    source = (
        '{% extends "layouts/page.html" %}{% load ui %}{% block title %}Run 12{% endblock %}'
        "{% block main %}<h1>Run 12</h1>" + main + "{% endblock %}"
    )
    return engines["django"].from_string(source).render(context)


def test_the_theme_that_was_chosen_stays_after_a_reload(site: Site) -> None:
    tab = site.open(page())
    root = tab.locator("html")
    tab.get_by_role("button", name="Switch between light and dark").click()
    expect(root).to_have_attribute("data-theme", "dark")
    tab.reload()
    expect(root).to_have_attribute("data-theme", "dark")


def test_a_new_choice_in_the_account_wins_over_an_old_one_here(site: Site) -> None:
    tab = site.open(page())
    tab.keyboard.press("t")
    site.pages["/"] = (200, page().replace("<html ", '<html data-theme="light" ', 1))
    tab.reload()
    expect(tab.locator("html")).to_have_attribute("data-theme", "light")


def test_a_dialog_opens_and_escape_closes_it(site: Site) -> None:
    tab = site.open(page('<button data-dialog-open="d">Open</button><dialog id="d">Sure?</dialog>'))
    tab.get_by_role("button", name="Open").click()
    expect(tab.get_by_text("Sure?")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_text("Sure?")).to_be_hidden()


def test_a_copy_button_copies_and_says_so(site: Site) -> None:
    part = '{% include "parts/code.html" with id="c" label="Configuration" text=text %}'
    tab = site.open(page(part, text='{"a": "<b>"}'))
    tab.get_by_role("button", name="Copy").click()
    expect(tab.get_by_text("Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()") == '{"a": "<b>"}'


def test_a_disabled_button_keeps_the_focus_and_does_nothing(site: Site) -> None:
    tab = site.open(
        page('<form method="post" action="/x"><button aria-disabled="true">Go</button></form>')
    )
    tab.get_by_role("button", name="Go").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("button", name="Go")).to_be_focused()
    assert len(site.sent) == 1


def test_a_form_is_sent_once_however_often_it_is_pressed(site: Site) -> None:
    form = '<form id="f" method="post" action="/saved" hx-disable><button>Save</button></form>'
    site.pages["/saved"] = (200, page())
    tab = site.open(page(form))
    tab.evaluate(
        "() => { const form = document.getElementById('f'); form.requestSubmit();"
        " form.requestSubmit(); }"
    )
    tab.wait_for_url("**/saved")
    assert [request.method for request in site.sent].count("POST") == 1


def test_the_help_opens_with_a_question_mark_but_not_while_typing(site: Site) -> None:
    tab = site.open(page('<input aria-label="Name">'))
    tab.get_by_label("Name").press("?")
    expect(tab.locator("#shortcuts")).to_be_hidden()
    expect(tab.get_by_label("Name")).to_have_value("?")
    tab.locator("h1").click()
    tab.keyboard.press("?")
    expect(tab.locator("#shortcuts")).to_be_visible()


def test_two_letters_go_to_a_room_and_single_letters_can_be_switched_off(site: Site) -> None:
    tab = site.open(page('<a href="#runs" data-go="r">Runs</a>'))
    tab.keyboard.press("g")
    tab.keyboard.press("r")
    tab.wait_for_url("**/#runs")
    tab.keyboard.press("?")
    tab.get_by_label("ReAct to single letters").uncheck()
    tab.keyboard.press("Escape")
    tab.keyboard.press("t")
    expect(tab.locator("html")).not_to_have_attribute("data-theme", "dark")


def test_the_palette_finds_a_page_by_its_words(site: Site) -> None:
    items = [{"label": "Runs", "url": "/#runs"}, {"label": "New dataset", "url": "/#new"}]
    site.pages["/palette.json"] = (200, json.dumps(items))
    tab = site.open(page(palette_url="/palette.json"))
    tab.keyboard.press("Control+k")
    tab.get_by_role("combobox").fill("set ne")
    expect(tab.get_by_role("option")).to_have_text(["New dataset"])
    tab.get_by_role("combobox").fill("")
    tab.keyboard.press("ArrowUp")
    expect(tab.get_by_role("option", selected=True)).to_have_text("New dataset")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/#new")


def test_a_page_without_a_palette_has_no_button_for_it(site: Site) -> None:
    tab = site.open(page())
    expect(tab.get_by_role("button", name="Search or jump to")).to_have_count(0)


def test_unknown_placeholders_are_marked_and_named(site: Site) -> None:
    tab = site.open(page("{{ form }}", form=Instruction()))
    field = tab.get_by_role("textbox", name="Instruction")
    field.fill("Read {message}, return {intnt}.\n" * 12)
    expect(tab.locator("mark.unknown").first).to_have_text("{intnt}")
    expect(tab.locator("mark:not(.unknown)").first).to_have_text("{message}")
    expect(tab.get_by_text("No field is named {intnt}")).to_be_visible()
    assert field.evaluate("box => box.scrollHeight <= box.clientHeight")


def test_an_upload_shows_its_answer_where_the_form_says(site: Site) -> None:
    site.pages["/import"] = (200, "<p>3 rows</p>")
    form = (
        '<form method="post" action="/import" enctype="multipart/form-data" data-upload'
        ' data-target="#out">{{ form }}<button>Upload</button></form><div id="out"></div>'
    )
    tab = site.open(page(form, form=Upload()))
    tab.get_by_label("File").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    tab.get_by_role("button", name="Upload").click()
    expect(tab.locator("#out")).to_have_text("3 rows")
    assert site.sent[-1].headers["hx-request"] == "true"


@pytest.mark.parametrize("status", [413, 429, 500, 503])
def test_a_sentence_is_shown_as_it_is_once_and_the_form_keeps_what_was_typed(
    site: Site, status: int
) -> None:
    site.pages["/do"] = (status, "The server's disk is full.")
    field = '<input name="a" aria-label="Words"><button>Do</button>'
    tab = site.open(page(f'<form hx-post="/do" hx-target="#x">{field}</form><p id="x">kept</p>'))
    tab.get_by_label("Words").fill("typed")
    for _ in range(2):
        with tab.expect_response("**/do"):
            tab.get_by_role("button", name="Do").click()
        expect(tab.locator(".toast.error")).to_have_text("The server's disk is full.")
    expect(tab.get_by_label("Words")).to_have_value("typed")
    expect(tab.locator("#x")).to_have_text("kept")
    site.complaints.clear()


def test_an_upload_without_room_says_so_and_keeps_its_file(site: Site) -> None:
    site.pages["/import"] = (503, "The server's disk is full.")
    form = (
        '<form method="post" action="/import" enctype="multipart/form-data" data-upload'
        ' data-target="#out">{{ form }}<button>Upload</button></form><div id="out"></div>'
    )
    tab = site.open(page(form, form=Upload()))
    tab.get_by_label("File").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    tab.get_by_role("button", name="Upload").click()
    expect(tab.locator(".toast.error")).to_have_text("The server's disk is full.")
    assert tab.get_by_label("File").input_value().endswith("a.csv")
    site.pages["/import"] = (200, "<p>3 rows</p>")
    tab.get_by_role("button", name="Upload").click()
    expect(tab.locator("#out")).to_have_text("3 rows")
    site.complaints.clear()


@pytest.mark.parametrize(("status", "stays"), [(500, "failed"), (403, "not allowed")])
def test_a_refused_request_says_so_and_changes_nothing(site: Site, status: int, stays: str) -> None:
    site.pages["/do"] = (status, "<p>trace</p>")
    tab = site.open(page('<p id="x">kept</p><button hx-post="/do" hx-target="#x">Do</button>'))
    tab.get_by_role("button", name="Do").click()
    expect(tab.locator(".toast.error")).to_contain_text(stays)
    expect(tab.locator("#x")).to_have_text("kept")
    site.complaints.clear()


def test_an_invalid_form_is_swapped_in_and_its_summary_takes_the_focus(site: Site) -> None:
    form = Upload({})
    errors = engines["django"].from_string("{{ form }}").render({"form": form})
    site.pages["/save"] = (422, errors)
    tab = site.open(page('<div id="x"><button hx-post="/save" hx-target="#x">Save</button></div>'))
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("alert")).to_be_focused()
    expect(tab.get_by_role("link", name="File")).to_be_visible()


def test_the_title_and_the_icon_follow_the_run(site: Site) -> None:
    status = '<div id="run-status" data-done="0.45" data-state="live"></div>'
    tab = site.open(page(status))
    expect(tab).to_have_title("(45%) Run 12 · promptlab")
    assert tab.locator('link[rel="icon"]').get_attribute("href", timeout=1000).startswith("data:")  # type: ignore[union-attr]


def test_rows_that_come_above_a_scrolled_list_are_counted_and_nothing_moves(site: Site) -> None:
    rows = "".join(f"<tr><td>{n}</td></tr>" for n in range(80))
    tab = site.open(
        page(
            '<div id="run-status"></div><div class="scroll" tabindex="0" data-msg-new="{n} new">'
            f'<table class="data"><tbody id="rows">{rows}</tbody></table></div>'.replace(
                "{n}", "{% templatetag openbrace %}n{% templatetag closebrace %}"
            )
        )
    )
    box = tab.locator(".scroll")
    box.evaluate("box => { box.scrollTop = 600; }")
    before = tab.get_by_text("40", exact=True).bounding_box()
    tab.evaluate(
        "() => { for (const n of [1, 2, 3]) { const row = document.createElement('tr');"
        " row.append(document.createElement('td'));"
        " document.getElementById('rows').prepend(row); } }"
    )
    expect(tab.get_by_role("button", name="3 new")).to_be_visible()
    after = tab.get_by_text("40", exact=True).bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 1
    tab.get_by_role("button", name="3 new").click()
    expect(tab.get_by_role("button", name="3 new")).to_have_count(0)

"""Every page at four widths, light and dark: accessible, and nothing on it cut or overflowing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.urls import resolve
from playwright.sync_api import expect

from tests.browser.axe import Axe
from tests.browser.conftest import DESK, PHONE, session_of
from tests.browser.furnished import PAGES, Furnished, Who, furnish
from tests.browser.watch import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Visit
    from tests.browser.stack import Stack
    from tests.fakes.openai_server import OpenAIServer

COLOURS = ("color-contrast", "link-in-text-block")
WIDTHS = (1440, 768, 390, 320)
MEASURE = Path(__file__).with_name("measure.js").read_text(encoding="utf-8")
# Addresses that show no page of their own to a browser.
NO_PAGES = {
    "healthz": "JSON for machines",
    "accounts:project": "the overview's other name",
    "releases:palette": "JSON for the palette",
    "releases:download": "a file",
    "releases:label_moves": "a file",
    "releases:data": "a file",
    "releases:router_file": "a file",
    "reviews:packet": "a file",
    "client": "a file",
    "programs:pairs": "a file",
    "programs:download": "a file",
    "programs:part": "JSON for the clipboard",
    "programs:corpus_file": "a file",
    "datasets:download": "a file",
    "runs:live": "parts of a page for who has no socket",
}


@pytest.fixture(scope="session")  # this file's tests are not run in one go: some need no browser
def furnished(stack: Stack, model_server: OpenAIServer) -> Furnished:
    from tests.browser.long_names import LongNamesLab

    return furnish(LongNamesLab(model_server.url))


@dataclass
class Windows:
    """A browser window for each person, in which one page is opened after another: to start one
    for every page takes as long as to look at the page.
    """

    browser: Browser
    furnished: Furnished
    url: str
    watch: Watch
    open: dict[Who, Page] = field(default_factory=dict)

    def of(self, who: Who) -> Page:
        """The person's window, at a desk in the light, whatever it showed before."""
        page = self.open.get(who) or self._opened(who)
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")
        self.watch.begin_anew()
        return page

    def _opened(self, who: Who) -> Page:
        context = self.browser.new_context(base_url=self.url, reduced_motion="reduce")
        self.watch.over(context)
        user = self.furnished.user(who)
        if user is not None:
            name, value = session_of(user)
            context.add_cookies([{"name": name, "value": value, "url": self.url}])
        self.open[who] = context.new_page()
        return self.open[who]

    def close(self) -> None:
        for page in self.open.values():
            page.context.close()


@pytest.fixture(scope="session")
def windows(browser: Browser, furnished: Furnished, stack: Stack) -> Iterator[Windows]:
    opened = Windows(browser, furnished, stack.url, Watch(urlsplit(stack.url).netloc))
    yield opened
    opened.close()


def test_no_page_is_forgotten(furnished: Furnished) -> None:
    from tests.promptlab.test_permission_matrix import LEAST_ROLE

    measured = {resolve(urlsplit(place.path).path).view_name for place in furnished.places.values()}
    shown = {name for name, methods in LEAST_ROLE.items() if "get" in methods}
    assert shown - measured == set(NO_PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits_every_width(
    name: str, furnished: Furnished, windows: Windows
) -> None:
    place = furnished.places[name]
    page = windows.of(place.who)
    if place.status != 200:
        windows.watch.allow(f"status of {place.status}")
    answer = page.goto(place.path)
    assert answer is not None
    assert answer.status == place.status
    assert urlsplit(answer.url).path == urlsplit(place.path).path, "it leads elsewhere"
    assert problems(page) == []
    assert windows.watch.verdict() == ""


def test_two_answers_are_compared_with_digits_alone_and_never_while_one_types(
    furnished: Furnished, windows: Windows
) -> None:
    from promptlab.grading.models import Grade, Queue

    queue = Queue.objects.filter(way=Queue.Way.COMPARE).latest("pk")
    page = windows.of("alice")
    page.goto(furnished.places["queue"].path)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("Answer 1 of"))
    page.get_by_label("Note").focus()
    page.keyboard.type("2 sentences are too many")
    page.keyboard.press("Tab")  # to the first verdict
    page.keyboard.press("1")
    expect(heading).to_have_text(re.compile("Answer 2 of"))
    page.wait_for_load_state()
    page.keyboard.press("3")
    expect(heading).to_have_text(re.compile("Answer 3 of"))
    page.wait_for_load_state()
    page.keyboard.press("0")
    expect(heading).to_have_text(re.compile("Answer 2 of"))
    said = Grade.objects.filter(item__queue=queue).order_by("item__position")
    assert list(said.values_list("verdict", "note")) == [
        ("first", "2 sentences are too many"), ("tie", ""),
    ]  # fmt: skip
    said.delete()


def problems(page: Page) -> list[str]:
    """What axe finds at 1440 and 390 pixels, and what does not fit at four widths. In the dark only
    colours can differ, on which no size depends, and which depend on no size.
    """
    axe = Axe(page)
    found = []
    for width, size in (("1440", DESK), ("390", PHONE)):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")
        found += [f"{width} light: {told}" for told in axe.violations()]
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="dark")
    found += [f"1440 dark: {told}" for told in axe.violations(COLOURS)]
    return found + misfits(page)


def misfits(page: Page) -> list[str]:
    """What is cut, sticks out or scrolls unsaid, at each width."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width}: {told}" for told in page.evaluate(MEASURE)]
    return found


def test_these_checks_find_what_is_wrong(furnished: Furnished, visit: Visit) -> None:
    page = visit(furnished.user("alice"), furnished.places["dataset"].path, reduced_motion="reduce")
    page.evaluate("""() => {
      const text = document.querySelector("main .sub");
      text.style.color = "light-dark(#49595b, #2b3537)";
      document.querySelector("main a").replaceChildren();
      const say = (words, style) => {
        const part = document.createElement("div");
        part.textContent = words;
        Object.assign(part.style, style);
        document.querySelector("main").append(part);
        return part;
      };
      say("A table that nobody thought of on a phone", {width: "900px"});
      say("Cut in the middle of it", {width: "60px", overflow: "hidden", whiteSpace: "nowrap"});
      say("Cut below its first line", {width: "60px", height: "20px", overflow: "hidden"});
      say("Wider than its box", {width: "60px", whiteSpace: "nowrap"});
      say("Scrolls, and no key gets here", {width: "60px", overflow: "auto", whiteSpace: "nowrap"});
      say("Lies over the text before it", {marginTop: "-20px"});
      const button = document.createElement("button");
      button.textContent = "Search";
      button.ariaLabel = "Find";
      document.querySelector("main").append(button);
    }""")
    told = problems(page)
    for expected in (
        "1440 dark: color-contrast", "1440 light: link-name",
        "390 light: label-content-name-mismatch", "390: the page scrolls sideways, to",
        "1440: cut: ", "1440: cut below: ", "1440: sticks out of div: ",
        "1440: scrolls, and no key reaches it: ", "1440: lies over ",
    ):  # fmt: skip
        assert any(line.startswith(expected) for line in told), (expected, told)

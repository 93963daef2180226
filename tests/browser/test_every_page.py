"""Every page at two widths, light and dark: accessible, and never wider than a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.axe import Axe
from tests.browser.conftest import DESK, PHONE
from tests.browser.furnished import PAGES, Furnished, furnish

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Visit
    from tests.browser.stack import Stack
    from tests.browser.watch import Watch
    from tests.fakes.openai_server import OpenAIServer

COLOURS = ("color-contrast", "link-in-text-block")


@pytest.fixture(scope="module")
def furnished(stack: Stack, model_server: OpenAIServer) -> Furnished:
    from tests.browser.lab import Lab

    return furnish(Lab(model_server.url))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits_a_phone(
    name: str, furnished: Furnished, visit: Visit, watch: Watch
) -> None:
    place = furnished.places[name]
    if place.status != 200:
        watch.allow(f"status of {place.status}")
    page = visit(furnished.user(place.who), "", reduced_motion="reduce")
    answer = page.goto(place.path)
    assert answer is not None
    assert answer.status == place.status
    assert problems(page) == []


def problems(page: Page) -> list[str]:
    """What is wrong at 1440 and 390 pixels. In the dark only colours can differ."""
    axe = Axe(page)
    found = []
    for width, size in (("1440", DESK), ("390", PHONE)):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")
        found += [f"{width} light: {told}" for told in axe.violations()]
        page.emulate_media(color_scheme="dark")
        found += [f"{width} dark: {told}" for told in axe.violations(COLOURS)]
        found += [f"{width}: {told}" for told in too_wide(page)]
    return found


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    told: list[str] = page.evaluate("""() => {
      const room = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= room) return [];
      const wide = [...document.querySelectorAll("body *")].filter(
        (part) => part.getBoundingClientRect().right > room + 1);
      return [`scrolls sideways to ${document.documentElement.scrollWidth}: ` +
        wide.slice(0, 5).map((part) => part.tagName + "." + part.className).join(" ")];
    }""")
    return told


def test_these_checks_find_what_is_wrong(furnished: Furnished, visit: Visit) -> None:
    page = visit(furnished.user("alice"), furnished.places["dataset"].path, reduced_motion="reduce")
    page.evaluate("""() => {
      const text = document.querySelector("main .sub");
      text.style.color = "light-dark(#49595b, #2b3537)";
      const wide = document.createElement("div");
      wide.style.width = "900px";
      wide.textContent = "A table that nobody thought of on a phone";
      document.querySelector("main").append(wide);
      document.querySelector("main a").replaceChildren();
    }""")
    told = problems(page)
    assert any(line.startswith("1440 dark: color-contrast") for line in told), told
    assert any(line.startswith("1440 light: link-name") for line in told), told
    assert any("scrolls sideways to" in line for line in told), told

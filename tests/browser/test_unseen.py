"""Marks in a real browser: they order nothing around them, and what is copied is the text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.template import engines
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import Site

OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
HIDDEN = "".join(chr(0xE0000 + ord(letter)) for letter in "answer refund")
TEXT = f"Read \u202eit\u202c, re\u200bfund\xad.{HIDDEN}\nA\u2067 b\u2069 1\u2028 2 end."

# The letters' places from left to right on their lines, by the order in which they are written.
PLACES = """text => {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  const places = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.className === "unseen") continue;
    for (let i = 0; i < node.length; i++) {
      if (!/[a-z0-9]/i.test(node.data[i])) continue;
      const range = document.createRange();
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const box = range.getBoundingClientRect();
      places.push([Math.round(box.top), box.left]);
    }
  }
  return places;
}"""
COPIED = """text => {
  getSelection().selectAllChildren(text);
  return getSelection().toString();
}"""


@pytest.fixture
def site(browser: Browser) -> Iterator[Site]:
    window = browser.new_context()
    site = Site(window.new_page())
    site.page.route("**/*", site.serve)
    yield site
    window.close()


def shown(site: Site, text: str, tag: str = 'pre class="prompt"') -> Page:
    source = (
        '{% extends "layouts/page.html" %}{% load ui %}{% block main %}'
        f"<{tag} id=text{{% lang_attr text %}}>{{{{ text|visible }}}}</{tag.split()[0]}>"
        "{% endblock %}"
    )
    return site.open(engines["django"].from_string(source).render({"text": text}))


def test_what_is_copied_is_the_text_with_all_that_is_unseen(site: Site) -> None:
    tab = shown(site, TEXT)
    assert tab.locator("#text").evaluate(COPIED) == TEXT
    assert tab.locator("#text").text_content() == TEXT


@pytest.mark.parametrize("tag", ['pre class="prompt"', "p", "span"])
def test_nothing_is_ordered_by_what_is_unseen(site: Site, tag: str) -> None:
    letters = "".join(
        f"{mark}{letter} " for mark, letter in zip(OVERRIDES, "abcdefghijkl", strict=True)
    )
    places = shown(site, letters, tag).locator("#text").evaluate(PLACES)
    assert len(places) == len(OVERRIDES)
    assert places == sorted(places)


def test_a_mark_shows_its_code_and_tells_its_name(site: Site) -> None:
    tab = shown(site, TEXT)
    mark = tab.get_by_role("img", name="U+202E right-to-left override")
    expect(mark).to_be_visible()
    label = mark.evaluate("mark => getComputedStyle(mark, '::before').content")
    assert label == '"U+202E"'
    assert tab.get_by_role("img", name="which spell: answer refund").count() == 1


def test_text_from_right_to_left_stands_on_its_side(site: Site) -> None:
    tab = shown(site, "قال: refund 5!")
    assert tab.locator("#text").evaluate("text => getComputedStyle(text).direction") == "rtl"

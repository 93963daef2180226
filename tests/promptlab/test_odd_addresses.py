"""Every page × everybody × values that nobody means: an answer in words, never a failure.

Pages are taken from the map of the site, and names of parameters are those that the pages were seen
to read, so that a new page and a new parameter are tried without a word here.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import Resolver404, resolve

from promptlab.accounts.models import User
from tests.fakes.odd_values import ESCAPES, TEXTS
from tests.promptlab.everything import EVERYBODY, PAGES, Page, World

ClientOf = Callable[[User], Client]
ENCODED = [*(quote(text, safe="") for text in TEXTS), *ESCAPES]
IN_PATHS = [text for text in ENCODED if text and "%2F" not in text and len(text) < 6000]
DIGITS = [text for text in IN_PATHS if text.isascii() and text.isdecimal()]
FORM = "application/x-www-form-urlencoded"
EVERY = 2 if os.environ.get("PROMPTLAB_WHOLE_FAULTS") else 6
STEP = 7
"""Neighbouring parameters get values that are so far apart; it has no divisor in common."""


def plain(names: list[str]) -> str:
    """Every name with a number that can be meant: forms of rows have two then, which are read."""
    return "&".join(f"{quote(name)}=2" for name in names)


@dataclass
class Reading:
    """Names that pages were seen to ask queries and forms for."""

    names: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    page: str = ""

    @property
    def names_here(self) -> list[str]:
        """Of the many rows that a form may have, the first ones."""
        found = {*self.names[self.page], "page", "next"}
        return sorted(name for name in found if not re.search(r"-([3-9]|\d\d+)\b", name))

    def listening(self, plain: Any) -> Any:
        def asked(query: QueryDict, name: str, *rest: Any) -> Any:
            if name not in ("csrfmiddlewaretoken", "_method"):
                self.names[self.page][name] = None
            return plain(query, name, *rest)

        return asked


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    seen = Reading()
    for method in ("__getitem__", "get", "getlist", "__contains__"):
        monkeypatch.setattr(QueryDict, method, seen.listening(getattr(QueryDict, method)))
    return seen


@dataclass(frozen=True)
class Visitors:
    """Everybody's cookies; what a request does is undone."""

    cookies: dict[str, Any]

    @classmethod
    def of(cls, world: World, client_of: ClientOf) -> Visitors:
        people = world.people.items()
        return cls({who: client_of(user).cookies if user else None for who, user in people})

    def answer(self, who: str, method: str, address: str, said: str = "") -> Any:
        """What comes back; `said` is the query or the form."""
        client = Client(raise_request_exception=False)
        for name, cookie in (self.cookies[who] or {}).items():
            client.cookies[name] = cookie.value
        with transaction.atomic():
            if method == "GET":
                answer = client.get(f"{address}?{said}")
            else:
                answer = client.generic(method, address, said, FORM)
            transaction.set_rollback(True)
        return answer

    def failure(self, who: str, method: str, address: str, said: str = "") -> str:
        """What went wrong, in a line; "" for any answer that is one."""
        answer = self.answer(who, method, address, said)
        if answer.status_code < 500:
            return ""
        return f"{who}: {method} {address[:200]} {said[:500]}: {answer.exc_info or 500}"

    def most_powerful(self, page: Page, world: World, method: str) -> str:
        """Who may do most on a page, so that what is sent there is looked at."""
        address = page.with_values(world.values_for(page.name, "admin"))
        status = self.answer("admin", method, address, "x=1").status_code
        return "administrator" if status == 403 else "admin"


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of pages are not found here."""
    caplog.set_level("CRITICAL", "django.request")


@pytest.fixture
def visitors(world: World, client_of: ClientOf) -> Visitors:
    return Visitors.of(world, client_of)


def odd(names: list[str], round_: int) -> str:
    """Every name with another odd value each; every third round some are repeated."""
    parts = [
        f"{quote(name)}={ENCODED[(round_ + STEP * i) % len(ENCODED)]}"
        for i, name in enumerate(names)
    ]
    if round_ % 3 == 0:
        parts += [f"{quote(name)}=1" for name in names[:1]]
    if round_ % 5 == 0:
        parts += [f"{quote(name)}[]=1" for name in names[:1]]
    return "&".join(parts)


def visits(world: World, visitors: Visitors, reading: Reading, method: str) -> Iterator[str]:
    """Failures of every page: where something is read, whoever may do most sends one value of EVERY
    so many, on the next page the next ones; everybody else sends one, another on each page."""
    for index, page in enumerate(PAGES.values()):
        reading.page = page.name
        powerful = visitors.most_powerful(page, world, method)
        for who in EVERYBODY:
            address = page.with_values(world.values_for(page.name, who))
            first = (EVERYBODY.index(who) + STEP * index) % len(ENCODED)
            rounds = range(first, first + 1)
            if who == powerful and reading.names[page.name]:
                yield visitors.failure(who, method, address, plain(reading.names_here))
                rounds = range(index % EVERY, len(ENCODED), EVERY)
            for round_ in rounds:
                yield visitors.failure(who, method, address, odd(reading.names_here, round_))


def test_no_query_makes_a_page_fail(world: World, visitors: Visitors, reading: Reading) -> None:
    failures = visits(world, visitors, reading, "GET")
    assert [told for told in failures if told] == []
    # What pages read was seen.
    assert {"trials", "page"} <= set(reading.names["runs:run"])
    assert {"from", "dataset", "program"} <= set(reading.names["runs:new"])


def test_no_form_makes_a_page_fail(world: World, visitors: Visitors, reading: Reading) -> None:
    failures = visits(world, visitors, reading, "POST")
    assert [told for told in failures if told] == []
    assert {"login", "password"} <= set(reading.names["account_login"])
    assert {"inputs-count", "inputs-0-name"} <= set(reading.names["programs:inputs"])


def leads_nowhere(address: str) -> bool:
    """Whether the map of the site itself stops it, before any page is asked."""
    try:
        resolve(unquote(address, errors="replace"))
    except Resolver404:
        return True
    return False


def test_no_part_of_an_address_makes_a_page_fail(world: World, visitors: Visitors) -> None:
    failures, turn, stopped = [], count(), set()
    for page in PAGES.values():
        right = world.values_for(page.name, "admin")
        powerful = visitors.most_powerful(page, world, "GET")
        for part, kind in page.parts.items():
            # What is no number, word or key is stopped by the map of the site, on any page alike.
            some = IN_PATHS[next(turn) % 5 :: 5]
            most = IN_PATHS[next(turn) % EVERY :: EVERY // 2]
            values = {"str": most, "int": [*DIGITS, *some]}.get(kind, some)
            for value in dict.fromkeys(values):
                address = page.with_values({**right, part: value})
                if leads_nowhere(address):
                    if (part, value) in stopped:
                        continue
                    stopped.add((part, value))
                failures.append(visitors.failure(powerful, "GET", address))
            failures.append(visitors.failure("anonymous", "GET", address))
    assert [told for told in failures if told] == []

"""Every page × everybody: a new address without a row here fails.

Operations of the API have their own such table, in tests/api/test_access.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Literal

from django.db import transaction
from django.test import Client

from promptlab.accounts.models import User
from tests.promptlab.everything import EVERYBODY, PAGES, World, address_of

Answer = Literal["login", "not found", "forbidden", "allowed"]
ClientOf = Callable[[User], Client]
MEMBERS = EVERYBODY[3:]

# Least roles by method; a method without one is refused. "public": without signing in; "person":
# whoever signed in; "founder": who administers some project, as the outsider does, or the
# installation; "installation": who administers that, and is no member of the project.
VIEW: dict[str, str] = {"get": "viewer"}
EDIT: dict[str, str] = {"get": "editor", "post": "editor"}
POST_EDIT: dict[str, str] = {"post": "editor"}
ADMINISTER: dict[str, str] = {"get": "admin", "post": "admin"}
LEAST_ROLE: dict[str, dict[str, str]] = {
    "healthz": {"get": "public"},
    "account_login": {"get": "public", "post": "public"},
    "account_logout": {"get": "public", "post": "public"},
    "account_inactive": {"get": "public"},
    "account_reset_password": {"get": "public"},
    "account_change_password": {"get": "person", "post": "person"},
    "account_set_password": {"get": "person", "post": "person"},
    "api-reference": {"get": "person"},
    "client": {"get": "public"},
    "accounts:setup": {"get": "public"},
    "accounts:invitation": {"get": "public", "post": "public"},
    "accounts:projects": {"get": "person"},
    "accounts:new_project": {"get": "founder", "post": "founder"},
    "demo:examples": {"get": "founder"},
    "demo:begin": {"post": "founder"},
    "accounts:welcome": {"get": "person", "post": "person"},
    "accounts:person": {"get": "person", "post": "person"},
    "accounts:tokens": {"get": "person", "post": "person"},
    "accounts:revoke_token": {"post": "person"},
    "accounts:project": VIEW,
    "accounts:settings": ADMINISTER,
    "accounts:spending": {"get": "viewer", "post": "admin"},
    "accounts:members": VIEW,
    "accounts:invite": {"post": "admin"},
    "accounts:leave": {"post": "viewer"},
    "accounts:change_role": {"post": "admin"},
    "accounts:remove": {"post": "admin"},
    "accounts:withdraw": {"post": "admin"},
    "installation:home": {"get": "installation"},
    "installation:cap": {"post": "installation"},
    "installation:model": {"post": "installation"},
    "installation:allow": {"post": "installation"},
    "installation:withdraw": {"post": "installation"},
    "datasets:list": VIEW,
    "datasets:new": EDIT,
    "datasets:map": EDIT,
    "datasets:outlook": POST_EDIT,
    "datasets:read_again": POST_EDIT,
    "datasets:discard": POST_EDIT,
    "datasets:detail": VIEW,
    "datasets:rows": VIEW,
    "datasets:add": EDIT,
    "datasets:row": EDIT,
    "datasets:protect": POST_EDIT,
    "datasets:remove_row": POST_EDIT,
    "datasets:versions": VIEW,
    "datasets:version": VIEW,
    "datasets:go_back": POST_EDIT,
    "datasets:download": VIEW,
    "datasets:rename": POST_EDIT,
    "datasets:remove": POST_EDIT,
    "programs:list": VIEW,
    "programs:corpora": {"get": "viewer", "post": "editor"},
    "programs:corpus_file": VIEW,
    "programs:remove_corpus": POST_EDIT,
    "programs:new": EDIT,
    "programs:program": VIEW,
    "programs:about": EDIT,
    "programs:duplicate": POST_EDIT,
    "programs:delete": POST_EDIT,
    "programs:download": VIEW,
    "programs:graph": POST_EDIT,
    "programs:part": VIEW,
    "programs:paste": POST_EDIT,
    "programs:insert": EDIT,
    "programs:group": EDIT,
    "programs:undo": POST_EDIT,
    "programs:redo": POST_EDIT,
    "programs:history": VIEW,
    "programs:go_back": POST_EDIT,
    "programs:inputs": EDIT,
    "programs:outputs": EDIT,
    "programs:new_module": EDIT,
    "programs:module": EDIT,
    "programs:all_demos": VIEW,
    "programs:improve": {"get": "viewer", "post": "editor"},
    "programs:choose": POST_EDIT,
    "programs:pairs": VIEW,
    "runs:demos": VIEW,
    "runs:demo_set": VIEW,
    "releases:demos": VIEW,
    "programs:demos": EDIT,
    "programs:remove_module": POST_EDIT,
    "programs:new_call": POST_EDIT,
    "programs:call": EDIT,
    "programs:connect": POST_EDIT,
    "programs:remove_call": POST_EDIT,
    "programs:try": {"get": "viewer", "post": "editor"},
    "programs:keep_tryout": POST_EDIT,
    "programs:stop_tryout": POST_EDIT,
    "programs:try_from": POST_EDIT,
    "metrics:list": VIEW,
    "metrics:new": EDIT,
    "metrics:from_tests": EDIT,
    "metrics:code": VIEW,
    "metrics:metric": {"get": "viewer", "post": "editor"},
    "metrics:delete": POST_EDIT,
    "grading:judge": VIEW,
    "grading:queues": {"get": "viewer", "post": "editor"},
    "grading:queue": EDIT,
    "grading:rules": {"get": "viewer", "post": "editor"},
    "grading:set_labels": POST_EDIT,
    "grading:ask": POST_EDIT,
    "grading:optimize": POST_EDIT,
    "grading:take": POST_EDIT,
    "providers:list": VIEW,
    "providers:new": ADMINISTER,
    "providers:edit": ADMINISTER,
    "providers:remove": {"post": "admin"},
    "providers:check": POST_EDIT,
    "runs:list": VIEW,
    "runs:new": EDIT,
    "runs:estimate": POST_EDIT,
    "runs:measure": POST_EDIT,
    "runs:playground": {"get": "viewer", "post": "editor"},
    "runs:stop_play": POST_EDIT,
    "runs:play_again": POST_EDIT,
    "runs:edit_played": POST_EDIT,
    "runs:evaluate": EDIT,
    "runs:score": EDIT,
    "runs:edit": EDIT,
    "runs:evaluate_estimate": POST_EDIT,
    "runs:run": VIEW,
    "runs:live": VIEW,
    "runs:pause": POST_EDIT,
    "runs:resume": POST_EDIT,
    "runs:cancel": POST_EDIT,
    "runs:raise_cap": POST_EDIT,
    "runs:compare": VIEW,
    "runs:across": VIEW,
    "runs:library": VIEW,
    "runs:board": {"get": "viewer", "post": "editor"},
    "runs:remove_card": POST_EDIT,
    "runs:share_card": {"post": "reviewer"},
    "runs:candidate": VIEW,
    "runs:open": POST_EDIT,
    "runs:try": {"get": "viewer", "post": "editor"},
    "runs:example": VIEW,
    "reviews:review": VIEW,
    "reviews:decide": {"post": "reviewer"},
    "reviews:send": POST_EDIT,
    "reviews:look": {"post": "reviewer"},
    "reviews:waive": {"post": "reviewer"},
    "reviews:comment": POST_EDIT,
    "reviews:packet": VIEW,
    "reviews:mention": {"post": "viewer"},
    "releases:overview": VIEW,
    "releases:palette": VIEW,
    "releases:list": VIEW,
    "releases:router": VIEW,
    "releases:router_file": VIEW,
    "releases:version": VIEW,
    "releases:download": VIEW,
    "releases:label_moves": VIEW,
    "releases:parity": VIEW,
    "releases:chain": {"get": "viewer", "post": "editor"},
    "releases:data": VIEW,
    "releases:open": POST_EDIT,
    "releases:open_page": POST_EDIT,
    "releases:close_page": POST_EDIT,
    "releases:public": {"get": "public"},
    "releases:promote": {"post": "reviewer"},
    "releases:roll_back": {"post": "reviewer"},
    "releases:remove_label": {"post": "reviewer"},
}

# What a page must be told before it looks at who asks.
SENT = {"programs:new_call": {"module": "find_clues"}}


def test_every_page_has_a_row() -> None:
    assert set(PAGES) == set(LEAST_ROLE)


def expected(least: str, who: str) -> Answer:
    if least == "public":
        return "allowed"
    if who == "anonymous":
        return "login"
    if least == "person":
        return "allowed"
    if least == "founder":
        return "allowed" if who in ("outsider", "administrator", "admin") else "forbidden"
    if least == "installation":
        return "allowed" if who == "administrator" else "forbidden"
    if who in ("outsider", "administrator"):
        return "not found"
    return "allowed" if MEMBERS.index(who) >= MEMBERS.index(least) else "forbidden"


@dataclass(frozen=True)
class Visitor:
    """Somebody's browser, as it was right after signing in: what a request does to it is undone."""

    cookies: SimpleCookie

    @classmethod
    def signed_in(cls, user: User | None, client_of: ClientOf) -> Visitor:
        return cls(client_of(user).cookies if user else SimpleCookie())

    def answer(self, method: str, url: str, data: dict[str, str]) -> Answer | int:
        """What came back, and nothing of it stays."""
        client = Client()
        client.cookies = SimpleCookie({name: c.value for name, c in self.cookies.items()})
        with transaction.atomic():
            answer = getattr(client, method)(url, data)
            transaction.set_rollback(True)
        if answer.status_code == 302 and answer["Location"].startswith("/login/"):
            return "login"
        refusals: dict[int, Answer] = {403: "forbidden", 404: "not found"}
        if answer.status_code in refusals:
            return refusals[answer.status_code]
        fine = answer.status_code < 400 or answer.status_code in (409, 410, 422)
        return "allowed" if fine else answer.status_code


def test_everybody_may_do_what_the_table_says_and_no_more(
    world: World, client_of: ClientOf
) -> None:
    wrong = []
    for who in EVERYBODY:
        visitor = Visitor.signed_in(world.people[who], client_of)
        for name, methods in LEAST_ROLE.items():
            for method, least in methods.items():
                url = address_of(name, world, who)
                found = visitor.answer(method, url, SENT.get(name, {}))
                if found != expected(least, who):
                    wrong.append(f"{who}: {method} {url}: {found}, not {expected(least, who)}")
    assert wrong == []


def test_other_methods_are_refused(world: World, alice: User, client_of: ClientOf) -> None:
    visitor, wrong = Visitor.signed_in(alice, client_of), []
    for name, methods in LEAST_ROLE.items():
        if name.startswith("account_"):
            continue  # allauth's own views
        for method in {"get", "post", "put", "delete"} - methods.keys():
            found = visitor.answer(method, address_of(name, world, "admin"), {})
            if found != 405:
                wrong.append(f"{method} {name}: {found}")
    assert wrong == []

"""Guessing is slow and locks nobody else out; who guesses is told when to try again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client

from promptlab.accounts import throttle
from promptlab.accounts.models import FailedAttempt, User
from promptlab.accounts.places import COOKIE
from promptlab.accounts.throttle import ATTACK, ONE_ACCOUNT, ONE_PLACE, Failure, seconds_to_wait
from tests.people import PASSWORD

Browser = Callable[[User], Client]
CAROL = "carol@example.org"
HERE = "10.0.0.1"
ELSEWHERE = "10.0.0.2"


def sign_in(email: str, password: str, browser: Client | None = None, **extra: Any) -> Any:
    """From an address of its own unless REMOTE_ADDR says another."""
    return (browser or Client()).post("/login/", {"login": email, "password": password}, **extra)


def guess(times: int, email: str = CAROL, **extra: Any) -> list[int]:
    return [sign_in(email, f"guess-{n}", **extra).status_code for n in range(times)]


def an_hour_passes(minutes: int = 60) -> None:
    for attempt in FailedAttempt.objects.all():
        attempt.at -= timedelta(minutes=minutes)
        attempt.save()


# --- One account ----------------------------------------------------------------------------------


def test_the_last_wrong_password_for_now_is_told_when_the_next_may_be(carol: User) -> None:
    assert guess(5, REMOTE_ADDR=HERE) == [200] * 4 + [429]
    page = sign_in(CAROL, "guess", REMOTE_ADDR=HERE)
    assert page.status_code == 429
    assert 0 < int(page["Retry-After"]) <= 300
    told = page.content.decode()
    assert "Too many wrong passwords. Wait 5 minutes, then try again." in told
    assert "from elsewhere, you can sign in meanwhile" in told


def test_the_right_password_is_not_tried_either_from_there(carol: User) -> None:
    guess(5, REMOTE_ADDR=HERE)
    assert sign_in(CAROL, PASSWORD, REMOTE_ADDR=HERE).status_code == 429


def test_the_owner_is_not_locked_out_from_elsewhere(carol: User) -> None:
    guess(20, REMOTE_ADDR=HERE)
    assert sign_in(CAROL, PASSWORD, REMOTE_ADDR=ELSEWHERE).status_code == 302


def test_a_device_on_which_the_owner_signed_in_has_tries_of_its_own(carol: User) -> None:
    laptop = Client(REMOTE_ADDR=HERE)
    sign_in(CAROL, PASSWORD, laptop)
    laptop.post("/logout/")
    guess(20, REMOTE_ADDR=HERE)
    assert sign_in(CAROL, "mistyped", laptop).status_code == 200
    assert sign_in(CAROL, PASSWORD, laptop).status_code == 302


def test_a_known_device_guesses_no_more_than_others(carol: User, dave: User) -> None:
    """Dave signed in on it, and then tries carol's account, or his own."""
    laptop = Client(REMOTE_ADDR=HERE)
    sign_in("dave@example.org", PASSWORD, laptop)
    laptop.post("/logout/")
    assert guess(5, browser=laptop)[-1] == 429
    assert guess(5, "dave@example.org", browser=laptop)[-1] == 429


@pytest.mark.parametrize("forged", ["", "x", "eyJpZCI6ImEifQ:1a:b", "\x00"])
def test_a_forged_cookie_is_no_device(carol: User, forged: str) -> None:
    browser = Client(REMOTE_ADDR=HERE)
    browser.cookies[COOKIE] = forged
    assert guess(5, browser=browser)[-1] == 429


def test_the_cookie_of_a_device_is_kept_from_scripts(carol: User) -> None:
    cookie = sign_in(CAROL, PASSWORD).cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert CAROL not in cookie.value


def test_a_right_password_forgives_what_was_mistyped_before(carol: User) -> None:
    for _again in range(3):
        assert guess(4, REMOTE_ADDR=HERE) == [200] * 4
        assert sign_in(CAROL, PASSWORD, REMOTE_ADDR=HERE).status_code == 302


def test_tries_come_back_with_time(carol: User) -> None:
    guess(5, REMOTE_ADDR=HERE)
    an_hour_passes(minutes=5)
    assert sign_in(CAROL, PASSWORD, REMOTE_ADDR=HERE).status_code == 302


def test_an_account_that_does_not_exist_is_refused_in_the_same_words(carol: User) -> None:
    pages = []
    for email, place in ((CAROL, HERE), ("nobody@example.org", ELSEWHERE)):
        pages.append([sign_in(email, f"guess-{n}", REMOTE_ADDR=place) for n in range(6)])
    known, unknown = ([page.status_code for page in tried] for tried in pages)
    assert known == unknown
    assert pages[0][-1].context["told"] == pages[1][-1].context["told"]


def test_upper_case_and_blanks_make_no_other_account(carol: User) -> None:
    spellings = [CAROL, "Carol@Example.org", f" {CAROL}", f"{CAROL} ", "CAROL@example.org"]
    codes = [sign_in(email, "guess", REMOTE_ADDR=HERE).status_code for email in spellings]
    assert codes[-1] == 429


def test_many_tries_at_once_are_no_way_around(
    transactional_db: None, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempt(number: int) -> int:
        try:
            return int(sign_in(CAROL, f"guess-{number}", REMOTE_ADDR=HERE).status_code)
        finally:
            connections.close_all()

    tried = []
    check = User.check_password
    monkeypatch.setattr(
        User, "check_password", lambda user, raw: tried.append(raw) or check(user, raw)
    )
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(attempt, range(16)))
    assert len(set(tried)) == ONE_ACCOUNT.failures
    assert codes.count(429) >= 11


# --- One place ------------------------------------------------------------------------------------


def test_one_place_cannot_go_through_many_accounts(carol: User) -> None:
    codes = [sign_in(f"p{n}@example.org", "x", REMOTE_ADDR=HERE).status_code for n in range(21)]
    assert codes[:19] == [200] * 19
    assert codes[19:] == [429, 429]
    assert sign_in(CAROL, PASSWORD, REMOTE_ADDR=ELSEWHERE).status_code == 302


def test_signing_in_is_not_counted(carol: User, erin: User) -> None:
    """Half an office behind one address in the morning."""
    for _colleague in range(30):
        assert sign_in(CAROL, PASSWORD, REMOTE_ADDR=HERE).status_code == 302


def test_an_address_that_is_only_claimed_changes_nothing(carol: User) -> None:
    codes = [
        sign_in(
            CAROL, "guess", REMOTE_ADDR=HERE, HTTP_X_FORWARDED_FOR=f"192.0.2.{n}",
            HTTP_X_REAL_IP=f"192.0.2.{n}", HTTP_FORWARDED=f"for=192.0.2.{n}",
        ).status_code
        for n in range(6)
    ]  # fmt: skip
    assert codes[4:] == [429, 429]


def test_a_trusted_proxy_tells_the_address_and_callers_before_it_do_not(
    carol: User, settings: Any
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def through_proxy(email: str, password: str, claimed: str, seen: str) -> int:
        forwarded = f"{claimed}, {seen}"
        page = sign_in(email, password, REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
        return int(page.status_code)

    codes = [through_proxy(CAROL, "guess", f"192.0.2.{n}", "198.51.100.7") for n in range(6)]
    assert codes[4:] == [429, 429]
    assert through_proxy(CAROL, PASSWORD, "198.51.100.7", "198.51.100.8") == 302


def test_the_addresses_of_one_ipv6_network_are_one_place(carol: User) -> None:
    codes = [
        sign_in(CAROL, "guess", REMOTE_ADDR=f"2001:db8:1:2::{n}").status_code for n in range(6)
    ]
    assert codes[4:] == [429, 429]
    assert sign_in(CAROL, PASSWORD, REMOTE_ADDR="2001:db8:1:3::1").status_code == 302


# --- Many places ----------------------------------------------------------------------------------


def test_guessing_from_many_places_is_slowed_and_the_owner_is_not_locked_out(carol: User) -> None:
    laptop = Client(REMOTE_ADDR=HERE)
    sign_in(CAROL, PASSWORD, laptop)
    laptop.post("/logout/")
    codes = [
        sign_in(CAROL, f"guess-{n}", REMOTE_ADDR=f"203.0.113.{n % 25}").status_code
        for n in range(75)
    ]
    assert codes.count(200) == ATTACK.failures - 1
    assert FailedAttempt.objects.count() == 25  # one try a place: the others were not even made
    assert sign_in(CAROL, PASSWORD, laptop).status_code == 302
    assert sign_in(CAROL, PASSWORD, REMOTE_ADDR="198.51.100.1").status_code == 302


def test_an_attack_on_one_account_slows_no_other(carol: User, erin: User) -> None:
    for n in range(20):
        sign_in(CAROL, "guess", REMOTE_ADDR=f"203.0.113.{n}")
    assert guess(4, "erin@example.org", REMOTE_ADDR="203.0.113.1") == [200] * 4


def test_what_is_kept_tells_no_address_and_goes_after_an_hour(carol: User) -> None:
    guess(2, REMOTE_ADDR=HERE)
    kept = [str(vars(attempt)) for attempt in FailedAttempt.objects.all()]
    assert len(kept) == 2
    assert not any(HERE in row or CAROL in row for row in kept)
    an_hour_passes(minutes=61)
    guess(1, REMOTE_ADDR=ELSEWHERE)
    assert FailedAttempt.objects.count() == 1


NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def failures(*minutes_ago: float, account: str = "a") -> list[Failure]:
    return [Failure(account, NOW - timedelta(minutes=m)) for m in minutes_ago]


@pytest.mark.parametrize(
    ("before", "places", "seconds"),
    [
        ([], 0, 0), ([0, 1, 2, 3], 1, 0), ([0, 1, 2, 3, 4], 1, 60), ([0, 1, 2, 3, 5], 1, 0),
        ([0, 1, 2, 3, 4, 6], 1, 60), ([], 10, 0), ([14], 10, 60), ([14], 9, 0), ([15], 10, 0),
    ],
)  # fmt: skip
def test_how_long_to_wait(before: list[float], places: int, seconds: float) -> None:
    assert seconds_to_wait(NOW, failures(*before), "a", places) == seconds


def test_failures_at_other_accounts_count_for_the_place_alone() -> None:
    others = failures(*[1.0] * ONE_PLACE.failures, account="b")
    assert seconds_to_wait(NOW, others[1:], "a", 1) == 0
    assert seconds_to_wait(NOW, others, "a", 1) == 9 * 60


# --- Other doors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/invitations/{}/", "/setup/{}/"])
def test_links_that_open_nothing_are_not_tried_for_ever(path: str, db: None) -> None:
    browser = Client(REMOTE_ADDR=HERE)
    codes = [browser.get(path.format(f"guess{n}")).status_code for n in range(22)]
    assert codes == [404] * 20 + [429] * 2
    page = browser.get(path.format("guess"))
    assert "Wait 10 minutes" in page.content.decode()
    assert 0 < int(page["Retry-After"]) <= 600


def test_a_link_that_opens_is_never_refused(project: Any, alice: User) -> None:
    from promptlab.accounts import entrance
    from promptlab.accounts.roles import Role

    browser = Client(REMOTE_ADDR=HERE)
    for n in range(22):
        browser.get(f"/invitations/guess{n}/")
    _row, secret = entrance.invite(project, Role.VIEWER, alice)
    assert browser.get(f"/invitations/{secret}/").status_code == 200


def test_tokens_that_open_nothing_are_refused_in_json_and_others_go_on(carol: User) -> None:
    from promptlab.accounts.tokens import create_token

    def ask(token: str) -> Any:
        return Client(REMOTE_ADDR=HERE, headers={"Authorization": f"Bearer {token}"}).get(
            "/api/v1/projects"
        )

    codes = [ask(f"plab_{n}").status_code for n in range(22)]
    assert codes == [401] * 20 + [429] * 2
    answer = ask("plab_x")
    assert 0 < int(answer["Retry-After"]) <= 600
    assert "Wait 10 minutes" in answer.json()["detail"]
    assert ask(create_token(carol, "mine")[1]).status_code == 200


@pytest.fixture
def forgotten() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_changing_a_password_too_often_is_a_page_too(
    carol: User, client_of: Browser, forgotten: None
) -> None:
    browser = client_of(carol)
    wrong = {"oldpassword": "guess", "password1": "x9-long-enough", "password2": "x9-long-enough"}
    pages = [browser.post("/password/change/", wrong) for _again in range(6)]
    assert pages[-1].status_code == 429
    assert pages[-1]["Retry-After"] == "60"
    assert "Wait 60 seconds" in pages[-1].content.decode()
    assert 'link rel="stylesheet"' in pages[-1].content.decode()


def test_a_part_of_a_page_gets_the_sentence_alone(carol: User) -> None:
    guess(5, REMOTE_ADDR=HERE)
    part = sign_in(CAROL, "guess", REMOTE_ADDR=HERE, HTTP_HX_REQUEST="true")
    assert part.status_code == 429
    assert part.content.decode().startswith("Too many wrong passwords.")
    assert "<" not in part.content.decode()
    assert part["Retry-After"]


def test_the_sentences_of_all_doors_say_when(db: None) -> None:
    for door in throttle.Door:
        assert "Wait 2 minutes" in str(throttle.TooManyAttempts(door, 120))

"""How often somebody may fail to get in: guessing is slow, and locks nobody else out.

Failures are counted where they come from, never for an account as a whole: wrong passwords from one
place leave the owner's own alone. While an account is tried from many places at once, each unknown
place has fewer tries. They are rows, so that all web processes count together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from promptlab.accounts.models import FailedAttempt
from promptlab.accounts.places import account_key, place_of
from promptlab.ui.numbers import waiting_time


class Door(StrEnum):
    """What somebody tried to get in by."""

    SIGN_IN = "sign-in"
    LINK = "link"
    TOKEN = "token"


@dataclass(frozen=True)
class Limit:
    """So many failures within so long."""

    failures: int
    within: timedelta


ONE_PLACE = Limit(20, timedelta(minutes=10))
"""From one place by one door, whatever is tried."""
ONE_ACCOUNT = Limit(5, timedelta(minutes=5))
"""From one place to one account."""
ONE_ACCOUNT_ATTACKED = Limit(1, timedelta(minutes=15))
"""The same while the account is under attack."""
ATTACK = Limit(10, timedelta(hours=1))
"""So many places that fail at one account are an attack."""


_TOLD = {
    Door.SIGN_IN: _("Too many wrong passwords. Wait %(wait)s, then try again."),
    Door.LINK: _("Too many links that do not work were opened. Wait %(wait)s, then try again."),
    Door.TOKEN: _(
        "Too many API tokens that are unknown, expired or revoked were sent. Wait %(wait)s, then "
        "send one from your API tokens page."
    ),
}


class TooManyAttempts(Exception):
    """No further try for now: a sentence, and `seconds` until the next one."""

    def __init__(self, door: Door, seconds: float) -> None:
        self.door, self.seconds = door, max(1, round(seconds))
        super().__init__(_TOLD[door] % {"wait": waiting_time(seconds)})


@dataclass(frozen=True)
class Failure:
    """One failed attempt from a place."""

    account: str
    at: datetime


def seconds_to_wait(now: datetime, failures: Sequence[Failure], account: str, places: int) -> float:
    """Until the next try at `account` from a place with these failures, newest first; 0 when it
    may be made now. `places` have failed at the account lately, this one among them."""
    waits = [_wait(now, [f.at for f in failures], ONE_PLACE)]
    if account:
        limit = ONE_ACCOUNT_ATTACKED if places >= ATTACK.failures else ONE_ACCOUNT
        waits.append(_wait(now, [f.at for f in failures if f.account == account], limit))
    return max(waits)


def _wait(now: datetime, times: Sequence[datetime], limit: Limit) -> float:
    if len(times) < limit.failures:
        return 0.0
    free_at = times[limit.failures - 1] + limit.within
    return max(0.0, (free_at - now).total_seconds())


@dataclass(frozen=True)
class SignIn:
    """An attempt to sign in that is under way. It counts as failed until it succeeded, so that many
    at once are no way around the limit."""

    place: str
    account: str

    def succeeded(self) -> None:
        """Failures of this place at this account were typing errors."""
        _failures(Door.SIGN_IN).filter(place=self.place, account=self.account).delete()

    def failed(self) -> None:
        """Raises TooManyAttempts when it was the last one for now."""
        _refuse_over_limit(Door.SIGN_IN, self.place, self.account)


def begin_sign_in(request: HttpRequest, email: str) -> SignIn:
    """Take one of the tries that are left.

    Raises:
        TooManyAttempts: none is.
    """
    account = account_key(email)
    place = place_of(request, account)
    with transaction.atomic():
        _take_turns(place, account)
        _refuse_over_limit(Door.SIGN_IN, place, account)
        _note(Door.SIGN_IN, place, account)
    return SignIn(place, account)


def note_failure(door: Door, request: HttpRequest) -> None:
    """Somebody came with a link or token that opens nothing. One that opens is never refused.

    Raises:
        TooManyAttempts: it happened too often from there.
    """
    place = place_of(request)
    _refuse_over_limit(door, place)
    _note(door, place)


def _refuse_over_limit(door: Door, place: str, account: str = "") -> None:
    now = timezone.now()
    recent = _failures(door).filter(at__gt=now - ATTACK.within)
    mine = recent.filter(place=place).order_by("-at").values_list("account", "at")
    places = recent.filter(account=account).values("place").distinct().count() if account else 0
    wait = seconds_to_wait(now, [Failure(*row) for row in mine[:1000]], account, places)
    if wait > 0:
        raise TooManyAttempts(door, wait)


def _note(door: Door, place: str, account: str = "") -> None:
    now = timezone.now()
    FailedAttempt.objects.filter(at__lt=now - ATTACK.within).delete()
    FailedAttempt.objects.create(door=door, place=place, account=account, at=now)


def _failures(door: Door) -> QuerySet[FailedAttempt]:
    return FailedAttempt.objects.filter(door=door)


def _take_turns(*keys: str) -> None:
    """Until the transaction ends, attempts from the same place or to the same account wait."""
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])

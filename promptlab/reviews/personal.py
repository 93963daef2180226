"""What in a text may be somebody's: marked for whoever decides, never taken as proof."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_ipv46_address
from django.utils.translation import gettext_lazy as _
from stdnum import iban, luhn

E_MAIL, PHONE, CARD, ACCOUNT, ADDRESS = "e_mail", "phone", "card", "account", "address"
KINDS = (E_MAIL, PHONE, CARD, ACCOUNT, ADDRESS)
NAMES = {
    E_MAIL: _("e-mail address"),
    PHONE: _("telephone number"),
    CARD: _("card number"),
    ACCOUNT: _("bank account"),
    ADDRESS: _("network address"),
}

LONGEST = 50_000
REGIONS = (None, "US", "GB", "DE", "FR", "JP")
"""Where a number without a country's prefix may be one; None: only with a prefix."""
_WORD = re.compile(r"[^\s<>()\[\]{}\"'“”„«»,;，、。]+")
_CARD = re.compile(r"(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")


def personal_in(texts: Iterable[object]) -> tuple[str, ...]:
    """Which of KINDS some text may hold, in their order."""
    found = {kind for text in texts if isinstance(text, str) for kind in _kinds(text[:LONGEST])}
    return tuple(kind for kind in KINDS if kind in found)


def _kinds(text: str) -> Iterator[str]:
    words = [word.strip(".:!?") for word in _WORD.findall(text)]
    if any("@" in word and _passes(validate_email, word) for word in words):
        yield E_MAIL
    if any(_is_address(word) for word in words):
        yield ADDRESS
    if any(luhn.is_valid(re.sub(r"\D", "", card)) for card in _CARD.findall(text)):
        yield CARD
    if any(_has_iban(found) for found in _IBAN.findall(text)):
        yield ACCOUNT
    if any(_has_phone(text, region) for region in REGIONS):
        yield PHONE


def _is_address(word: str) -> bool:
    return (word.count(".") == 3 or word.count(":") > 2) and _passes(validate_ipv46_address, word)


def _has_iban(found: str) -> bool:
    """Words that follow it look like a part of it, so they are taken away one by one."""
    parts = found.split(" ")
    return any(iban.is_valid("".join(parts[:n])) for n in range(1, len(parts) + 1))


def _has_phone(text: str, region: str | None) -> bool:
    strict = phonenumbers.Leniency.STRICT_GROUPING if region else phonenumbers.Leniency.VALID
    return phonenumbers.PhoneNumberMatcher(text, region, leniency=strict).has_next()


def _passes(check: object, word: str) -> bool:
    assert callable(check)
    try:
        check(word)
    except ValidationError:
        return False
    return True

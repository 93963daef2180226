"""Where somebody tries to get in from: a device that is known, or else a network address."""

from __future__ import annotations

import ipaddress
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string, salted_hmac

COOKIE = "promptlab_device"
LIVES = 365 * 24 * 3600
"""Seconds for which a device is known after signing in on it."""
MOST_ACCOUNTS = 5
"""Accounts that one device is known for, the latest ones."""
IPV6_NETWORK = 64
"""Bits of an IPv6 address that tell one subscriber from another; the rest are theirs to choose."""

_SALT = "promptlab.accounts.places"


def account_key(email: str) -> str:
    """What stands for an account, whether it exists or not."""
    return _digest(f"account {email.strip().lower()}")


def place_of(request: HttpRequest, account: str = "") -> str:
    """Where a request comes from. A device on which somebody signed in to `account` before is a
    place of its own for that account, whoever else shares its address."""
    device = _device(request)
    if account and account in device["accounts"]:
        return _digest(f"device {device['id']}")
    return _digest(f"address {_address(request)}")


def remember_device(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Let the browser keep a signed cookie that says that this account was signed in to there."""
    device, account = _device(request), account_key(email)
    others = [known for known in device["accounts"] if known != account]
    kept = {"id": device["id"], "accounts": [account, *others][:MOST_ACCOUNTS]}
    response.set_cookie(
        COOKIE, signing.dumps(kept, salt=_SALT, compress=True), max_age=LIVES, httponly=True,
        secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
    )  # fmt: skip


def _device(request: HttpRequest) -> dict[str, Any]:
    """`id` and `accounts` of the cookie; a new device's when there is none, or no valid one."""
    try:
        found: dict[str, Any] = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LIVES
        )
    except signing.BadSignature:
        return {"id": get_random_string(22), "accounts": []}
    return found


def _address(request: HttpRequest) -> str:
    """The client's address as the connection or a trusted proxy tells it; its network in IPv6."""
    try:
        told = get_adapter(request).get_client_ip(request).strip()
    except PermissionDenied:  # behind a unix socket nobody has an address: all share one place
        return ""
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return str(told)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))


def _digest(value: str) -> str:
    return salted_hmac(_SALT, value, algorithm="sha256").hexdigest()

"""What happens around every request at the doors: too many tries, and devices that are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from promptlab.accounts.models import User
from promptlab.accounts.places import remember_device
from promptlab.accounts.throttle import Door, TooManyAttempts
from promptlab.ui.numbers import waiting_time

A_MINUTE = 60
"""Seconds of allauth's own limits, which do not say."""


class Doors:
    """Django middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "signed_in_now", None)
        if user is not None:
            remember_device(request, response, user.email)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TooManyAttempts):
            return None
        return _refusal(request, str(error), error.seconds, error.door)


@receiver(user_logged_in)
def _note_sign_in(request: HttpRequest | None, user: User, **_others: Any) -> None:
    if request is not None:
        request.signed_in_now = user  # type: ignore[attr-defined]


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """The site's handler429: allauth's answer where it counts itself (changing a password)."""
    told = _("Too many tries in a short time. Wait %(wait)s, then try again.")
    return _refusal(request, told % {"wait": waiting_time(A_MINUTE)}, A_MINUTE)


def _refusal(
    request: HttpRequest, told: str, seconds: int, door: Door | None = None
) -> HttpResponse:
    """A page; to htmx, which has a page already, the sentence alone."""
    if getattr(request, "htmx", False):
        response = HttpResponse(told, status=429, content_type="text/plain; charset=utf-8")
    else:
        context = {"told": told, "signs_in": door is Door.SIGN_IN}
        response = render(request, "accounts/too_many.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response

"""The request as signed-in pages see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

from promptlab.accounts.models import User

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


class SignedInRequest(HttpRequest):
    """A request behind @login_required."""

    user: User
    htmx: HtmxDetails

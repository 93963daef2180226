"""What allauth asks of this product: whether somebody may try to sign in once more."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from promptlab.accounts import throttle


class AccountAdapter(DefaultAccountAdapter):
    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Whoever has this address and password; None when nobody does.

        Raises:
            throttle.TooManyAttempts: after too many wrong ones from there.
        """
        attempt = throttle.begin_sign_in(request, credentials.get("email", ""))
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is None:
            attempt.failed()
        else:
            attempt.succeeded()
        return user

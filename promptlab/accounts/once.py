"""Requests that are made once however often they are sent: the caller gives each a key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from optimizer.core.problems import Refused
from promptlab.accounts.models import RequestKey, User

KEPT = timedelta(days=7)
LONGEST = 200


@contextmanager
def once(user: User, key: str, said: bytes) -> Iterator[RequestKey]:
    """What was made for this key: `made` is empty the first time, and to be set by whoever makes
    something. Of several at a time one goes first, and the others find what it made; what fails is
    as if it had not been sent. Without a key every request is a first one.

    Raises:
        Refused: the key came with another request before, or is none.
    """
    digest = hashlib.sha256(said).hexdigest()
    with transaction.atomic():
        if not key:
            yield RequestKey(user=user, digest=digest)
            return
        if len(key) > LONGEST or not key.isprintable():
            raise Refused.because("request.key", "Idempotency-Key", most=LONGEST)
        user.request_keys.filter(at__lt=timezone.now() - KEPT).delete()
        found, _new = RequestKey.objects.get_or_create(
            user=user, key=key, defaults={"digest": digest}
        )
        if found.digest != digest:
            raise Refused.because("request.other", "Idempotency-Key")
        yield found
        found.save(update_fields=["made"])

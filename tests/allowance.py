"""Models of tests are on this machine: as an administrator of the installation would allow it."""

from __future__ import annotations

from typing import Any

LOOPBACK = "127.0.0.0/8"


def allow_loopback(**_: Any) -> None:
    """Once for a database, and again whenever a test has emptied it."""
    from optimizer.models import AllowedAddress

    AllowedAddress.objects.get_or_create(
        host=LOOPBACK, port=None, defaults={"note": "models of tests", "added_by": "the tests"}
    )

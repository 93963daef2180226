"""Addresses with places in braces, which values are put into.

It stands alone, on the standard library: everything below the line of dashes is copied into the
files that a version is downloaded as.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit

_HOST = re.compile(r"https?://[^/?#]+", re.IGNORECASE)


class Fault(StrEnum):
    """It is no address of HTTP's; or its host is not fixed, or names somebody to sign in as."""

    NONE = "none"
    HOST = "host"


def fault_in(url: str) -> Fault | None:
    """What is wrong with an address, None where nothing is."""
    host = _HOST.match(url)
    if host is None or url != url.strip():
        return Fault.NONE
    if "{" in host[0] or "}" in host[0] or "@" in host[0] or "\\" in url:
        return Fault.HOST
    try:
        urlsplit(url)
    except ValueError:
        return Fault.NONE
    return None


# ----------------------------------------------------------------------------------------------

_PLACE = re.compile(r"\{([A-Za-z][A-Za-z0-9_]{0,63})\}")


def placeholders_of(url: str) -> list[str]:
    """The names in its places, each once."""
    return list(dict.fromkeys(_PLACE.findall(url)))


def filled(url: str, values: Mapping[str, Any]) -> str | None:
    """With the values in its places, each of which stays a part of its own; None where they would
    lead elsewhere on its host.
    """
    made = _PLACE.sub(lambda place: quote(str(values.get(place[1], "")), safe=""), url)
    steps = urlsplit(made).path.split("/")
    before = urlsplit(url).path.split("/")
    climbs = any(step in (".", "..") and step not in before for step in steps)
    return None if climbs else made

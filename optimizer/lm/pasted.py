"""What people paste as an address or a key, put right: the part of it that is meant."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_CALLED = re.compile(
    r"/(?:chat/completions|completions|embeddings|responses|models|messages)/?$", re.IGNORECASE
)
_HEADER = re.compile(r"^(?:(?:proxy-)?authorization|x-api-key|api-key)\s*[:=]\s*", re.IGNORECASE)
_VARIABLE = re.compile(r"^(?:export\s+)?[A-Z][A-Z0-9_]*(?:KEY|TOKEN|SECRET)\s*=\s*")
_BEARER = re.compile(r"^(?:bearer|token|basic)\s+", re.IGNORECASE)
_QUOTES = "\"'`“”„‘’<>"


def base_of(address: str) -> str:
    """The base address of an API in what was pasted: without the path of one of its calls, without
    a query and a fragment.
    """
    address = address.strip().strip(_QUOTES).strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    if not parts.scheme or not parts.netloc:
        return address
    path = _CALLED.sub("", parts.path).rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def bare(address: str) -> str:
    """An address without the name and password, query and fragment that may stand in it: nothing
    secret.
    """
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def key_in(said: str) -> str:
    """The key alone, without a header's name, a variable's, “Bearer” and quotation marks."""
    key = said.strip()
    while True:
        bare = key.strip().strip(_QUOTES).strip().rstrip(";,")
        for before in (_HEADER, _VARIABLE, _BEARER):
            bare = before.sub("", bare)
        if bare == key:
            return key
        key = bare

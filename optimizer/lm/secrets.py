"""Provider keys at rest: encrypted with the installation's own keys, newest first."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from optimizer.core.problems import Refused


def encrypt(text: str) -> bytes:
    return _fernet().encrypt(text.encode())


def decrypt(data: bytes | memoryview) -> str:
    """The secret in plain text; for workers only.

    Raises:
        Refused: none of the installation's keys opens it.
    """
    try:
        return _fernet().decrypt(bytes(data)).decode()
    except InvalidToken as error:
        raise Refused.because("key.cannot_decrypt") from error


def hint(text: str) -> str:
    """What may be shown of a secret: its last four characters, nothing of a short one."""
    return f"…{text[-4:]}" if len(text) >= 12 else "…"


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])

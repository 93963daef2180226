"""Provider keys at rest: encrypted with the installation's own keys, newest first."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class WrongEncryptionKey(Exception):
    """A stored secret was encrypted with a key that this installation no longer has."""

    def __init__(self) -> None:
        super().__init__(
            "The stored API key cannot be decrypted with this installation's encryption keys. "
            "Enter the API key again, or restore the old encryption key."
        )


def encrypt(text: str) -> bytes:
    return _fernet().encrypt(text.encode())


def decrypt(data: bytes | memoryview) -> str:
    """The secret in plain text; for workers only.

    Raises:
        WrongEncryptionKey: none of the installation's keys opens it.
    """
    try:
        return _fernet().decrypt(bytes(data)).decode()
    except InvalidToken as error:
        raise WrongEncryptionKey from error


def hint(text: str) -> str:
    """What may be shown of a secret: its last four characters, nothing of a short one."""
    return f"…{text[-4:]}" if len(text) >= 12 else "…"


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])

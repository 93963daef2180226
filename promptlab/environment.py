"""Reading the environment: every value is checked where it enters, and a wrong one says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


class BadEnvironment(Exception):
    """An environment variable has a value that cannot be meant."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        super().__init__(f"The environment variable {name} is {value!r}; it must be {wanted}.")


@dataclass(frozen=True)
class Environment:
    """The environment variables, read by type."""

    variables: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        return self.variables.get(name) or default

    def flag(self, name: str) -> bool:
        value = self.text(name, "0")
        if value not in {"0", "1"}:
            raise BadEnvironment(name, value, "0 or 1")
        return value == "1"

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdigit():
            raise BadEnvironment(name, value, "a whole number")
        return int(value)

    def seconds(self, name: str, default: int, least: int, most: int) -> int:
        value = self.number(name, default)
        if not least <= value <= most:
            raise BadEnvironment(name, str(value), f"a number of seconds from {least} to {most}")
        return value

    def words(self, name: str) -> list[str]:
        """A list, separated by commas or blanks."""
        return self.text(name).replace(",", " ").split()

    def secret(self, name: str, otherwise: str, at_least: int) -> str:
        """A secret of at least that many characters, or what the data folder keeps."""
        value = self.text(name, otherwise)
        if len(value) < at_least:
            raise BadEnvironment(name, "(hidden)", f"at least {at_least} characters long")
        return value

    def web_address(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
            raise BadEnvironment(name, value, "an address such as https://lab.example.org")
        return value


@dataclass(frozen=True)
class DatabaseAddress:
    """Where Postgres is, in Django's words."""

    name: str
    user: str
    password: str
    host: str
    port: str

    @classmethod
    def from_url(cls, url: str) -> DatabaseAddress:
        """Read postgresql://user:password@host:port/name.

        Raises:
            BadEnvironment: when the address is not one of Postgres or names no database.
        """
        parts = urlsplit(url)
        name = unquote(parts.path.lstrip("/"))
        if parts.scheme not in {"postgres", "postgresql"} or not name:
            raise BadEnvironment(
                "DATABASE_URL", _without_password(url), "postgresql://user:password@host:port/name"
            )
        return cls(
            name=name,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            host=unquote(parts.hostname or ""),
            port=str(parts.port or ""),
        )


def _without_password(url: str) -> str:
    head, found, tail = url.rpartition("@")
    return f"…@{tail}" if found and head else url

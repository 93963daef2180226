"""Environment variables are checked where they enter."""

from __future__ import annotations

import pytest

from promptlab.environment import BadEnvironment, DatabaseAddress, Environment


def test_an_address_of_postgres_is_read_with_its_escapes() -> None:
    address = DatabaseAddress.from_url("postgresql://al%40ice:p%2Fw@db.example:6432/lab")

    assert address == DatabaseAddress("lab", "al@ice", "p/w", "db.example", "6432")


@pytest.mark.parametrize("url", ["mysql://a:hush@h/x", "postgresql://a:hush@h", "nonsense"])
def test_an_address_of_something_else_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadEnvironment, match="DATABASE_URL") as refused:
        DatabaseAddress.from_url(url)

    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("DEBUG", "yes", lambda env: env.flag("DEBUG")),
        ("PORT", "web", lambda env: env.number("PORT", 8000)),
        ("PROMPTLAB_LEASE", "1", lambda env: env.seconds("PROMPTLAB_LEASE", 10, 2, 30)),
        ("PROMPTLAB_LEASE", "31", lambda env: env.seconds("PROMPTLAB_LEASE", 10, 2, 30)),
        ("PROMPTLAB_URL", "lab.example.org", lambda env: env.web_address("PROMPTLAB_URL", "")),
        ("PROMPTLAB_URL", "http://x/path", lambda env: env.web_address("PROMPTLAB_URL", "")),
        ("SECRET_KEY", "short", lambda env: env.secret("SECRET_KEY", "", at_least=50)),
    ],
)
def test_a_value_that_cannot_be_meant_is_named(name: str, value: str, read: object) -> None:
    assert callable(read)
    with pytest.raises(BadEnvironment, match=name) as refused:
        read(Environment({name: value}))

    assert name != "SECRET_KEY" or value not in str(refused.value)


def test_what_is_not_set_has_its_default() -> None:
    env = Environment({"PORT": "", "ALLOWED_HOSTS": "a.example, b.example"})

    assert env.number("PORT", 8000) == 8000
    assert env.flag("DEBUG") is False
    assert env.words("ALLOWED_HOSTS") == ["a.example", "b.example"]

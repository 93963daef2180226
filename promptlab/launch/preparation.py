"""Tables and static files: brought up to date, and left alone when they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import psycopg

from promptlab.launch.home import CHECKOUT, Home

APPLIED = "SELECT count(*), md5(string_agg(app || name, ',' ORDER BY id)) FROM django_migrations"


def has_command(name: str) -> bool:
    """Whether one of our rooms brings this command of manage.py."""
    return any(CHECKOUT.glob(f"*/management/commands/{name}.py")) or any(
        CHECKOUT.glob(f"promptlab/*/management/commands/{name}.py")
    )


def tables_are_current(home: Home, url: str) -> bool:
    """Whether nothing has changed since the last migration, neither in the code nor in the data.

    Asking Django the same costs more than a second.
    """
    return home.read_fact("migrated") == {"code": _migrations(), "database": _applied(url)}


def note_tables(home: Home, url: str) -> None:
    home.write_fact("migrated", {"code": _migrations(), "database": _applied(url)})


def static_is_current(home: Home) -> bool:
    return home.read_fact("static") == {"files": _static_files()}


def note_static(home: Home) -> None:
    home.write_fact("static", {"files": _static_files()})


def _migrations() -> str:
    """A digest of our migrations and of the versions of everybody else's."""
    ours = sorted([*CHECKOUT.glob("*/migrations/*.py"), *CHECKOUT.glob("promptlab/*/migrations/*")])
    files = [path for path in ours if path.suffix == ".py"]
    return _digest([*files, CHECKOUT / "requirements.txt", CHECKOUT / "promptlab/settings.py"])


def _applied(url: str) -> str | None:
    try:
        with psycopg.connect(url, connect_timeout=5) as link:
            return repr(link.execute(APPLIED).fetchone())
    except psycopg.errors.UndefinedTable:
        return None


def _static_files() -> str:
    folders = [CHECKOUT / "static", *CHECKOUT.glob("promptlab/*/static")]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    ours = ("settings.py", "storage.py", "ui/styles.py", "ui/joined_scripts.py")
    makers = [CHECKOUT / "promptlab" / name for name in ours]
    return _digest([*files, CHECKOUT / "requirements.txt", *makers])


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(CHECKOUT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()

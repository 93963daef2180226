"""The folder that holds everything promptlab must not lose, and its secrets."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptlab.launch.logs import close
from promptlab.launch.refusals import CannotLaunch

CHECKOUT = Path(__file__).resolve().parents[2]


def home_not_writable(path: Path, error: OSError) -> CannotLaunch:
    """The data folder cannot be made or written."""
    return CannotLaunch(
        f"The data folder {path} cannot be written ({error.strerror}). "
        "Point PROMPTLAB_HOME at a folder that you own."
    )


@dataclass(frozen=True)
class Home:
    """The data folder: database, secrets, logs, collected static files and runtime facts."""

    path: Path

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def static(self) -> Path:
        return self.path / "static"

    @property
    def corpora(self) -> Path:
        """Indexes of corpora: whatever is missing is made anew."""
        return self.path / "corpora"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def is_new(self) -> bool:
        """Whether promptlab has yet to begin with this folder."""
        return not self.secrets.is_dir() or not any(self.secrets.iterdir())

    def prepare(self) -> Home:
        """Make the folders that are missing.

        Raises:
            CannotLaunch: when the file system refuses.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.static.mkdir(exist_ok=True)
            for folder in (self.run, self.logs, self.secrets):
                folder.mkdir(mode=0o700, exist_ok=True)
                close(folder)
        except OSError as error:
            raise home_not_writable(self.path, error) from error
        return self

    def secret_key(self) -> str:
        """Django's signing key, made on the first run."""
        return self._secret("secret-key", secrets.token_urlsafe(64))

    def encryption_keys(self) -> list[str]:
        """Fernet keys for provider keys at rest: the first line encrypts, all lines decrypt."""
        fresh = base64.urlsafe_b64encode(os.urandom(32)).decode()
        return self._secret("encryption-keys", fresh).split()

    def database_password(self) -> str:
        """The password of the embedded Postgres: other users of the machine must not get in."""
        return self._secret("database-password", secrets.token_urlsafe(32))

    def write_fact(self, name: str, fact: Mapping[str, Any]) -> None:
        """Leave a runtime fact (ports, process ids) for other processes, in one step.

        Raises:
            OSError: the disk takes nothing; the fact is as it was.
        """
        target = self.run / f"{name}.json"
        draft = target.with_suffix(f".{os.getpid()}.tmp")
        try:
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(fact, indent=1))
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def read_fact(self, name: str) -> dict[str, Any]:
        """The fact as it was written, or an empty dictionary."""
        try:
            fact = json.loads((self.run / f"{name}.json").read_text())
        except (OSError, ValueError):
            return {}
        return fact if isinstance(fact, dict) else {}

    def drop_fact(self, name: str) -> None:
        (self.run / f"{name}.json").unlink(missing_ok=True)

    def _secret(self, name: str, fresh: str) -> str:
        """Read a secret file; where there is none, `fresh` becomes it, also with two first runs."""
        path = self.prepare().secrets / name
        if not path.exists():
            draft = path.with_suffix(f".{os.getpid()}.tmp")
            try:
                with open(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                    file.write(fresh + "\n")
                    file.flush()
                    os.fsync(file.fileno())  # a secret that is lost with the power is lost for good
                os.link(draft, path)
            except FileExistsError:
                pass  # another process was first: its secret is the one
            finally:
                draft.unlink(missing_ok=True)
        return path.read_text().strip()


def home_from(environ: Mapping[str, str]) -> Home:
    """PROMPTLAB_HOME, or `.promptlab` inside the checkout."""
    return Home(Path(environ.get("PROMPTLAB_HOME") or CHECKOUT / ".promptlab").resolve())

"""The client's way to the server: fetched prompts are kept on the disk, and serve while it is away.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from promptlab.releases.client.prompt import Prompt

# ----------------------------------------------------------------------------------------------

log = logging.getLogger("promptlab_client")


class Refused(RuntimeError):
    """The server refused: `status` is the answer's, the text says what to do."""

    def __init__(self, status: int, told: str, problems: Any = ()) -> None:
        super().__init__(told)
        self.status, self.problems = status, list(problems)


class Away(RuntimeError):
    """The server cannot be reached, or cannot answer now."""


class Promptlab:
    """An installation of promptlab. What is left out comes from PROMPTLAB_URL, PROMPTLAB_TOKEN and
    PROMPTLAB_PROJECT. Fetched prompts are kept below `cache` (PROMPTLAB_CACHE, else the user's
    cache folder) and are not asked for again within `fresh` seconds.
    """

    def __init__(
        self,
        url: str = "",
        token: str = "",
        project: str = "",
        cache: str | os.PathLike[str] | None = None,
        fresh: float = 60,
        seconds: float = 10,
    ) -> None:
        environ = os.environ.get
        self.url = (url or environ("PROMPTLAB_URL") or "http://127.0.0.1:8000").rstrip("/")
        self.token = token or environ("PROMPTLAB_TOKEN", "")
        self.project = project or environ("PROMPTLAB_PROJECT", "")
        self.cache = Path(cache or environ("PROMPTLAB_CACHE") or usual_cache())
        self.fresh, self.seconds = fresh, seconds

    def prompt(self, name: str, label: str = "production", version: int | None = None) -> Prompt:
        """What the label points at, or the version of this number.

        While the server is away, or does not know the token any more, it is the last one that was
        fetched, which is `stale`, and a warning is logged.

        Raises:
            Refused: there is no such prompt, or it is not yours.
            Away: the server is away, and nothing was fetched before.
        """
        told, stale = self.kept(name, label, version, "prompts")
        return Prompt(json.loads(told), stale)

    def kept(self, name: str, label: str, version: int | None, format: str) -> tuple[bytes, bool]:
        """A prompt's file as `prompt` fetches it, and whether it may be an old one."""
        query = {"format": format} | ({"project": self.project} if self.project else {})
        query |= {"label": label} if version is None else {"version": str(version)}
        path = f"/prompts/{quote(name, safe='')}?{urlencode(query)}"
        place = self.cache / f"{hashlib.sha256((self.url + path).encode()).hexdigest()[:32]}.json"
        known = read_kept(place)
        if known and time.time() - known["at"] < self.fresh:
            return known["body"].encode(), False
        try:
            body, tag = self._fetched(path, known["tag"] if known else "")
        except (Away, Refused) as error:
            if known is None or (isinstance(error, Refused) and error.status != 401):
                raise
            log.warning("%s: version fetched before is used, as %s", name, error)
            return known["body"].encode(), True
        text = known["body"] if body is None and known else (body or b"").decode()
        keep(place, {"tag": tag, "at": time.time(), "body": text})
        return text.encode(), False

    def _fetched(self, path: str, tag: str) -> tuple[bytes | None, str]:
        """The body and its tag; None for one that is the same still."""
        headers = {"If-None-Match": tag} if tag else {}
        status, told, answered = self.send("GET", path, headers=headers)
        return (None if status == 304 else told), answered.get("ETag") or tag

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """One call of the API: status, body and headers of the answer.

        Raises:
            Refused: the server refused.
            Away: it cannot be reached, or cannot answer now.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.url}/api/v1{path}", data, sent, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=self.seconds) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            told = error.read()
            if error.code == 304:
                return 304, b"", dict(error.headers)
            raise refusal_of(error.code, told) from None
        except OSError as error:  # URLError, a timeout, a connection that breaks off
            raise Away(f"{self.url} does not answer ({getattr(error, 'reason', error)})") from None

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the API in the project, with JSON both ways. Raises as `send` does.

        Raises:
            ValueError: no project was said.
        """
        if not self.project:
            raise ValueError("Say which project is meant: --project, or PROMPTLAB_PROJECT.")
        _status, told, _headers = self.send(method, f"/projects/{self.project}{path}", body)
        return json.loads(told) if told else None


def refusal_of(status: int, told: bytes) -> Refused | Away:
    """What an answer from 400 on says."""
    try:
        said = json.loads(told)
        sentence, problems = str(said["detail"]), said.get("problems", ())
    except (ValueError, KeyError, TypeError):
        sentence, problems = f"the server answered with status {status}", ()
    if status in (408, 429) or status >= 500:
        return Away(sentence)
    return Refused(status, sentence, problems)


def usual_cache() -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return str(Path(base or Path.home() / ".cache") / "promptlab")


def read_kept(place: Path) -> dict[str, Any] | None:
    """What is kept there; None where nothing is, or nothing that can be read."""
    try:
        found = json.loads(place.read_text("utf-8"))
        return {"tag": str(found["tag"]), "at": float(found["at"]), "body": str(found["body"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(place: Path, told: dict[str, Any]) -> None:
    """All of it or nothing: who reads at the same time sees the old or the new."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(told, file)
        os.replace(name, place)
    except OSError as error:
        log.warning(
            "%s cannot be kept (%s): without the server there is nothing to go on with",
            place,
            error,
        )

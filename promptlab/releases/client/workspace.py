"""Program files and approved prompts in a folder, with a lock file that says what was pulled.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptlab.releases.client.fetching import Promptlab, Refused

# ----------------------------------------------------------------------------------------------

LOCK = "promptlab.lock.json"
PROGRAMS, PROMPTS = "programs", "prompts"


class Conflict(RuntimeError):
    """Both sides changed: nothing was overwritten."""


class Workspace:
    """A folder. `programs/NAME.json` are programs as they are worked on, `prompts/NAME.json` what a
    label pointed at when it was pulled.
    """

    def __init__(self, lab: Promptlab, folder: str) -> None:
        self.lab, self.folder = lab, Path(folder)

    @property
    def lock(self) -> dict[str, Any]:
        """By name: a program's id, revision and digest; a prompt's label, version, digest."""
        path = self.folder / LOCK
        if not path.exists():
            return {PROGRAMS: {}, PROMPTS: {}}
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found

    def keep(self, kind: str, name: str, told: dict[str, Any]) -> None:
        found = self.lock
        found[kind][name] = told
        found[kind] = dict(sorted(found[kind].items()))
        self._write(self.folder / LOCK, json.dumps(found, indent=2) + "\n")

    def file(self, kind: str, name: str) -> Path:
        return self.folder / kind / f"{name}.json"

    def here(self, kind: str, name: str) -> str:
        path = self.file(kind, name)
        return path.read_text("utf-8") if path.exists() else ""

    def changed(self, name: str) -> bool:
        """Whether the program's file is otherwise than it was pulled."""
        known, text = self.lock[PROGRAMS].get(name), self.here(PROGRAMS, name)
        return bool(text) and (known is None or digest(text) != known["sha256"])

    def there(self) -> dict[str, dict[str, Any]]:
        """The project's programs by their names."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            page = self.lab.call("GET", f"/programs?limit=200&offset={len(found)}")
            found |= {row["slug"]: row for row in page["items"]}
            if not page["items"] or len(found) >= page["count"]:
                return found

    def pull(self, names: list[str], label: str, force: bool) -> Iterator[str]:
        """Fetch programs, and what the label points at. Raises Conflict where both changed."""
        there = self.there()
        for name in names or list(there):
            if name not in there:
                raise ValueError(f"There is no program “{name}”; there are {', '.join(there)}.")
            row, known = there[name], self.lock[PROGRAMS].get(name, {})
            if self.changed(name) and not force:
                if known.get("revision") != row["revision"]:
                    raise Conflict(f"{name} was changed here and there: see diff, or pull --force")
                yield f"{name}: changed here, kept"
            else:
                yield self._pull(name, row)
            yield from self._pull_prompt(name, label)

    def _pull(self, name: str, row: dict[str, Any]) -> str:
        detail = self.lab.call("GET", f"/programs/{row['id']}")
        text = program_text(detail["program"])
        self._write(self.file(PROGRAMS, name), text)
        told = {"id": row["id"], "revision": detail["revision"], "sha256": digest(text)}
        self.keep(PROGRAMS, name, told)
        return f"{name}: revision {detail['revision']}"

    def _pull_prompt(self, name: str, label: str) -> Iterator[str]:
        self.lab.fresh = 0
        try:
            told, _stale = self.lab.kept(name, label, None, "json")
        except Refused as none:
            if none.status != 404:
                raise
            return
        content = json.loads(told)
        self._write(self.file(PROMPTS, name), told.decode())
        kept = {"label": label, "version": content["version"], "sha256": digest(told.decode())}
        self.keep(PROMPTS, name, kept)
        yield f"{name}: {label} is version {content['version']}"

    def push(self, names: list[str]) -> Iterator[str]:
        """Save program files that changed; one that is new becomes a program. Raises Conflict where
        somebody saved since it was pulled.
        """
        own = sorted(path.stem for path in (self.folder / PROGRAMS).glob("*.json"))
        for name in names or own:
            if not self.here(PROGRAMS, name):
                raise ValueError(f"There is no file {self.file(PROGRAMS, name)}.")
            if self.changed(name):
                yield self._push(name, json.loads(self.here(PROGRAMS, name)))

    def _push(self, name: str, program: Any) -> str:
        known = self.lock[PROGRAMS].get(name)
        try:
            if known is None:
                row = self.lab.call("POST", "/programs", program)
            else:
                at = f"/programs/{known['id']}?revision={known['revision']}"
                row = self.lab.call("PUT", at, program)
        except Refused as refusal:
            if refusal.status == 409:
                raise Conflict(f"{name}: {refusal}") from None
            raise
        digested = digest(self.here(PROGRAMS, name))
        kept = {"id": row["id"], "revision": row["revision"], "sha256": digested}
        self.keep(PROGRAMS, name, kept)
        return f"{name}: revision {row['revision']}"

    def diff(self, names: list[str]) -> Iterator[str]:
        """What is otherwise here than there, line by line; labels that moved since."""
        there, lock = self.there(), self.lock
        for name in names or sorted({*lock[PROGRAMS], *lock[PROMPTS]}):
            if name in there and self.here(PROGRAMS, name):
                theirs = self.lab.call("GET", f"/programs/{there[name]['id']}")["program"]
                mine = program_text(json.loads(self.here(PROGRAMS, name)))
                yield from lines_between(f"{PROGRAMS}/{name}.json", program_text(theirs), mine)
            if name in lock[PROMPTS]:
                kept = lock[PROMPTS][name]
                self.lab.fresh = 0
                told, _stale = self.lab.kept(name, kept["label"], None, "json")
                if digest(told.decode()) != kept["sha256"]:
                    now = json.loads(told)["version"]
                    yield f"{name}: {kept['label']} was version {kept['version']}, is {now} now"

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def program_text(program: Any) -> str:
    """A program file, the same for the same program."""
    return json.dumps(program, ensure_ascii=False, indent=2) + "\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lines_between(name: str, before: str, after: str) -> Iterator[str]:
    told = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"server/{name}", f"here/{name}", lineterm=""
    )
    yield from told

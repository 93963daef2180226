"""Many modules to write, one to send: joined and minified when static files are collected.

A module whose parts are files of its own has them beside it: `graph.js` imports `graph-keys.js`,
which nothing else imports. Where the minifier has no wheel, scripts are joined, and sent as they
are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

JOINED = ("js/pipeline-graph.js",)
IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"\./([\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=const |class |function |async function )", re.MULTILINE)

Read = Callable[[str], str]
"""A file's text, by its name."""


class JoinedScripts(Storage):
    """Mixin for a static files storage: sends each of JOINED with its parts inside."""

    def post_process(
        self, paths: dict[str, tuple[Storage, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool | Exception]]:
        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        if not dry_run:
            for name in JOINED:
                script = minified(joined(name, read))
                self.delete(name)
                self.save(name, ContentFile(script))
                paths[name] = (self, name)
        yield from super().post_process(paths, dry_run=dry_run, **options)  # type: ignore[misc]


def joined(name: str, read: Read) -> str:
    """The module with its parts inside, each before who needs it; others are still imported."""
    path = PurePosixPath(name)
    texts: dict[str, str] = {}
    others: dict[str, None] = {}

    def add(part: str) -> None:
        if part in texts:
            return
        text = texts[part] = read(str(path.with_name(part)))
        for found in IMPORT.finditer(text):
            if found[1].startswith(f"{path.stem}-"):
                add(found[1])
            else:
                others[found[0]] = None
        del texts[part]  # behind what it needs
        texts[part] = EXPORT.sub("", IMPORT.sub("", text))

    add(path.name)
    # Names of a module's own are the minifier's to shorten inside a function.
    return f"{''.join(others)}(() => {{\n{''.join(texts.values())}}})();\n"


def minified(script: str) -> str:
    try:
        import minify  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return script
    return str(minify.string("application/javascript", script))

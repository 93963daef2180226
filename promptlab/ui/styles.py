"""Many style files to write, one to send: joined when static files are collected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.templatetags.static import static

SOURCES = (
    "css/reset.css",
    "css/tokens.css",
    "css/base.css",
    "css/layout.css",
    "css/auth.css",
    "css/components/controls.css",
    "css/components/status.css",
    "css/components/content.css",
    "css/components/tables.css",
    "css/components/forms.css",
    "css/components/prompt-field.css",
    "css/components/floating.css",
    "css/components/charts.css",
    "css/components/compare.css",
    "css/components/transcript.css",
    "css/components/unseen.css",
    "css/components/graph.css",
    "css/components/datasets.css",
    "css/components/programs.css",
    "css/components/metrics.css",
    "css/components/runs.css",
    "css/utilities.css",
)
# In the folder of tokens.css, whose font addresses are relative.
BUNDLE = "css/app.css"


class JoinedStyles(Storage):
    """Mixin for a static files storage: writes BUNDLE before names are hashed."""

    joins_styles = True

    def post_process(
        self, paths: dict[str, tuple[Storage, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool | Exception]]:
        if not dry_run:
            self._join(paths)
        yield from super().post_process(paths, dry_run=dry_run, **options)  # type: ignore[misc]

    def _join(self, paths: dict[str, tuple[Storage, str]]) -> None:
        parts = []
        for source in SOURCES:
            storage, path = paths[source]
            with storage.open(path) as file:
                parts.append(file.read().decode())
        self.delete(BUNDLE)
        self.save(BUNDLE, ContentFile(squeezed("".join(parts))))
        paths[BUNDLE] = (self, BUNDLE)


def squeezed(css: str) -> str:
    """Without comments and indentation. No style here has two spaces inside a string."""
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))


def stylesheets() -> list[str]:
    """Addresses of the style files a page links: one where they were joined, else each of them."""
    joined = getattr(staticfiles_storage, "joins_styles", False)
    return [static(name) for name in ((BUNDLE,) if joined else SOURCES)]

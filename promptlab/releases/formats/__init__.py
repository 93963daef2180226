"""Files that a version can be downloaded as, each a pure function of the version's content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from optimizer.core.problems import Problem
from promptlab.releases.formats import naming
from promptlab.releases.formats.dspy_files import dspy_module, dspy_state, not_in_dspy
from promptlab.releases.formats.python_file import python_file
from promptlab.releases.formats.reach import Reach
from promptlab.releases.formats.ready_prompts import not_ready, ready_prompts
from promptlab.reviews.content import VersionContent


class Writer(Protocol):
    """Makes the text of a file."""

    def __call__(self, content: VersionContent, sha256: str, reach: Reach | None = None) -> str: ...


def _canonical(content: VersionContent, sha256: str, reach: Reach | None = None) -> str:
    return content.canonical()


@dataclass(frozen=True)
class Format:
    """One kind of file. `write` takes the content, the SHA-256 of its canonical JSON, and how the
    task model is reached; without the last, what the content itself knows of that. `lacks` says
    what keeps a version from being written so.
    """

    name: str
    title: str | Promise
    description: str | Promise
    suffix: str
    media_type: str
    write: Writer
    lacks: Callable[[VersionContent], list[Problem]] = lambda content: []

    def file_name(self, content: VersionContent) -> str:
        return naming.file_name(content, self.suffix)


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "json", _("Canonical JSON"),
            _("Everything about this version: program, prompts, provenance, scores. "
            "Its bytes are the ones the SHA-256 is taken of."),
            naming.CANONICAL, "application/json", _canonical,
        ),
        Format(
            "python", _("Python file (LiteLLM)"),
            _("One file that runs: it says the very same messages as the run did, "
            "to any model LiteLLM knows."),
            naming.PYTHON, "text/x-python", python_file,
        ),
        Format(
            "prompts", _("Ready prompts (JSON)"),
            _("The very messages of the run and how replies are read, as data: "
            "promptlab_client fetches and runs them."),
            naming.READY, "application/json", ready_prompts, not_ready,
        ),
        Format(
            "dspy", _("DSPy state"),
            _("The prompts as dspy.Module.load reads them. Load it into the module below: with an "
            "adapter of DSPy's own it says other messages, and scores otherwise."),
            naming.STATE, "application/json", dspy_state, not_in_dspy,
        ),
        Format(
            "dspy_module", _("DSPy module"),
            _(
                "One file for DSPy with signatures, demos and the adapter that the version was "
                "scored with: it says the very same messages as the run did, whichever adapter is "
                "configured."
            ),
            naming.MODULE, "text/x-python", dspy_module, not_in_dspy,
        ),
    )
}  # fmt: skip

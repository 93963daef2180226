"""Files that a version can be downloaded as, each a pure function of the version's content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from optimizer.core.problems import Problem
from promptlab.releases.formats import (
    bodies,
    documents,
    frameworks,
    naming,
    prompt_files,
    templated,
)
from promptlab.releases.formats.dspy_files import dspy_module, dspy_state, not_in_dspy
from promptlab.releases.formats.promptfoo_config import not_in_promptfoo, promptfoo_config
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
    what keeps a version from being written so; `is_for_others`: another tool reads it.
    """

    name: str
    title: str | Promise
    description: str | Promise
    suffix: str
    media_type: str
    write: Writer
    lacks: Callable[[VersionContent], list[Problem]] = lambda content: []
    is_for_others: bool = False

    def file_name(self, content: VersionContent) -> str:
        return naming.file_name(content, self.suffix)


_OWN = (
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
)  # fmt: skip
_OTHERS = (
    Format(
        "yaml", _("YAML"), _("All of the canonical JSON, to be read and compared."),
        ".yaml", "application/yaml", documents.whole_yaml,
    ),
    Format(
        "markdown", _("Markdown"), _("Every prompt word for word, as a page for people."),
        ".md", "text/markdown", documents.markdown,
    ),
    Format(
        "openai", _("OpenAI messages"),
        _("The body of a chat completion; {{name}} stands where an input belongs."),
        ".openai.json", "application/json", bodies.openai_messages, bodies.not_a_body,
    ),
    Format(
        "anthropic", _("Anthropic messages"),
        _("The body of a call to Anthropic's messages; {{name}} stands where an input belongs. "
        "Nothing but the prompt holds replies to their form there."),
        ".anthropic.json", "application/json", bodies.anthropic_messages, bodies.not_a_body,
    ),
    Format(
        "curl", _("Shell script (curl)"),
        _("Takes the inputs as arguments and prints the reply; it needs curl and jq."),
        ".sh", "text/x-shellscript", bodies.curl_script, templated.not_a_template,
    ),
    Format(
        "langchain", _("LangChain prompt"),
        _("A ChatPromptTemplate in Python, with the schema of replies."),
        "_langchain.py", "text/x-python", frameworks.langchain, templated.not_a_template,
    ),
    Format(
        "mlflow", _("MLflow registration"),
        _("A script that makes the prompt a version in MLflow's prompt registry."),
        "_mlflow.py", "text/x-python", frameworks.mlflow_script, frameworks.not_in_mlflow,
    ),
    Format(
        "dotprompt", _("Dotprompt"), _("A .prompt file, for Genkit and others."),
        ".prompt", "text/plain", prompt_files.dotprompt, prompt_files.not_in_dotprompt,
    ),
    Format(
        "prompty", _("Prompty"), _("A .prompty file, of version 2."),
        ".prompty", "text/plain", prompt_files.prompty, prompt_files.not_in_prompty,
    ),
    Format(
        "promptfoo", _("promptfoo configuration"),
        _("Runs the version again and judges it by its metric; its tests are a file below."),
        ".promptfoo.yaml", "application/yaml", promptfoo_config, not_in_promptfoo,
    ),
)  # fmt: skip
FORMATS: dict[str, Format] = {
    f.name: f for f in (*_OWN, *(replace(f, is_for_others=True) for f in _OTHERS))
}

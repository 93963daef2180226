"""Modules that ask a model of their own, in downloaded files: which, where, and with which key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from promptlab.releases.formats.literals import literal, text
from promptlab.reviews.content import ModelSource, VersionContent


def told(content: VersionContent, prefixes: Mapping[str, str]) -> list[str]:
    """A sentence for each such module; `prefixes` begin the names of its variables."""
    return [
        f"{name} asks {source.litellm_model}: {prefix}_API_BASE and {prefix}_API_KEY are its "
        "address and its key, where LiteLLM does not find them itself."
        for name, source in content.provenance.module_models.items()
        for prefix in (prefixes[name],)
    ]


def settings(source: ModelSource, prefix: str, own: Mapping[str, Any]) -> str:
    """Source of what is sent instead of the task model's settings; `own` are the module's."""
    sent = {"temperature": source.temperature, "max_tokens": source.max_tokens, **own}
    parts = dict(_reached(source, prefix)) | {name: literal(v) for name, v in sent.items()}
    inside = "".join(f"        {text(name)}: {value},\n" for name, value in parts.items())
    return f"{{\n{inside}    }}"


def task_model(source: ModelSource, prefix: str) -> str:
    """Source of the model as DSPy is given it."""
    sent = {"temperature": source.temperature, "max_tokens": source.max_tokens}
    reached = dict(_reached(source, prefix))
    model = reached.pop("model")
    more = "".join(f"    {name}={value},\n" for name, value in reached.items())
    replies = text(source.traits.replies.value)
    return f"TaskModel(\n    {model},\n    {replies},\n    {literal(sent, 4)},\n{more})"


def _reached(source: ModelSource, prefix: str) -> Iterator[tuple[str, str]]:
    keyless = "" if source.kind == "litellm" else ', "none"'
    yield "model", text(source.litellm_model)
    yield "api_base", f'os.environ.get("{prefix}_API_BASE")'
    yield "api_key", f'os.environ.get("{prefix}_API_KEY"{keyless})'

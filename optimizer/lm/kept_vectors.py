"""Vectors that were paid for, found again by their texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from optimizer.core.programs.lm import EmbeddingModel
from optimizer.core.programs.steps import Embed, Steps
from optimizer.core.programs.vectors import Vector
from optimizer.lm.embeddings import vector_key
from optimizer.models import Provider, TextVector

T = TypeVar("T")


def endpoint_name(provider: Provider) -> str:
    """Where replies come from; the embedded engine is the same on whatever port it listens."""
    if provider.kind == Provider.Kind.EMBEDDED:
        return "embedded"
    return f"{provider.kind}:{provider.api_base}"


def kept(keys: Iterable[str]) -> dict[str, Vector]:
    """The vectors that were paid for, by key."""
    rows = TextVector.objects.filter(pk__in=list(keys)).values_list("key", "vector")
    return {key: bytes(vector) for key, vector in rows}


def answered_by_kept(steps: Steps[T], namespace: str) -> T | None:
    """The result of steps that ask for vectors at most which are kept; None where they do not."""
    try:
        asked = next(steps)
        while True:
            found = [
                kept_for(namespace, request.model, request.texts)
                for request in asked
                if isinstance(request, Embed)
            ]
            answers = tuple(vectors for vectors in found if vectors is not None)
            if len(answers) < len(asked):
                steps.close()
                return None
            asked = steps.send(answers)
    except StopIteration as end:
        result: T = end.value
        return result


def kept_for(
    namespace: str, model: EmbeddingModel, texts: Sequence[str]
) -> tuple[Vector, ...] | None:
    """The vectors of all these texts, None where one was never made or the provider is gone."""
    provider = Provider.objects.filter(pk=model.provider, namespace=namespace).first()
    if provider is None:
        return None
    name = endpoint_name(provider)
    keys = [vector_key(namespace, name, model.model, text) for text in texts]
    found = kept(keys)
    return tuple(found[key] for key in keys) if found.keys() >= set(keys) else None

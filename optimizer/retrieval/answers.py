"""What is looked up, answered."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from optimizer.core.programs.steps import Passages, Search
from optimizer.retrieval import corpora
from optimizer.retrieval.shelf import Shelf
from optimizer.sentences import sentence


@cache
def shelf() -> Shelf:
    """This process's shelf."""
    return Shelf(settings.CORPORA)


def searched(request: Search, namespace: str) -> Passages:
    """Look it up in a corpus of this project; those of others are not there."""
    if corpora.missing(namespace, [request.corpus]):
        wrong = corpora.gone(request.corpus)
        return Passages(problem=wrong, told=sentence(wrong))
    volume = shelf().volume(request.corpus, corpora.passages_of(request.corpus))
    return Passages(volume.best(request.query, request.k))

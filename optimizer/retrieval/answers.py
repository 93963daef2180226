"""What is looked up, answered."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from optimizer.core.programs.steps import Passages, Search
from optimizer.models import Corpus
from optimizer.retrieval.corpora import gone, passages_of
from optimizer.retrieval.shelf import Shelf
from optimizer.sentences import sentence


@cache
def shelf() -> Shelf:
    """This process's shelf."""
    return Shelf(settings.CORPORA)


def searched(request: Search) -> Passages:
    """Look it up, in a corpus of any project: who may use which is decided where runs begin."""
    if not Corpus.objects.filter(digest=request.corpus).exists():
        wrong = gone(request.corpus)
        return Passages(problem=wrong, told=sentence(wrong))
    volume = shelf().volume(request.corpus, passages_of(request.corpus))
    return Passages(volume.best(request.query, request.k))

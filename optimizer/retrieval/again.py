"""Looking up again, in the web process, what a worker looked up."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from optimizer.core.programs.steps import Passages, Search


def looked_up_again(request: Search, namespace: str) -> Passages | None:
    """The passages, where a worker of this machine has made the index; None where none has. The
    libraries of indexes are imported when that is asked, as few web processes ever are.
    """
    if not Path(settings.CORPORA, request.corpus).is_dir():
        return None
    from optimizer.retrieval.answers import searched

    return searched(request, namespace)

"""The project's corpora, as forms offer them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from optimizer.models import Corpus
from promptlab.accounts.models import Project


def newest_corpus(project: Project) -> str:
    """The digest of the corpus that was uploaded last; "" where there is none."""
    newest = Corpus.objects.filter(namespace=project.namespace).order_by("-pk")
    return newest.values_list("digest", flat=True).first() or ""


def corpus_choices(project: Project, present: str = "") -> list[tuple[str, str]]:
    """The project's corpora; `present` stays where it is none of them."""
    found = [("", _("None yet"))]
    for corpus in Corpus.objects.filter(namespace=project.namespace):
        told = _("%(name)s (%(n)s passages)") % {"name": corpus.name, "n": f"{corpus.count:,}"}
        found.append((corpus.digest, told))
    if present and present not in dict(found):
        found.append((present, _("%s (not in this project)") % present[:40]))
    return found

"""The project's corpora, as forms offer them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from optimizer.models import Corpus
from promptlab.accounts.models import Project


def corpus_choices(project: Project, present: str = "") -> list[tuple[str, str]]:
    """The project's corpora; `present` stays where it is none of them."""
    found = [("", _("None yet"))]
    for corpus in Corpus.objects.filter(namespace=project.namespace):
        told = _("%(name)s (%(n)s passages)") % {"name": corpus.name, "n": f"{corpus.count:,}"}
        found.append((corpus.digest, told))
    if present and present not in dict(found):
        found.append((present, _("%s (not in this project)") % present[:40]))
    return found

"""A version's page for people outside: opened and closed by editors, read by whoever has it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from optimizer.core.optimizers import optimizer_named
from optimizer.sentences.optimizers import title_of
from promptlab.accounts.models import User
from promptlab.releases.models import PublicPage
from promptlab.releases.pages import Figures
from promptlab.reviews import queries
from promptlab.reviews.content import Provenance
from promptlab.reviews.models import Version
from promptlab.runs.comparing.prompt_changes import ModuleDiff, module_diff_of
from promptlab.runs.results.evidence import in_sentence, verdict

LETTERS = 32
"""Bytes of chance in an address."""


def page_of(version: Version) -> PublicPage | None:
    """The page that is open."""
    return version.public_pages.filter(closed_at=None).select_related("opened_by").first()


def open_page(version: Version, by: User, *, prompts: bool, demos: bool) -> PublicPage:
    """Show the version to whoever has the address; what is open already is closed, as it may show
    something else.
    """
    with transaction.atomic():
        Version.objects.select_for_update().get(pk=version.pk)
        close_page(version, by)
        made: PublicPage = version.public_pages.create(
            key=secrets.token_urlsafe(LETTERS), shows_prompts=prompts, shows_demos=demos,
            opened_by=by,
        )  # fmt: skip
    return made


def close_page(version: Version, by: User) -> None:
    """Its address leads nowhere from now on."""
    opened = version.public_pages.filter(closed_at=None)
    opened.update(closed_at=timezone.now(), closed_by=by)


def shown_at(key: str) -> PublicRelease:
    """What this address shows.

    Raises:
        Http404: it was never opened, or is closed.
    """
    rows = PublicPage.objects.select_related("version__packet", "version__program")
    found = rows.filter(key=key, closed_at=None).first()
    if found is None:
        raise Http404("There is no such page, or it was closed.")
    return PublicRelease(found)


@dataclass(frozen=True)
class PublicRelease:
    """A version as people outside see it: no names of people, providers or addresses, and no row of
    data beyond the demos, where they were chosen to be shown.
    """

    page: PublicPage

    @property
    def version(self) -> Version:
        return self.page.version

    @property
    def title(self) -> str:
        return f"{self.version.content.name} {self.version}"

    @property
    def source(self) -> Provenance:
        return self.version.content.provenance

    @property
    def figures(self) -> Figures:
        return Figures(self.version)

    @property
    def verdicts(self) -> list[str]:
        """Against the prompt before, on validation and where nothing was chosen by."""
        scores, name = self.source.scores, self.title
        told = [verdict(scores.comparison, in_sentence(0), name)] if scores.comparison else []
        if scores.test is not None:
            final = verdict(scores.test.comparison, in_sentence(0), name)
            told.append(
                _("On examples that nothing was chosen by: %(verdict)s") % {"verdict": final}
            )
        return told

    @property
    def optimizer(self) -> str:
        return title_of(optimizer_named(self.source.optimizer))

    @property
    def models(self) -> list[tuple[str, str]]:
        return [(role, model.model) for role, model in self.source.every_model]

    @property
    def before(self) -> Version | None:
        return queries.version_before(self.version)

    @property
    def modules(self) -> list[ModuleDiff]:
        """Every prompt as it is; [] where they are not shown."""
        if not self.page.shows_prompts:
            return []
        return [module_diff_of(module, None) for module in self.version.content.program.modules]

"""The checks of a new run as its page lists them, each with the way to where it is mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from optimizer.core.problems import Level, Problem
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.runs.starting.planning import Look

_MENDED: tuple[tuple[str, str, Any], ...] = (
    ("models.untested", "providers:list", _("Test it")),
    ("models.test_failed", "providers:list", _("Test it")),
    ("models.no_task", "providers:list", _("Models & keys")),
    ("models.provider_gone", "providers:list", _("Models & keys")),
    ("models.objection", "providers:list", _("Models & keys")),
    ("price.unknown", "providers:list", _("Models & keys")),
    ("month.", "accounts:spending", _("Spending")),
)
"""Where problems are mended, by how their code begins; the first that fits counts."""


@dataclass(frozen=True)
class ShownCheck:
    level: Level
    message: str
    url: str = ""
    link: str = ""


def shown_checks(project: Project, look: Look) -> list[ShownCheck]:
    return [_shown(project, look, told) for told in look.problems]


def _shown(project: Project, look: Look, told: Problem) -> ShownCheck:
    if told.place == "program" and told.refuses:
        url = reverse("programs:program", args=[project.slug, look.wanted.program.pk])
        return ShownCheck(told.level, sentence(told), url, str(_("Open the program")))
    way = next(((url, link) for code, url, link in _MENDED if told.code.startswith(code)), None)
    if way is None:
        return ShownCheck(told.level, sentence(told))
    return ShownCheck(told.level, sentence(told), reverse(way[0], args=[project.slug]), str(way[1]))

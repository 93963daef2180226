"""Versions as their pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext as _

from optimizer.core.conversation.events import TestScored
from optimizer.core.evaluation.stats import Comparison, FullScore
from optimizer.core.programs.lm import Role
from optimizer.sentences import sentence
from promptlab.releases.data_files import DATA_FILES
from promptlab.releases.formats import FORMATS
from promptlab.reviews import labels, queries
from promptlab.reviews.content import VersionContent
from promptlab.reviews.evidence import Cost
from promptlab.reviews.gathering import between
from promptlab.reviews.models import Label, LabelMove, Version
from promptlab.runs.comparing.prompt_changes import ModuleDiff, module_diff_of
from promptlab.runs.results.evidence import verdict
from promptlab.ui.numbers import score, span


@dataclass(frozen=True)
class VersionLine:
    """One version of a list. Scores are 0–1."""

    version: Version
    labels: tuple[str, ...]
    score: float | None
    low: float | None
    high: float | None
    url: str
    n: int | None = None
    expected: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None

    @property
    def expectation(self) -> str:
        """What it is expected to score on new examples; "" where that is not known."""
        if self.expected is None:
            return ""
        told = {"mean": score(self.expected), "span": span(self.expected_low, self.expected_high)}
        return _("expected %(mean)s (%(span)s)") % told


@dataclass(frozen=True)
class Download:
    """`why_not`: why this version cannot be written so, "" where it can."""

    title: str
    description: str
    file_name: str
    url: str
    why_not: str = ""
    is_for_others: bool = False


@dataclass(frozen=True)
class Figures:
    """What a version scored and takes; what is not known of it is None."""

    version: Version

    @property
    def score(self) -> FullScore | None:
        return self.version.content.provenance.scores.candidate

    @property
    def test(self) -> TestScored | None:
        return self.version.content.provenance.scores.test

    @property
    def cost(self) -> Cost | None:
        """As it was when it was approved; older versions have no evidence."""
        return self.version.packet.evidence.cost if self.version.packet else None


@dataclass(frozen=True)
class Promotion:
    """Old and new, and what is known of both on the same examples."""

    now: Figures
    new: Figures
    comparison: Comparison | None

    @property
    def verdict(self) -> str:
        if self.comparison is None:
            return _("They were not scored on the same examples by the same metric.")
        return verdict(self.comparison, str(self.now.version), str(self.new.version))


@dataclass(frozen=True)
class Pointer:
    """A label that can be moved by hand: where it is, and where rolling back would take it."""

    name: str
    at: Version | None
    before: Version | None
    promotion: Promotion | None = None

    @property
    def is_usual(self) -> bool:
        return self.name in Label.USUAL

    @property
    def can_be_removed(self) -> bool:
        return self.at is not None and labels.can_be_removed(self.name)

    @property
    def replaced(self) -> str:
        return f"v{self.at.number}" if self.at else _("nothing yet")


def version_line(version: Version) -> VersionLine:
    """A version of `queries.versions_of`, which brings its score along."""
    found = getattr(version, "score", None) or {}
    expected = getattr(version, "expected", None) or {}
    return VersionLine(
        version, tuple(label.name for label in version.labels.all()),
        found.get("mean"), found.get("low"), found.get("high"), url_of(version), found.get("n"),
        expected.get("mean"), expected.get("low"), expected.get("high"),
    )  # fmt: skip


def url_of(version: Version) -> str:
    place = [version.project.slug, version.program_id, version.number]
    return reverse("releases:version", args=place)


def fetched(version: Version, home: str) -> str:
    """The address at which programs ask for this prompt; `home` is that of the installation."""
    asked = f"label=production&project={version.project.slug}"
    return f"{home}api/v1/prompts/{quote(version.program.slug)}?{asked}"


def downloads_of(version: Version) -> list[Download]:
    return [
        Download(
            str(f.title), str(f.description), f.file_name(version.content),
            reverse(
                "releases:download",
                args=[version.project.slug, version.program_id, version.number, f.name],
            ),
            " ".join(map(sentence, f.lacks(version.content))), f.is_for_others,
        )
        for f in FORMATS.values()
    ]  # fmt: skip


def data_files_of(version: Version) -> list[Download]:
    """The data behind it, as files."""
    place = [version.project.slug, version.program_id, version.number]
    return [
        Download(
            str(f.title), str(f.description), f.file_name(version.content),
            reverse("releases:data", args=[*place, f.name]),
            " ".join(map(sentence, f.lacks(version.content))),
        )
        for f in DATA_FILES.values()
    ]  # fmt: skip


def pointers_of(version: Version) -> list[Pointer]:
    """The labels that people move, as they stand for this version's program."""
    program = version.program_id
    found = [
        (name, labels.at(program, name), labels.previous(program, name))
        for name in labels.names_of(program)
        if labels.moves_by_hand(name)
    ]
    others = {at.pk: at for _name, at, _before in found if at and at.pk != version.pk}
    promotions = {key: promotion_of(at, version) for key, at in others.items()}
    return [
        Pointer(name, at, before, promotions.get(at.pk) if at else None)
        for name, at, before in found
    ]


def promotion_of(now: Version, new: Version) -> Promotion:
    return Promotion(Figures(now), Figures(new), between(now, new))


def models_of(version: Version) -> list[str]:
    """The models that labels may be for: those that this version was scored with."""
    found = version.content.provenance.every_model
    return list(dict.fromkeys(model.model for role, model in found if role == Role.TASK))


def history_of(version: Version) -> list[LabelMove]:
    """Where the program's labels went lately."""
    return list(labels.moves_of(version.program_id)[:20])


def prompts_of(version: Version) -> list[ModuleDiff]:
    """Every module's prompt, compared with nothing."""
    return [
        module_diff_of(module, None, demos_url(version, module.name))
        for module in version.content.program.modules
    ]


def differences(version: Version, before: VersionContent) -> list[ModuleDiff]:
    """Every module's prompts against the previous version's; a module that is new has none."""
    old = {m.name: m for m in before.program.modules}
    return [
        module_diff_of(module, old.get(module.name), demos_url(version, module.name))
        for module in version.content.program.modules
    ]


def demos_url(version: Version, module: str) -> str:
    """The page of all demos of a module."""
    place = [version.project.slug, version.program_id, version.number, module]
    return reverse("releases:demos", args=place)


def previous_version(version: Version) -> Version | None:
    return queries.version_before(version)

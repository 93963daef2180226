"""The fields of forms that name a model."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from optimizer import codec
from optimizer.core.programs.lm import EmbeddingModel, OwnModel
from promptlab.accounts.models import Project
from promptlab.providers import queries


class EmbeddingModelField(forms.ChoiceField):
    """A model of the project that makes vectors of texts; None where none was chosen. What was
    chosen once stays among them, so that it is not lost while its provider is changed.
    """

    def offer(self, project: Project, chosen: EmbeddingModel | None = None) -> None:
        offered = _offered(project, chosen)
        first = _("Choose…") if offered else _("none yet: connect one under Models & keys")
        self.choices = [("", first), *offered.items()]

    def offer_meaning(self, project: Project, chosen: Any) -> None:
        """The same where likeness of words is the other choice; `chosen` as forms have it."""
        kept = chosen if isinstance(chosen, EmbeddingModel) else None
        by = _("meaning, by %(model)s")
        offered = _offered(project, kept).items()
        self.choices = [
            ("", _("their words")), *((value, by % {"model": label}) for value, label in offered),
        ]  # fmt: skip

    def prepare_value(self, value: Any) -> Any:
        return value_of(model_in(value)) if isinstance(value, dict | EmbeddingModel) else value

    def clean(self, value: Any) -> EmbeddingModel | None:
        said: str = super().clean(self.prepare_value(value))
        provider, _colon, model = said.partition(":")
        return EmbeddingModel(int(provider), model) if model else None


class OwnModelField(forms.ChoiceField):
    """A model of the project that a module or a metric asks; None where that is the run's."""

    def offer(self, project: Project, chosen: OwnModel | dict[str, Any] | None = None) -> None:
        """Where one must be chosen; what was chosen once stays among them."""
        offered = {choice.value: choice.label for choice in queries.model_choices(project)}
        if chosen:
            own = codec.from_json(OwnModel, chosen) if isinstance(chosen, dict) else chosen
            gone = _("%(model)s, which is not offered any more") % {"model": own.model}
            offered.setdefault(value_of(own), gone)
        first = _("Choose…") if offered else _("none yet: connect one under Models & keys")
        self.choices = [("", first), *offered.items()]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            value = codec.from_json(OwnModel, value)
        return value_of(value) if isinstance(value, OwnModel) else value

    def clean(self, value: Any) -> OwnModel | None:
        said: str = super().clean(self.prepare_value(value))
        provider, _colon, model = said.partition(":")
        return OwnModel(int(provider), model) if model else None


def own_model_choices(project: Project) -> list[tuple[str, str]]:
    """What such a field offers."""
    first = _("The run’s task model")
    return [("", first), *((c.value, c.label) for c in queries.model_choices(project))]


def _offered(project: Project, chosen: EmbeddingModel | None) -> dict[str, str]:
    offered = {choice.value: choice.label for choice in queries.embedding_choices(project)}
    if chosen is not None:
        gone = _("%(model)s, which is not offered any more") % {"model": chosen.model}
        offered.setdefault(value_of(chosen), gone)
    return offered


def model_in(stored: dict[str, Any] | EmbeddingModel) -> EmbeddingModel:
    """A model as a value or as its JSON."""
    if isinstance(stored, EmbeddingModel):
        return stored
    return codec.from_json(EmbeddingModel, stored)


def value_of(model: EmbeddingModel | OwnModel) -> str:
    """As forms have it."""
    return f"{model.provider}:{model.model}"

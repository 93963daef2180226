"""Forms in our markup: the renderer that Django uses everywhere, and widgets of our own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from optimizer.core.problems import Refused
from optimizer.core.programs.signature import name_problems
from optimizer.sentences import sentence
from promptlab.ui.unseen import tally

LONGEST_NAME = 80  # characters


class Renderer(TemplatesSetting):
    """`{{ form }}` and `{{ form.name.as_field_group }}` through templates/parts."""

    form_template_name = "parts/form.html"
    field_template_name = "parts/field.html"


def nothing_unseen(text: str) -> None:
    """Raises ValidationError when a text holds a character that nobody sees."""
    found = tally([text]).invisible
    if found:
        told = _("It holds a character that nobody sees: %(what)s. Type it anew.")
        raise ValidationError(told % {"what": found[0][0]})


def refuse_name(name: str, code: str) -> None:
    """Raises ValidationError when programs and files cannot be written with a name.

    `code` says what it is the name of, as in `name_problems`.
    """
    problems = name_problems(name, code)
    if problems:
        raise ValidationError([sentence(problem) for problem in problems])


def show(refusal: Refused, form: forms.BaseForm) -> None:
    """Say what was refused beside the fields that it is about, the rest above the form."""
    for told in refusal.in_short:
        form.add_error(told.place if told.place in form.fields else None, sentence(told))


class NameField(forms.CharField):
    """What something is called, on every page and in every sentence: nothing unseen is in it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_NAME, validators=[nothing_unseen], **options)


class Unnamed(forms.HiddenInput):
    """A hidden value that nothing on the page refers to; so may stand in several forms of one."""

    def id_for_label(self, id_: str) -> str:
        return ""

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        built = super().build_attrs(base_attrs, extra_attrs)
        return {name: value for name, value in built.items() if name != "id"}


class PromptTextarea(forms.Textarea):
    """A <prompt-field>: marks {placeholders}, those that are not `known` in orange."""

    template_name = "parts/widgets/prompt.html"

    def __init__(self, known: Iterable[str] = (), attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 6, "spellcheck": "true", **(attrs or {})})
        self.known = list(known)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return {**super().get_context(name, value, attrs), "known": self.known}


class CodeTextarea(forms.Textarea):
    """For JSON and code: fixed width, no spelling, no capital letters."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        plain = {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}
        super().__init__({"rows": 8, "class": "mono", **plain, **(attrs or {})})


class FileDrop(forms.FileInput):
    """A file field to drop on. In a form with `data-upload` it shows how much was sent."""

    template_name = "parts/widgets/file_drop.html"

    def __init__(
        self, accept: str = "", hint: str | Promise = "", attrs: dict[str, Any] | None = None
    ) -> None:
        super().__init__({"accept": accept, **(attrs or {})} if accept else attrs)
        self.hint = hint

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return {**super().get_context(name, value, attrs), "hint": self.hint}


class FilesDrop(FileDrop):
    """A FileDrop for one file or several."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


@dataclass(frozen=True, slots=True)
class Choice:
    """The label of one panel of CardRadios: a name and one line below it."""

    name: str | Promise
    text: str | Promise = ""

    def __str__(self) -> str:
        return str(self.name)


class CardRadios(forms.RadioSelect):
    """Radio buttons as panels, for a few choices that need a line of explanation each."""

    template_name = "parts/widgets/card_radios.html"


class FoldedRadios(CardRadios):
    """The choices outside groups as panels; the groups, as plain lists, behind a disclosure that is
    open while one of theirs is chosen."""

    template_name = "parts/widgets/folded_radios.html"

    def __init__(self, summary: str | Promise, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.summary = summary

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        grouped = [o for group, found, _ in context["widget"]["optgroups"] if group for o in found]
        chosen = any(option["selected"] for option in grouped)
        return {**context, "summary": self.summary, "count": len(grouped), "open": chosen}

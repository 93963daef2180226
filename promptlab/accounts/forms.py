"""Forms about people and projects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from optimizer.core.problems import Refused
from optimizer.costs.money import MICRO
from optimizer.costs.spending import Caps
from optimizer.sentences import sentence
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.accounts.tokens import DEFAULT_DAYS
from promptlab.ui.forms import NameField


class ProjectForm(forms.Form):
    name = NameField(
        label=_("Name"),
        help_text=_("What the project is about, for example “Support triage”."),
    )


class SettingsForm(forms.Form):
    name = NameField(label=_("Name"), help_text=_("The address of the project stays as it is."))
    requires_second_person = forms.BooleanField(
        label=_("A second person approves"),
        required=False,
        help_text=_("Whoever started a run cannot approve its candidates. No role is exempt."),
    )


class MonthlyCapForm(forms.Form):
    """The most of a calendar month, of a project or of the whole installation."""

    max_cost = forms.DecimalField(
        label=_("At most dollars a month"),
        min_value=0,
        max_value=100_000_000,
        decimal_places=2,
        required=False,
        help_text=_("Empty: no cap. With one, models need a known price."),
        widget=forms.NumberInput({"class": "short", "min": 0, "step": "0.01"}),
    )
    max_calls = forms.IntegerField(
        label=_("At most calls a month"),
        min_value=0,
        max_value=2_000_000_000,
        required=False,
        help_text=_("Empty: no cap."),
        widget=forms.NumberInput({"class": "short", "min": 0}),
    )

    def __init__(self, caps: Caps, data: Mapping[str, Any] | None = None) -> None:
        cost = None if caps.cost is None else Decimal(caps.cost) / MICRO
        super().__init__(data, initial={"max_cost": cost, "max_calls": caps.calls})

    @property
    def caps(self) -> Caps:
        """What a valid form says."""
        cost = self.cleaned_data["max_cost"]
        return Caps(self.cleaned_data["max_calls"], None if cost is None else round(cost * MICRO))

    def save(self, setting: Callable[[Caps], None]) -> bool:
        """Hand the caps to `setting`; whether it took them. What it refuses is told in the form."""
        try:
            setting(self.caps)
        except Refused as refusal:
            fields = {"dollars": "max_cost", "calls": "max_calls"}
            for told in refusal.problems:
                self.add_error(fields.get(told.place), sentence(told))
        return self.is_valid()


class InviteForm(forms.Form):
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        initial=Role.EDITOR,
    )
    note = NameField(
        label=_("For whom"),
        required=False,
        help_text=_("A reminder for you; shown in the list of open invitations."),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class PersonForm(forms.Form):
    name = NameField(label=_("Name"), required=False, help_text=_("How others see you."))
    email = forms.EmailField(
        label=_("E-mail"), help_text=_("You sign in with it. promptlab sends no e-mail.")
    )
    theme = forms.ChoiceField(
        label=_("Colours"),
        choices=User.Theme.choices,
        help_text=_("“Like the device” follows the system's light or dark setting."),
    )

    def __init__(self, person: User, data: Mapping[str, Any] | None = None) -> None:
        initial = {"name": person.name, "email": person.email, "theme": person.theme}
        super().__init__(data, initial=initial)
        self.person = person

    def clean_email(self) -> str:
        return _free_email(self.cleaned_data["email"], besides=self.person)


class _WithPassword(forms.Form):
    """E-mail, name and a password that passes the site's rules."""

    name = NameField(label=_("Name"), required=False)
    email = forms.EmailField(label=_("E-mail"), help_text=_("You sign in with it."))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 8 characters that are not a common password."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    person: User | None = None

    def clean_email(self) -> str:
        return _free_email(self.cleaned_data["email"], besides=self.person)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "password" in data:
            about = User(email=data.get("email", ""), name=data.get("name", ""))
            try:
                password_validation.validate_password(data["password"], about)
            except ValidationError as error:
                self.add_error("password", error)
        return data


class NewcomerForm(_WithPassword):
    """Someone who was invited and has no account yet."""


class WelcomeForm(_WithPassword):
    """The first administrator gives the account an address and a password."""

    def __init__(self, person: User, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"name": person.name})
        self.person = person


class TokenForm(forms.Form):
    name = NameField(label=_("Name"), help_text=_("What uses it, for example “nightly import”."))
    days = forms.TypedChoiceField(
        label=_("Expires after"),
        choices=[(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("1 year"))],
        coerce=int,
        initial=DEFAULT_DAYS,
    )
    read_only = forms.BooleanField(
        label=_("Only reading"),
        required=False,
        help_text=_("Without this, the token may do whatever your roles allow you."),
    )


def _free_email(email: str, besides: User | None) -> str:
    email = email.lower()
    others = User.objects.filter(email=email)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        raise ValidationError(_("There is an account with this e-mail already."))
    return email

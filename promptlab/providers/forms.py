"""The form of a provider."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from optimizer.core.problems import Refused
from optimizer.lm import egress
from optimizer.lm.egress import AllowList
from optimizer.lm.families import ORIGINS, family_of, other_family
from optimizer.lm.guard import ForbiddenAddress
from optimizer.lm.model_settings import (
    FEWEST_TOKENS,
    HOTTEST,
    MOST_TOKENS,
    ModelSettings,
    embeds,
    is_named_embedding,
    settings_of,
    usual_tokens,
)
from optimizer.lm.pasted import base_of, key_in
from optimizer.models import Provider
from optimizer.sentences import reasons, term
from promptlab.providers.presets import OWN_MODELS_ONLY, Preset
from promptlab.providers.services import (
    Connection,
    Destination,
    key_would_travel,
)
from promptlab.ui.forms import CodeTextarea, NameField

MICRO = 1_000_000
MOST_SHOWN = 50
"""Models whose settings a form shows."""
LOOK_UP_SECONDS = 2.0
"""How long a form waits to learn where a host's name leads."""


def tokens_field(model: str, usual: int) -> forms.IntegerField:
    """The limit of a model's replies; empty: the usual one."""
    return forms.IntegerField(
        label=_("Tokens of a reply of %(model)s, at most") % {"model": model},
        required=False, min_value=FEWEST_TOKENS, max_value=MOST_TOKENS,
        widget=forms.NumberInput(attrs={"class": "short", "placeholder": usual}),
    )  # fmt: skip


def temperature_field(model: str) -> forms.FloatField:
    return forms.FloatField(
        label=_("Temperature of %(model)s") % {"model": model},
        required=False, min_value=0.0, max_value=HOTTEST,
        widget=forms.NumberInput(attrs={"class": "short", "step": "any", "placeholder": 0}),
    )  # fmt: skip


def embeds_field(model: str, initial: bool) -> forms.BooleanField:
    return forms.BooleanField(
        label=_("%(model)s makes embeddings") % {"model": model}, required=False, initial=initial,
        help_text=_("Vectors of texts, for demos and metrics that go by meaning."),
    )  # fmt: skip


class ProviderForm(forms.Form):
    """Both kinds of providers; `preset` says which, and what to write before models' names."""

    name = NameField(label=_("Name"))
    api_base = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("Up to and with /v1, for example http://127.0.0.1:8080/v1"),
        widget=forms.URLInput(attrs={"spellcheck": "false"}),
    )
    allow_address = forms.BooleanField(
        label=_("Allow this address, should it be local or private"),
        required=False,
        help_text=_(
            "For all projects of this installation. You see this because you administer it."
        ),
    )
    api_key = forms.CharField(
        label=_("API key"),
        required=False,
        strip=True,
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    forget_key = forms.BooleanField(label=_("Remove the key that is stored"), required=False)
    family = forms.ChoiceField(
        label=_("Family"),
        required=False,
        choices=[("", _("as the models' names say")), *((name, name) for name in sorted(ORIGINS))],
        help_text=_(
            "By LiteLLM's names. One provider has one family: its key is sent to no other."
        ),
    )
    models = forms.CharField(label=_("Models"), widget=CodeTextarea({"rows": 3}))
    concurrency = forms.IntegerField(
        label=_("Calls at a time"),
        min_value=1,
        max_value=256,
        initial=8,
        help_text=_("Fewer where the provider limits its rate."),
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    input_price = forms.DecimalField(
        label=_("Price of input, $ per 1M tokens"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(10_000),
        decimal_places=6,
        widget=forms.NumberInput(attrs={"class": "short", "step": "any"}),
    )
    output_price = forms.DecimalField(
        label=_("Price of output, $ per 1M tokens"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(10_000),
        decimal_places=6,
        widget=forms.NumberInput(attrs={"class": "short", "step": "any"}),
    )
    constrains_replies = forms.BooleanField(
        label=_("Hold replies to a JSON schema"),
        required=False,
        initial=True,
        help_text=_("Most servers can (response_format). It is switched off by itself if not."),
    )

    def __init__(
        self,
        preset: Preset,
        data: Mapping[str, Any] | None = None,
        provider: Provider | None = None,
        *,
        may_allow: bool = False,
    ) -> None:
        """`may_allow`: whether its reader administers the installation."""
        super().__init__(data, initial=_initial(preset, provider))
        self.preset, self.provider = preset, provider
        self.refusal: ForbiddenAddress | None = None
        self.put_right: list[str] = []
        """What was pasted otherwise than it was meant, a sentence each."""
        self.of_family = ""
        if not may_allow:
            del self.fields["allow_address"]
        self._fit_to_preset()
        self._add_settings()
        if provider is None or not provider.secret_hint:
            del self.fields["forget_key"]
        else:
            self.fields["api_key"].help_text = _(
                "A key ending in %(hint)s is stored. Leave this empty to keep it."
            ) % {"hint": provider.secret_hint}

    def _add_settings(self) -> None:
        """The fields for each model that is stored."""
        if self.provider is None:
            return
        for number, model in enumerate(self.provider.models_offered[:MOST_SHOWN]):
            own, usual = settings_of(self.provider, model), usual_tokens(model)
            tokens, temperature = tokens_field(model, usual), temperature_field(model)
            tokens.initial, temperature.initial = own.max_tokens, own.temperature
            self.fields[f"tokens-{number}"] = tokens
            self.fields[f"temperature-{number}"] = temperature
            self.fields[f"embeds-{number}"] = embeds_field(model, embeds(self.provider, model))

    @property
    def model_rows(self) -> list[tuple[str, *tuple[forms.BoundField, ...]]]:
        """The stored models, with the fields of their settings."""
        names = self.provider.models_offered if self.provider is not None else []
        return [
            (model, *(self[f"{name}-{number}"] for name in ("tokens", "temperature", "embeds")))
            for number, model in enumerate(names[:MOST_SHOWN])
        ]

    @property
    def models_unshown(self) -> int:
        """How many of the stored models have no fields here."""
        stored = len(self.provider.models_offered) if self.provider is not None else 0
        return max(0, stored - MOST_SHOWN)

    def _settings(self) -> dict[str, ModelSettings]:
        """What is wanted of models that stay; those beyond what is shown keep theirs."""
        kept = dict.fromkeys(self.cleaned_data["models"])
        found = {model: settings_of(self.provider, model) for model in kept if self.provider}
        for model, *fields in self.model_rows:
            if model in kept:
                tokens, temperature, makes_vectors = (self.cleaned_data[f.name] for f in fields)
                own = None if makes_vectors is is_named_embedding(model) else makes_vectors
                found[model] = ModelSettings(tokens, temperature, own)
        return {model: own for model, own in found.items() if own != ModelSettings()}

    def _fit_to_preset(self) -> None:
        if self.preset.kind == Provider.Kind.OPENAI_COMPATIBLE or self.preset.prefix:
            del self.fields["family"]
        models, key = self.fields["models"], self.fields["api_key"]
        if self.preset.kind == Provider.Kind.OPENAI_COMPATIBLE:
            models.required = False
            models.help_text = _("One a line, as the server calls them. Empty: a test asks it.")
            key.help_text = _("Only if the server wants one. Stored encrypted, never shown again.")
            return
        key.required = self.provider is None
        key.help_text = _("Stored encrypted, never shown again.")
        self.fields["api_base"].required = False
        self.fields["api_base"].label = _("Other address")
        self.fields["api_base"].help_text = _("Only for a proxy or a region of its own.")
        for side in ("input_price", "output_price"):
            self.fields[side].help_text = _("Empty: as LiteLLM's price list says.")
        models.help_text = (
            _("One a line; “%(prefix)s” is put before names that lack it.")
            % {"prefix": self.preset.prefix}
            if self.preset.prefix
            else _("One a line; the family is put before names that lack it.")
        )

    def clean_api_key(self) -> str:
        said: str = self.cleaned_data["api_key"]
        key = key_in(said)
        if key != said:
            self.put_right.append(str(_("The key was saved without what stood around it.")))
        return key

    def clean_api_base(self) -> str:
        said: str = self.cleaned_data["api_base"].strip()
        if not said:
            return ""
        address = base_of(said)
        if address != said.rstrip("/"):
            told = _("The address was put right: %(address)s is what calls are made below.")
            self.put_right.append(str(told % {"address": address}))
        try:
            target = egress.target_of(address)
        except Refused as error:
            raise ValidationError(reasons(error)) from error
        if target.has_user:
            raise ValidationError(_("Leave the password out of the address; enter it as the key."))
        if self._moved(address):
            self.refusal = AllowList.now().refusal(address, LOOK_UP_SECONDS)
        return address

    def clean_models(self) -> tuple[str, ...]:
        lines = [line.strip() for line in self.cleaned_data["models"].splitlines()]
        lines = [line for line in lines if line]
        if not lines and self.fields["models"].required:
            raise ValidationError(_("Enter at least one model."))
        for line in lines:
            if len(line) > 200 or any(character.isspace() for character in line):
                raise ValidationError(
                    _("“%(name)s” is no model's name: one a line, without blanks."),
                    params={"name": line[:60]},
                )
        if self.preset.kind == Provider.Kind.LITELLM:
            try:
                lines = [self._named(line) for line in lines]
                self.of_family = family_of(lines[0])
                lines = [name for name in lines if family_of(name, self.of_family)]
            except Refused as error:
                raise ValidationError(reasons(error)) from error
        return tuple(dict.fromkeys(lines))

    def _named(self, line: str) -> str:
        """The model as LiteLLM names it; the chosen family is put before names that lack it.

        Raises:
            Refused: it is a model of another vendor than the chosen one.
        """
        chosen = self.preset.prefix.rstrip("/") or self.cleaned_data.get("family", "")
        first, slash, _rest = line.partition("/")
        if not chosen or (slash and first == chosen):
            return line
        if slash and first in ORIGINS and chosen in OWN_MODELS_ONLY:
            raise Refused(other_family(line, chosen))
        return f"{chosen}/{line}"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        prices = {side: data.get(side) for side in ("input_price", "output_price")}
        if any(price is not None for price in prices.values()):
            for side, price in prices.items():
                if price is None and side not in self.errors:
                    self.add_error(side, _("Enter both prices, or none."))
        self._judge_address(data)
        if self._key_would_travel(data):
            self.add_error("api_key", term("provider.key_would_travel"))
        return data

    def ask_key_again(self) -> None:
        """A key is never sent back to a page; so say that it is not in the form any more."""
        if self.cleaned_data.get("api_key"):
            told = _("Enter the key again: it was not kept while something is to be corrected.")
            self.add_error("api_key", told)

    @property
    def opens(self) -> bool:
        """Whether its valid address is allowed with it."""
        return self.refusal is not None

    def _moved(self, address: str) -> bool:
        return self.provider is None or address.rstrip("/") != self.provider.api_base

    def _judge_address(self, data: dict[str, Any]) -> None:
        """An address that calls could not go to is told here, before anything is called."""
        if self.refusal is None:
            return
        if "allow_address" not in self.fields or self.refusal.never:
            self.add_error("api_base", str(self.refusal))
            return
        target = egress.target_of(data["api_base"])
        label = _("Allow %(target)s for this installation") % {"target": target}
        self["allow_address"].label = label
        if not data.get("allow_address"):
            told = _("%(target)s is local or private. Allow it for this installation below.")
            self.add_error("api_base", told % {"target": target})

    def _key_would_travel(self, data: dict[str, Any]) -> bool:
        """Whether a key that nobody can read here would be sent to somebody else."""
        if self.provider is None or data.get("api_key") or data.get("forget_key"):
            return False
        if "api_base" not in data or "models" not in data:
            return False
        then = Destination(self.preset.kind, data["api_base"].rstrip("/"), self.of_family)
        return key_would_travel(self.provider, then)

    def connection(self) -> Connection:
        """What a valid form says."""
        data = self.cleaned_data
        return Connection(
            name=data["name"],
            kind=self.preset.kind,
            models=data["models"],
            api_base=data["api_base"],
            concurrency=data["concurrency"],
            input_price=_micro(data["input_price"]),
            output_price=_micro(data["output_price"]),
            constrains_replies=data["constrains_replies"],
            family=self.of_family,
            settings=self._settings(),
        )

    def key(self) -> str | None:
        """The new key; "" to remove the old one, None to keep it."""
        return self.cleaned_data["api_key"] or ("" if self.cleaned_data.get("forget_key") else None)


class CheckForm(forms.Form):
    """Which of the provider's models to test; none yet means that its list is asked for."""

    model = forms.ChoiceField(required=False)

    def __init__(self, provider: Provider, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.fields["model"] = forms.ChoiceField(
            required=bool(provider.models_offered),
            choices=[(model, model) for model in provider.models_offered],
        )


def _initial(preset: Preset, provider: Provider | None) -> dict[str, Any]:
    if provider is None:
        named = preset.key not in ("litellm", "endpoint")
        return {"name": preset.name if named else "", "api_base": preset.api_base}
    return {
        "name": provider.name,
        "api_base": provider.api_base,
        "family": provider.family,
        "models": "\n".join(provider.models_offered),
        "concurrency": provider.concurrency,
        "input_price": _dollars(provider.input_price),
        "output_price": _dollars(provider.output_price),
        "constrains_replies": provider.constrains_replies,
    }


def _micro(dollars: Decimal | None) -> int | None:
    return None if dollars is None else round(dollars * MICRO)


def _dollars(micro: int | None) -> str:
    return "" if micro is None else f"{Decimal(micro) / MICRO:f}"

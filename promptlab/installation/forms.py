"""The form of an address that is to be allowed."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.problems import Refused
from optimizer.lm import egress
from optimizer.lm.guard import EVERYWHERE, NEVER, Egress, ForbiddenAddress, IPNetwork
from promptlab.installation.addresses import Allowance

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")


class ModelFileForm(forms.Form):
    """The path of a model file on this machine; empty: the model that comes along."""

    path = forms.CharField(
        label=_("A model file on this machine"),
        required=False,
        max_length=1000,
        help_text=_(
            "The path of a GGUF file that promptlab's own user can read. Empty: the model that "
            "comes along."
        ),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )


class AddressForm(forms.Form):
    """A host with its port; a whole address that was pasted is taken apart."""

    host = forms.CharField(
        label=_("Host or network"),
        max_length=500,
        help_text=_(
            "127.0.0.1 is this machine, 10.0.0.0/24 a network. A name such as ollama.lan is looked "
            "up anew for every run: whoever can change what it means chooses where calls go."
        ),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "off"}),
    )
    port = forms.IntegerField(
        label=_("Port"),
        required=False,
        min_value=1,
        max_value=65_535,
        help_text=_("Empty: any port."),
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    note = forms.CharField(
        label=_("What is there"),
        required=False,
        max_length=200,
        help_text=_("For example “Ollama on the GPU machine”."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "host" not in data:
            return data
        try:
            host, port = _taken_apart(data["host"])
        except Refused:
            self.add_error("host", _("Enter an address, a network, or a host's name."))
            return data
        if port and data.get("port") and port != data["port"]:
            self.add_error("port", _("The host names another port: leave one of them out."))
        data["port"] = port or data.get("port")
        data["host"] = self._fitting(host)
        return data

    def allowance(self) -> Allowance:
        """What a valid form says."""
        data = self.cleaned_data
        return Allowance(data["host"], data["port"], data["note"])

    def _fitting(self, host: str) -> str:
        network = egress.network_of(host)
        if network is None:
            if not _NAME.fullmatch(host):
                self.add_error("host", _("Enter an address, a network, or a host's name."))
            return host
        if _is_never(network):
            self.add_error("host", str(ForbiddenAddress(host, 0, never=True, told=host)))
        elif network.num_addresses == 1 and _passes(Egress(), network):
            self.add_error("host", _("This address is public: calls may go there already."))
        return str(network)


def _is_never(network: IPNetwork) -> bool:
    if any(network.version == n.version and network.subnet_of(n) for n in NEVER):  # type: ignore[arg-type]
        return True
    return network.num_addresses == 1 and not _passes(EVERYWHERE, network)


def _passes(egress: Egress, network: IPNetwork) -> bool:
    try:
        egress.check(str(network.network_address), 0)
    except ForbiddenAddress:
        return False
    return True


def _taken_apart(text: str) -> tuple[str, int | None]:
    """Host and port of what was typed: a host, host:port, or a whole address.

    Raises:
        Refused: it is none of these.
    """
    text = text.strip()
    if "://" in text:
        target = egress.target_of(text)
        return target.host, target.port
    if egress.network_of(text) is not None:
        return text, None
    named = re.search(r":\d+$", text) is not None and not text.endswith("]")
    target = egress.target_of(f"http://{text}")
    return target.host, target.port if named else None

"""A provider's own words beside a sentence of ours: for who may edit providers, and nobody else."""

from __future__ import annotations

from django.utils.translation import gettext as _


def told(sentence: str, said: str, may_read: bool) -> str:
    """The sentence with what the provider `said`, or with who can read that; "" said: as it is."""
    if not said:
        return sentence
    if may_read:
        return _("%(sentence)s It said: “%(said)s”") % {"sentence": sentence, "said": said}
    return _("%(sentence)s An admin of the project can read what it said.") % {"sentence": sentence}

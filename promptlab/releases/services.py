"""What is done with versions: files of them, and labels on them."""

from __future__ import annotations

from optimizer.core.problems import Refused
from optimizer.core.programs.lm import Role
from optimizer.lm.egress import address_of
from optimizer.lm.known_traits import traits_of
from optimizer.lm.pasted import bare
from optimizer.lm.traits import Traits
from optimizer.models import Provider
from promptlab.releases.formats import FORMATS, Format
from promptlab.releases.formats.reach import Reach
from promptlab.reviews.content import ModelSource
from promptlab.reviews.labels import promote, roll_back
from promptlab.reviews.models import Version

__all__ = ["file_of", "format_named", "promote", "roll_back"]


def format_named(name: str) -> Format:
    """
    Raises:
        Refused: no format has this name.
    """
    if name not in FORMATS:
        raise Refused.because("format.unknown", "format", name=name, known=tuple(FORMATS))
    return FORMATS[name]


def file_of(version: Version, format: Format) -> bytes:
    """The file's bytes. Canonical JSON comes as it was stored, byte for byte."""
    if format.name == "json":
        return version.canonical.encode()
    return format.write(version.content, version.sha256, reach_of(version)).encode()


def reach_of(version: Version) -> Reach:
    """How the version's task model is reached now: at the address that its provider has, without
    its key, and as it wants its requests.
    """
    found, source = Reach.of(version.content), version.content.provenance.models[Role.TASK]
    provider = _provider_of(version, source)
    if provider is None:
        return found
    learned = traits_of(provider).get(source.model)
    return Reach(
        bare(address_of(provider)),
        keyless=not provider.secret_hint,
        is_here=provider.kind == Provider.Kind.EMBEDDED,
        traits=learned if learned and found.traits == Traits() else found.traits,
    )


def _provider_of(version: Version, source: ModelSource) -> Provider | None:
    """The provider that the run called, as long as it is one of the same kind."""
    called = version.project_run.run.spec["models"][Role.TASK.value]["provider"]
    namespace = version.project.namespace
    return Provider.objects.filter(pk=called, namespace=namespace, kind=source.kind).first()

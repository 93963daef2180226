"""What is done with versions: files of them, and labels on them."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator
from dataclasses import replace

from optimizer.core.problems import Refused
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import NearestDemos
from optimizer.core.programs.lm import EmbeddingModel, Role
from optimizer.lm.egress import address_of
from optimizer.lm.kept_vectors import kept_for
from optimizer.lm.known_traits import traits_of
from optimizer.lm.pasted import bare
from optimizer.lm.traits import Traits
from optimizer.models import Provider
from promptlab.datasets.downloads import safe_cell
from promptlab.programs.models import Program
from promptlab.releases.data_files import DATA_FILES, DataFile
from promptlab.releases.formats import FORMATS, Format
from promptlab.releases.formats.reach import Reach, VectorReach
from promptlab.reviews import labels
from promptlab.reviews.content import ModelSource
from promptlab.reviews.labels import promote, remove, roll_back
from promptlab.reviews.models import Version

__all__ = ["file_of", "format_named", "promote", "remove", "roll_back"]

OPENAI_FORMAT = {"openai": "https://api.openai.com/v1", "mistral": "https://api.mistral.ai/v1"}
"""Vendors whose embeddings are called in OpenAI's format without LiteLLM."""


def format_named(name: str) -> Format:
    """
    Raises:
        Refused: no format has this name.
    """
    if name not in FORMATS:
        raise Refused.because("format.unknown", "format", name=name, known=tuple(FORMATS))
    return FORMATS[name]


def file_of(version: Version, format: Format) -> bytes:
    """The file's bytes. Canonical JSON comes as it was stored, byte for byte.

    Raises:
        Refused: this version cannot be written so.
    """
    if format.name == "json":
        return version.canonical.encode()
    lacks = format.lacks(version.content)
    if lacks:
        raise Refused(*lacks)
    return format.write(version.content, version.sha256, reach_of(version)).encode()


def data_of(version: Version, name: str, module: str = "") -> tuple[DataFile, Iterator[bytes]]:
    """The file of this name, and its lines as they come; of one module where it is named.

    Raises:
        Refused: there is no such file, or none of this version.
    """
    if name not in DATA_FILES:
        raise Refused.because("format.unknown", "format", name=name, known=tuple(DATA_FILES))
    wanted = DATA_FILES[name]
    lacks = wanted.lacks(version.content)
    if lacks:
        raise Refused(*lacks)
    return wanted, (line.encode() for line in wanted.lines(version, module))


def moves_as_csv(program: Program) -> str:
    """Every move of its labels, the newest first."""
    made = io.StringIO()
    table = csv.writer(made)
    table.writerow(["label", "from", "to", "rolled back", "by", "at"])
    for move in labels.moves_of(program.pk):
        where = (str(move.replaced or ""), str(move.version or ""))
        how = "yes" if move.back else "no"
        table.writerow([move.label, *where, how, safe_cell(move.by.email), move.at.isoformat()])
    return made.getvalue()


def reach_of(version: Version) -> Reach:
    """How the version's task model is reached now: at the address that its provider has, without
    its key, and as it wants its requests.
    """
    found, source = Reach.of(version.content), version.content.provenance.models[Role.TASK]
    found = replace(found, embedding=vectors_of(version))
    provider = _provider_of(version, source)
    if provider is None:
        return found
    learned = traits_of(provider).get(source.model)
    return Reach(
        bare(address_of(provider)),
        keyless=not provider.secret_hint,
        is_here=provider.kind == Provider.Kind.EMBEDDED,
        traits=learned if learned and found.traits == Traits() else found.traits,
        embedding=found.embedding,
    )


def vectors_of(version: Version) -> dict[EmbeddingModel, VectorReach]:
    """How the models are reached by whose vectors its demos are chosen, with those of its pools as
    the run bought them.
    """
    program, namespace = version.content.program, version.project.namespace
    found: dict[EmbeddingModel, VectorReach] = {}
    for model in baseline_of(program).embedding_models:
        demos = (m.demos for m in program.modules if isinstance(m.demos, NearestDemos))
        pools = [each.pool for each in demos if each.embedding == model]
        provider = Provider.objects.filter(pk=model.provider, namespace=namespace).first()
        if provider is not None:
            found[model] = replace(_endpoint_of(provider, model), vectors={
                pool.digest: base64.b64encode(b"".join(bought)).decode()
                for pool in pools
                if (bought := kept_for(namespace, model, pool.embed(model).texts))
            })  # fmt: skip
    return found


def _endpoint_of(provider: Provider, model: EmbeddingModel) -> VectorReach:
    """An OpenAI-compatible address of the model, where there is one."""
    if provider.kind != Provider.Kind.LITELLM:
        return VectorReach(model.model, bare(address_of(provider)), not provider.secret_hint)
    family, _slash, name = model.model.partition("/")
    address = provider.api_base or OPENAI_FORMAT.get(family, "")
    return VectorReach(name, bare(address) if address else "")


def _provider_of(version: Version, source: ModelSource) -> Provider | None:
    """The provider that the run called, as long as it is one of the same kind."""
    called = version.project_run.run.spec["models"][Role.TASK.value]["provider"]
    namespace = version.project.namespace
    return Provider.objects.filter(pk=called, namespace=namespace, kind=source.kind).first()

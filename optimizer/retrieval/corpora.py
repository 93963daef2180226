"""Corpora as rows: stored once by content, read again passage by passage."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from optimizer.codec import canonical
from optimizer.core.problems import Conflict, Problem, Refused, problem
from optimizer.core.programs.passages import passage_text
from optimizer.core.programs.program import Program
from optimizer.models import Corpus, CorpusPart

PART = 500
"""Passages of a row."""
MOST_BYTES = 400 << 20
"""Of all passages' texts, as an index of them is held in memory while it is made."""


def store(
    namespace: str, name: str, columns: Sequence[str], passages: Iterable[Sequence[Any]]
) -> Corpus:
    """Keep passages, each a cell by column.

    Raises:
        Refused: there are none, or too much of them.
        Conflict: the project has this corpus, or another of this name.
    """
    digest, size, count = hashlib.sha256(canonical(list(columns)).encode()), 0, 0
    parts: list[list[list[Any]]] = []
    rows = iter(passages)
    while batch := [list(cells) for cells in islice(rows, PART)]:
        size += sum(len(passage_text(_named(columns, cells)).encode()) for cells in batch)
        digest.update(canonical(batch).encode())
        count += len(batch)
        parts.append(batch)
        if size > MOST_BYTES:
            raise Refused.because("corpus.large", "file", most=MOST_BYTES >> 20)
    if not count:
        raise Refused.because("corpus.empty", "file")
    return _stored(namespace, name, list(columns), digest.hexdigest(), parts, count, size)


def _stored(
    namespace: str,
    name: str,
    columns: list[str],
    digest: str,
    parts: list[list[list[Any]]],
    count: int,
    size: int,
) -> Corpus:
    same = Corpus.objects.filter(namespace=namespace, digest=digest).first()
    if same:
        raise Conflict.because("corpus.content_there", "file", name=same.name)
    try:
        with transaction.atomic():
            _alone_with(digest)
            corpus = Corpus.objects.create(
                namespace=namespace, name=name, digest=digest, columns=columns,
                count=count, size=size,
            )  # fmt: skip
            if not CorpusPart.objects.filter(digest=digest).exists():
                for number, batch in enumerate(parts):
                    CorpusPart.objects.create(digest=digest, number=number, passages=batch)
    except IntegrityError:  # somebody took the name a moment ago
        raise Conflict.because("corpus.name_taken", "name", name=name) from None
    return corpus


def passages_of(digest: str) -> Iterator[dict[str, Any]]:
    """The passages of a corpus in their order, a value by column each; none where it is gone."""
    corpus = Corpus.objects.filter(digest=digest).first()
    if corpus is None:
        return
    parts = CorpusPart.objects.filter(digest=digest).values_list("passages", flat=True)
    for batch in parts.iterator(chunk_size=4):
        for cells in batch:
            yield _named(corpus.columns, cells)


def remove(corpus: Corpus) -> None:
    """Forget a corpus; its parts and its index go with the last of its content."""
    with transaction.atomic():
        _alone_with(corpus.digest)
        corpus.delete()
        if not Corpus.objects.filter(digest=corpus.digest).exists():
            CorpusPart.objects.filter(digest=corpus.digest).delete()
            index = settings.CORPORA / corpus.digest
            transaction.on_commit(partial(shutil.rmtree, index, ignore_errors=True))


def _alone_with(digest: str) -> None:
    """Let nobody else store or forget this content until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])


def missing(namespace: str, digests: Iterable[str]) -> list[str]:
    """Those that the project does not have."""
    wanted = list(digests)
    there = Corpus.objects.filter(namespace=namespace, digest__in=wanted)
    known = set(there.values_list("digest", flat=True))
    return [digest for digest in wanted if digest not in known]


def lacking(namespace: str, program: Program) -> list[Problem]:
    """What a program looks things up in, and the project does not have."""
    wanted = {digest: m.name for m in program.modules for digest in m.corpora}
    gone_by = missing(namespace, wanted) if wanted else []
    return [problem("corpus.not_here", "program", module=wanted[digest]) for digest in gone_by]


def _named(columns: Sequence[str], cells: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(columns, cells, strict=True))


def gone(digest: str) -> Any:
    """What is told of a corpus that is not there."""
    return problem("corpus.gone", digest=digest[:12])

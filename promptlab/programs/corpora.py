"""What is done to corpora: files of passages that programs look things up in."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q

from optimizer.core.problems import Conflict
from optimizer.datasets.table import Options
from optimizer.models import Corpus, Run
from optimizer.retrieval import corpora as rows
from promptlab.accounts.models import Project, User
from promptlab.datasets.uploads import read_once

audit = logging.getLogger("promptlab.audit")


def corpora_of(project: Project) -> list[Corpus]:
    return list(Corpus.objects.filter(namespace=project.namespace))


def make(project: Project, by: User, name: str, file: UploadedFile[Any]) -> Corpus:
    """Read a file of passages, apart, and keep all of its columns.

    Raises:
        Refused, Conflict: no corpus can be made of it; nothing is kept.
        Busy: too many files are being read at this moment.
    """
    with read_once(file, Options()) as (found, passages):
        cells = (row.cells for row in passages())
        corpus = rows.store(project.namespace, name, found.names, cells)
    audit.info("%s uploaded corpus %s into %s", by, name, project.slug)
    return corpus


def as_lines(corpus: Corpus) -> Iterator[str]:
    """The passages as JSON lines, as a version's Python file reads them."""
    for passage in rows.passages_of(corpus.digest):
        yield json.dumps(passage, ensure_ascii=False) + "\n"


def remove(project: Project, corpus: Corpus, by: User) -> None:
    """Delete a corpus.

    Raises:
        Conflict: programs, or runs that go on, look things up in it.
    """
    own = {"corpus": corpus.digest}
    parts = [{"modules": [own]}, {"modules": [{"tools": [own]}]}]
    in_programs, in_runs = Q(), Q()
    for part in parts:
        in_programs |= Q(definition__contains=part)
        in_runs |= Q(spec__contains={"program": part})
    programs = project.programs.filter(in_programs)[:3]
    runs = Run.objects.filter(in_runs, namespace=corpus.namespace)
    going = runs.exclude(status__in=Run.ENDED)[:3]
    using = (*map(str, programs), *(f"run {run.pk}" for run in going))
    if using:
        raise Conflict.because("corpus.in_use", "", users=using)
    rows.remove(corpus)
    audit.info("%s deleted corpus %s", by, corpus.name)

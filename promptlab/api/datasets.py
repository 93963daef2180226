"""Datasets: list, upload, look at."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import File, Form, Path, Query, Router, Status
from ninja.files import UploadedFile

from optimizer.datasets.splitting import Split
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.base import Text
from promptlab.api.schemas.datasets import DatasetDetail, DatasetIn, DatasetOut, ExampleOut
from promptlab.api.tokens import caller, project_of
from promptlab.datasets import queries, uploads
from promptlab.datasets.models import Dataset
from promptlab.datasets.turns import Busy

router = Router(tags=["datasets"])


@router.get("", response=Page[DatasetOut], summary="List datasets, newest first")
def list_datasets(request: HttpRequest, project: Path[str], window: Query[Window]) -> Any:
    return window.of(queries.datasets_of(project_of(request, project)))


BUSY: dict[str, Any] = {"responses": {503: {"description": "Other files are being read"}}}


@router.post(
    "",
    response={201: DatasetDetail},
    summary="Upload a file as a dataset",
    openapi_extra=BUSY,
)
def upload_dataset(
    request: HttpRequest, project: Path[str], wish: Form[DatasetIn], file: File[UploadedFile]
) -> Status[Dataset]:
    """CSV, TSV, JSONL, JSON, XLSX, XLS, ODS or Parquet, also as gzip or ZIP, up to 50 MB. Columns
    that the mapping leaves out are ignored.
    """
    found = project_of(request, project, Role.EDITOR)
    return Status(201, _import(found, caller(request), file, wish))


@router.get("/{int:dataset}", response=DatasetDetail, summary="Get a dataset")
def get_dataset(request: HttpRequest, project: Path[str], dataset: int) -> Dataset:
    return dataset_of(project_of(request, project), dataset)


@router.get("/{int:dataset}/examples", response=Page[ExampleOut], summary="List its examples")
def list_examples(
    request: HttpRequest,
    project: Path[str],
    dataset: int,
    window: Query[Window],
    split: Split | None = None,
    words: Text = "",
) -> Any:
    """In the file's order; `words` finds them anywhere in an example."""
    found = dataset_of(project_of(request, project), dataset)
    return window.of(queries.find_examples(found, split or "", words))


def dataset_of(project: Project, number: int) -> Dataset:
    found = project.datasets.filter(pk=number).first()
    if found is None:
        raise Http404(f"There is no dataset {number} in this project.")
    return found


def _import(project: Project, by: User, file: UploadedFile, wish: DatasetIn) -> Dataset:
    upload = uploads.receive(project, by, file, wish.options())
    try:
        if upload.refused is not None:
            raise uploads.refusal_of(upload)
        if upload.waits:
            raise Busy("Other files are being read. Nothing was kept: send yours again.")
        mapping = wish.choices(uploads.found_in(upload).columns)
        return uploads.make_dataset(
            upload, by, wish.name, mapping, skip_unusable=wish.skip_unusable
        )
    except BaseException:
        uploads.discard(upload)
        raise

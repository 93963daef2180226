"""Datasets: list, upload, look at."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import File, Form, Path, Query, Router, Status
from ninja.files import UploadedFile

from optimizer.datasets.splitting import Split
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.base import Text
from promptlab.api.schemas.datasets import (
    AddedOut,
    ChangeIn,
    DatasetDetail,
    DatasetIn,
    DatasetOut,
    DatasetVersionOut,
    ExampleChangeOut,
    ExampleOut,
    ExamplesIn,
    Number,
)
from promptlab.api.tokens import caller, project_of
from promptlab.datasets import queries, services, uploads, versions
from promptlab.datasets.changes import Changes
from promptlab.datasets.downloads import FORMATS, content
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
    request: HttpRequest, project: Path[str], wish: Form[DatasetIn], file: File[list[UploadedFile]]
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
    version: Number | None = None,
) -> Any:
    """In the file's order; `words` finds them anywhere in an example. Of the newest `version`, or
    of an older one.
    """
    found = dataset_of(project_of(request, project), dataset)
    return window.of(queries.find_examples(found, split or "", words, version))


@router.post("/{int:dataset}/examples", response={201: AddedOut}, summary="Add examples")
def add_examples(
    request: HttpRequest, project: Path[str], dataset: int, wish: ExamplesIn
) -> Status[AddedOut]:
    """They make a version. Examples that are there already are not added again."""
    found = dataset_of(project_of(request, project, Role.EDITOR), dataset)
    rows = [example.new_row() for example in wish.examples]
    added = versions.add_rows(found, rows, caller(request), wish.note)
    answer = AddedOut(version=found.version, ids=list(added.keys), known=added.known)
    return Status(201, answer)


@router.put(
    "/{int:dataset}/examples/{example}", response=DatasetDetail, summary="Change an example"
)
def change_example(
    request: HttpRequest, project: Path[str], dataset: int, example: Path[Text], wish: ChangeIn
) -> Dataset:
    """It makes a version, unless all is as it was. Without a `split` it stays in its own."""
    found = dataset_of(project_of(request, project, Role.EDITOR), dataset)
    versions.change_row(found, example, wish.new_row(), caller(request), wish.note, wish.seen)
    return found


@router.delete(
    "/{int:dataset}/examples/{example}", response=DatasetDetail, summary="Take an example out"
)
def remove_example(
    request: HttpRequest, project: Path[str], dataset: int, example: Path[Text]
) -> Dataset:
    """It makes a version; those before keep the example."""
    found = dataset_of(project_of(request, project, Role.EDITOR), dataset)
    row = versions.row_of(found, example)
    versions.remove_rows(found, [row.key], caller(request))
    return found


@router.get(
    "/{int:dataset}/versions",
    response=Page[DatasetVersionOut],
    summary="List its versions, newest first",
)
def list_dataset_versions(
    request: HttpRequest, project: Path[str], dataset: int, window: Query[Window]
) -> Any:
    return window.of(dataset_of(project_of(request, project), dataset).versions.all())


@router.get(
    "/{int:dataset}/versions/{int:number}/changes",
    response=Page[ExampleChangeOut],
    summary="List what a version has otherwise",
)
def list_changes(
    request: HttpRequest,
    project: Path[str],
    dataset: int,
    number: int,
    window: Query[Window],
    against: Number | None = None,
) -> Any:
    """Against the version before; the first one changes nothing."""
    found = dataset_of(project_of(request, project), dataset)
    other = against or number - 1
    for asked in filter(None, (number, against)):
        if not found.versions.filter(number=asked).exists():
            raise Http404(f"There is no version {asked} of this dataset.")
    return window.of(Changes(found, other, number) if other else [])


@router.post(
    "/{int:dataset}/versions/{int:number}/go_back",
    response=DatasetDetail,
    summary="Make a version that holds what an older one does",
)
def go_back_to_version(
    request: HttpRequest, project: Path[str], dataset: int, number: int
) -> Dataset:
    """None is made when the newest holds the same already. Versions between are kept."""
    found = dataset_of(project_of(request, project, Role.EDITOR), dataset)
    versions.go_back(found, number, caller(request), f"As version {number} was")
    return found


@router.get("/{int:dataset}/download/{format}", summary="Download its examples")
def download_dataset(
    request: HttpRequest,
    project: Path[str],
    dataset: int,
    format: Path[Text],
    version: Number | None = None,
) -> HttpResponse:
    """As `jsonl`, `csv`, `spreadsheet` (CSV whose cells are no formulas) or `parquet`, with ids,
    splits and metadata.
    """
    found = dataset_of(project_of(request, project), dataset)
    kind = FORMATS.get(format)
    if kind is None:
        raise Http404(f"Examples are not written as {format}.")
    rows = queries.rows_of(found, version or found.version).iterator(chunk_size=2000)
    return HttpResponse(content(found, rows, kind), content_type=kind.content_type)


def dataset_of(project: Project, number: int) -> Dataset:
    found = project.datasets.filter(pk=number).first()
    if found is None:
        raise Http404(f"There is no dataset {number} in this project.")
    return found


def _import(project: Project, by: User, files: list[UploadedFile], wish: DatasetIn) -> Dataset:
    services.check_name(project, wish.name)
    upload = uploads.receive(project, by, files, wish.options(), again=wish.again)
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

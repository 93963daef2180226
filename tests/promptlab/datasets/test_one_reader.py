"""Page, API and command line read one file alike: the same rows, types and splits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, Signature
from optimizer.datasets.from_file import Splits, read_splits
from optimizer.datasets.table import Options
from promptlab.accounts.models import Project, User
from promptlab.accounts.tokens import create_token
from promptlab.datasets import queries
from promptlab.datasets.models import Dataset, Upload

Examples = dict[str, tuple[str, dict[str, Any], dict[str, Any]]]
"""Split, inputs and expected values by id."""
FIELD_CASES = Path(__file__).parents[2] / "data" / "field_cases"
IMPORT_CASES = Path(__file__).parents[2] / "data" / "import_cases"


def forty_rows() -> str:
    kinds = ("refund", "delivery", "praise")
    return "id,message,urgency,label\n" + "".join(
        f'{n},"text {n}, or so",{n % 4},{kinds[n % 3]}\n' for n in range(40)
    )


FILES: dict[str, tuple[str, bytes]] = {
    "labels": ("t.csv", forty_rows().encode()),
    "greek": ("t.csv", forty_rows().replace("text", "κείμενο").encode("cp1253")),
    "numbers": (
        "t.jsonl",
        "".join(
            json.dumps({"question": f"{n} + {n}?", "answer": 2 * n, "odd": {"deep": [n, None]}})
            + "\n"
            for n in range(30)
        ).encode(),
    ),
    "one line of JSON": (
        "t.json",
        json.dumps(
            {"data": [{"text": f"t {n}", "label": "ab"[n % 2]} for n in range(12)]}
        ).encode(),
    ),
    "a split column": (
        "t.tsv",
        (
            "question\tanswer\tsplit\n"
            + "".join(f"q {n}\ta {n}\t{('train', 'dev', 'test')[n % 3]}\n" for n in range(15))
        ).encode(),
    ),
    "left out": (
        "t.csv",
        b"message,label,note\nhello there,ham,x\nhow are you\nbye now,spam\n"
        b'never closed,"ham,y\nno label,,z\nanother one,ham,w\nlast one,spam,v\n',
    ),
    "repeated": (
        "t.csv",
        (
            "text,label\n" + "".join(f"same text {n % 5},{'ab'[n % 2]}\n" for n in range(30))
        ).encode(),
    ),
    **{
        name: (name, (FIELD_CASES / folder / name).read_bytes())
        for folder, name in (
            ("line_separators", "u2028.jsonl"),
            ("line_separators", "nel.csv"),
            ("tsv_quotes", "messages.tsv"),
            ("tsv_quotes", "messages.csv"),
            ("header_names", "odd.csv"),
            ("json_cells", "backslash_two.csv"),
        )
    },
    "workbook": ("t.xlsx", (IMPORT_CASES / "csvkit__test.xlsx").read_bytes()),
    "parquet": ("t.parquet", (IMPORT_CASES / "qsv__NYC311-5.parquet").read_bytes()),
    "gzip": ("tips.csv.gz", (IMPORT_CASES / "pandas__tips.csv.gz").read_bytes()),
    "real": ("r.csv", (IMPORT_CASES / "pandas__unicode_series.csv").read_bytes()),
}


@pytest.fixture
def site(erin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(erin)


def stored(dataset: Dataset) -> Examples:
    return {row.key: (row.split, row.inputs, row.expected) for row in dataset.examples.all()}


def by_page(site: Client, project: Project, name: str, content: bytes) -> Dataset:
    file = SimpleUploadedFile(name, content)
    site.post(reverse("datasets:new", args=[project.slug]), {"file": file})
    address = reverse("datasets:map", args=[project.slug, Upload.objects.get().token])
    form = site.get(address).context["form"]
    data = {field: form[field].value() for field in form.fields}
    answer = site.post(address, {**{k: v for k, v in data.items() if v is not False}, "name": "p"})
    assert answer.status_code == 302, answer.context["form"].errors
    return Dataset.objects.get(name="p")


def by_api(erin: User, project: Project, name: str, content: bytes) -> Dataset:
    _row, secret = create_token(erin, "test")
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    answer = client.post(
        f"/api/v1/projects/{project.slug}/datasets",
        {"name": "a", "file": SimpleUploadedFile(name, content)},
    )
    assert answer.status_code == 201, answer.content
    return Dataset.objects.get(name="a")


def by_command(tmp_path: Path, program: Program, name: str, content: bytes) -> Splits:
    path = tmp_path / name
    path.write_bytes(content)
    return read_splits(path, program)


def read_by(splits: Splits) -> Examples:
    named = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    return {e.id: (split, e.inputs, e.expected) for split, own in named.items() for e in own}


def program_of(dataset: Dataset) -> Program:
    """One module from the dataset's inputs to its expected values."""
    inputs, expected = queries.fields(dataset)
    module = Predict("answer", Signature(inputs, expected, "Answer."))
    call = Call("answer", "answer", {field.name: f"input.{field.name}" for field in inputs})
    outputs = {field.name: f"answer.{field.name}" for field in expected}
    return Program("one", inputs, (module,), (call,), outputs)


@pytest.mark.parametrize("case", FILES)
def test_the_same_rows_types_and_splits_whoever_reads(
    case: str, site: Client, erin: User, project: Project, tmp_path: Path
) -> None:
    name, content = FILES[case]
    page, api = by_page(site, project, name, content), by_api(erin, project, name, content)
    assert stored(page)
    assert (stored(api), api.left_out) == (stored(page), page.left_out)
    decided = [{k: v for k, v in column.items() if k != "doubt"} for column in api.columns]
    assert decided == page.columns, "what a person sent is in no doubt"
    splits = by_command(tmp_path, program_of(page), name, content)
    assert read_by(splits) == stored(page)
    kinds = {c.field: c.type.value for c in splits.columns if c.role in ("input", "expected")}
    assert kinds == {
        c["field"]: c["type"] for c in page.columns if c["role"] in ("input", "expected")
    }


def test_a_program_decides_what_is_input_and_what_is_expected(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("city,message\n" + "".join(f"city {n},message {n}\n" for n in range(12)))
    module = Predict("m", Signature((Field("message"),), (Field("city"),), "Find it."))
    program = Program(
        "p", (Field("message"),), (module,), (Call("m", "m", {"message": "input.message"}),),
        {"city": "m.city"},
    )  # fmt: skip
    found = read_splits(path, program)
    assert sum(found.sizes) == 12
    assert found.train[0].inputs.keys() == {"message"}
    assert found.train[0].expected.keys() == {"city"}


def test_an_input_is_found_by_its_name_whatever_its_spelling(tmp_path: Path) -> None:
    path = FIELD_CASES / "header_names" / "spaces.csv"
    name = Field("Customer_message")
    module = Predict("m", Signature((name,), (Field("label"),), "Say it."))
    calls = (Call("m", "m", {name.name: f"input.{name.name}"}),)
    program = Program("p", (name,), (module,), calls, {"label": "m.label"})
    found = read_splits(path, program, expected=["Expected label"])
    assert sum(found.sizes) == 8
    assert found.train[0].inputs.keys() == {"Customer_message"}
    assert found.train[0].expected.keys() == {"expected_label"}


@pytest.fixture
def latin(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_bytes("one,ä\ntwo,ö\nthree,ü\n".encode("cp1252"))
    return path


def test_encoding_and_header_can_be_chosen_everywhere(
    site: Client, erin: User, project: Project, latin: Path
) -> None:
    _row, secret = create_token(erin, "test")
    answer = Client(headers={"Authorization": f"Bearer {secret}"}).post(
        f"/api/v1/projects/{project.slug}/datasets",
        {
            "name": "a", "file": SimpleUploadedFile("t.csv", latin.read_bytes()),
            "encoding": "cp1252", "has_header": "false",
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    api = Dataset.objects.get()
    assert [column["name"] for column in api.columns] == ["column 1", "column 2"]
    found = read_splits(latin, program_of(api), options=Options("cp1252", has_header=False))
    assert read_by(found) == stored(api)

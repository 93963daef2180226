"""`manage.py optimize`: files in, a result out, and one clear line when it cannot be."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.lm import Role
from optimizer.files import program_file
from optimizer.files.report import sentence
from optimizer.models import Provider, Run
from optimizer.running import snapshots
from optimizer.sentences.optimizers import description_of
from tests.evaluations import start_tryout
from tests.fakes.openai_server import OpenAIServer, by_schema
from tests.fakes.telling import told
from tests.fakes.world import one_module_program

pytestmark = pytest.mark.usefixtures("transactional_db")
Optimize = Callable[..., dict[str, Any]]


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    program, dataset = tmp_path / "P.json", tmp_path / "D.jsonl"
    program.write_text(program_file.write(one_module_program()))
    rows = [{"message": f"message {i}", "label": ("ham", "spam")[i % 2]} for i in range(40)]
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"program": program, "dataset": dataset}


@pytest.fixture
def optimize(files: dict[str, Path], server: OpenAIServer) -> Optimize:
    def called(*extra: str, **changes: str) -> dict[str, Any]:
        arguments = {
            "program": str(files["program"]),
            "dataset": str(files["dataset"]),
            "metric": "exact_match",
            "model": "openai/scripted",
            "api-base": server.url,
            "trials": "4",
            "minibatch-size": "5",
            **changes,
        }
        out = StringIO()
        given = [part for name, value in arguments.items() for part in (f"--{name}", value)]
        call_command("optimize", *given, "--json", *extra, stdout=out, stderr=StringIO())
        found: dict[str, Any] = json.loads(out.getvalue().strip().splitlines()[-1])
        return found

    return called


def test_a_run_from_files_ends_with_one_line_of_json(
    optimize: Optimize, server: OpenAIServer
) -> None:
    found = optimize()
    assert (found["status"], found["stop_reason"]) == ("finished", "completed")
    assert found["baseline"]["n"] == 16
    assert found["best"]["score"] >= found["baseline"]["score"]
    low, high = found["best"]["interval"]
    assert low <= found["best"]["score"] <= high
    assert found["test"]["best"]["n"] == 8
    assert found["calls"]["task"] + found["calls"]["optimizer"] == found["total_calls"]
    assert found["total_calls"] == len(server.requests)
    assert found["tokens"] > 0
    assert found["cost"] == 0
    assert set(found["best"]["prompts"]) == {"classify"}


def test_the_same_command_again_pays_for_nothing_and_finds_the_same(
    optimize: Optimize, server: OpenAIServer
) -> None:
    first = optimize("--seed", "5")
    paid = len(server.requests)
    second = optimize("--seed", "5")
    assert len(server.requests) == paid
    assert second["best"] == first["best"]
    assert second["total_calls"] == 0


def test_an_estimate_starts_nothing_and_a_run_keeps_to_it(
    optimize: Optimize, server: OpenAIServer
) -> None:
    prices = {"input-price": "1", "output-price": "2"}
    told = optimize("--estimate", **prices)
    assert not Run.objects.exists()
    assert not server.requests
    assert set(told) == {"calls", "tokens", "cost"}
    assert 0 < told["cost"][0] <= told["cost"][1]
    low, high = told["calls"]
    assert low <= optimize(**prices)["total_calls"] <= high
    assert optimize("--estimate")["cost"] is None


def test_the_help_says_what_each_optimizer_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("optimize", "--help")
    said = " ".join(capsys.readouterr().out.split())
    for optimizer in OPTIMIZERS.values():
        assert optimizer.name in said
        assert description_of(optimizer) in said


def test_the_key_is_read_from_the_named_variable_and_stored_encrypted(
    optimize: Optimize, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "sk-CANARY-1234567890"
    monkeypatch.setenv("MY_KEY", server.key)
    assert optimize(**{"api-key-env": "MY_KEY"})["status"] == "finished"
    provider = Provider.objects.get(namespace="cli")
    assert server.key.encode() not in bytes(provider.secret or b"")
    assert provider.secret_hint == "…7890"


def test_a_wrong_key_fails_with_the_providers_words_and_costs_nothing(
    optimize: Optimize, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "sk-right-right-right"
    monkeypatch.setenv("MY_KEY", "sk-CANARY-1234567890")
    with pytest.raises(SystemExit) as ended:
        optimize(**{"api-key-env": "MY_KEY"})
    assert ended.value.code == 1
    assert "MY_KEY" not in os.environ  # it was read, and nobody else shall find it
    run = Run.objects.get()
    assert (run.status, run.used_calls, run.spent) == ("failed", 0, 0)
    assert "answered 401: the key is missing, wrong" in told(run.message)
    assert "Incorrect API key" in run.said
    assert "CANARY" not in f"{told(run.message)}{run.said}"
    assert "It said: “Incorrect API key" in sentence(run)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"program": "absent.json"}, "cannot be read"),
        ({"dataset": "absent.jsonl"}, "absent.jsonl cannot be read: No such file"),
        ({"metric": "choice_accuracy", "expected": "colour"}, "no expected column"),
        ({"optimizer": "module_opro"}, "--minibatch-size does nothing in “module_opro”"),
        ({"max-calls": "3"}, "baseline and one trial need 21 calls"),
        ({"max-cost": "0.5"}, "price of scripted is not known"),
        ({"api-key-env": "NO_SUCH_VARIABLE"}, "NO_SUCH_VARIABLE is empty"),
        ({"model": "sagemaker/endpoint"}, "“sagemaker” cannot be called here"),
        ({"model": "gpt-4o-mini"}, "write provider/model"),
    ],
)
def test_what_cannot_work_is_told_in_one_line_before_anything_is_spent(
    optimize: Optimize, server: OpenAIServer, changes: dict[str, str], told: str
) -> None:
    with pytest.raises(CommandError, match=told) as refused:
        optimize(**changes)
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    assert not Run.objects.exists()
    assert not server.requests


def test_a_key_is_not_sent_to_two_vendors(
    optimize: Optimize, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-CANARY-1234567890")
    two = {"model": "openai/a", "optimizer-model": "anthropic/b", "api-base": ""}
    with pytest.raises(CommandError, match="of 2: anthropic, openai") as refused:
        optimize(**{**two, "api-key-env": "MY_KEY"})
    assert refused.value.returncode == 2
    assert not Provider.objects.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "The file is empty"),
        ("not json\n", "The file is not JSON"),
        ('{"message": \n', "The file is not JSON: expecting value"),
        ('{"text": "a"}\n{"text": "b"}\n', "has no “message”, .* its columns are text"),
        ('["a"]', "a list of objects"),
        ('{"message": "a", "label": "x"}\n', "Only one row can be used"),
    ],
)
def test_a_broken_dataset_is_told_in_one_line(
    optimize: Optimize, files: dict[str, Path], content: str, told: str
) -> None:
    files["dataset"].write_text(content)
    with pytest.raises(CommandError, match=told) as refused:
        optimize()
    assert refused.value.returncode == 2


def test_what_is_wrong_in_a_program_file_is_told_with_its_place(
    optimize: Optimize, files: dict[str, Path]
) -> None:
    program = json.loads(files["program"].read_text())
    program["modules"][0]["name"] = "no name"
    files["program"].write_text(json.dumps(program | {"inputs": [{"name": 3}]}))
    with pytest.raises(CommandError, match=r"inputs\[0\]\.name: use a text\.") as refused:
        optimize()
    assert refused.value.returncode == 2


def test_a_split_column_deals_the_rows_out(optimize: Optimize, files: dict[str, Path]) -> None:
    rows = [
        {"message": f"message {i}", "label": ("ham", "spam")[i % 2], "split": split}
        for i, split in enumerate(["train"] * 10 + ["dev"] * 12 + ["test"] * 5)
    ]
    files["dataset"].write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = optimize()
    assert (found["baseline"]["n"], found["test"]["best"]["n"]) == (12, 5)


def test_a_run_that_could_not_go_on_is_resumed_by_its_number(
    optimize: Optimize, server: OpenAIServer
) -> None:
    server.fault = lambda body, number: "401" if number > 10 else ""
    with pytest.raises(SystemExit) as ended:
        optimize()
    assert ended.value.code == 1
    run = Run.objects.get()
    assert "refuses the calls" in told(run.message)
    server.fault = lambda body, number: ""
    out = StringIO()
    call_command("optimize", "--resume", str(run.pk), "--json", stdout=out, stderr=StringIO())
    assert json.loads(out.getvalue())["status"] == "finished"


def test_several_optimizer_models_are_compared_where_the_optimizer_does_that(
    optimize: Optimize,
) -> None:
    models = ("--optimizer-model", "openai/one", "--optimizer-model", "openai/two")
    found = optimize(*models, optimizer="zero_shot_mipro_plus")
    spec = snapshots.thaw(Run.objects.get(pk=found["run"]))
    assert spec.models[Role.OPTIMIZER].model == "one"
    assert [ref.model for ref in spec.further_optimizers] == ["two"]
    assert "importances" in found
    with pytest.raises(CommandError, match="writes with one model"):
        optimize(*models, optimizer="mipro")


def test_a_setting_of_zero_is_refused_by_name(optimize: Optimize) -> None:
    with pytest.raises(CommandError, match="demo_sets is 0, but must be 1 or more"):
        optimize("--demo-sets", "0")


def test_a_baseline_that_says_nothing_pauses_with_samples_and_a_code_of_its_own(
    files: dict[str, Path], server: OpenAIServer
) -> None:
    server.script = lambda body: "I am \x1b[31msorry\u202e."
    arguments = [
        *("--program", str(files["program"]), "--dataset", str(files["dataset"])),
        *("--metric", "exact_match", "--model", "openai/scripted", "--api-base", server.url),
    ]
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("optimize", *arguments, "--json", stdout=out, stderr=err)
    assert ended.value.code == 3
    told = err.getvalue()
    assert "is paused (its baseline says nothing). Of the 16 examples that the baseline" in told
    assert "What came, for instance:\nExample " in told
    assert "    I am \ufffd[31msorry\ufffd.\n" in told
    found = json.loads(out.getvalue().strip().splitlines()[-1])
    assert (found["status"], found["stop_reason"]) == ("paused", "unreadable")
    assert found["unread"]["samples"][0]["reply"] == "I am \x1b[31msorry\u202e."
    paid = len(server.requests)
    server.script = by_schema
    out = StringIO()
    call_command("optimize", "--resume", str(found["run"]), "--json", stdout=out, stderr=err)
    assert json.loads(out.getvalue().strip().splitlines()[-1])["status"] == "finished"
    assert max(server.sent().values()) == 1
    assert len(server.requests) > paid


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"message": "a\0b"}, "Line 8 has a null byte"),
        ({"unused": "\udfff"}, "Line 8 has half a character"),
        ({"unused": ["a", "\ud800"]}, "Line 8 has half a character"),
        ({"unused": float("nan")}, "Line 8 has NaN, which is not a JSON number"),
        ({"label": None}, "Line 8, column “label”, has no expected value"),
        ({"unused": {"deep": [None, {"x": 1}]}}, ""),
        ({"unused": 10**400}, ""),
        ({"unused": [1, "a", None]}, ""),
        ({"unused": True}, ""),
    ],
)
def test_an_odd_value_costs_its_row_at_most_and_is_told_with_its_line(
    files: dict[str, Path], server: OpenAIServer, odd: dict[str, Any], told: str
) -> None:
    lines = files["dataset"].read_text().splitlines()
    lines[7] = json.dumps(json.loads(lines[7]) | odd)
    files["dataset"].write_text("\n".join(lines))
    arguments = [
        *("--program", str(files["program"]), "--dataset", str(files["dataset"])),
        *("--metric", "exact_match", "--model", "openai/scripted", "--api-base", server.url),
    ]
    err = StringIO()
    call_command("optimize", *arguments, "--estimate", stdout=StringIO(), stderr=err)
    assert told in err.getvalue()
    assert ("Line 8" in err.getvalue()) == bool(told)


def test_a_file_is_read_in_another_encoding_and_without_names(
    optimize: Optimize, files: dict[str, Path]
) -> None:
    rows = "".join(f"κείμενο {n},{('ham', 'spam')[n % 2]}\n" for n in range(40))
    table = files["dataset"].with_suffix(".csv")
    table.write_bytes(("message,label\n" + rows).encode("cp1253"))
    assert optimize("--encoding", "cp1253", dataset=str(table))["baseline"]["n"] == 16
    with pytest.raises(CommandError, match=r"has no “message”, .* are column 1, column 2"):
        optimize("--no-header", dataset=str(table))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("model", "openai/a\udcff", "--model is no text in UTF-8"),
        ("output", "\udcff", "--output is no text in UTF-8"),
        ("model", "openai/" + "x" * 201, "is no model's name: it is longer than 200"),
    ],
)
def test_an_argument_that_cannot_be_stored_is_refused_in_words(
    optimize: Optimize, name: str, value: str, told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        optimize(**{name: value})


def test_a_try_out_is_no_run_that_a_command_goes_on_with(spec: RunSpec) -> None:
    row = start_tryout(spec)
    with pytest.raises(CommandError, match=f"There is no run {row.pk}"):
        call_command("optimize", resume=row.pk)

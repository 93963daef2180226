"""The client as a command, over the API: files and their lock, checks with exit codes, watching."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from promptlab.accounts.models import User
from promptlab.programs.models import Program
from promptlab.reviews import labels
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.api.conftest import ApiOf
from tests.promptlab.approving import approve
from tests.promptlab.releases.test_client import loaded
from tests.promptlab.runs.scene import Scene

Command = Callable[..., int]
NAME = "support-triage"


@pytest.fixture
def lab(tmp_path: Path, bob: User, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client's file, whose calls go to the product without a server between."""
    module: Any = loaded(tmp_path)
    client = api_of(bob)

    def send(
        self: Any, method: str, path: str, body: Any = None, headers: Any = None
    ) -> tuple[int, bytes, dict[str, str]]:
        given = {} if body is None else {"data": json.dumps(body)}
        answer = client.generic(
            method, f"/api/v1{path}", content_type="application/json", headers=headers, **given
        )
        if answer.status_code >= 400:
            raise module.refusal_of(answer.status_code, answer.content)
        return answer.status_code, answer.content, dict(answer.items())

    monkeypatch.setattr(module.Promptlab, "send", send)
    monkeypatch.setenv("PROMPTLAB_PROJECT", "support-triage")
    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return module


@pytest.fixture
def version(finished: ProjectRun, bob: User) -> Version:
    assert finished.run.best_candidate is not None
    made = approve(finished, finished.run.best_candidate, bob, "Good.")
    labels.promote(made, "production", bob, None)
    return made


def test_a_version_that_is_good_enough_passes(
    lab: Any, version: Version, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, table = tmp_path / "junit.xml", tmp_path / "summary.md"
    words = ["check", NAME, "--label", "production", "--min", "0.1", "--parity", "5"]
    code = lab.main([*words, "--junit", str(report), "--summary", str(table)])
    told = capsys.readouterr().out
    assert code == 0, told
    assert told.count("ok  ") == 2
    suite = ElementTree.fromstring(report.read_text("utf-8"))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")
    assert "| ✅ | Support triage v1: validation score of 0.1 or more |" in table.read_text("utf-8")


def test_one_that_is_not_fails_and_says_by_how_much(
    lab: Any, version: Version, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "junit.xml"
    words = ["check", NAME, "--min", "1.0", "--surely", "--junit", str(report)]
    assert lab.main(words) == 1
    assert "FAIL Support triage v1" in capsys.readouterr().out
    suite = ElementTree.fromstring(report.read_text("utf-8"))
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "95 % interval" in str(failure.get("message"))
    found = version.content.provenance.scores.comparison
    assert found is not None
    assert lab.main(["check", NAME, "--better"]) == (0 if found.verdict == "better" else 1)
    assert lab.main(["check", NAME]) == 2
    assert lab.main(["check", "nothing", "--min", "0"]) == 2


def test_programs_are_pulled_changed_and_pushed(
    lab: Any, version: Version, erin: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = ["--folder", str(tmp_path / "work")]
    assert lab.main(["pull", *work]) == 0
    assert "production is version 1" in capsys.readouterr().out
    kept = tmp_path / "work" / "prompts" / f"{NAME}.json"
    assert kept.read_text("utf-8") == version.canonical
    assert lab.main(["diff", *work]) == 0
    file = tmp_path / "work" / "programs" / f"{NAME}.json"
    program = json.loads(file.read_text("utf-8"))
    program["description"] = "Changed here."
    file.write_text(json.dumps(program), "utf-8")
    assert lab.main(["diff", *work]) == 1
    assert '+  "description": "Changed here.",' in capsys.readouterr().out
    assert lab.main(["pull", *work]) == 0
    assert "changed here, kept" in capsys.readouterr().out
    assert lab.main(["push", *work]) == 0
    assert Program.objects.get().core.description == "Changed here."
    assert lab.main(["push", *work]) == 0
    assert lab.main(["diff", *work]) == 0
    lock = json.loads((tmp_path / "work" / "promptlab.lock.json").read_text("utf-8"))
    assert lock["programs"][NAME]["revision"] == Program.objects.get().revision
    assert lock["prompts"][NAME]["version"] == 1


def test_what_changed_on_both_sides_is_not_overwritten(
    lab: Any, scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = ["--folder", str(tmp_path / "work")]
    assert lab.main(["pull", *work]) == 0
    file = tmp_path / "work" / "programs" / f"{NAME}.json"
    program = json.loads(file.read_text("utf-8"))
    Program.objects.update(revision=scene.program.revision + 1)
    file.write_text(json.dumps(program | {"description": "Mine."}), "utf-8")
    assert lab.main(["pull", *work]) == 1
    assert lab.main(["push", *work]) == 1
    assert "Mine." in file.read_text("utf-8")
    assert "changed here and there" in capsys.readouterr().err
    assert lab.main(["pull", *work, "--force"]) == 0
    assert "Mine." not in file.read_text("utf-8")


def test_a_new_file_becomes_a_program(lab: Any, scene: Scene, tmp_path: Path) -> None:
    work = ["--folder", str(tmp_path / "work")]
    assert lab.main(["pull", *work]) == 0
    folder = tmp_path / "work" / "programs"
    program = json.loads((folder / f"{NAME}.json").read_text("utf-8"))
    (folder / "another-one.json").write_text(json.dumps(program | {"name": "Another one"}), "utf-8")
    assert lab.main(["push", *work]) == 0
    assert Program.objects.filter(slug="another-one").exists()
    assert lab.main(["diff", *work]) == 0


def test_a_run_is_watched_to_its_end(
    lab: Any, finished: ProjectRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab.main(["watch", "1"]) == 0
    told = capsys.readouterr().out
    assert "phase_started" in told
    assert told.splitlines()[-1].startswith("Run 1: ")
    assert lab.main(["watch", "99"]) == 2

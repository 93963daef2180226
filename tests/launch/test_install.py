"""Which requirements are due, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptlab.launch import install
from promptlab.launch.install import due_set, stamp


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty .venv of our own."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    monkeypatch.setattr(install, "VENV", tmp_path)
    monkeypatch.setattr(install, "PYTHON", tmp_path / "bin" / "python")
    return tmp_path


def as_installed(name: str) -> None:
    stamp(name).write_text(install.digest(name) + "\n")


@pytest.mark.parametrize("wanted", ["run", "dev"])
def test_in_an_empty_venv_what_is_wanted_is_due(wanted: str, venv: Path) -> None:
    assert due_set(wanted) == wanted
    as_installed(wanted)
    assert due_set(wanted) is None


def test_what_tests_need_serves_to_run_and_not_the_other_way_round(venv: Path) -> None:
    as_installed("run")
    assert due_set("dev") == "dev"
    stamp("run").unlink()
    as_installed("dev")
    assert due_set("run") is None


def test_a_start_after_new_requirements_keeps_what_tests_need(venv: Path) -> None:
    stamp("dev").write_text("of an older lock\n")
    assert due_set("run") == "dev"
    stamp("dev").unlink()
    stamp("run").write_text("of an older lock\n")
    assert due_set("run") == "run"
    (venv / "bin" / "pytest").touch()
    assert due_set("run") == "dev"

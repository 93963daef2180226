"""An administrator of the installation has the embedded engine run a model file of the machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from promptlab.accounts.models import User
from promptlab.launch.home import Home
from promptlab.launch.model_weights import FACT, VARIABLE

HOME, MODEL = "/installation/", "/installation/model/"


@pytest.fixture
def desk(
    olga: User, client_of: Callable[[User], Client], settings: Settings, tmp_path: Path
) -> Client:
    settings.HOME = Home(tmp_path / "home").prepare()
    settings.HOME.write_fact("model", {"url": "http://127.0.0.1:1/v1", "name": "one"})
    settings.EMBEDDED_MODEL_NAME = "one"
    return client_of(olga)


def file_of(folder: Path) -> str:
    path = folder / "two.gguf"
    path.write_bytes(b"GGUF")
    return str(path)


def test_the_launcher_is_told_which_file_to_run(
    desk: Client, settings: Settings, tmp_path: Path
) -> None:
    answer = desk.post(MODEL, {"path": f" {file_of(tmp_path)} "}, follow=True)
    assert "The engine starts two" in answer.content.decode()
    assert settings.HOME.read_fact(FACT) == {"path": str(tmp_path / "two.gguf")}
    assert str(tmp_path / "two.gguf") in answer.content.decode()

    desk.post(MODEL, {"path": ""})
    assert settings.HOME.read_fact(FACT) == {}


def test_a_file_that_cannot_be_run_is_said_to_be_none_and_stays_in_the_field(
    desk: Client, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no weights")
    for path, why in (
        (tmp_path / "notes.txt", "is no GGUF file"),
        (tmp_path / "x", "No such file"),
    ):
        answer = desk.post(MODEL, {"path": str(path)})
        assert answer.status_code == 422
        assert why in str(answer.context["model_form"].errors["path"])
        assert answer.context["model_form"]["path"].value() == str(path)
    assert settings.HOME.read_fact(FACT) == {}


def test_what_the_command_named_is_not_changed_on_the_pages(
    desk: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/models/three.gguf")
    assert "/models/three.gguf" in desk.get(HOME).content.decode()
    assert desk.post(MODEL, {"path": file_of(tmp_path)}).status_code == 422
    assert settings.HOME.read_fact(FACT) == {}


def test_an_engine_that_somebody_else_starts_is_not_ours_to_choose_for(
    desk: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.HOME.drop_fact("model")
    answer = desk.post(MODEL, {"path": file_of(tmp_path)})
    assert "is not chosen here" in str(answer.context["model_form"].errors["path"])

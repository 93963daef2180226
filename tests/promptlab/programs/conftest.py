"""A dataset of messages with their intents, programs that fit it, and a model to call."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from optimizer.core.programs.program import Program as CoreProgram
from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.datasets.models import Dataset
from promptlab.datasets.services import import_dataset
from promptlab.programs.models import Program
from promptlab.programs.services import create_program
from tests.core.programs import ONE_STEP, TWO_STEPS

ROWS = [
    ("Where is my parcel?", "delivery"),
    ("I want my money back.", "refund"),
    ("Can I pay in yen?", "other"),
]


@pytest.fixture
def dataset(project: Project, erin: User) -> Dataset:
    lines = ["message,intent"]
    for n in range(8):
        lines += [f"{text.removesuffix('?')} ({n}),{label}" for text, label in ROWS]
    file = io.BytesIO("\n".join(lines).encode())
    return import_dataset(project, erin, "Tickets", file, source_name="tickets.csv")


@pytest.fixture
def make_program(project: Project, erin: User) -> Callable[..., Program]:
    def made(core: CoreProgram, name: str = "") -> Program:
        return create_program(project, erin, name or core.name, core)

    return made


@pytest.fixture
def one_step(make_program: Callable[..., Program]) -> Program:
    return make_program(ONE_STEP, "Intents")


@pytest.fixture
def two_steps(make_program: Callable[..., Program]) -> Program:
    return make_program(TWO_STEPS, "Gist first")


@pytest.fixture
def provider(project: Project) -> Provider:
    return Provider.objects.create(
        namespace=project.namespace,
        name="Scripted",
        kind=Provider.Kind.OPENAI_COMPATIBLE,
        api_base="http://127.0.0.1:1/v1",
        models_offered=["scripted"],
    )

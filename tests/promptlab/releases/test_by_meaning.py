"""Files whose demos are chosen by meaning choose as the run did, with its vectors or their own."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.core.programs.demo import NearestDemos
from optimizer.core.programs.lm import EmbeddingModel
from optimizer.core.programs.program import Program
from optimizer.core.programs.vectors import vector_of
from optimizer.lm.embeddings import vector_key
from optimizer.lm.kept_vectors import endpoint_name
from optimizer.models import Provider, TextVector
from promptlab.accounts.models import Project
from promptlab.releases import services as releases
from promptlab.releases.formats.dspy_files import Names, dspy_module, dspy_state
from promptlab.releases.formats.python_file import python_file
from promptlab.releases.formats.reach import Reach, VectorReach
from promptlab.reviews.models import Version
from tests.fakes.meanings import numbers_for
from tests.fakes.openai_server import OpenAIServer
from tests.promptlab.releases.contents import content_of, nearest_demos
from tests.promptlab.releases.test_dspy_adapter import DRIVER
from tests.promptlab.releases.test_python_file import conversation, run_file

MODEL = EmbeddingModel(7, "toy-embed")


def by_meaning(model: EmbeddingModel = MODEL) -> Program:
    def changed(demos: Any) -> Any:
        assert isinstance(demos, NearestDemos)
        return replace(demos, embedding=model)

    program = nearest_demos()
    modules = tuple(replace(m, demos=changed(m.demos)) for m in program.modules)
    return replace(program, modules=modules)


def reach(program: Program, server: OpenAIServer, carried: bool) -> Reach:
    vectors = {
        m.demos.pool.digest: base64.b64encode(
            b"".join(vector_of(numbers_for(text)) for text in m.demos.pool.embed(MODEL).texts)
        ).decode()
        for m in program.modules
        if isinstance(m.demos, NearestDemos) and carried
    }
    return Reach(embedding={MODEL: VectorReach("toy-embed", server.url, True, vectors)})


@pytest.mark.parametrize("carried", [True, False])
def test_the_python_file_says_the_very_messages_of_the_run(carried: bool, tmp_path: Path) -> None:
    program = by_meaning()
    inputs = {f.name: f"Where is “{f.name}”?\nNow." for f in program.inputs}
    said, told, outputs = conversation(program, inputs)
    words, _told, _outputs = conversation(nearest_demos(), inputs)
    assert [p.messages for p in said] != [p.messages for p in words]
    with OpenAIServer() as server:
        source = python_file(content_of(program), "0" * 64, reach(program, server, carried))
        printed, requests = run_file(tmp_path, source, inputs, told)
    assert printed == outputs
    for prompt, request in zip(said, requests, strict=True):
        assert request["messages"] == [
            {"role": m.role, "content": m.content} for m in prompt.messages
        ]
    sizes = [len(body["input"]) for body in server.requests]
    assert sizes == ([1, 1] if carried else [12, 1, 12, 1])
    assert {body["model"] for body in server.requests} == {"toy-embed"}


def test_the_dspy_module_says_them_too(tmp_path: Path) -> None:
    program = by_meaning()
    names, content = Names.of(program), content_of(program)
    inputs = {f.name: f"a {f.name}" for f in program.inputs}
    said, _told, _outputs = conversation(program, inputs)
    with OpenAIServer() as server:
        made = {
            "source": dspy_module(content, "0" * 64, reach(program, server, carried=True)),
            "state": dspy_state(content, "0" * 64),
            "name": names.program,
            "inputs": {names.fields[name]: value for name, value in inputs.items()},
        }
        asked = {"source": "", "said": [], "programs": {"this": made}}
        done = subprocess.run(
            [sys.executable, "-c", DRIVER], input=json.dumps(asked), text=True, encoding="utf-8",
            cwd=tmp_path, capture_output=True, timeout=240, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    heard = json.loads(done.stdout)["heard"]["this"]
    first = [{"role": m.role, "content": m.content} for m in said[0].messages]
    assert heard[0][0] == first


def test_a_version_s_files_have_the_address_of_now_and_the_vectors_that_were_bought(
    project: Project,
) -> None:
    provider = Provider.objects.create(
        namespace=project.namespace, name="Vectors", kind=Provider.Kind.OPENAI_COMPATIBLE,
        api_base="http://127.0.0.1:9/v1?key=secret",
    )  # fmt: skip
    model = EmbeddingModel(provider.pk, "toy-embed")
    program = by_meaning(model)
    version = Version(project=project, canonical=content_of(program).canonical())
    assert releases.vectors_of(version)[model].vectors == {}
    pools = [m.demos.pool for m in program.modules if isinstance(m.demos, NearestDemos)]
    texts = {text for pool in pools for text in pool.embed(model).texts}
    name = endpoint_name(provider)
    TextVector.objects.bulk_create(
        TextVector(
            key=vector_key(project.namespace, name, "toy-embed", text),
            namespace=project.namespace, vector=vector_of(numbers_for(text)),
        )
        for text in texts
    )  # fmt: skip
    found = releases.vectors_of(version)[model]
    assert (found.api_base, found.keyless) == ("http://127.0.0.1:9/v1", True)
    assert set(found.vectors) == {pool.digest for pool in pools}
    source = python_file(content_of(program), "0" * 64, Reach(embedding={model: found}))
    assert "secret" not in source
    assert "it needs no key" in " ".join(source.split())
    provider.delete()
    assert releases.vectors_of(version) == {}


def test_a_file_says_plainly_what_it_needs_where_no_address_is_known() -> None:
    source = python_file(content_of(by_meaning()), "0" * 64)
    head = " ".join(source[: source.index("from __future__")].split())
    assert "it calls the embedding model toy-embed at EMBEDDING_API_BASE" in head
    assert "EMBEDDING_API_KEY is its key" in head


def test_a_file_that_chooses_by_words_carries_nothing_of_it() -> None:
    source = python_file(content_of(nearest_demos()), "0" * 64)
    assert "urllib" not in source
    assert "EMBEDDING" not in source

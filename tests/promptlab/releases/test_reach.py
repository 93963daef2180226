"""Downloaded files run where the run did: they know the address of its model, and how the model
wants its requests; never a key.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from django.test import Client

from optimizer import codec
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Role
from optimizer.core.programs.render import render
from optimizer.lm import secrets
from optimizer.lm.call import call_of
from optimizer.lm.traits import ReplyForm, Temperature, Traits, parameters
from optimizer.models import Provider
from promptlab.accounts.models import User
from promptlab.accounts.tokens import create_token
from promptlab.releases import services as releases
from promptlab.releases.formats import FORMATS
from promptlab.releases.formats.dspy_files import Names, dspy_module, dspy_state
from promptlab.releases.formats.python_file import python_file
from promptlab.releases.formats.reach import Reach
from promptlab.reviews.content import VersionContent, read_content
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.fakes.flows import opinions
from tests.fakes.openai_server import OpenAIServer
from tests.promptlab.approving import approve
from tests.promptlab.releases.contents import content_of, one_choice, two_modules
from tests.promptlab.releases.test_python_file import run_file
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]
CALLING = ["python", "dspy_module"]
KEY = "sk-of-the-endpoint-1234567890"
PICKY = Traits(ReplyForm.JSON, True, 90, Temperature.OWN, system=False)
TRAITS = {
    "plain": Traits(),
    "picky": PICKY,
    "free": Traits(ReplyForm.FREE),
    "lukewarm": Traits(temperature=Temperature.WITHIN, most_tokens=50),
}


def wants(body: dict[str, Any]) -> web.Response | None:
    """What a server of PICKY says to anything else."""
    roles = {message["role"] for message in body["messages"]}
    form = body.get("response_format", {}).get("type")
    limit = body.get("max_completion_tokens", 1000)
    if {"temperature", "max_tokens"} & set(body) or "system" in roles or form != "json_object":
        return web.json_response({"error": {"message": "Not so."}}, status=400)
    return (
        web.json_response({"error": {"message": "Too much."}}, status=400) if limit > 90 else None
    )


def run(folder: Path, source: str, inputs: dict[str, str], **environ: str) -> dict[str, Any]:
    """The file as people run it, with LiteLLM, nothing of ours and a key of somebody else's."""
    (folder / "prompt.py").write_text(source, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUTF8": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True", "OPENAI_API_KEY": "sk-of-openai", **environ,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(folder / "prompt.py"), json.dumps(inputs)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_python_file_runs_as_it_comes(tmp_path: Path) -> None:
    with OpenAIServer(script=lambda body: '{"intent": "delivery"}', wants=wants) as server:
        reach = Reach(server.url, keyless=True, traits=PICKY)
        file = python_file(content_of(one_choice()), "0" * 64, reach)
        assert run(tmp_path, file, {"message": "Where is it?"}) == {"intent": "delivery"}
        (sent,) = server.requests
        assert sent["max_completion_tokens"] == 90
        assert server.headers[0]["authorization"] == "Bearer none"


def test_the_key_comes_from_the_variable_that_the_file_names(tmp_path: Path) -> None:
    with OpenAIServer(script=lambda body: '{"intent": "delivery"}', key=KEY) as server:
        file = python_file(content_of(one_choice()), "0" * 64, Reach(server.url))
        assert "its key comes from LITELLM_API_KEY" in " ".join(file.split())
        found = run(tmp_path, file, {"message": "Where is it?"}, LITELLM_API_KEY=KEY)
        assert found == {"intent": "delivery"}


DSPY = """
import importlib.util, json, sys
import dspy

found = {}
for shape, (name, inputs) in json.loads(sys.argv[1]).items():
    made = importlib.util.spec_from_file_location(shape, f"{shape}.py")
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    dspy.configure(lm=module.task_model())
    program = getattr(module, name)()
    program.load(f"{shape}.dspy.json")
    found[shape] = dict(program(**inputs))
print(json.dumps(found))
"""


def test_the_dspy_module_calls_the_model_as_the_run_did(tmp_path: Path) -> None:
    program = one_choice()
    content, names = content_of(program), Names.of(program)
    with (
        OpenAIServer(script=lambda body: '{"intent": "delivery"}', wants=wants) as picky,
        OpenAIServer(script=lambda body: '{"intent": "refund"}') as plain,
        OpenAIServer(script=lambda body: '{"reasoning": "-", "kind": "other"}') as drawn,
    ):
        reaches = {
            "picky": Reach(picky.url, keyless=True, traits=PICKY),
            "plain": Reach(plain.url, keyless=True),
        }
        reaches["draws"] = Reach(drawn.url, keyless=True)
        contents = {"draws": content_of(opinions())}
        for shape, reach in reaches.items():
            made = dspy_module(contents.get(shape, content), "0" * 64, reach)
            (tmp_path / f"{shape}.py").write_text(made, encoding="utf-8")
            state = dspy_state(contents.get(shape, content), "0" * 64)
            (tmp_path / f"{shape}.dspy.json").write_text(state, encoding="utf-8")
        called = {**dict.fromkeys(reaches, names.program), "draws": Names.of(opinions()).program}
        asked = json.dumps({key: [called[key], {"message": "Where?"}] for key in reaches})
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONUTF8": "1",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True", "OPENAI_API_KEY": "sk-of-openai",
            "DSPY_CACHEDIR": str(tmp_path / "cache"),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", DSPY, asked],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {
            "picky": {"intent": "delivery"}, "plain": {"intent": "refund"},
            "draws": {"kind": "other"},
        }  # fmt: skip
        assert len(drawn.requests) == opinions().lm_calls  # none of them a reply that was kept
        assert {sent["temperature"] for sent in drawn.requests} == {0.7}
        for server in (picky, plain):
            assert server.headers[0]["authorization"] == "Bearer none"
        (sent,) = plain.requests
        said = render(
            program.modules[0], baseline_of(program).modules["classify"], {"message": "Where?"}
        )
        assert sent["messages"] == [{"role": m.role, "content": m.content} for m in said.messages]
        assert sent["response_format"]["json_schema"]["schema"] == said.schema
        assert (sent["temperature"], sent["max_tokens"]) == (0.0, 400)


@pytest.mark.parametrize("traits", TRAITS)
def test_a_request_is_what_the_model_takes(traits: str, tmp_path: Path) -> None:
    """As `optimizer.lm.traits.parameters` sends it in a run."""

    program, told = two_modules(), TRAITS[traits]
    file = python_file(content_of(program), "0" * 64, Reach("http://127.0.0.1:9/v1", traits=told))
    replies = [
        '{"intent": "refund"}',
        '{"reasoning": "r", "reply": "a", "urgent": true, "parcels": 1, "mood": 0.5, "topics": []}',
    ]
    _outputs, (first, _second) = run_file(tmp_path, file, {"message": "Hi"}, replies)
    prompt = render(program.modules[0], baseline_of(program).modules["classify"], {"message": "Hi"})
    call = call_of(prompt, ModelRef(1, "tiny", 0.0, 400), Role.TASK, None)
    ours = {"model", "api_base", "api_key", "drop_params", "num_retries"}
    wanted = parameters(call, told)
    assert {k: v for k, v in first.items() if k not in ours} == {
        k: v for k, v in wanted.items() if k != "model"
    }


def approved(finished: ProjectRun, by: User, **changes: Any) -> Version:
    """A version whose task model's provider is so, when it was approved and now."""
    Provider.objects.filter(pk=task_provider(finished)).update(**changes)
    assert finished.run.best_candidate is not None
    return approve(finished, finished.run.best_candidate, by, "Fine.")


def task_provider(finished: ProjectRun) -> int:
    found: int = finished.run.spec["models"]["task"]["provider"]
    return found


@pytest.mark.parametrize("format", CALLING)
def test_the_address_of_an_endpoint_is_in_the_file_and_no_key(
    format: str, finished: ProjectRun, bob: User
) -> None:
    address = f"http://me:{KEY}@models.example.org:8000/v1?api_key={KEY}"
    version = approved(
        finished, bob, api_base=address, secret=secrets.encrypt(KEY),
        secret_hint=secrets.hint(KEY),
    )  # fmt: skip
    file = releases.file_of(version, FORMATS[format]).decode()
    assert '"http://models.example.org:8000/v1"' in file
    assert "its key comes from LITELLM_API_KEY" in " ".join(file.split())
    assert KEY not in file
    assert "models.example.org" not in version.canonical  # that one is for ever, and for anybody


@pytest.mark.parametrize("format", CALLING)
def test_the_embedded_model_is_where_it_runs_now(
    format: str, finished: ProjectRun, bob: User, settings: Any
) -> None:
    version = approved(finished, bob, kind=Provider.Kind.EMBEDDED, api_base="")
    for port in (8123, 8124):
        settings.EMBEDDED_MODEL_URL = f"http://127.0.0.1:{port}/v1"
        file = releases.file_of(version, FORMATS[format]).decode()
        assert f'"http://127.0.0.1:{port}/v1"' in file
        assert "as long as that runs; it needs no key" in " ".join(file.split())
        ready = json.loads(releases.file_of(version, FORMATS["prompts"]))
        assert ready["model"]["api_base"] == f"http://127.0.0.1:{port}/v1"
    settings.EMBEDDED_MODEL_URL = None
    file = releases.file_of(version, FORMATS[format]).decode()
    assert "127.0.0.1" not in file
    assert "Set LITELLM_API_BASE to the address" in " ".join(file.split())


@pytest.mark.parametrize("format", CALLING)
def test_a_provider_that_is_gone_leaves_what_was_learned(
    format: str, finished: ProjectRun, bob: User
) -> None:
    model = finished.run.spec["models"]["task"]["model"]
    learned = codec.to_json({model: PICKY}, dict[str, Traits])
    version = approved(finished, bob, model_traits=learned)
    assert read_content(version.data).provenance.models[Role.TASK].traits == PICKY
    Provider.objects.filter(pk=task_provider(finished)).delete()
    file = releases.file_of(version, FORMATS[format]).decode()
    assert "max_completion_tokens" in file
    assert "Set LITELLM_API_BASE to the address" in " ".join(file.split())


@pytest.mark.parametrize("format", CALLING)
def test_a_vendor_s_model_is_found_by_its_name(format: str) -> None:
    content = content_of(one_choice())
    task = replace(
        content.provenance.models[Role.TASK], kind="litellm", litellm_model="anthropic/claude"
    )
    content = of_task(content, task)
    file = FORMATS[format].write(content, "0" * 64)
    assert '"none"' not in file
    assert "usual variable, such as OPENAI_API_KEY" in " ".join(file.split())


def of_task(content: VersionContent, task: Any) -> VersionContent:
    return replace(content, provenance=replace(content.provenance, models={Role.TASK: task}))


@pytest.mark.parametrize("format", CALLING)
def test_a_version_from_before_there_were_traits_holds_no_replies_where_it_said_so(
    format: str,
) -> None:
    content = content_of(one_choice())
    data = json.loads(content.canonical())
    del data["provenance"]["models"]["task"]["traits"]
    data["provenance"]["models"]["task"]["constrains_replies"] = False
    old = read_content(data)
    assert Reach.of(old).traits == Traits(ReplyForm.FREE)
    assert "additionalProperties" not in FORMATS["dspy_module"].write(old, "0" * 64)


def test_the_address_is_on_the_page_of_models_and_in_the_api(
    scene: Scene, erin: User, client_of: ClientOf, settings: Any
) -> None:
    settings.EMBEDDED_MODEL_URL = "http://127.0.0.1:8123/v1"
    page = client_of(erin).get("/p/support-triage/providers/").content.decode()
    assert "<code>http://127.0.0.1:8123/v1</code>" in page
    assert "none is needed" in page
    assert "SmolLM2-135M-Instruct" in page
    _token, secret = create_token(erin, "test")
    api = Client(headers={"Authorization": f"Bearer {secret}"})
    listed = api.get("/api/v1/projects/support-triage/providers").json()["items"]
    embedded = next(row for row in listed if row["kind"] == "embedded")
    assert (embedded["api_base"], embedded["has_key"]) == ("http://127.0.0.1:8123/v1", False)

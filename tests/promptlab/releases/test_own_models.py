"""Downloaded files ask a module's own model where it is, and the others of the run's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from promptlab.releases.formats.dspy_files import dspy_module
from promptlab.releases.formats.python_file import python_file
from promptlab.reviews.content import ModelSource, VersionContent
from tests.fakes.flows import two_models
from tests.promptlab.releases.contents import content_of
from tests.promptlab.releases.test_python_file import run_file


def content() -> VersionContent:
    made = content_of(two_models(7))
    own = ModelSource("Cheap", "openai_compatible", "cheap", "openai/cheap", 0.0, 77)
    return replace(made, provenance=replace(made.provenance, module_models={"sort": own}))


def test_a_python_file_asks_each_module_s_model(tmp_path: Path) -> None:
    source = python_file(content(), "0" * 64)
    assert "SORT_API_BASE" in source.split('"""')[1]
    replies = ['{"kind": "refund"}', '{"answer": "yes"}']
    printed, requests = run_file(tmp_path, source, {"message": "Hi"}, replies)
    assert printed == {"answer": "yes", "kind": "refund"}
    own, run_s = requests
    assert (own["model"], own["temperature"], own["max_tokens"]) == ("openai/cheap", 0.3, 77)
    assert (run_s["model"], run_s["temperature"], run_s["max_tokens"]) == ("openai/tiny", 0.0, 400)
    assert own["api_base"] is None
    assert own["api_key"] == "none"


def test_a_dspy_module_speaks_to_it_in_its_own_context() -> None:
    source = dspy_module(content(), "0" * 64)
    compile(source, "made.py", "exec")
    assert "lm=SORT_lm" in source
    assert 'os.environ.get("SORT_API_BASE")' in source

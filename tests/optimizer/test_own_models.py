"""A module may ask a model of its own: at its provider, at its price, in its run's caps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.programs.lm import OwnModel
from optimizer.files.program_file import read, write
from optimizer.jobs import checks
from optimizer.jobs.forecast import forecast
from optimizer.lm.call import LMCall
from optimizer.models import Completion, Provider
from tests.fakes.flows import two_models
from tests.fakes.scripted_lm import ScriptedLM
from tests.fakes.world import one_module_program
from tests.optimizer.conftest import Create, carry_on


@pytest.fixture
def cheap(provider: Provider) -> Provider:
    return Provider.objects.create(
        namespace="test", name="Cheap", kind=Provider.Kind.OPENAI_COMPATIBLE,
        api_base="http://127.0.0.1:2/v1", concurrency=4, input_price=1_000, output_price=2_000,
        model_settings={"cheap": {"max_tokens": 77}},
    )  # fmt: skip


def with_own(cheap: Provider) -> dict[str, object]:
    """The usual program, whose module asks the cheap model."""
    program = one_module_program()
    (module,) = program.modules
    own = replace(module, model=OwnModel(cheap.pk, "cheap"))  # type: ignore[call-arg]
    return {"program": replace(program, modules=(own,))}


def test_its_calls_go_to_its_model_as_it_is_set_and_are_paid_at_its_price(
    create: Create, cheap: Provider
) -> None:
    lm = ScriptedLM()
    run = carry_on(create(**with_own(cheap)), lm)
    assert run.status == "finished"
    task = [call for call in lm.calls if isinstance(call, LMCall) and call.role == "task"]
    assert {(call.model, call.max_tokens) for call in task} == {("cheap", 77)}
    paid = Completion.objects.filter(request__model="cheap")
    assert paid.count() == len(task)
    assert all(row.cost == 1 for row in paid)


def test_the_estimate_is_at_its_price_and_what_is_gone_is_told(
    spec: RunSpec, cheap: Provider
) -> None:
    own = replace(spec, **with_own(cheap))  # type: ignore[arg-type]
    dear, less = forecast(spec), forecast(own)
    assert dear is not None
    assert less is not None
    assert dear.cost is not None
    assert less.cost is not None
    assert less.cost[1] < dear.cost[1] / 2
    cheap.delete()
    wrong = checks._models(own, checks.OPTIMIZERS["mipro"])
    assert ("models.provider_gone", "program") in [(p.code, p.place) for p in wrong]


def test_a_program_file_names_it(cheap: Provider) -> None:
    program = two_models(cheap.pk)
    assert read(write(program)) == program
    assert ExactMatch("answer", "answer").problems(program, {"answer"}) == []

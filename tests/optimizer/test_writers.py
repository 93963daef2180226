"""Several optimizer models in one run: each is asked what it is to write, and paid for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.core.conversation.spec import ModelRef, RunSpec
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.files.report import report
from optimizer.jobs.starting import checked
from optimizer.lm.call import LMCall
from optimizer.models import Provider
from tests.fakes.scripted_lm import ScriptedLM
from tests.fakes.telling import refused
from tests.optimizer.conftest import SMALL, Create, carry_on

COMPARING = [name for name, optimizer in OPTIMIZERS.items() if optimizer.compares_writers]


def other(provider: Provider) -> ModelRef:
    return ModelRef(provider.pk, "other", temperature=0.7)


def written_by(lm: ScriptedLM) -> dict[str, list[LMCall]]:
    """Calls that write, by model."""
    found: dict[str, list[LMCall]] = {}
    for call in lm.calls:
        if call.role == "optimizer":
            found.setdefault(call.model, []).append(call)
    return found


@pytest.mark.parametrize("name", COMPARING)
def test_every_optimizer_model_gets_to_write(create: Create, provider: Provider, name: str) -> None:
    lm = ScriptedLM()
    wish = {"optimizer": name, "settings": replace(SMALL, trials=12)}
    row = carry_on(create(further_optimizers=(other(provider),), **wish), lm)
    assert row.status == "finished"
    assert set(written_by(lm)) == {"scripted", "other"}
    assert "optimizer model" in row.trials.order_by("-number").first().choice or row.trials.filter(
        choice__has_key="optimizer model"
    )


def test_a_further_model_is_refused_where_only_one_writes(
    spec: RunSpec, provider: Provider
) -> None:
    with refused("writes with one model", "further_optimizers"):
        checked(replace(spec, optimizer="mipro", further_optimizers=(other(provider),)))


def test_the_provider_of_a_further_model_is_looked_for_before_anything_is_spent(
    spec: RunSpec,
) -> None:
    gone = replace(spec, optimizer=COMPARING[0], further_optimizers=(ModelRef(10**6, "other"),))
    with refused("provider of the optimizer model is gone"):
        checked(gone)


def test_a_cap_in_dollars_needs_the_price_of_a_further_model_too(
    create: Create, spec: RunSpec
) -> None:
    unpriced = Provider.objects.create(
        namespace="test", name="Unpriced", kind=Provider.Kind.OPENAI_COMPATIBLE,
        api_base="http://127.0.0.1:2/v1",
    )  # fmt: skip
    with refused("The price of other is not known"):
        create(
            limits={"max_cost": 5_000},
            optimizer=COMPARING[0],
            further_optimizers=(other(unpriced),),
        )


def test_the_report_says_what_mattered(create: Create, provider: Provider) -> None:
    settings = replace(SMALL, trials=12)
    row = carry_on(create(optimizer="zero_shot_mipro_plus", settings=settings), ScriptedLM())
    found = report(row)["importances"]
    assert {"tip", "temperature", "history"} <= set(found)
    assert sum(found.values()) == pytest.approx(1)

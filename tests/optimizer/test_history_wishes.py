"""Wishes of a history reach the next step of a run, once, whatever becomes of its worker."""

from __future__ import annotations

import json

import pytest

from optimizer.core.conversation.spec import Settings
from optimizer.lm.call import LMCall
from optimizer.models import HistoryWish, Run
from tests.fakes.scripted_lm import Killed, ScriptedLM, by_skill
from tests.optimizer.conftest import Create, carry_on, elsewhere

OWN = "Say spam only where money is asked for, and ham in all other cases."
SETTINGS = Settings(trials=6, step_candidates=2)


def test_what_is_added_while_a_run_goes_on_is_tried_in_its_next_step_and_survives_a_kill(
    create: Create,
) -> None:
    row = create(optimizer="opro", settings=SETTINGS)
    asked: list[str] = []

    def wishing(call: LMCall) -> str:
        said = call.messages[-1].content
        if said.startswith("Below are instructions"):
            asked.append(said)
            if len(asked) == 1:
                wish = {"module": "classify", "sign": "add", "text": OWN, "by": "erin"}
                elsewhere(lambda: HistoryWish.objects.create(run_id=row.pk, **wish))
            if len(asked) == 4:
                raise Killed
        return by_skill(call)

    lm = ScriptedLM(script=wishing)
    with pytest.raises(Killed):
        carry_on(row, lm)
    elsewhere(lambda: HistoryWish.objects.filter(run_id=row.pk).update(text="Something else."))
    lm.script = by_skill
    row = carry_on(row, lm)
    assert row.status == Run.Status.FINISHED
    told = list(
        row.exchanges.filter(kind="consult").order_by("seq").values_list("replies", flat=True)
    )
    assert told[0] == []
    # What the second step was told stays, though the wish is another by now.
    assert json.loads(told[1][0]) == ["classify", "add", OWN]
    steps = list(
        row.events.filter(kind="step_asked").order_by("seq").values_list("data", flat=True)
    )
    assert OWN not in steps[0]["prompt"]
    assert OWN in steps[1]["prompt"]
    proposed = row.events.filter(kind="instruction_proposed", data__source="added by hand")
    assert OWN in [event.data["instruction"] for event in proposed]
    assert row.trials.count() == 1 + SETTINGS.trials

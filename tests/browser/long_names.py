"""A project as people make them: long names, names without a space, and figures of many digits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.browser.lab import Lab, Names

if TYPE_CHECKING:
    from optimizer.core.programs.program import Program as Core
    from promptlab.programs.models import Program
    from promptlab.runs.models import ProjectRun

LONG = Names(
    project="Customer-Service-Messages-Of-All-Subsidiaries-Since-Spring-2024",
    provider="gateway.eu-central.inference.customer-service.example.internal",
    model="organization/customer-service-messages-32b-instruct-awq-2026-11-30",
    dataset="お問い合わせメッセージの担当部署への振り分け用データセット二〇二六年十一月版第三稿最終確認済み",
    program="customer_service_messages_to_teams_with_facts_first_version_17",
    message="customer_message_as_received_with_all_it_quotes",
    team="team_responsible_according_to_the_handbook_2026",
)
MODULE = "extract_the_facts_that_decide_which_of_the_teams_answers_it"
MANY_RUNS = 20


@dataclass
class LongNamesLab(Lab):
    """A lab in which everything is called as long as it may be, and runs cost a fortune."""

    names: Names = LONG
    price: int = 9_876_543_210

    def program(self) -> Program:
        from promptlab.datasets.queries import fields
        from promptlab.programs.services import create_program
        from promptlab.programs.starters import FirstStep, two_steps

        found = self._own(self.project.programs.all())
        core = two_steps(self.names.program, FirstStep.EXTRACT, *fields(self.dataset()))
        called = _with_long_module(core)
        return found or create_program(self.project, self.alice, self.names.program, called)


def _with_long_module(core: Core) -> Core:
    """The first of two modules, and its call, under a long name."""
    first, last = core.modules
    begin, end = core.calls
    wires = {
        name: said.replace(f"{begin.name}.", f"{MODULE}.") for name, said in end.inputs.items()
    }
    return replace(
        core,
        modules=(replace(first, name=MODULE), last),
        calls=(replace(begin, name=MODULE, module=MODULE), replace(end, inputs=wires)),
    )


def lengthen_the_list(of: ProjectRun) -> None:
    """Many more runs like this one, which took more calls and money than anybody would."""
    from optimizer.models import Run
    from promptlab.runs.models import ProjectRun

    for number in range(1201, 1201 + MANY_RUNS):
        run = Run.objects.get(pk=of.run_id)
        run.pk, run.used_calls, run.used_cost = None, 1_234_567, 98_765_432_109
        run.max_calls, run.max_cost = None, None
        run.save(force_insert=True)
        row = ProjectRun.objects.get(pk=of.pk)
        row.pk, row.run, row.number = None, run, number
        row.save(force_insert=True)

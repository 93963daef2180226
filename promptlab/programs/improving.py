"""Improving a module's instruction without a dataset: asked for, shown, chosen, kept as a pair."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.db import transaction

from optimizer.codec import from_json
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.instructions.improving import ImproveSpec, improve_instruction
from optimizer.core.problems import Conflict, Problem, Refused, problem
from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import Value, written
from optimizer.jobs import evaluations
from optimizer.models import Run
from optimizer.running import snapshots
from optimizer.sentences import sentence
from promptlab.accounts.models import Project, User
from promptlab.programs import services
from promptlab.programs.models import PreferencePair, Program
from promptlab.programs.tryouts import tryout_of

LONGEST = 4000
"""Characters of an answer that is given along."""


@dataclass(frozen=True)
class Slots:
    """What is given along, "" where there is none."""

    inputs: str = ""
    given: str = ""
    right: str = ""


@dataclass(frozen=True)
class Improvement:
    """`texts` are the rewrites that came so far; `refused` says why others did not."""

    run: Run
    spec: ImproveSpec
    texts: tuple[str, ...]
    refused: tuple[str, ...]
    chosen: PreferencePair | None

    @property
    def waits(self) -> bool:
        return evaluations.is_waiting(self.run)

    @property
    def problem(self) -> str:
        """Why nothing came, "" while it may."""
        if self.waits or self.texts:
            return ""
        return sentence(self.run.message) or sentence(problem("improve.nothing"))

    @property
    def before(self) -> str:
        return self.spec.program.module(self.spec.module).signature.instruction


def slots_of(project: Project, module: Module, tryout: int | None) -> Slots:
    """Filled from a try: what the module was given and answered, and what was expected."""
    run = tryout_of(project, tryout) if tryout else None
    outcome = next(iter(evaluations.outcomes_of(run)), None) if run else None
    calls = [c for c in outcome.trace if c.module == module.name] if outcome else []
    if run is None or not calls:
        return Slots()
    (example,) = run.validation.examples or [{}]
    wanted = {f.name: v for f in module.gives if (v := example.get("expected", {}).get(f.name))}
    return Slots(_lines(calls[-1].inputs), _lines(calls[-1].outputs), _lines(wanted))


def _lines(values: Mapping[str, Value]) -> str:
    return "\n".join(f"{name}: {written(value)}" for name, value in values.items())[:LONGEST]


def start(program: Program, module: str, model: ModelRef, slots: Slots) -> Run:
    """Have a worker ask for two rewrites.

    Raises:
        Refused: the module has no words of its own that may change.
    """
    found = next((m for m in program.core.modules if m.name == module), None)
    if found is None or not found.writable or not found.signature.instruction.strip():
        raise Refused(problem("improve.no_words", "module", module=module))
    # What stands around it may be a draft: it is shown to the writer, and not run.
    spec = ImproveSpec(
        program.core, module, model, program.project.namespace, slots.inputs[:LONGEST],
        slots.given[:LONGEST], slots.right[:LONGEST], _about(program),
    )  # fmt: skip
    return evaluations.start(spec)


def _about(program: Program) -> str:
    return f"program {program.pk}"


def improvement_of(program: Program, pk: int) -> Improvement | None:
    """What became of a request, None where the program has none of this number."""
    asked = Run.objects.filter(namespace=program.project.namespace, task=Run.Task.IMPROVE)
    run = asked.filter(pk=pk).first()
    spec = snapshots.thawed(run, ImproveSpec) if run else None
    if run is None or spec is None or spec.about != _about(program):
        return None
    events = list(run.events.order_by("seq").values_list("kind", "data"))
    texts = [data["instruction"] for kind, data in events if kind == "instruction_proposed"]
    refused = [_why(data["reason"]) for kind, data in events if kind == "proposal_refused"]
    # A choice is made once, whichever of the project's programs it was for.
    chosen = PreferencePair.objects.filter(run=run).first()
    return Improvement(run, spec, tuple(texts), tuple(refused), chosen)


def _why(reason: object) -> str:
    return reason if isinstance(reason, str) else sentence(from_json(Problem, reason))


def choose(
    program: Program, improvement: Improvement, which: int, by: User
) -> PreferencePair | None:
    """Write the chosen text into the program; of two, keep which one was preferred.

    Raises:
        Conflict: the instruction is another by now, a choice was made, or there is no such text.
    """
    if not 0 <= which < len(improvement.texts):
        raise Conflict.because("improve.no_text")
    if improvement.chosen is not None:
        raise Conflict.because("improve.chosen")
    text, name = improvement.texts[which], improvement.spec.module
    with transaction.atomic():
        fresh = Program.objects.select_for_update().get(pk=program.pk)
        now = next((m for m in fresh.core.modules if m.name == name), None)
        if now is None or now.signature.instruction != improvement.before:
            raise Conflict.because("improve.changed", module=name)
        core = fresh.core
        signature = replace(now.signature, instruction=text)
        modules = tuple(
            replace(m, signature=signature) if m.name == name else m for m in core.modules
        )
        services.save_definition(fresh, replace(core, modules=modules), fresh.revision, by)
        others = [each for each in improvement.texts if each != text]
        if not others:
            return None
        prompt = improve_instruction(improvement.spec, improvement.spec.program.module(name), 0)
        return PreferencePair.objects.create(
            program=fresh, run=improvement.run, module=name, by=by,
            prompt=prompt.messages[-1].content, chosen=text, rejected=others[0],
        )  # fmt: skip


def pairs_of(program: Program) -> Iterator[str]:
    """Lines for preference training (DPO): the request, what was taken, what was not."""
    for pair in program.pairs.order_by("pk"):
        told = {
            "input": {"messages": [{"role": "user", "content": pair.prompt}]},
            "preferred_output": [{"role": "assistant", "content": pair.chosen}],
            "non_preferred_output": [{"role": "assistant", "content": pair.rejected}],
        }
        yield json.dumps(told, ensure_ascii=False) + "\n"

"""Data behind a version as files for other tools: tests, training sets, preference pairs.

None has a row of the sealed test split in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from optimizer import codec
from optimizer.core.evaluation.outcome import CallTrace
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.layouts import laid_out
from optimizer.core.programs.program import Module
from optimizer.core.programs.render import reply_text, system_text
from optimizer.core.programs.signature import Value, written
from optimizer.models import Outcome, Run
from promptlab.grading.models import Grade, Queue
from promptlab.releases.formats import naming
from promptlab.releases.formats.promptfoo_config import not_in_promptfoo, promptfoo_test
from promptlab.releases.formats.templated import not_one_prompt
from promptlab.releases.scored import examples_of
from promptlab.reviews.content import VersionContent
from promptlab.reviews.models import Review, Version

FULL = 1.0
"""The score of an answer that is accepted."""
Messages = list[dict[str, str]]


@dataclass(frozen=True)
class DataFile:
    """One kind of file, as lines of JSON: of a version, and of one of its modules where it is named
    and the file is of modules. `lacks` says why a version has none.
    """

    name: str
    title: str | Promise
    description: str | Promise
    suffix: str
    lines: Callable[[Version, str], Iterator[str]]
    lacks: Callable[[VersionContent], list[Problem]]

    def file_name(self, content: VersionContent) -> str:
        return naming.file_name(content, self.suffix)


def tests_of(version: Version, module: str) -> Iterator[str]:
    """The validation rows as promptfoo's tests: inputs and what is expected as variables."""
    for example in examples_of(version.project_run.run.validation):
        yield promptfoo_test({**example.expected, **example.inputs})


def training(version: Version, module: str) -> Iterator[str]:
    """Accepted answers to training rows, each once, whichever candidate gave them."""
    run = version.project_run.run
    return _chats(version, _accepted(run, {e.id for e in examples_of(run.train)}), module)


def validation(version: Version, module: str) -> Iterator[str]:
    """The version's own accepted answers to validation rows."""
    run = version.project_run.run
    ids = {e.id for e in examples_of(run.validation)}
    return _chats(version, _accepted(run, ids, version.candidate.number), module)


def preferences(version: Version, module: str) -> Iterator[str]:
    """Of two answers to the same row, which people prefer: they said so of the two, or they
    approved the candidate that was right and not the one that was wrong.
    """
    seen: set[str] = set()
    for messages, better, worse in (*_chosen(version), *_approved(version)):
        line = _line(
            {
                "input": {"messages": messages},
                "preferred_output": [{"role": "assistant", "content": better}],
                "non_preferred_output": [{"role": "assistant", "content": worse}],
            }
        )
        if better != worse and line not in seen:
            seen.add(line)
            yield line


def _no_model(content: VersionContent) -> list[Problem]:
    asks = any(module.is_prompt for module in content.program.modules)
    return [] if asks else [problem("data.no_prompt")]


DATA_FILES: dict[str, DataFile] = {
    f.name: f
    for f in (
        DataFile(
            "promptfoo_tests", _("promptfoo tests"),
            _("The validation rows, beside the promptfoo configuration. Rows that promptfoo would "
            "read otherwise are left out."),
            naming.TESTS, tests_of, not_in_promptfoo,
        ),
        DataFile(
            "training", _("Training set (chat JSONL)"),
            _("Accepted answers to training rows, as chats without demos, for fine-tuning."),
            ".training.jsonl", training, _no_model,
        ),
        DataFile(
            "validation", _("Validation set (chat JSONL)"),
            _("The version's accepted answers to validation rows: what fine-tuning is watched by."),
            ".validation.jsonl", validation, _no_model,
        ),
        DataFile(
            "preferences", _("Preference pairs (JSONL)"),
            _("Of two answers the one that people prefer, by what they chose and approved, for "
            "direct preference optimization."),
            ".preferences.jsonl", preferences, not_one_prompt,
        ),
    )
}  # fmt: skip


def _accepted(
    run: Run, examples: set[str], candidate: int | None = None
) -> Iterator[tuple[CallTrace, ...]]:
    """Traces of answers that are wholly right, in the order in which they were given."""
    rows = Outcome.objects.filter(exchange__run=run, example__in=examples, score__gte=FULL)
    if candidate is not None:
        rows = rows.filter(exchange__candidate__number=candidate)
    found = rows.order_by("exchange__seq", "position").values_list("data__trace", flat=True)
    for told in found.iterator(chunk_size=200):
        yield codec.from_json(tuple[CallTrace, ...], told or [])


def _chats(version: Version, traces: Iterable[tuple[CallTrace, ...]], only: str) -> Iterator[str]:
    """A chat for every call that a model answered, as this version says it, each once; of the
    module `only`, where that is named.
    """
    prompts = (m for m in version.content.program.modules if m.is_prompt)
    modules = {m.name: m for m in prompts if only in ("", m.name)}
    seen: set[str] = set()
    for trace in traces:
        for call in trace:
            module = modules.get(call.module)
            if module is None or not call.made or call.turn or call.problem:
                continue
            if any(field.name not in call.outputs for field in module.reply_fields):
                continue
            reply = {"role": "assistant", "content": reply_text(module, Demo(call.outputs))}
            asked = _asked(module, call.inputs)
            if json.dumps(asked) not in seen:
                seen.add(json.dumps(asked))
                yield _line({"messages": [*asked, reply]})


def _asked(module: Module, inputs: dict[str, Value]) -> Messages:
    """Instruction and input, without demos: these are what the tuned model has learned."""
    nullable = {f.name for f in module.signature.inputs if f.nullable}
    told = {f.name: inputs.get(f.name) for f in module.signature.inputs}
    return [
        {"role": "system", "content": system_text(module, module.signature.instruction)},
        {"role": "user", "content": laid_out(module.layout, told, nullable)},
    ]


def _chosen(version: Version) -> Iterator[tuple[Messages, str, str]]:
    """What people said of two answers that were shown to them."""
    content = version.content
    (call,) = content.program.calls
    module = content.program.module(call.module)
    grades = Grade.objects.filter(
        item__queue__project_run__program=version.program_id, item__queue__way=Queue.Way.COMPARE,
        verdict__in=(Grade.FIRST, Grade.SECOND),
    )  # fmt: skip
    for grade in grades.select_related("item__queue").order_by("pk"):
        item = grade.item
        field = content.program.outputs.get(item.queue.output, "").partition(".")[2]
        answers = [_reply(module, field, text) for text in (item.answer, item.other_answer)]
        better, worse = answers if grade.verdict == Grade.FIRST else reversed(answers)
        yield _asked(module, _given(version, item.inputs)), better, worse


def _approved(version: Version) -> Iterator[tuple[Messages, str, str]]:
    """Where the approved candidate was right and one that people turned down, or the original
    prompt that they left for it, was wrong.
    """
    run, module = version.project_run.run, version.content.program.modules[0]
    turned_down = version.project_run.reviews.exclude(decision=Review.Decision.APPROVE)
    others = {*turned_down.values_list("candidate__number", flat=True), 0}
    others.discard(version.candidate.number)
    validation_rows = {e.id for e in examples_of(run.validation)}
    right = {row.example: row for row in _answers(run, {version.candidate.number}, validation_rows)}
    for row in _answers(run, others, validation_rows):
        best = right.get(row.example)
        if best is None or float(best.score or 0) < FULL or float(row.score or 0) >= FULL:
            continue
        said = [_said(module, each) for each in (best, row)]
        if all(said) and said[0] and said[1]:
            yield _asked(module, said[0][0].inputs), said[0][1], said[1][1]


def _answers(run: Run, candidates: set[int], examples: set[str]) -> list[Outcome]:
    rows = Outcome.objects.filter(
        exchange__run=run, exchange__candidate__number__in=candidates, example__in=examples,
        score__isnull=False,
    )  # fmt: skip
    return list(rows.order_by("exchange__seq", "position"))


def _said(module: Module, row: Outcome) -> tuple[CallTrace, str] | None:
    """The call of the only prompt, and its reply as the form asks for it; None of none that can be
    read.
    """
    trace = codec.from_json(tuple[CallTrace, ...], row.data.get("trace") or [])
    for call in trace:
        if call.made and not call.problem and call.module == module.name:
            return call, reply_text(module, Demo(call.outputs))
    return None


def _reply(module: Module, field: str, text: str) -> str:
    """A reply that says this and nothing else."""
    found = next((f for f in module.reply_fields if f.name == field), None)
    value: Any = text
    if found is not None and written(value) == text and found.type != "text":
        try:
            value = json.loads(text)
        except ValueError:
            value = text
    return json.dumps({field: value}, ensure_ascii=False)


def _given(version: Version, inputs: dict[str, Value]) -> dict[str, Value]:
    """The inputs of the only prompt, of those of the program."""
    program = version.content.program
    (call,) = program.calls
    told = {n: inputs.get(source.partition(".")[2]) for n, source in call.inputs.items()}
    return {**told, **program.module(call.module).constants_of(call)}


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False) + "\n"

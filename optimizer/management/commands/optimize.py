"""`manage.py optimize`: one run from files, without the web."""

from __future__ import annotations

import json
import logging
import os
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from optimizer.core.conversation.spec import Effort, Limits, ModelRef, RunSpec, Settings
from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics import METRIC_KINDS
from optimizer.core.optimizers import DEFAULT, OPTIMIZERS, Optimizer
from optimizer.core.problems import Problem, Refused
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.storable import is_storable
from optimizer.core.runs.validation import OWN_SETTINGS, ignored_faults
from optimizer.datasets.columns import Role as ColumnRole
from optimizer.datasets.from_file import Splits, read_splits
from optimizer.files import job, models, program_file
from optimizer.files.models import Access
from optimizer.files.program_file import ProgramFile
from optimizer.files.reading_arguments import add_reading_arguments, reading_options
from optimizer.files.report import expectation, expected, printable, report, samples, sentence
from optimizer.jobs import controls, starting
from optimizer.lm.environment import keep_only_ours
from optimizer.lm.families import family_of
from optimizer.models import Run
from optimizer.sentences import reasons, with_places
from optimizer.sentences import sentence as tell
from optimizer.sentences.optimizers import description_of

SHOWN_NOTES = 20
RESTS = {Run.Status.FINISHED: 0, Run.Status.CANCELLED: 0, Run.Status.PAUSED: 3}
"""Exit codes by where the run rests; 1 when it failed, 2 for wrong arguments."""
PROPOSAL_TOKENS = 600


class Command(BaseCommand):
    help = (
        "Optimize a program on a dataset. Exit code 0: finished, 1: failed, 2: wrong arguments, "
        "3: paused (go on with --resume RUN)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "optimizers:\n" + "\n".join(map(_line, OPTIMIZERS.values()))
        files = parser.add_argument_group("what is optimized")
        files.add_argument("--program", type=Path, metavar="PROGRAM.json")
        files.add_argument("--dataset", type=Path, metavar="D.jsonl")
        add_reading_arguments(files)
        files.add_argument("--metric", choices=list(METRIC_KINDS))
        files.add_argument("--output", default="", help="output that is scored")
        files.add_argument("--expected", default="", help="column that it is compared with")
        files.add_argument("--tolerance", type=float, default=0.0, help="of numbers")
        files.add_argument("--threshold", type=float, default=1.0, help="score that makes a demo")
        files.add_argument("--resume", type=int, metavar="RUN", help="go on with a paused run")
        lms = parser.add_argument_group("models")
        lms.add_argument(
            "--model", help='"openai/NAME" with --api-base, LiteLLM\'s "provider/NAME", "embedded"'
        )
        lms.add_argument(
            "--optimizer-model", action="append",
            help="writes instructions; default: --model; several where the optimizer compares them",
        )  # fmt: skip
        lms.add_argument("--teacher-model", help="makes demos; default: --model")
        lms.add_argument("--api-base", default="", metavar="URL")
        lms.add_argument("--api-key-env", default="", metavar="NAME", help="variable with the key")
        lms.add_argument("--temperature", type=float, default=0.0)
        lms.add_argument(
            "--max-tokens", type=int,
            help="of one reply, thoughts included; default: 600, 8000 of models that think",
        )  # fmt: skip
        lms.add_argument("--concurrency", type=int, default=8, help="calls at once")
        lms.add_argument("--input-price", type=float, metavar="USD", help="per million tokens")
        lms.add_argument("--output-price", type=float, metavar="USD", help="per million tokens")
        how = parser.add_argument_group("how")
        how.add_argument("--optimizer", choices=list(OPTIMIZERS), default=DEFAULT, help="see below")
        how.add_argument("--effort", choices=["light", "medium", "heavy"], default="light")
        for name in OWN_SETTINGS:
            how.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="N")
        how.add_argument("--max-calls", type=int, metavar="N")
        how.add_argument("--max-cost", type=float, metavar="USD")
        how.add_argument("--max-seconds", type=int, metavar="S")
        how.add_argument("--seed", type=int, default=0)
        how.add_argument("--estimate", action="store_true", help="say what it takes; start nothing")
        how.add_argument("--json", action="store_true", help="end with one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if Run._meta.db_table not in connection.introspection.table_names():
            call_command("migrate", verbosity=0)  # the first command on a new machine
        logging.getLogger("optimizer").setLevel(logging.WARNING)  # the bar says the rest
        try:
            if options["estimate"]:
                self._estimate(spec_of(options, self._tell), options["json"])
                return
            run_id = options["resume"] or starting.create_run(spec_of(options, self._tell)).pk
            if options["resume"]:
                self._resume(run_id)
        except Refused as refusal:
            raise CommandError(reasons(refusal), returncode=2) from refusal
        keep_only_ours(os.environ)  # the key that was named is read by now
        run = job.carry_on(run_id, show=not options["json"] or sys.stderr.isatty())
        for told in filter(None, (sentence(run), samples(run))):
            self.stderr.write(printable(told))
        if options["json"]:
            self.stdout.write(json.dumps(report(run), ensure_ascii=False))
        code = RESTS.get(Run.Status(run.status), 1)
        if code:
            sys.exit(code)

    def _tell(self, told: Sequence[Problem]) -> None:
        """What to know of the dataset's reading, a line each."""
        for one in told[:SHOWN_NOTES]:
            self.stderr.write(printable(tell(one)))
        if len(told) > SHOWN_NOTES:
            self.stderr.write(f"And {len(told) - SHOWN_NOTES} more.")

    def _estimate(self, spec: RunSpec, as_json: bool) -> None:
        found = expected(starting.checked(spec))
        self.stderr.write(expectation(found))
        if as_json:
            self.stdout.write(json.dumps(found))

    def _resume(self, run_id: int) -> None:
        run = Run.objects.filter(pk=run_id, task=Run.Task.OPTIMIZE).first()
        if run is None:
            raise CommandError(f"There is no run {run_id}.", returncode=2)
        if not run.active:
            controls.resume(run_id)


def spec_of(options: dict[str, Any], told: Callable[[Sequence[Problem]], object]) -> RunSpec:
    """The specification that the arguments mean; `told` hears of the dataset's reading.

    Raises:
        Refused: with what to correct.
    """
    for name in ("program", "dataset", "metric", "model"):
        if not options[name]:
            raise Refused.because("option.missing", option=f"--{name}")
    for name, given in options.items():
        if not all(is_storable(text) for text in _texts(given)):
            raise Refused.because("option.not_utf8", option=f"--{name.replace('_', '-')}")
    file = _program(options["program"])
    program = file.program
    splits = read_splits(
        options["dataset"], program, options["seed"], [options["expected"]],
        reading_options(options),
    )  # fmt: skip
    told([*file.told, *splits.told])
    cost = options["max_cost"]
    return RunSpec(
        program=program,
        metric=_metric(options, program, splits),
        optimizer=options["optimizer"],
        settings=_settings(options, program),
        models=_models(options),
        train=splits.train,
        validation=splits.validation,
        test=splits.test,
        limits=Limits(
            options["max_calls"],
            None if cost is None else round(cost * 1_000_000),
            options["max_seconds"],
        ),
        seed=options["seed"],
        namespace=models.NAMESPACE,
        further_optimizers=_writers(options)[1:],
    )


def _texts(given: Any) -> list[str]:
    return [text for text in (given if isinstance(given, list) else [given]) if type(text) is str]


def _line(optimizer: Optimizer) -> str:
    about = fill(description_of(optimizer), 96, initial_indent="    ", subsequent_indent="    ")
    return f"  {optimizer.name}{' (default)' if optimizer.name == DEFAULT else ''}\n{about}"


def _program(path: Path) -> ProgramFile:
    try:
        return program_file.read_file(path.read_text("utf-8-sig"))
    except Refused as refusal:
        raise Refused.because("form", told=with_places(refusal)) from refusal
    except (OSError, UnicodeDecodeError) as error:
        raise Refused.because("option.no_file", path=str(path), why=str(error)) from error


def _metric(options: dict[str, Any], program: Program, splits: Splits) -> Metric:
    """The output and the column may be left out where there is only one, or one of that name."""
    output = options["output"] or next(iter(program.outputs), "")
    columns = [column.field for column in splits.columns if column.role is ColumnRole.EXPECTED]
    only = columns[0] if len(columns) == 1 else output
    fields = {column.name: column.field for column in splits.columns}
    given = fields.get(options["expected"], options["expected"])
    expected = given or (output if output in columns else only)
    kind = METRIC_KINDS[options["metric"]]
    allowed = {"tolerance": options["tolerance"], "threshold": options["threshold"]}
    return kind(output, expected, **allowed)


def _settings(options: dict[str, Any], program: Program) -> Settings:
    optimizer = OPTIMIZERS[options["optimizer"]]
    base = optimizer.settings(Effort(options["effort"]), program)
    given = {name: options[name] for name in OWN_SETTINGS if options[name] is not None}
    unused = ignored_faults(given, optimizer)
    if unused:
        raise Refused(*map(_as_option, unused))
    return replace(base, effort=Effort.CUSTOM, **given) if given else base


def _as_option(fault: Problem) -> Problem:
    """Told of a setting as it is spelled here."""
    option = f"--{fault.place.partition('.')[2].replace('_', '-')}"
    return replace(fault, values={**fault.values, "setting": option})


def _access(options: dict[str, Any]) -> Access:
    return Access(
        options["api_base"],
        options["api_key_env"],
        options["concurrency"],
        options["input_price"],
        options["output_price"],
    )


def _writers(options: dict[str, Any]) -> tuple[ModelRef, ...]:
    """The optimizer model, and further ones, each once."""
    said = options["max_tokens"]
    tokens = said and max(said, PROPOSAL_TOKENS)
    names = dict.fromkeys(options["optimizer_model"] or [options["model"]])
    access, temperature = _access(options), options["temperature"]
    return tuple(models.model_ref(name, access, temperature, tokens) for name in names)


def _one_vendor(options: dict[str, Any]) -> None:
    """A key is sent to its own vendor only."""
    if not options["api_key_env"] or options["api_base"]:
        return
    names = [options["model"], *(options["optimizer_model"] or ()), options["teacher_model"]]
    families = sorted({family_of(name) for name in names if name and name != models.EMBEDDED})
    if len(families) > 1:
        raise Refused.because("option.one_key", n=len(families), families=tuple(families))


def _models(options: dict[str, Any]) -> dict[Role, ModelRef]:
    access = _access(options)
    tokens, temperature = options["max_tokens"], options["temperature"]
    _one_vendor(options)
    found = {Role.TASK: models.model_ref(options["model"], access, temperature, tokens)}
    found[Role.OPTIMIZER] = _writers(options)[0]
    if options["teacher_model"]:
        teacher = models.model_ref(options["teacher_model"], access, temperature, tokens)
        found[Role.TEACHER] = teacher
    return found

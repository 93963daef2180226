"""What a run will ask for, before it starts: calls and tokens, as honest ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.conversation.splits import held_out_size, validation_of
from optimizer.core.demos.labels import labelled_demo
from optimizer.core.demos.pools import FEW, MOST
from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.evaluation.pilot import Pilot
from optimizer.core.optimizers import optimizer_named
from optimizer.core.programs.calls import INPUT
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import NearestDemos
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.signature import Value
from optimizer.core.programs.vectors import BATCH

CHARACTERS_PER_TOKEN = 4
ASK_TOKENS = (900, 250)
"""Typical prompt and reply tokens of a call to the optimizer model."""
REPLY_TOKENS = 40
ANSWER_TOKENS, VERDICT_TOKENS = (40, 400), (40, 120)
"""Typical tokens of an answer that a judge reads, and of its reason with its verdict."""


@dataclass(frozen=True)
class RunEstimate:
    """Model calls and tokens of a run, lowest and highest, as if nothing had been paid before.

    `nearest_tokens`: what demos that are chosen for each input add to one call, from few demos to
    the most that the search grows to; None where none are tried. `embedding_calls` are those for
    vectors, of a pool once and of an input once, with `embedding_tokens`. `judge_calls` are those
    of the metric's judges, with `judge_tokens`: those of prompts and those of replies, lowest and
    highest each. The other tokens are not of these.
    """

    task_calls: tuple[int, int]
    optimizer_calls: tuple[int, int]
    prompt_tokens: tuple[int, int]
    completion_tokens: tuple[int, int]
    baseline_calls: int
    nearest_tokens: tuple[int, int] | None = None
    embedding_calls: tuple[int, int] = (0, 0)
    embedding_tokens: tuple[int, int] = (0, 0)
    judge_calls: tuple[int, int] = (0, 0)
    judge_tokens: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))

    @property
    def calls(self) -> tuple[int, int]:
        kinds = (self.task_calls, self.optimizer_calls, self.embedding_calls, self.judge_calls)
        return sum(low for low, _high in kinds), sum(high for _low, high in kinds)


def estimate(spec: RunSpec, pilot: Pilot | None = None) -> RunEstimate:
    """Count the requests that the chosen optimizer makes with these settings and this data.

    Tokens of the program's calls are those measured by `pilot`, guessed from texts without one.
    """
    judges = spec.metric.judge_calls
    per_example = calls_per_evaluation(spec) - judges
    validation = len(validation_of(spec))
    low = high = validation
    demos = _bootstrap_examples(spec)
    low, high = low + demos[0], high + demos[1]
    searched = optimizer_named(spec.optimizer).steps(spec.settings, validation).examples
    final = held_out_size(spec.settings, len(spec.validation), len(spec.test))
    low, high = low + searched[0] + len(spec.test), high + searched[1] + 2 * final
    asked = optimizer_named(spec.optimizer).asks(spec)
    tokens = _prompt_tokens(spec, pilot)
    replies = pilot.completion_tokens if pilot else (REPLY_TOKENS / 2, REPLY_TOKENS)
    task = (low * per_example, high * per_example)
    vectors = _embedding_calls(spec, low, high)
    each = BATCH * _text_tokens(spec)
    return RunEstimate(
        task_calls=task,
        optimizer_calls=asked,
        prompt_tokens=(
            round(task[0] * tokens[0]) + asked[0] * ASK_TOKENS[0],
            round(task[1] * tokens[1]) + asked[1] * ASK_TOKENS[0],
        ),
        completion_tokens=(
            round(task[0] * replies[0]) + asked[0] * ASK_TOKENS[1],
            round(task[1] * replies[1]) + asked[1] * ASK_TOKENS[1],
        ),
        baseline_calls=validation * (per_example + judges),
        nearest_tokens=_nearest_tokens(spec),
        embedding_calls=vectors,
        embedding_tokens=(vectors[0] * each // BATCH, vectors[1] * each),
        judge_calls=(low * judges, high * judges),
        judge_tokens=_judge_tokens(spec, low, high),
    )


def calls_per_example(program: Program) -> int:
    """Calls to a model that one run of the program takes."""
    return program.lm_calls


def calls_per_evaluation(spec: RunSpec) -> int:
    """Calls that running the program on an example and judging it takes, at least 1."""
    judges = spec.metric.judge_calls
    return max(calls_per_example(spec.program) + spec.metric.lm_calls - judges, 1) + judges


def embeddings_per_evaluation(spec: RunSpec) -> int:
    """Calls for vectors that running the program on an example and judging it takes at most."""
    by_meaning = {module.name for module in spec.program.modules if _may_embed(spec, module)}
    uses = sum(call.passes for call in spec.program.calls if call.module in by_meaning)
    return uses + len(spec.metric.embedding_models)


def _embedding_calls(spec: RunSpec, low: int, high: int) -> tuple[int, int]:
    """For `low` to `high` examples scored. What a module is given by the program itself is embedded
    once however often it is scored, what other calls or answers say may differ each time.
    """
    fewest = len(spec.metric.embedding_models) and 1
    most = high * len(spec.metric.embedding_models)
    rows = len(spec.train) + len(spec.validation) + len(spec.test)
    for module in spec.program.modules:
        if not _may_embed(spec, module):
            continue
        for call in spec.program.calls:
            if call.module == module.name:
                own = call.repeat is None and call.needs <= {INPUT}
                most += min(rows, high) if own else call.passes * high
        pooled = isinstance(module.demos, NearestDemos) and module.demos.embedding
        if pooled and isinstance(module.demos, NearestDemos):
            batches = -(-len(module.demos.pool.demos) // BATCH)
            fewest, most = fewest + batches + min(low, 1), most + batches
        if spec.embedding and module.takes_new_demos:
            # Traces may add to a pool what labels do not say.
            most += -(-len(spec.train) // BATCH) + len(spec.train)
    return fewest, most


def _may_embed(spec: RunSpec, module: Module) -> bool:
    """Whether a module's demos may be chosen by vectors in this run."""
    own = isinstance(module.demos, NearestDemos) and module.demos.embedding is not None
    tried = spec.embedding is not None and spec.settings.nearest_demos > 0
    return own or (tried and _searches_demos(spec) and module.takes_new_demos)


def _judge_tokens(spec: RunSpec, low: int, high: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Tokens of prompts and of replies where so many answers are judged."""
    rows = (spec.train or spec.validation)[:8]
    prompt = reply = (0, 0)
    for judge in spec.metric.judges:
        bare = baseline_of(judge.program).modules
        for module in judge.program.modules:
            asked = (judge.asked(row, Prediction({})) for row in rows)
            sizes = [tokens_of(module, bare[module.name], values) for values in asked]
            each = sum(sizes) // max(len(sizes), 1)
            calls = low * module.lm_calls, high * module.lm_calls
            told = [n * (each + more) for n, more in zip(calls, ANSWER_TOKENS, strict=True)]
            said = [n * tokens for n, tokens in zip(calls, VERDICT_TOKENS, strict=True)]
            prompt = prompt[0] + told[0], prompt[1] + told[1]
            reply = reply[0] + said[0], reply[1] + said[1]
    return prompt, reply


def _text_tokens(spec: RunSpec) -> int:
    """Tokens of a text that is embedded, guessed from inputs."""
    rows = (spec.train or spec.validation)[:8]
    sizes = [sum(len(str(value)) for value in row.inputs.values()) for row in rows]
    return sum(sizes) // max(len(sizes), 1) // CHARACTERS_PER_TOKEN + 1


def _bootstrap_examples(spec: RunSpec) -> tuple[int, int]:
    settings = optimizer_named(spec.optimizer).bootstrapping(spec.settings)
    if settings is None or not any(module.takes_new_demos for module in spec.program.modules):
        return 0, 0
    wanted = settings.max_bootstrapped_demos * max(settings.demo_sets - 1, 0)
    return (min(wanted, len(spec.train)), 2 * len(spec.train)) if wanted else (0, 0)


def _prompt_tokens(spec: RunSpec, pilot: Pilot | None) -> tuple[float, float]:
    """Mean prompt tokens of one task call: as the program stands, and with full demo sets."""
    rows = (spec.train or spec.validation)[:8]
    bare = baseline_of(spec.program).modules
    asking = [module for module in spec.program.modules if module.lm_calls]
    low = [tokens_of(m, bare[m.name], _values(m, row)) for m in asking for row in rows]
    if not low:
        return 100, 400
    mean = sum(low) // len(low)
    later = sum(module.later_tokens for module in asking) // len(asking)
    demos = _demo_tokens(spec.program, spec, rows) * _most_demos(spec)
    if pilot is None:
        return mean, mean + later + demos
    # The model's own tokens may be longer or shorter than those we guess from characters.
    ratio = sum(pilot.prompt_tokens) / 2 / max(mean, 1)
    return pilot.prompt_tokens[0], pilot.prompt_tokens[1] + demos * max(ratio, 1.0)


def longest_prompt(spec: RunSpec, rows: Sequence[Example]) -> int:
    """Tokens that the longest prompt of these rows takes, with as many demos as a candidate may
    get; guessed from characters. What one step gives another is not known, and taken to be as long
    as the longest input.
    """
    bare = baseline_of(spec.program).modules
    asking = [module for module in spec.program.modules if module.lm_calls]
    sizes = [tokens_of(m, bare[m.name], _values(m, row)) + m.later_tokens
             for m in asking for row in rows]  # fmt: skip
    demos = _demo_tokens(spec.program, spec, tuple(rows)) * _most_demos(spec)
    return max(sizes, default=0) + demos


def _nearest_tokens(spec: RunSpec) -> tuple[int, int] | None:
    rows = (spec.train or spec.validation)[:8]
    if not (spec.settings.nearest_demos and spec.train and _searches_demos(spec)):
        return None
    each, most = _demo_tokens(spec.program, spec, rows), len(spec.train)
    return each * min(FEW, most), each * min(MOST, most)


def _searches_demos(spec: RunSpec) -> bool:
    searched = any(module.takes_new_demos for module in spec.program.modules)
    return searched and optimizer_named(spec.optimizer).uses_demos


def _most_demos(spec: RunSpec) -> int:
    """Demos that a module of a candidate may get beside its own."""
    if not _searches_demos(spec):
        return 0
    fixed = max(spec.settings.max_bootstrapped_demos, spec.settings.max_labeled_demos)
    nearest = min(MOST, len(spec.train)) if spec.settings.nearest_demos else 0
    return max(fixed, nearest)


def _demo_tokens(program: Program, spec: RunSpec, rows: tuple[Example, ...]) -> int:
    sizes = []
    for module in program.modules:
        for row in rows:
            demo = labelled_demo(program, spec.metric, module, row)
            values = demo.values if demo else _values(module, row)
            sizes.append(sum(len(str(v)) for v in values.values()) // CHARACTERS_PER_TOKEN + 20)
    return sum(sizes) // len(sizes) if sizes else 60


def tokens_of(module: Module, prompt: ModulePrompt, values: dict[str, Value]) -> int:
    """Tokens of a prompt, guessed from its characters."""
    messages = module.messages(prompt, values)
    return sum(len(m.content) for m in messages) // CHARACTERS_PER_TOKEN + 4 * len(messages)


def _values(module: Module, row: Example) -> dict[str, Value]:
    longest = max((str(v) for v in row.inputs.values()), key=len, default="")
    return {f.name: row.inputs.get(f.name, longest) for f in module.signature.inputs}

"""CAPO (promptolution 2.3.0) on a task of one module with one input; run by .venv-bench.

CAPO's prompt, its examples included, is the module's instruction: our core renders the words around
it, holds the reply to the schema and reads it. Its examples show replies in the form that the
schema asks for. The last line printed is JSON, as benchmarks.peer_dspy_run prints it.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
from openai import APIConnectionError, InternalServerError, OpenAI
from promptolution.llms.base_llm import BaseLLM
from promptolution.optimizers import CAPO
from promptolution.predictors.base_predictor import BasePredictor
from promptolution.tasks import RewardTask
from promptolution.utils.prompt import Prompt
from promptolution.utils.prompt_creation import create_prompt_variation

from benchmarks.peer_words import arguments
from benchmarks.tasks import PROPOSAL_TOKENS, TASKS, Task, dealt
from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.example import Example
from optimizer.core.programs.parse import parse
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.render import render, reply_schema
from optimizer.core.programs.steps import alone

PROMPTS = 6
"""Prompts that compete: with ten, a light budget would end in the second step."""
MOST_STEPS = 100
"""Its steps end when the server refuses what is beyond the allowance."""
TIMEOUT = 900


class Writer(BaseLLM):
    """The model that merges and rephrases prompts; each call is drawn anew, by its number."""

    def __init__(self, given: argparse.Namespace) -> None:
        super().__init__()
        self._client = client(given.writer_url)
        self._model, self._seed, self._asked = given.writer, given.seed, 0

    def _get_response(self, prompts: list[str], system_prompts: list[str]) -> list[str]:
        return [self._written(*pair) for pair in zip(prompts, system_prompts, strict=True)]

    def _written(self, prompt: str, system: str) -> str:
        self._asked += 1
        messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        return said(
            self._client, model=self._model, messages=messages, temperature=0.7,
            max_tokens=PROPOSAL_TOKENS, seed=1000 * self._seed + self._asked,
        )  # fmt: skip


class Program(BasePredictor):
    """A task's program with CAPO's prompt as its instruction; replies are remembered."""

    def __init__(self, task: Task, given: argparse.Namespace, llm: BaseLLM) -> None:
        super().__init__(llm)
        (self._module,), self._tokens = task.program.modules, task.reply_tokens
        (self._input,), (self._output,) = (
            self._module.signature.inputs, self._module.signature.outputs,
        )  # fmt: skip
        self._client, self._model, self._threads = client(given.url), given.model, given.threads
        self._replies: dict[tuple[str, str], str] = {}
        self.begin_marker, self.end_marker = f'{{"{self._output.name}":"', '"}'

    @property
    def made(self) -> int:
        """Evaluations; those that it asks for again are remembered, and not counted again."""
        return len(self._replies)

    def predict(
        self, prompts: str | list[str], xs: list[str], system_prompts: Any = None
    ) -> tuple[list[str], list[str]]:
        several = [prompts] * len(xs) if isinstance(prompts, str) else prompts
        with ThreadPoolExecutor(self._threads) as threads:
            replies = list(threads.map(self._reply, several, xs))
        return [self._read(reply) for reply in replies], [
            f"{x}\n{reply}" for x, reply in zip(xs, replies, strict=True)
        ]

    def _reply(self, prompt: str, x: str) -> str:
        if (prompt, x) not in self._replies:
            asked = render(self._module, ModulePrompt(prompt), {self._input.name: x})
            schema = {"name": "reply", "schema": reply_schema(self._module), "strict": True}
            self._replies[prompt, x] = said(
                self._client, model=self._model, temperature=0.0, max_tokens=self._tokens,
                messages=[{"role": m.role, "content": m.content} for m in asked.messages],
                response_format={"type": "json_schema", "json_schema": schema},
            )  # fmt: skip
        return self._replies[prompt, x]

    def _read(self, reply: str) -> str:
        """The answer; "" for a reply that cannot be read, which is wrong."""
        try:
            return str(parse(self._module, reply)[self._output.name])
        except UnreadableReply:
            return ""

    def _extract_preds(self, preds: list[str]) -> list[str]:
        return [self._read(reply) for reply in preds]


DOWN: list[Exception] = []
"""Why a server could not answer: CAPO takes every error for the end of its steps."""


def said(asked: OpenAI, **request: Any) -> str:
    """A reply's text.

    Raises:
        openai.APIError: there is none; one that is refused for want of an allowance among them.
    """
    try:
        reply = asked.chat.completions.create(**request)
    except (APIConnectionError, InternalServerError) as error:
        DOWN.append(error)
        raise
    return reply.choices[0].message.content or ""


def client(url: str) -> OpenAI:
    return OpenAI(base_url=url, api_key="none", timeout=TIMEOUT, max_retries=0)


def capo(task: Task, given: argparse.Namespace) -> dict[str, Any]:
    """CAPO with its defaults but the number of prompts; the best of the last ones by what of the
    validation rows they were scored on.
    """
    splits = dealt(task, given.seed, tuple(given.rows))
    random.seed(given.seed)
    np.random.seed(given.seed)
    writer = Writer(given)
    program = Program(task, given, writer)
    (module,) = task.program.modules
    own = module.signature.instruction
    scored = RewardTask(
        frame(task, splits.validation), metric_of(task), "x", "y", ["expected"],
        task_description=own, n_subsamples=30, eval_strategy="sequential_block", seed=given.seed,
    )  # fmt: skip
    variations = create_prompt_variation([own] * (PROMPTS - 1), writer)
    optimizer = CAPO(
        program, scored, writer, [own, *variations],
        df_few_shots=frame(task, splits.train),
    )  # fmt: skip
    optimizer.optimize(MOST_STEPS)
    if DOWN:
        raise DOWN[0]
    best, reported = best_of(optimizer.prompts, scored, program)
    return {
        "prompts": {module.name: {"instruction": str(best), "demos": []}},
        "evaluations": program.made, "distinct": program.made, "reported": reported,
    }  # fmt: skip


def best_of(
    prompts: Sequence[Prompt], scored: RewardTask, program: Program
) -> tuple[Prompt, float | None]:
    """The highest mean so far, without a call; the first where none was scored."""
    means = scored.evaluate(list(prompts), program, eval_strategy="evaluated").agg_scores
    if np.isnan(means).all():
        return prompts[0], None
    best = int(np.nanargmax(means))
    return prompts[best], float(means[best])


def frame(task: Task, examples: Sequence[Example]) -> pd.DataFrame:
    (takes,) = task.program.inputs
    rows = [(str(e.inputs[takes.name]), str(e.expected[task.metric.expected])) for e in examples]
    return pd.DataFrame([{"x": x, "y": y, "expected": y} for x, y in rows])


def metric_of(task: Task) -> Callable[..., float]:
    def reward(answer: str, expected: str) -> float:
        row = Example("", {}, {task.metric.expected: expected})
        score = alone(task.metric.score(row, Prediction({task.metric.output: answer})))
        return score.value if score else 0.0

    return reward


def main() -> None:
    given = arguments(["capo"])
    print(json.dumps(capo(TASKS[given.task], given), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()

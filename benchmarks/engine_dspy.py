"""`dspy.Evaluate` on the same messages; run by .venv-bench, it imports nothing of ours.

Prints one line of JSON: calls a second, and processor milliseconds a call.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from typing import Literal

import dspy


class Classify(dspy.Signature):
    """Decide whether the message is spam."""

    message: str = dspy.InputField()
    label: Literal["ham", "spam"] = dspy.OutputField()


def exact(example: dspy.Example, prediction: dspy.Prediction, trace: object = None) -> bool:
    return bool(example.label == prediction.label)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--at-once", type=int, required=True)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--cache", action="store_true", help="with DSPy's caches, as it comes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dspy.configure_cache(
            enable_disk_cache=given.cache,
            enable_memory_cache=given.cache,
            disk_cache_dir=folder,
        )
        print(json.dumps(evaluated(given)), flush=True)


def evaluated(given: argparse.Namespace) -> dict[str, float]:
    model = dspy.LM(
        "openai/local", api_base=given.url, api_key="none", temperature=0.0, max_tokens=400,
        cache=given.cache,
    )  # fmt: skip
    dspy.configure(lm=model)
    examples = [
        dspy.Example(message=f"{given.name}: message {i} about a meeting", label="ham").with_inputs(
            "message"
        )
        for i in range(given.calls)
    ]
    program = dspy.Predict(Classify)
    program(message=f"{given.name}: to warm up")
    evaluate = dspy.Evaluate(
        devset=examples, metric=exact, num_threads=given.at_once, display_progress=False
    )
    wall, busy = time.perf_counter(), time.process_time()
    score = evaluate(program)
    seconds, busy = time.perf_counter() - wall, time.process_time() - busy
    assert score.score == 100.0, score.score
    return {"rate": given.calls / seconds, "cpu_ms": 1000 * busy / given.calls}


if __name__ == "__main__":
    main()

"""What the process of another library's optimizer is told (benchmarks.peer_others)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable


def arguments(optimizers: Iterable[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--optimizer", required=True, choices=list(optimizers))
    for text in ("--task", "--url", "--model", "--writer-url", "--writer"):
        parser.add_argument(text, required=True)
    for number in ("--seed", "--threads", "--evaluations"):
        parser.add_argument(number, type=int, required=True)
    parser.add_argument("--auto", default="light")
    parser.add_argument("--rows", type=int, nargs=3, required=True)
    return parser.parse_args()

"""`make bench-engine`: evaluation throughput, ours beside `dspy.Evaluate`.

A local server in a process of its own takes 0.5 s for each reply. Ours is one worker process with
everything that keeps calls safe (ledger, caps, outcomes in a durable Postgres); DSPy 3.4.1 runs
from .venv-bench. At 64 and at 256 in flight they take turns in one run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.bench_calls import Bench, Turn
from benchmarks.figures import machine, ratio, spread, tell
from benchmarks.page import write_part
from promptlab.launch.home import CHECKOUT
from tests.browser.ground import database, empty_home

REPLY_SECONDS = 0.5
WAVES = 20
"""Replies one after the other in every place, so that start and end weigh little."""
RESULTS = Path(__file__).parent / "results" / "engine.json"
PEER = CHECKOUT / ".venv-bench" / "bin" / "python"
SIDES = ("ours", "dspy", "dspy_cached")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", type=int, nargs="+", default=[64, 256])
    parser.add_argument(
        "--keep", action="store_true", help="write results/engine.json and docs/benchmarks.md"
    )
    given = parser.parse_args()
    if not PEER.exists():
        sys.exit("There is no .venv-bench: run this with `make bench-engine`.")
    before = machine()
    levels = {}
    with empty_home() as home, database(home), slow_server() as url:
        for at_once in given.at_once:
            levels[str(at_once)] = measured(url, at_once, given.rounds)
    figures: dict[str, Any] = {
        "machine": before, "reply_seconds": REPLY_SECONDS, "rounds": given.rounds,
        "at_once": levels,
    }  # fmt: skip
    if given.keep:
        RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
        write_part("engine", page(levels, before))
    report(levels, figures)


@contextmanager
def slow_server() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.slow_server", "--seconds", str(REPLY_SECONDS)]
    server = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()


def measured(url: str, at_once: int, rounds: int) -> dict[str, Any]:
    """All sides in turn, as often as there are rounds, the first one changing."""
    calls = WAVES * at_once
    bench = Bench(url, at_once, calls)
    turns: dict[str, list[Turn]] = {side: [] for side in SIDES}
    for number in range(rounds):
        for shift in range(len(SIDES)):
            side = SIDES[(number + shift) % len(SIDES)]
            name = f"{side} {at_once} {number}"
            turn = (
                bench.through_everything(name)
                if side == "ours"
                else dspy_turn(url, at_once, calls, name, cached=side == "dspy_cached")
            )
            turns[side].append(turn)
            print(f"  {name}: {turn.rate:.1f}/s, {turn.cpu_ms:.2f} ms", file=sys.stderr, flush=True)
    return summed_up(turns, at_once, calls)


def dspy_turn(url: str, at_once: int, calls: int, name: str, cached: bool) -> Turn:
    command = [str(PEER), str(Path(__file__).with_name("engine_dspy.py")), "--url", url]
    command += ["--at-once", str(at_once), "--calls", str(calls), "--name", name]
    command += ["--cache"] if cached else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Turn(**json.loads(done.stdout.splitlines()[-1]))


def summed_up(turns: dict[str, list[Turn]], at_once: int, calls: int) -> dict[str, Any]:
    ideal = at_once / REPLY_SECONDS
    rates = {side: [t.rate for t in made] for side, made in turns.items()}
    cpu = {side: [t.cpu_ms for t in made] for side, made in turns.items()}
    found: dict[str, Any] = {"calls": calls, "ideal_per_second": ideal}
    for side in SIDES:
        found[side] = {
            "calls_per_second": spread(rates[side], 1),
            "cpu_ms_per_call": spread(cpu[side], 2),
            "share_of_ideal": ratio(rates[side], [ideal] * len(rates[side])),
        }
    for side in SIDES[1:]:
        found[f"ours_to_{side}"] = ratio(rates["ours"], rates[side])
        found[f"cpu_{side}_to_ours"] = ratio(cpu[side], cpu["ours"])
    return found


def report(levels: dict[str, Any], figures: dict[str, Any]) -> None:
    rows: list[tuple[str, str]] = []
    for at_once, level in levels.items():
        rows.append((f"{at_once} in flight", f"ideal {level['ideal_per_second']:.0f} calls/s"))
        for side in SIDES:
            part = level[side]
            rows.append(
                (
                    f"  {NAMES[side]}",
                    f"{part['calls_per_second']['median']} calls/s, "
                    f"{between(part['share_of_ideal'])} of the ideal, "
                    f"{part['cpu_ms_per_call']['median']} ms CPU a call",
                )
            )
        for side in SIDES[1:]:
            rows.append((f"  ours to {NAMES[side]}", between(level[f"ours_to_{side}"])))
    tell(f"Evaluation, replies in {REPLY_SECONDS} s", rows, figures)


def page(levels: dict[str, Any], machine: dict[str, Any]) -> str:
    """The same as a table of Markdown."""
    lines = [
        "| In flight | | Calls a second (ideal) | CPU ms a call | Ours to it |",
        "|---|---|---|---|---|",
    ]
    for at_once, level in levels.items():
        for side in SIDES:
            part, to = level[side], level.get(f"ours_to_{side}")
            lines.append(
                f"| {at_once} | {NAMES[side]} | {part['calls_per_second']['median']} "
                f"({level['ideal_per_second']:.0f}) | {part['cpu_ms_per_call']['median']} | "
                f"{between(to) if to else ''} |"
            )
    load = machine["load_before"]
    return "\n".join(
        [
            *lines,
            "",
            f"Measured on {machine['at'][:10]}, {machine['cores']} cores, Python "
            f"{machine['python']}; load average before: {load}. Intervals are 95 % over rounds.",
        ]
    )


NAMES = {
    "ours": "promptlab, ledger in Postgres",
    "dspy": "dspy.Evaluate, caches off",
    "dspy_cached": "dspy.Evaluate, as it comes",
}


def between(figure: dict[str, float]) -> str:
    return f"{figure['ratio']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"


if __name__ == "__main__":
    main()

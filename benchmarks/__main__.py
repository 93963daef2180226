"""`make bench`: every measurement, one after the other; figures go to results/ and to the docs.

`python -m benchmarks calls page` measures only these; the others keep their figures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.figures import machine
from benchmarks.page import write_page
from promptlab.launch.home import CHECKOUT

BENCHES = ("start", "calls", "live", "page")
RESULTS = Path(__file__).parent / "results" / "latest.json"


def main() -> None:
    wanted = sys.argv[1:] or list(BENCHES)
    unknown = set(wanted) - set(BENCHES)
    if unknown:
        sys.exit(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}.")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in wanted:
        results[name] = {"machine": machine(), **measured(name)}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    write_page(results)


def measured(name: str) -> dict[str, Any]:
    """Run one measurement in a process of its own, show what it says, take its last line."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.bench_{name}"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    if process.wait():
        sys.exit(f"bench_{name} failed.")
    figures: dict[str, Any] = json.loads(lines[-1])
    return figures


if __name__ == "__main__":
    main()

"""Another library's optimizer, in a process of .venv-bench."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from optimizer.codec import from_json
from optimizer.core.programs.candidate import Candidate
from promptlab.launch.home import CHECKOUT

PYTHON = CHECKOUT / ".venv-bench" / "bin" / "python"
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}


def optimized(module: str, words: Sequence[str], log: Path) -> tuple[Candidate, dict[str, Any]]:
    """Run a module, whose last line of output is what it found as JSON; what it tells goes to the
    log. Ends the benchmark where the library fails: that is no score.
    """
    if not PYTHON.exists():
        sys.exit("There is no .venv-bench: run this with `make bench-peer`.")
    with log.open("a") as errors:
        done = subprocess.run(
            [str(PYTHON), "-m", module, *words],
            cwd=CHECKOUT,
            env={**os.environ, **OFFLINE},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{module} ended with an error, told at the end of {log.name}.")
    found = json.loads(done.stdout.splitlines()[-1])
    return from_json(Candidate, {"modules": found.pop("prompts")}), found

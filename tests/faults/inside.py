"""What a test says to an installation of its own, in a process that has its settings.

`python -m tests.faults.inside start URL` starts a run on the model at URL and prints its id;
`… told ID`, `… forget ID` and `… status ID` say what tests/faults/workers.py says of a run.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import django

django.setup()

from optimizer.core.conversation.spec import ModelRef, RunSpec  # noqa: E402
from optimizer.core.optimizers import DEFAULT  # noqa: E402
from optimizer.core.programs.lm import Role  # noqa: E402
from optimizer.jobs import starting  # noqa: E402 - Django has to be set up first
from optimizer.models import Provider, Run  # noqa: E402
from tests.allowance import allow_loopback  # noqa: E402
from tests.fakes.world import LABEL, messages, one_module_program  # noqa: E402
from tests.faults.workers import forget, told  # noqa: E402
from tests.optimizer.conftest import SMALL  # noqa: E402


def start(url: str) -> int:
    allow_loopback()
    provider, _ = Provider.objects.get_or_create(
        namespace="faults",
        name="Counting",
        defaults={
            "kind": Provider.Kind.OPENAI_COMPATIBLE,
            "api_base": url,
            "concurrency": 8,
            "input_price": 1_000_000,
            "output_price": 2_000_000,
        },
    )
    model = ModelRef(provider.pk, "scripted", max_tokens=50)
    spec = RunSpec(
        program=one_module_program(),
        metric=LABEL,
        optimizer=DEFAULT,
        settings=SMALL,
        models={Role.TASK: model, Role.OPTIMIZER: replace(model, temperature=0.7)},
        train=messages(20, "t"),
        validation=messages(40, "v"),
        test=messages(20, "x"),
        namespace="faults",
        seed=3,
    )
    return starting.create_run(spec).pk


def main(verb: str, argument: str) -> object:
    if verb == "start":
        return start(argument)
    run = Run.objects.get(pk=int(argument))
    if verb == "forget":
        forget(run)
    return {"told": lambda: told(run), "status": lambda: run.status}.get(verb, lambda: None)()


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:3]), default=str))  # noqa: T201 - the answer

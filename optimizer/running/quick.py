"""Short jobs for somebody who waits: trying one example, measuring a few, testing a provider."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from optimizer import codec, doorbell, ownership
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.core.programs.program import Program
from optimizer.costs.prices import price_of
from optimizer.lm.call import Client, Endpoint, LMCall
from optimizer.lm.failures import CallFailed, ProviderRefused, SchemaRefused
from optimizer.lm.paid import Paying
from optimizer.lm.scrub import everyones
from optimizer.lm.secrets import WrongEncryptionKey
from optimizer.models import Measurement, Provider, Tryout
from optimizer.ownership import GONE, Kind, Owner, Superseded
from optimizer.running import role_clients
from optimizer.running.commit_thread import CommitThread
from optimizer.running.evaluator import failed_outcome, run_example, said_in
from optimizer.running.interruptions import Interruption, Overbilled
from optimizer.running.role_clients import (
    Connect,
    NoEmbeddedModel,
    PriceUnknown,
    ProviderGone,
    RoleClient,
    RoleClients,
)

logger = logging.getLogger(__name__)

ATTEMPTS = 2
Row = TypeVar("Row", Tryout, Measurement)
Owned = TypeVar("Owned", Tryout, Measurement, Provider)
Found = dict[str, Any]
CANNOT_CALL = (CallFailed, ProviderGone, NoEmbeddedModel, PriceUnknown, WrongEncryptionKey)


def try_program(tryout_id: int, connect: Connect = role_clients.connect) -> None:
    """Run a tryout's program on its example, and keep the outcome or why there is none."""

    def tried(row: Tryout, writer: CommitThread, loop: asyncio.Runner) -> Found:
        outcome = _tried(row, writer, loop, connect)
        return {"state": Tryout.State.DONE, "outcome": codec.to_json(outcome)}

    _do("tryout", Tryout, tryout_id, tried)


def measure_program(measurement_id: int, connect: Connect = role_clients.connect) -> None:
    """Run a measurement's program on its examples, and keep the outcomes or why there are none."""

    def measured(row: Measurement, writer: CommitThread, loop: asyncio.Runner) -> Found:
        outcomes, at_once = _measured(row, writer, loop, connect)
        kept = codec.to_json(outcomes, tuple[Outcome, ...])
        return {"state": Measurement.State.DONE, "outcomes": kept, "at_once": at_once}

    _do("measurement", Measurement, measurement_id, measured)


def check_provider(provider_id: int, model: str, connect: Connect = role_clients.connect) -> None:
    """Make one small call to the provider, and keep whether it works and what it said.

    It is paid like any other call, and never answered by one that was paid before.
    """
    if not ownership.take(Provider.objects.filter(pk=provider_id)):
        logger.info("provider %s is removed, or tested by another worker", provider_id)
        return
    provider = Provider.objects.get(pk=provider_id)
    owner = Owner("provider", provider.pk, provider.epoch, provider.namespace)

    def checked(row: Provider, writer: CommitThread, loop: asyncio.Runner) -> Found:
        found = loop.run(_checked(role_clients.reach(row, connect), row, model, writer))
        writer.flush()
        if isinstance(writer.leaving, Overbilled):
            found["check_message"] = f"{found['check_message']} {writer.leaving}"[:500]
        return found

    try:
        found = _found(provider, owner, checked)
    except Superseded:
        logger.warning("provider %s is tested by another worker now", provider_id)
        return
    except (*CANNOT_CALL, Interruption) as failure:
        state = Provider.Check.FAILED
        message = str(failure)[:500]
        found = {"check_state": state, "check_message": message, "check_seconds": None}
        found["check_said"] = said_in(failure)
    with transaction.atomic():
        mine = Provider.objects.filter(pk=provider_id, epoch=provider.epoch)
        mine.update(checked_at=timezone.now(), heard_at=None, **found)
        doorbell.ring("provider", provider_id)


def _do(
    kind: Kind,
    model: type[Row],
    ref: int,
    job: Callable[[Row, CommitThread, asyncio.Runner], Found],
) -> None:
    """Do the job as the row's owner, and keep what it found or why it found nothing.

    Raises:
        GONE: the database is; another worker tries again.
        Exception: an error of ours, which is kept.
    """
    if not ownership.take(model.objects.filter(pk=ref, state=model.State.WAITING)):
        logger.info("%s %s is answered, or held by another worker", kind, ref)
        return
    row = model.objects.get(pk=ref)
    owner = Owner(kind, ref, row.epoch, row.namespace)
    try:
        with _failure_kept(row, owner):
            _keep(row, owner, _found(row, owner, job))
    except Superseded:
        logger.warning("%s %s has another owner now; this worker leaves it", kind, ref)


@contextmanager
def _failure_kept(row: Tryout | Measurement, owner: Owner) -> Iterator[None]:
    try:
        yield
    except (Superseded, *GONE):
        raise  # nothing can be kept
    except (*CANNOT_CALL, Interruption) as failure:
        _keep(row, owner, _failed(row, str(failure), said_in(failure)))
    except Exception as error:
        problem = f"Something unforeseen happened ({type(error).__name__})."
        _keep(row, owner, _failed(row, problem, everyones().clean(str(error))))
        raise


def _failed(row: Tryout | Measurement, problem: str, said: str) -> Found:
    return {"state": row.State.FAILED, "problem": problem, "said": said}


def _found(
    row: Owned, owner: Owner, job: Callable[[Owned, CommitThread, asyncio.Runner], Found]
) -> Found:
    with closing(ownership.connect()) as connection, asyncio.Runner() as loop:
        writer = CommitThread(owner, connection, loop.get_loop())
        try:
            with writer:
                return job(row, writer, loop)
        finally:
            writer.release()


def _keep(row: Tryout | Measurement, owner: Owner, found: Found) -> None:
    with transaction.atomic():
        mine = type(row).objects.filter(pk=row.pk, epoch=row.epoch)
        if not mine.update(answered_at=Now(), heard_at=None, **found):
            raise Superseded
        doorbell.ring(owner.kind, row.pk)


def _tried(row: Tryout, writer: CommitThread, loop: asyncio.Runner, connect: Connect) -> Outcome:
    ref = codec.from_json(ModelRef, row.model)
    opened = RoleClients({Role.TASK: ref}, row.namespace, writer, connect, attempts=ATTEMPTS)
    metric = codec.from_json(Metric, row.metric) if row.metric else None
    try:
        return loop.run(
            run_example(
                codec.from_json(Program, row.program),
                codec.from_json(Candidate, row.prompts),
                codec.from_json(Example, row.example),
                metric,
                opened[Role.TASK],
            )
        )
    finally:
        loop.run(opened.aclose())


def _measured(
    row: Measurement, writer: CommitThread, loop: asyncio.Runner, connect: Connect
) -> tuple[tuple[Outcome, ...], int]:
    """Outcomes of the examples, all under way together, and how many calls that were at once."""
    program = codec.from_json(Program, row.program)
    examples = codec.from_json(tuple[Example, ...], row.examples)
    ref = codec.from_json(ModelRef, row.model)
    opened = RoleClients({Role.TASK: ref}, row.namespace, writer, connect, attempts=ATTEMPTS)
    line = opened[Role.TASK]
    try:
        outcomes = loop.run(_all_of(program, examples, line))
    finally:
        loop.run(opened.aclose())
    return outcomes, min(len(examples), line.most)


async def _all_of(
    program: Program, examples: Sequence[Example], line: RoleClient
) -> tuple[Outcome, ...]:
    """One outcome an example, a failed one with its error.

    Raises:
        CallFailed, Interruption: none came back.
    """
    tasks = (run_example(program, baseline_of(program), e, None, line) for e in examples)
    found = await asyncio.gather(*tasks, return_exceptions=True)
    failures = [f for f in found if isinstance(f, BaseException)]
    unforeseen = [f for f in failures if not isinstance(f, CallFailed | Interruption)]
    if unforeseen or len(failures) == len(found):
        raise (unforeseen or failures)[0]
    return tuple(
        failed_outcome(e, f) if isinstance(f, BaseException) else f
        for e, f in zip(examples, found, strict=True)
    )


async def _checked(
    endpoint: Endpoint, provider: Provider, model: str, writer: CommitThread
) -> Found:
    try:
        offered = await endpoint.models()
        name = model or next(iter(provider.models_offered or offered), "")
        if not name:
            raise ProviderRefused("Enter the name of a model to test: the provider lists none.")
        reply = await _small_call(_paying(endpoint, provider, name, writer), name)
    finally:
        await endpoint.aclose()
    found: Found = {
        "check_state": Provider.Check.WORKS,
        "check_message": f"{name} answered in {reply.seconds:.1f} s.",
        "check_said": "",
        "check_seconds": reply.seconds,
        "constrains_replies": endpoint.constrains,
    }
    if offered and not provider.models_offered:
        found["models_offered"] = offered[:200]
    return found


def _paying(endpoint: Endpoint, provider: Provider, model: str, writer: CommitThread) -> Client:
    """Each test is a call of its own."""
    return Paying(
        endpoint,
        writer,
        namespace=provider.namespace,
        endpoint=f"{writer.owner.name} tests {role_clients.endpoint_name(provider)}",
        provider=provider.pk,
        price=price_of(provider, model),
    )


async def _small_call(client: Client, model: str) -> Reply:
    said = Message("user", 'Answer with the JSON object {"answer": "ready"} and nothing else.')
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": ["ready"]}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    call = LMCall(model, Role.TASK, (said,), schema, temperature=0.0, max_tokens=32)
    try:
        return await client.complete(call)
    except SchemaRefused:
        return await client.complete(call)  # the endpoint remembers to ask without it

"""Testing a provider: one short question to one of its models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from optimizer import codec
from optimizer.core.conversation.evaluation import CHECK_ANSWER, CHECK_OUTPUTS, ModelCheckSpec
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.programs.answers import UnreadableReply, short
from optimizer.core.programs.ending import is_cut_off, no_answer
from optimizer.core.programs.reply import read_reply
from optimizer.costs.prices import MARKED
from optimizer.jobs import evaluations, model_probes
from optimizer.lm import known_traits
from optimizer.lm.model_settings import embeds, ref_of
from optimizer.lm.traits import Traits
from optimizer.models import Provider, Run
from optimizer.running.interruptions import OVERBILLED, Why
from optimizer.sentences import sentence, term

OF_PROVIDERS = (Why.PROVIDER_DOWN, Why.PROVIDER_CLOSED)
"""Stop reasons that are a provider's doing."""


class CheckState(StrEnum):
    NEVER = "never"
    WAITING = "waiting"
    WORKS = "works"
    FAILED = "failed"
    UNMADE = "unmade"
    """Something kept the question from its answer that says nothing of the provider."""


@dataclass(frozen=True)
class ModelCheck:
    """What is known of a provider's latest test: `message` is a sentence, `said` what the provider
    itself said, `seconds` how long its reply took. `as_asked`: the reply was what was asked for.
    """

    state: CheckState = CheckState.NEVER
    message: str = ""
    said: str = ""
    seconds: float | None = None
    at: datetime | None = None
    as_asked: bool = True


def start(provider: Provider, model: str = "", probes: bool = False) -> Run:
    """Ask a worker to test the provider with this model, or with the first that it offers;
    `probes`: to find out whether it can write instructions.
    """
    ref = ref_of(provider, model) if model else ModelRef(provider.pk, model)
    with transaction.atomic():
        spec = ModelCheckSpec(
            ref, provider.namespace, embeds=embeds(provider, ref.model), probes=probes
        )
        run = evaluations.start(spec)
        Provider.objects.filter(pk=provider.pk).update(check_run=run)
        provider.check_run = run
    return run


def latest(provider: Provider) -> ModelCheck:
    """The provider's test since it was changed."""
    run = provider.check_run
    if run is None:
        return ModelCheck()
    if run.active:
        return ModelCheck(CheckState.WAITING)
    answered = run.status == Run.Status.FINISHED or run.stop_reason == OVERBILLED
    if not answered:
        state = CheckState.FAILED if run.stop_reason in OF_PROVIDERS else CheckState.UNMADE
        return ModelCheck(state, sentence(run.message), run.said, at=run.ended_at)
    spec = codec.from_json(ModelCheckSpec, run.spec)
    if spec.probes:
        return _probed(run, spec)
    ref, seconds, ended, came = spec.model, run.active_seconds, "", ""
    state = CheckState.WORKS
    paid = run.completions.filter(state="settled").first()
    if paid is not None and spec.embeds:
        seconds = paid.seconds
    elif paid is not None:
        seconds, ended = paid.seconds, _ended(paid.finish_reason, ref.max_tokens)
        came = "" if is_cut_off(paid.finish_reason) else _came(paid.reply)
        state = CheckState.WORKS if ended or paid.reply.strip() else CheckState.FAILED
    code = "check.embeds" if spec.embeds else "check.answered"
    answer = term(code, model=ref.model, seconds=seconds)
    notes = notes_of(provider, ref.model)
    message = " ".join(filter(None, (answer, ended, *notes, sentence(run.message), came)))
    as_asked = not ended and not came
    return ModelCheck(state, message, run.said, seconds, run.ended_at, as_asked)


def _probed(run: Run, spec: ModelCheckSpec) -> ModelCheck:
    probe = model_probes.probe_of(run)
    if probe is None:
        return ModelCheck(CheckState.UNMADE, sentence(run.message), run.said, at=run.ended_at)
    message = probe_told(spec.model.model, probe)
    return ModelCheck(CheckState.WORKS, message, run.said, None, run.ended_at, probe.writes)


def probe_told(model: str, probe: model_probes.Probe) -> str:
    """Whether a model can write instructions, in a sentence."""
    code = "check.writes" if probe.writes else "check.too_weak"
    return term(code, model=model, followed=probe.followed, asked=probe.asked)


def _ended(finish: str, limit: int) -> str:
    """What is wrong with an answer that ended so, "" where nothing is."""
    if is_cut_off(finish):
        return term("check.cut_off", limit=limit)
    return term("check.no_answer", finish=finish) if no_answer(finish) else ""


def _came(reply: str) -> str:
    """What came instead of what was asked for, "" where that came."""
    if not reply.strip():
        return term("check.empty", asked=CHECK_ANSWER)
    try:
        read_reply(CHECK_OUTPUTS, reply)
    except UnreadableReply:
        return term("check.other", asked=CHECK_ANSWER, said=short(reply))
    return ""


def notes_of(provider: Provider, model: str) -> list[str]:
    """What was learned of how a model wants its requests, a sentence each."""
    traits = known_traits.traits_of(provider).get(model, Traits())
    marked = ("traits.cache_marks",) if provider.family in MARKED else ()
    return [term(code, most=traits.most_tokens) for code in (*traits.notes, *marked)]

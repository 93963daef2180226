"""Writing down a version: program, prompts and provenance, from the rows of a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from optimizer.codec import from_json
from optimizer.core.conversation.events import TestScored
from optimizer.core.conversation.spec import ModelRef, RunSpec
from optimizer.core.evaluation.stats import Comparison, FullScore
from optimizer.core.programs.candidate import with_prompts
from optimizer.lm.known_traits import traits_of
from optimizer.lm.model_settings import ref_of
from optimizer.lm.traits import ReplyForm, Traits
from optimizer.models import Candidate, Provider, Run, Trial
from optimizer.running.prompts import from_row, prompts_of
from optimizer.running.summary import conclusion_of
from optimizer.running.test_set_uses import look_of
from promptlab.accounts.models import User
from promptlab.reviews.content import (
    Approval,
    DatasetSource,
    ModelSource,
    Provenance,
    Recommended,
    Scores,
    VersionContent,
)
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.beside import BesideRun
from promptlab.runs.results.evidence import comparing, evaluated
from promptlab.runs.results.final import expected_of_candidate


def content(
    project_run: ProjectRun, candidate: Candidate, number: int, by: User, note: str, now: datetime
) -> VersionContent:
    """The content of version `number`, complete: it is never touched again."""
    approval = Approval(by.email, now.astimezone(UTC).isoformat(timespec="seconds"), note)
    source = provenance(project_run, candidate, approval)
    spec = from_row(RunSpec, project_run.run.spec)
    program = with_prompts(spec.program, prompts_of(candidate))
    return VersionContent(project_run.program_name, number, program, source)


def provenance(
    project_run: ProjectRun, candidate: Candidate, approval: Approval | None
) -> Provenance:
    """Where a candidate's prompts come from; without an approval while it is asked for."""
    run = project_run.run
    spec = from_row(RunSpec, run.spec)
    source = _sources(spec)
    return Provenance(
        run=project_run.number,
        started_by=project_run.started_by.email,
        candidate=candidate.number,
        candidate_digest=candidate.digest,
        optimizer=spec.optimizer,
        settings=spec.settings,
        seed=spec.seed,
        models={role: source(ref) for role, ref in spec.models.items()},
        further_optimizers=tuple(map(source, spec.further_optimizers)),
        module_models=_module_models(spec),
        dataset=_dataset(project_run, run),
        metric_name=project_run.metric_name,
        metric=spec.metric,
        scores=_scores(project_run, candidate),
        approval=approval,
        calls=run.used_calls,
        tokens=run.used_tokens,
        cost=run.spent,
    )


def _sources(spec: RunSpec) -> Callable[[ModelRef], ModelSource]:
    """What is written down of a model of this run."""
    ids = {ref.provider for _role, ref in spec.model_refs}
    providers = {p.pk: p for p in Provider.objects.filter(pk__in=ids)}
    return lambda ref: _model(ref, providers.get(ref.provider))


def _module_models(spec: RunSpec) -> dict[str, ModelSource]:
    """The models that modules name, as they are set now."""
    own = {m.name: m.own_model for m in spec.program.modules if m.own_model is not None}
    wanted = {model.provider for model in own.values()}
    found = {p.pk: p for p in Provider.objects.filter(pk__in=wanted)}
    return {
        name: _model(
            ref_of(provider, model.model) if provider else ModelRef(model.provider, model.model),
            provider,
        )
        for name, model in own.items()
        for provider in (found.get(model.provider),)
    }


def _model(ref: ModelRef, provider: Provider | None) -> ModelSource:
    kind = provider.kind if provider else Provider.Kind.LITELLM
    # LiteLLM calls any OpenAI-compatible endpoint through its openai/ names.
    litellm = ref.model if kind == Provider.Kind.LITELLM else f"openai/{ref.model}"
    name = provider.name if provider else ""
    traits = traits_of(provider).get(ref.model, Traits()) if provider else Traits()
    holds = provider.constrains_replies if provider else True
    constrains = holds and traits.replies is ReplyForm.SCHEMA
    return ModelSource(
        name, str(kind), ref.model, litellm, ref.temperature, ref.max_tokens, constrains, traits
    )


def _dataset(project_run: ProjectRun, run: Run) -> DatasetSource:
    return DatasetSource(
        name=project_run.dataset_name,
        digest=project_run.dataset_digest,
        train=run.train.count,
        train_digest=run.train_id,
        validation=run.validation.count,
        validation_digest=run.validation_id,
        test=run.test.count if run.test else 0,
        test_digest=run.test_id or "",
    )


def _scores(project_run: ProjectRun, candidate: Candidate) -> Scores:
    run = project_run.run
    full = Trial.objects.filter(candidate=candidate, full=True, score__isnull=False)
    own = full.order_by("number").last()
    baseline = from_json(FullScore, run.baseline_score) if run.baseline_score else None
    test, look = _final_word(project_run, candidate)
    return Scores(
        candidate=from_json(FullScore, own.score) if own else None,
        baseline=baseline,
        comparison=_comparison(run, candidate),
        test=test,
        expected=expected_of_candidate(run, candidate),
        look=look,
        conclusion=_recommended(run),
    )


def _final_word(
    project_run: ProjectRun, candidate: Candidate
) -> tuple[TestScored | None, int | None]:
    """What it scored where nothing was chosen by: in its run, or in the last evaluation beside it;
    and which look that was.
    """
    run = project_run.run
    if run.test_result and run.best_candidate_id == candidate.pk:
        return from_json(TestScored, run.test_result), look_of(run)
    looks = BesideRun(project_run, candidate.digest).looks
    return (looks[0].scored, looks[0].number) if looks else (None, None)


def _recommended(run: Run) -> Recommended | None:
    """In English, whatever the reviewer reads: a version is the same for everybody."""
    found = conclusion_of(run)
    if found is None:
        return None
    return Recommended(found.kind, found.on, found.kept, found.sentence())


def _comparison(run: Run, candidate: Candidate) -> Comparison | None:
    if candidate.number == 0:
        return None
    found = evaluated(run, [0, candidate.number])
    return comparing(found).others[0].comparison if len(found) == 2 else None

"""What a provider offers, asked before its model is checked."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from optimizer import codec
from optimizer.core.conversation.evaluation import ModelCheckSpec
from optimizer.core.problems import Refused, problem
from optimizer.core.programs.lm import Role
from optimizer.lm.call import Endpoint
from optimizer.lm.model_settings import embeds, ref_of
from optimizer.models import Provider, Run
from optimizer.ownership import Superseded
from optimizer.running.interruptions import Interruption, Why
from optimizer.running.role_clients import Connect, provider_removed, reach

MOST_OFFERED = 200


def named(row: Run, spec: ModelCheckSpec, connect: Connect, loop: asyncio.Runner) -> ModelCheckSpec:
    """The check with its model's name; a provider without a list of models has one afterwards.

    Raises:
        Refused: it was removed.
        Interruption: no name was said, and the provider lists none.
        CallFailed: it could not be asked.
    """
    wanted = Provider.objects.filter(pk=spec.model.provider, namespace=spec.namespace)
    provider = wanted.first()
    if provider is None:
        raise Refused(provider_removed(Role.OPTIMIZER, spec.model))
    offered = provider.models_offered
    if not offered:
        offered = loop.run(_listed(reach(provider, connect)))[:MOST_OFFERED]
        # Whoever changed the provider meanwhile has said what it offers, or asks another address.
        wanted.filter(check_run=row.pk).update(models_offered=offered)
    if spec.model.model:
        return spec
    if not offered:
        raise Interruption(Why.PROVIDER_CLOSED, problem("model.none_listed"))
    first = offered[0]
    spec = replace(spec, model=ref_of(provider, first), embeds=embeds(provider, first))
    mine = Run.objects.filter(pk=row.pk, epoch=row.epoch)
    if not mine.update(spec=codec.to_json(spec)):
        raise Superseded
    return spec


async def _listed(endpoint: Endpoint) -> list[str]:
    try:
        return await endpoint.models()
    finally:
        await endpoint.aclose()

"""What AWS says about the load balancers of a Rollout, asked while it waits for weights to take effect."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from gitsync.delivery.spaced_answers import SpacedAnswers
from gitsync.manifest.object import JsonObject
from gitsync.measurement.errors import MeasurementFailed
from gitsync.rollout.values import LoadBalancer

log = structlog.get_logger("gitsync.delivery")


class BalancerReader(Protocol):
    async def of_ingresses(self, ingresses: Sequence[JsonObject]) -> tuple[LoadBalancer, ...]:
        """Raises MeasurementFailed."""
        ...


class BalancerQuestions:
    def __init__(self, reader: BalancerReader, *, now: Callable[[], datetime]) -> None:
        self._reader = reader
        self._answers: SpacedAnswers[tuple[LoadBalancer, ...]] = SpacedAnswers(now)

    async def about(self, rollout: JsonObject, routed: Sequence[JsonObject]) -> tuple[LoadBalancer, ...] | None:
        """None where nothing is waited for. Who gives no answer has none of the balancers: that is not verified."""
        uid = str(rollout["metadata"].get("uid") or "")
        if not awaits_weights(rollout):
            self._answers.forget(uid)
            return None
        ingresses = [body for body in routed if body.get("kind") == "Ingress"]
        return await self._answers.about(uid, partial(self._of_ingresses, rollout["metadata"]["name"], ingresses))

    async def _of_ingresses(self, rollout: str, ingresses: Sequence[JsonObject]) -> tuple[LoadBalancer, ...]:
        try:
            return await self._reader.of_ingresses(ingresses)
        except MeasurementFailed as failure:
            log.warning("weights not verified", rollout=rollout, reason=failure.message)
            return ()


def awaits_weights(rollout: JsonObject) -> bool:
    """A canary behind an ALB, in an update, at a step that sets a weight or past the last one."""
    status = rollout.get("status") or {}
    canary = ((rollout.get("spec") or {}).get("strategy") or {}).get("canary") or {}
    steps, index = canary.get("steps") or [], status.get("currentStepIndex")
    if not (canary.get("trafficRouting") or {}).get("alb") or status.get("abort") or not status.get("stableRS"):
        return False
    if status["stableRS"] == status.get("currentPodHash") or index is None:
        return False
    return index >= len(steps) or "setWeight" in steps[index]

"""What AWS says about the load balancers of a Rollout, asked while it waits for weights to take effect."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from gitsync.manifest.object import JsonObject
from gitsync.measurement.errors import MeasurementFailed
from gitsync.rollout.defaults import VERIFY_RETRY_SECONDS
from gitsync.rollout.values import LoadBalancer

log = structlog.get_logger("gitsync.delivery")


class BalancerReader(Protocol):
    async def of_ingresses(self, ingresses: Sequence[JsonObject]) -> tuple[LoadBalancer, ...]:
        """Raises MeasurementFailed."""
        ...


class BalancerQuestions:
    """At most one question a Rollout in ten seconds: AWS limits who asks often."""

    def __init__(self, reader: BalancerReader, *, now: Callable[[], datetime]) -> None:
        self._reader = reader
        self._now = now
        self._answers: dict[str, tuple[datetime, tuple[LoadBalancer, ...]]] = {}

    async def about(self, rollout: JsonObject, routed: Sequence[JsonObject]) -> tuple[LoadBalancer, ...] | None:
        """None where nothing is waited for. Who gives no answer has none of the balancers: that is not verified."""
        uid = str(rollout["metadata"].get("uid") or "")
        if not awaits_weights(rollout):
            self._answers.pop(uid, None)
            return None
        asked, known = self._answers.get(uid, (None, ()))
        if asked is not None and self._now() < asked + timedelta(seconds=VERIFY_RETRY_SECONDS):
            return known
        try:
            known = await self._reader.of_ingresses([body for body in routed if body.get("kind") == "Ingress"])
        except MeasurementFailed as failure:
            log.warning("weights not verified", rollout=rollout["metadata"]["name"], reason=failure.message)
            known = ()
        self._answers[uid] = (self._now(), known)
        return known


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

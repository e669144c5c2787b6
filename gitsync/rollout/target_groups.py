"""Has the load balancer taken over the pods that a Service selects now? Until it has, old pods are still needed.

A Service turns to other pods at once; the target groups of AWS that it feeds (targets by address) follow some time
later. So a blue-green update is through, and an ALB canary's old version begins to wait for its end, only then.
"""

from collections.abc import Iterator

from gitsync.manifest.object import JsonObject
from gitsync.rollout.defaults import VERIFY_RETRY_SECONDS
from gitsync.rollout.values import Children, TargetRegistration
from gitsync.rollout.working import Pass
from model.kinds.rollout import HASH_LABEL, SCALE_DOWN_DEADLINE


def awaited_service(rollout: JsonObject, children: Children) -> str:
    """The Service whose target groups have to follow now, or ""."""
    status = rollout.get("status") or {}
    strategy = (rollout.get("spec") or {}).get("strategy") or {}
    stable, current = str(status.get("stableRS") or ""), str(status.get("currentPodHash") or "")
    green, canary = strategy.get("blueGreen"), strategy.get("canary") or {}
    if not stable:
        return ""
    if green is not None:
        name = str(green.get("activeService") or "")
        judged = (status.get("blueGreen") or {}).get("postPromotionAnalysisRunStatus")
        switched = _selected(children, name) == current != stable
        return name if switched and not judged else ""
    if (canary.get("trafficRouting") or {}).get("alb") is None or stable != current:
        return ""
    name = _stable_service(canary, status.get("canary") or {})
    return name if any(True for _ in _undecided(children, stable)) else ""


def _selected(children: Children, service: str) -> str:
    spec = (children.services.get(service) or {}).get("spec") or {}
    return str((spec.get("selector") or {}).get(HASH_LABEL) or "")


def _stable_service(canary: JsonObject, status: JsonObject) -> str:
    pair = canary.get("pingPong")
    if pair is None:
        return str(canary.get("stableService") or "")
    return str(pair.get("pingService" if status.get("stablePingPong") == "ping" else "pongService") or "")


def _undecided(children: Children, stable: str) -> Iterator[JsonObject]:
    """Old versions with pods that nobody has given a deadline yet."""
    for one in children.replica_sets:
        metadata = one["metadata"]
        hash_ = (metadata.get("labels") or {}).get(HASH_LABEL)
        marked = (metadata.get("annotations") or {}).get(SCALE_DOWN_DEADLINE)
        if hash_ and hash_ != stable and not marked and (one.get("spec") or {}).get("replicas"):
            yield one


def verify_targets(work: Pass, service: str) -> bool:
    """Whether all target groups have the pods of the Service; tells of each, and looks again where one has not."""
    if not work.children.verifies_targets:
        return True
    targets = work.children.targets
    if targets is None:  # the Service has turned in this very pass: the next one knows
        work.wake_after(VERIFY_RETRY_SECONDS)
        return False
    verified = [_tell(work, service, one) for one in targets]
    if not all(verified):
        work.wake_after(VERIFY_RETRY_SECONDS)
    return all(verified)


def _tell(work: Pass, service: str, one: TargetRegistration) -> bool:
    about = f"Service {service} (TargetGroup {one.arn})"
    if one.problem:
        work.event("TargetGroupVerifyError", f"Failed to verify {about}: {one.problem}", warning=True)
    elif one.registered < one.expected:
        told = f"{about} not verified: {one.registered}/{one.expected} endpoints registered"
        work.event("TargetGroupUnverified", told, warning=True)
    else:
        work.event("TargetGroupVerified", f"{about} verified: {one.registered} endpoints registered")
        return True
    return False

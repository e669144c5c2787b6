"""autoscaling HorizontalPodAutoscaler, in every version that was ever served.

A reason of failure counts whatever the status of its condition is, and before any good condition, as in Argo CD. In
autoscaling/v1 the conditions are JSON text in an annotation.
"""

import msgspec

from gitsync.health.fields import MalformedField, items, section, text
from gitsync.health.report import degraded, healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport

_V1_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
_FAILURES = frozenset(
    {
        "FailedGetScale",
        "FailedUpdateScale",
        "FailedGetResourceMetric",
        "FailedGetObjectMetric",
        "FailedGetPodsMetric",
        "FailedGetExternalMetric",
        "FailedComputeMetricsReplicas",
        "InvalidSelector",
    }
)
_WORKING = ("AbleToScale", "ScalingLimited")

_decoder = msgspec.json.Decoder(list[JsonObject])


def assess(body: JsonObject) -> HealthReport:
    conditions = _conditions(body)
    for condition in conditions:
        if condition.get("reason") in _FAILURES:
            return degraded(text(condition, "message") or text(condition, "reason"))
    for condition in conditions:
        if condition.get("type") in _WORKING and condition.get("status") == "True":
            return healthy(text(condition, "message"))
    return progressing("Waiting to autoscale")


def _conditions(body: JsonObject) -> list[JsonObject]:
    if not text(body, "apiVersion").endswith("/v1"):
        return items(section(body, "status"), "conditions")
    annotation = text(section(section(body, "metadata"), "annotations"), _V1_CONDITIONS)
    if not annotation:
        return []
    try:
        return _decoder.decode(annotation)
    except msgspec.DecodeError as error:
        raise MalformedField(f"annotation {_V1_CONDITIONS} holds no list of conditions: {error}") from error

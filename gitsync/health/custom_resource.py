"""Kinds that a CustomResourceDefinition defines and no rule here knows: the conventions their authors follow.

In this order: a generation that the controller has not observed; Stalled and Reconciling as kstatus defines them; then
the conditions that sum an object up. Without any of these nothing is claimed (None).
"""

import re
from typing import Any

from gitsync.health.fields import flag, items, section, text
from gitsync.health.report import degraded, healthy, progressing, suspended
from gitsync.manifest.object import JsonObject
from model.health import HealthReport

_SUMMARIES = ("Ready", "Available", "Healthy", "Synced")
_UNDER_WAY = ("Reconciling", "Issuing")

# "NotReadyYet", "Creating", "InProgress" ... but not "ProgressDeadlineExceeded" or "CreatingFailed".
_PASSES_BY_ITSELF = re.compile(
    "progress|pending|wait|creat|updat|upgrad|install|provision|reconcil|start|initiali|issu|scal|deploy|roll"
    "|delet|terminat|bootstrap|notyet|unknown|dependencynotready",
    re.IGNORECASE,
)
_DOES_NOT_PASS = re.compile(
    "fail|error|exceed|timeout|timedout|invalid|denied|forbidden|unauthori|backoff|crash|conflict|missing|notfound|abort",
    re.IGNORECASE,
)


def assess(body: JsonObject) -> HealthReport | None:
    metadata, status = section(body, "metadata"), section(body, "status")
    generation = metadata.get("generation")
    by_type = {text(entry, "type"): entry for entry in items(status, "conditions")}
    if _stale(status.get("observedGeneration"), generation):
        return progressing("Waiting for the controller to see the newest spec")
    if _holds(by_type.get("Stalled")):
        return degraded(_said(by_type["Stalled"]))
    summaries = [by_type[name] for name in _SUMMARIES if name in by_type]
    if summaries and flag(section(body, "spec"), "suspend"):
        return suspended("Reconciliation is suspended")
    for name in _UNDER_WAY:
        if _holds(by_type.get(name)):
            return progressing(_said(by_type[name]))
    return _sum_up(summaries, generation)


def _sum_up(summaries: list[JsonObject], generation: Any) -> HealthReport | None:
    """The first bad summary decides, a failure before what is only under way."""
    waiting: HealthReport | None = None
    for entry in summaries:
        if entry.get("status") == "False" and not _passes(text(entry, "reason")):
            return degraded(_said(entry))
        if entry.get("status") != "True":
            waiting = waiting or progressing(_said(entry))
        elif _stale(entry.get("observedGeneration"), generation):
            waiting = waiting or progressing("Waiting for the controller to judge the newest spec")
    return waiting or (healthy(_said(summaries[0])) if summaries else None)


def _stale(observed: Any, generation: Any) -> bool:
    """Some controllers write the number as a string, and some something else entirely, which says nothing."""
    if isinstance(observed, str) and observed.isdecimal():
        observed = int(observed)
    return type(observed) is int and type(generation) is int and observed < generation


def _holds(entry: JsonObject | None) -> bool:
    return entry is not None and entry.get("status") == "True"


def _passes(reason: str) -> bool:
    return bool(_PASSES_BY_ITSELF.search(reason)) and not _DOES_NOT_PASS.search(reason)


def _said(entry: JsonObject) -> str:
    return text(entry, "message") or text(entry, "reason")

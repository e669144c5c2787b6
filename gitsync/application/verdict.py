"""Judges one object from what Git wants, what the cluster has and how they differ. Pure."""

from dataclasses import replace

from gitsync.application.state import MemoKey, ObjectVerdict
from gitsync.application.tree import object_urls
from gitsync.health.aggregate import IGNORE_HEALTH_ANNOTATION
from gitsync.manifest.annotations import compare_options, is_hook, is_skipped, sync_options, sync_wave
from gitsync.manifest.images import images_of
from gitsync.manifest.object import DesiredObject, JsonObject, LiveObject
from gitsync.manifest.tracking import parse_tracking
from model.health import Health, HealthReport, Sync
from model.kinds.application import ApplicationCondition

_IGNORE_EXTRANEOUS = "IgnoreExtraneous"
_MISSING = HealthReport(Health.MISSING)


def judge_missing(desired: DesiredObject, memo: MemoKey, *, problem: str = "") -> ObjectVerdict | None:
    """Git wants it and the cluster does not have it. None for hooks and skipped objects: they need not exist."""
    if is_hook(desired.body) or is_skipped(desired.body):
        return None
    return ObjectVerdict(
        key=desired.key,
        version=desired.version,
        memo=memo,
        sync=Sync.OUT_OF_SYNC,
        health=_MISSING,
        exists=False,
        desired=True,
        wave=sync_wave(desired.body),
        urls=object_urls(desired.body),
        problem=problem,
    )


def judge_both(
    desired: DesiredObject,
    live: LiveObject,
    health: HealthReport | None,
    sync: Sync,
    memo: MemoKey,
    *,
    problem: str = "",
) -> ObjectVerdict:
    """Both sides exist; `sync` is what the comparison says."""
    body = desired.body
    return ObjectVerdict(
        key=desired.key,
        version=desired.version,
        memo=memo,
        sync=sync,
        health=health,
        exists=True,
        desired=True,
        hook=is_hook(body),
        wave=sync_wave(body),
        counts_for_sync=not is_skipped(body),
        shows_sync=not is_skipped(body),
        counts_for_health=_counts_for_health(desired.annotations, desired, health) and not is_skipped(body),
        images=images_of(body),
        urls=object_urls(body),
        problem=problem,
        asks_before_deletion=_asks_before_deletion(desired.annotations) or _asks_before_deletion(live.annotations),
    )


def judge_refused(desired: DesiredObject, live: LiveObject | None) -> ObjectVerdict:
    """The project does not permit it: nobody compares or touches it."""
    return ObjectVerdict(
        key=desired.key,
        version=desired.version,
        memo=MemoKey("refused", live.resource_version if live else "", ""),
        sync=Sync.UNKNOWN,
        health=live.facts.health if live else _MISSING,
        exists=live is not None,
        desired=True,
        counts_for_health=False,
    )


def judge_extra(live: LiveObject, memo: MemoKey) -> ObjectVerdict | None:
    """It carries our mark and Git does not want it. None for what another object owns.

    One whose mark was made for another object is a copy of that: shown, with its health, and never ours to remove.
    """
    if live.owners:
        return None
    tracking = parse_tracking(live.owner)
    if tracking is None:
        return None
    if not tracking.refers_to(live.key):
        return replace(_unwanted(live, memo), counts_for_sync=False, shows_sync=False)
    body: JsonObject = {"metadata": {"annotations": live.annotations}}
    hook = is_hook(body)
    return replace(
        _unwanted(live, memo),
        sync=Sync.OUT_OF_SYNC,
        requires_pruning=not hook,
        hook=hook,
        wave=sync_wave(body),
        counts_for_sync=_IGNORE_EXTRANEOUS not in compare_options(body),
        asks_before_deletion=_asks_before_deletion(live.annotations),
    )


def _unwanted(live: LiveObject, memo: MemoKey) -> ObjectVerdict:
    """Of an object that is there and that Git does not want."""
    return ObjectVerdict(
        key=live.key,
        version=live.version,
        memo=memo,
        sync=Sync.SYNCED,
        health=live.facts.health,
        exists=True,
        desired=False,
        counts_for_health=live.annotations.get(IGNORE_HEALTH_ANNOTATION) != "true",
    )


def shared_condition(instance: str, live: LiveObject, key_text: str) -> ApplicationCondition | None:
    """Another application's mark on an object that this one wants."""
    tracking = parse_tracking(live.owner)
    if tracking is None or tracking.application == instance or not tracking.refers_to(live.key):
        return None
    return ApplicationCondition(
        type="SharedResourceWarning",
        message=f"{key_text} is part of applications {instance} and {tracking.application}. "
        "Remove it from one of them, or they will overwrite each other.",
    )


def _asks_before_deletion(annotations: dict[str, str]) -> bool:
    return not sync_options({"metadata": {"annotations": annotations}}).isdisjoint({"Prune=confirm", "Delete=confirm"})


def _counts_for_health(annotations: dict[str, str], desired: DesiredObject, health: HealthReport | None) -> bool:
    if annotations.get(IGNORE_HEALTH_ANNOTATION) == "true":
        return False
    child = (desired.key.group, desired.key.kind) == ("argoproj.io", "Application")
    return not (child and health is not None and health.status in (Health.MISSING, Health.UNKNOWN))

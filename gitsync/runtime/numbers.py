"""What /metrics shows of a runtime: the parts count, here their numbers are gathered under their names."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitsync.runtime.runtime import Runtime


def counters(runtime: "Runtime") -> dict[str, float]:
    requests: dict[str, float] = {}
    for member in runtime.fleet:
        for verb, count in member.cluster.requests.items():
            requests[f"requests_{verb.lower()}"] = requests.get(f"requests_{verb.lower()}", 0) + count
    return {
        **runtime.delivery.counters(),
        "renders": runtime.cache.counter.renders_total,
        "render_cache_hits": runtime.cache.counter.cache_hits_total,
        "reconciliations": runtime.loop.reconciled,
        "affected_applications": runtime.sources.followers.affected_total,
        "operations": runtime.syncs.started,
        "dry_runs": runtime.comparer.dry_runs,
        "status_writes": runtime.statuses.writes,
        "status_conflicts": runtime.statuses.conflicts,
        "set_generations": runtime.application_sets.generations_total,
        "faults": runtime.supervisor.faults,
        **requests,
    }


def gauges(runtime: "Runtime") -> dict[str, float]:
    return {
        **runtime.delivery.gauges(),
        "applications": len(runtime.records),
        "application_sets": len(runtime.application_sets),
        "queue_depth": runtime.loop.queue.depth,
        "queue_working": runtime.loop.queue.working,
        "operations_running": runtime.syncs.count,
        "statuses_pending": runtime.statuses.pending,
        "trees_watched": runtime.feeds.open,
        "live_objects": sum(member.cache.counts.objects for member in runtime.fleet),
    }

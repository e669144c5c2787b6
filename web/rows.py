"""What is on the screen, as values: made from GraphQL answers here, shown by views without another thought. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """Something that is wrong, said by the API."""

    tone: str
    title: str
    detail: str
    next: str


@dataclass(frozen=True)
class RuntimeRow:
    """One line of the runtimes page."""

    id: str
    name: str
    status: str  # Live, Not reachable
    live: bool
    version: str
    engine: str
    place: str  # hosted here, or the cluster that it runs in
    sync: str  # of its own installation: Synced, Syncing, Out of sync, Not managed
    health: str
    message: str
    clusters: int
    applications: int
    last_report: str
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Header:
    """What stands above an application."""

    name: str = ""
    runtime: str = ""
    namespace: str = ""
    health: str = "UNKNOWN"
    health_message: str = ""
    sync: str = "UNKNOWN"
    explanation: str = ""
    sync_words: str = ""
    revision: str = ""
    commit: Json | None = None
    last_sync: str = ""
    last_sync_detail: str = ""
    last_sync_at: str = ""
    last_sync_failed: bool = False
    last_sync_message: str = ""
    auto_sync: str = ""
    source: str = ""
    source_url: str = ""
    destination: str = ""
    target: str = ""
    file: str = ""
    file_url: str = ""
    created: str = ""
    product: str = ""
    parent: str = ""  # what holds it: an application of applications, a Git Source, a set
    parent_place: str = ""
    running: bool = False
    running_words: str = ""
    may_sync: bool = False
    reason: str = ""
    problems: list[Problem] = field(default_factory=list)


def runtime_row(runtime: Json) -> RuntimeRow:
    """A runtime as a line."""
    live = bool(runtime["available"])
    hosted = runtime["installationType"] == "HELM_HOSTED"
    return RuntimeRow(
        id=runtime["id"],
        name=runtime["metadata"]["name"],
        status="Live" if live else "Not reachable",
        live=live,
        version=runtime["runtimeVersion"] or "",
        engine="Argo CD" if runtime["engine"] == "ARGO_CD" else "Argosy",
        place="hosted here" if hosted else (runtime["cluster"] or "in its own cluster"),
        sync=installation_words(runtime["selfManaged"], runtime["syncStatus"]),
        health=runtime["healthStatus"] or "UNKNOWN",
        message=runtime["healthMessage"] or "",
        clusters=runtime["managedClustersNum"],
        applications=runtime["applicationsNum"],
        last_report=runtime["lastUpdated"] or "",
        problems=[*_required(runtime), *(problem(error) for error in runtime["errors"])],
    )


def header(application: Json) -> Header:
    """An application's header."""
    metadata, source = application["metadata"], (application["specSources"] or [{}])[0]
    permission = application["permissions"]["sync"]
    operation, location = application["operationState"], application["manifestLocation"] or {}
    target = source.get("targetRevision") or "HEAD"
    return Header(
        name=metadata["name"],
        runtime=metadata["runtime"],
        namespace=metadata["namespace"] or "",
        health=application["healthStatus"],
        health_message=application["healthMessage"] or "",
        sync=application["syncStatus"],
        explanation=application["explanation"] or unexplained(application),
        sync_words=sync_words(application["syncStatus"], target),
        revision=application["revision"] or "",
        commit=application["commit"],
        last_sync=last_sync_words(application["lastSync"]),
        last_sync_detail=last_sync_detail(application["lastSync"]),
        last_sync_at=(application["lastSync"] or {}).get("finishedAt") or "",
        last_sync_failed=(application["lastSync"] or {}).get("phase") in {"Failed", "Error"},
        last_sync_message=(application["lastSync"] or {}).get("message") or "",
        auto_sync=auto_sync_words(application["autoSync"]),
        source=source_words(source, more=len(application["specSources"]) - 1),
        source_url=safe_url(source.get("repoURL")),
        destination=destination_words(application["destination"], metadata["cluster"]),
        target=target,
        file=location_words(location),
        file_url=safe_url(location.get("fileUrl")),
        created=metadata.get("created") or "",
        product=application.get("product") or "",
        parent=(application.get("parent") or {}).get("metadata", {}).get("name", ""),
        parent_place=place((application.get("parent") or {}).get("metadata")),
        running=bool(operation) and operation["phase"] in {"Running", "Terminating"},
        running_words=running_words(operation),
        may_sync=permission["allowed"],
        reason=permission["reason"] or "",
        problems=[problem(error) for error in application["errors"] if not is_told(error, application["explanation"])],
    )


def unexplained(application: Json) -> str:
    """Nobody looks for the reason of what waits on purpose; what its objects say is enough."""
    return "" if application["healthStatus"] == "HEALTHY" else application["healthMessage"] or ""


def is_told(error: Json, explanation: str | None) -> bool:
    """Whether the tree or the one sentence above shows this already."""
    return bool(error.get("object")) or (explanation is not None and error["message"] in explanation)


def problem(error: Json) -> Problem:
    """An error of the API as a notice."""
    return Problem(
        tone="red" if error["level"] == "ERROR" else "amber",
        title=error["title"],
        detail=error["message"] if error["message"] != error["title"] else "",
        next=error["suggestion"] or "",
    )


def _required(runtime: Json) -> list[Problem]:
    """A version with a known hole."""
    if not runtime["updateRequired"]:
        return []
    detail = f"{runtime['runtimeVersion']} has a known hole; {runtime['updateRequired']} closes it."
    return [Problem(tone="red", title="Update required!", detail=detail, next="Upgrade it now.")]


def installation_words(self_managed: bool, status: str) -> str:
    """How the installation of a runtime stands to Git."""
    if not self_managed:
        return "Not managed"
    return {"SYNCED": "Synced", "SYNCING": "Syncing", "OUT_OF_SYNC": "Out of sync"}.get(status, "Unknown")


def sync_words(status: str, target: str) -> str:
    """How the state relates to the branch, before the commit is named."""
    return {
        "SYNCED": f"to {target}",
        "OUT_OF_SYNC": f"with {target}",
        "SYNCING": f"to {target}",
    }.get(status, f"last compared with {target}")


def last_sync_words(operation: Json | None) -> str:
    """`last sync OK`; when is shown apart, since it keeps moving."""
    if operation is None:
        return "never synced"
    outcome = {"Succeeded": "OK", "Failed": "failed", "Error": "failed", "Running": "running", "Terminating": "ending"}
    return f"last sync {outcome.get(operation['phase'], 'unknown')}"


def last_sync_detail(operation: Json | None) -> str:
    """`, 4 s, by dana`; nobody is named when the engine started it."""
    if operation is None:
        return ""
    by = "" if operation["automated"] or not operation["initiatedBy"] else f"by {operation['initiatedBy']}"
    took = duration_words(operation["startedAt"], operation["finishedAt"])
    return "".join(f", {part}" for part in (took, by) if part)


def duration_words(start: str | None, end: str | None) -> str:
    """`4 s`, `2 min`; empty while it lasts."""
    if not start or not end:
        return ""
    seconds = max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    if seconds < 1:
        return "under 1 s"
    return f"{round(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"


def auto_sync_words(auto_sync: Json | None) -> str:
    """`auto-sync on, self-heal, prune`."""
    if auto_sync is None:
        return "auto-sync off"
    extras = [word for key, word in (("selfHeal", "self-heal"), ("prune", "prune")) if auto_sync[key]]
    return ", ".join(["auto-sync on", *extras])


def source_words(source: Json, *, more: int = 0) -> str:
    """`apps: shop/checkout`, the repository's short name and the path or chart."""
    repository = (source.get("repoURL") or "").rstrip("/").removesuffix(".git").rpartition("/")[2]
    what = source.get("chart") or source.get("path") or "."
    extra = f" and {more} more" if more > 0 else ""
    return f"{repository}: {what}{extra}" if repository else "no source"


def destination_words(destination: Json, cluster: str | None) -> str:
    """`eu-1 / shop`."""
    place = cluster or destination["name"] or destination["server"] or "no cluster"
    return f"{place} / {destination['namespace']}" if destination["namespace"] else str(place)


def place(metadata: Json | None) -> str:
    """Where an application, or a set of them, is found in the console."""
    if metadata is None:
        return ""
    room = "application-sets" if metadata["kind"] == "ApplicationSet" else "applications"
    return "/".join(["", room, *(quote(metadata[part] or "", safe="") for part in ("runtime", "namespace", "name"))])


def location_words(location: Json) -> str:
    """`apps/checkout.yaml:21`."""
    path, line = location.get("path") or "", location.get("line")
    return f"{path}:{line}" if path and line else path


def running_words(operation: Json | None) -> str:
    """What the operation under way says about itself."""
    if operation is None or operation["phase"] not in {"Running", "Terminating"}:
        return ""
    return operation["message"] or ("Ending the sync" if operation["phase"] == "Terminating" else "Syncing")


def safe_url(url: str | None) -> str:
    """The address if a browser may follow it."""
    return url if url and url.startswith(("https://", "http://")) else ""

"""GraphQL answers as what is on the screen."""

from typing import Any

import pytest

from web import rows

SUCCEEDED = {
    "phase": "Succeeded",
    "message": "successfully synced",
    "startedAt": "2026-01-05T12:00:00Z",
    "finishedAt": "2026-01-05T12:00:04Z",
    "initiatedBy": "dana",
    "automated": False,
    "kind": "sync",
}


def an_application(**changes: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "checkout", "namespace": "argosy", "runtime": "demo", "cluster": "eu-1"},
        "healthStatus": "HEALTHY",
        "healthMessage": None,
        "syncStatus": "SYNCED",
        "explanation": None,
        "revision": "3f2a91c",
        "commit": None,
        "destination": {"name": None, "server": "https://kubernetes.default.svc", "namespace": "shop"},
        "specSources": [
            {"repoURL": "https://git.example/team/apps.git", "path": "apps/checkout", "targetRevision": "main"}
        ],
        "autoSync": {"prune": True, "selfHeal": True, "allowEmpty": False},
        "operationState": SUCCEEDED,
        "lastSync": SUCCEEDED,
        "permissions": {"sync": {"allowed": True, "reason": None}},
        "manifestLocation": {"path": "apps/checkout.yaml", "line": 21, "fileUrl": "https://git.example/f"},
        "errors": [],
        **changes,
    }


def test_header_says_everything_in_words() -> None:
    header = rows.header(an_application())
    assert header.sync_words == "to main"
    assert (header.last_sync, header.last_sync_detail) == ("last sync OK", ", 4 s, by dana")
    assert header.auto_sync == "auto-sync on, self-heal, prune"
    assert header.source == "apps: apps/checkout"
    assert header.destination == "eu-1 / shop"
    assert header.file == "apps/checkout.yaml:21"
    assert not header.running


def test_header_leads_to_what_holds_the_application() -> None:
    holder = {"name": "a b", "namespace": "argosy", "runtime": "demo", "kind": "ApplicationSet"}
    header = rows.header(an_application(parent={"metadata": holder}, product="webshop"))
    assert (header.product, rows.header(an_application()).product) == ("webshop", "")
    assert (header.parent, header.parent_place) == ("a b", "/application-sets/demo/argosy/a%20b")


def test_header_names_nobody_for_what_the_engine_started() -> None:
    header = rows.header(an_application(lastSync=SUCCEEDED | {"automated": True}))
    assert header.last_sync_detail == ", 4 s"


def test_header_tells_why_a_button_is_off() -> None:
    denied = {"sync": {"allowed": False, "reason": "You may not push to apps"}}
    header = rows.header(an_application(permissions=denied))
    assert not header.may_sync
    assert header.reason == "You may not push to apps"


def test_header_of_an_application_that_was_never_synced_has_no_gaps() -> None:
    header = rows.header(
        an_application(operationState=None, lastSync=None, autoSync=None, manifestLocation=None, revision=None)
    )
    assert header.last_sync == "never synced"
    assert header.auto_sync == "auto-sync off"
    assert (header.file, header.revision, header.last_sync_at) == ("", "", "")


def test_a_running_operation_is_told_with_its_message() -> None:
    running = SUCCEEDED | {"phase": "Running", "message": "waiting for wave 2", "finishedAt": None}
    header = rows.header(an_application(operationState=running))
    assert header.running
    assert header.running_words == "waiting for wave 2"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "", None])
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert rows.safe_url(url) == ""


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-01-05T12:00:00Z", "2026-01-05T12:00:00.400Z", "under 1 s"),
        ("2026-01-05T12:00:00Z", "2026-01-05T12:01:29Z", "89 s"),
        ("2026-01-05T12:00:00Z", "2026-01-05T12:05:10Z", "5 min"),
        ("2026-01-05T12:00:00Z", None, ""),
        ("2026-01-05T12:00:10Z", "2026-01-05T12:00:00Z", "under 1 s"),
    ],
)
def test_durations(start: str, end: str | None, words: str) -> None:
    assert rows.duration_words(start, end) == words


def test_several_sources_are_counted() -> None:
    source = {"repoURL": "https://git.example/apps", "chart": "redis"}
    assert rows.source_words(source, more=2) == "apps: redis and 2 more"


def test_runtime_that_is_gone_says_so() -> None:
    row = rows.runtime_row(
        {
            "id": "1",
            "metadata": {"name": "eu-1"},
            "available": False,
            "lastUpdated": "2026-01-05T12:00:00Z",
            "runtimeVersion": None,
            "updateRequired": None,
            "engine": "ARGO_CD",
            "installationType": "HELM",
            "selfManaged": False,
            "syncStatus": "UNKNOWN",
            "healthStatus": None,
            "healthMessage": None,
            "cluster": None,
            "managedClustersNum": 2,
            "applicationsNum": 7,
            "errors": [{"level": "ERROR", "title": "Not connected", "message": "for 15 min", "suggestion": None}],
        }
    )
    assert (row.status, row.engine, row.place, row.sync, row.health) == (
        "Not reachable",
        "Argo CD",
        "in its own cluster",
        "Not managed",
        "UNKNOWN",
    )
    assert row.problems == [rows.Problem(tone="red", title="Not connected", detail="for 15 min", next="")]


def test_a_version_with_a_known_hole_is_the_first_thing_said_of_a_runtime() -> None:
    runtime = {
        "id": "1",
        "metadata": {"name": "eu-1"},
        "available": True,
        "lastUpdated": None,
        "runtimeVersion": "1.0",
        "updateRequired": "1.5",
        "engine": "ARGOSY",
        "installationType": "HELM",
        "selfManaged": False,
        "syncStatus": "UNKNOWN",
        "healthStatus": "HEALTHY",
        "healthMessage": None,
        "cluster": "eu",
        "managedClustersNum": 1,
        "applicationsNum": 1,
        "errors": [{"level": "WARNING", "title": "Update available", "message": "", "suggestion": None}],
    }
    first, second = rows.runtime_row(runtime).problems
    assert (first.tone, first.title, first.detail) == (
        "red",
        "Update required!",
        "1.0 has a known hole; 1.5 closes it.",
    )
    assert second.title == "Update available"


@pytest.mark.parametrize(
    ("managed", "status", "words"),
    [
        (True, "SYNCED", "Synced"),
        (True, "SYNCING", "Syncing"),
        (True, "OUT_OF_SYNC", "Out of sync"),
        (True, "UNKNOWN", "Unknown"),
        (False, "UNKNOWN", "Not managed"),
    ],
)
def test_a_runtime_says_how_its_installation_stands_to_git(managed: bool, status: str, words: str) -> None:
    assert rows.installation_words(managed, status) == words


def test_header_repeats_nothing_that_the_tree_or_the_explanation_says() -> None:
    def error(message: str, **more: Any) -> dict[str, Any]:
        return {"level": "ERROR", "title": "T", "message": message, "suggestion": None, **more}

    of_an_object = error("Service shop is missing", object={"kind": "Service", "name": "shop"})
    errors = [of_an_object, error("1 of 3 pods: ImagePullBackOff"), error("app.yaml:3: bad indentation")]
    explanation = "Deployment checkout: 1 of 3 pods: ImagePullBackOff (not found)"
    header = rows.header(an_application(errors=errors, explanation=explanation))
    assert [problem.detail for problem in header.problems] == ["app.yaml:3: bad indentation"]


def test_header_of_what_waits_on_purpose_says_what_its_objects_say() -> None:
    waiting = "Rollout web: CanaryPauseStep"
    assert rows.header(an_application(healthStatus="SUSPENDED", healthMessage=waiting)).explanation == waiting
    assert rows.header(an_application(healthMessage="fine")).explanation == ""

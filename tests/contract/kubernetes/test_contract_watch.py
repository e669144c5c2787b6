"""Watches: from a list on, from the beginning, with selectors, and when it is too late."""

from itertools import islice
from typing import Any

from tests.support.kubernetes_client import METADATA, TABLE, KubernetesClient, config_map


def _labelled(name: str, team: str) -> dict[str, Any]:
    body = config_map(name, a="1")
    body["metadata"]["labels"] = {"team": team}
    return body


def test_a_watch_goes_on_from_a_list(cluster: KubernetesClient) -> None:
    cluster.create(config_map("before"))
    revision = cluster.list("ConfigMap").body["metadata"]["resourceVersion"]
    with cluster.watch("ConfigMap", resourceVersion=revision) as events:
        cluster.create(config_map("one"))
        cluster.patch("ConfigMap", "one", {"data": {"a": "1"}})
        cluster.delete("ConfigMap", "one")
        seen = list(islice(events, 3))
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in seen] == [
        ("ADDED", "one"),
        ("MODIFIED", "one"),
        ("DELETED", "one"),
    ]
    revisions = [int(event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert revisions == sorted(set(revisions))
    assert seen[0]["object"]["kind"] == "ConfigMap"
    assert seen[2]["object"]["data"] == {"a": "1"}


def test_a_watch_from_zero_begins_with_what_is_there(cluster: KubernetesClient) -> None:
    cluster.create(config_map("one", a="1"))
    cluster.create(config_map("two", a="1"))
    with cluster.watch("ConfigMap", resourceVersion="0", fieldSelector="metadata.name!=kube-root-ca.crt") as events:
        seen = sorted(event["object"]["metadata"]["name"] for event in islice(events, 2))
    assert seen == ["one", "two"]


def test_initial_events_end_with_a_bookmark(cluster: KubernetesClient) -> None:
    cluster.create(_labelled("one", "red"))
    query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan"}
    with cluster.watch("ConfigMap", labelSelector="team", **query) as events:
        added, bookmark = islice(events, 2)
    assert (added["type"], added["object"]["metadata"]["name"]) == ("ADDED", "one")
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert bookmark["object"]["kind"] == "ConfigMap"
    assert int(bookmark["object"]["metadata"]["resourceVersion"]) >= int(added["object"]["metadata"]["resourceVersion"])


def test_objects_come_and_go_with_a_selector(cluster: KubernetesClient) -> None:
    revision = cluster.list("ConfigMap").body["metadata"]["resourceVersion"]
    with cluster.watch("ConfigMap", resourceVersion=revision, labelSelector="team=red") as events:
        cluster.create(_labelled("one", "blue"))
        cluster.create(_labelled("two", "red"))
        cluster.patch("ConfigMap", "one", {"metadata": {"labels": {"team": "red"}}})
        cluster.patch("ConfigMap", "two", {"metadata": {"labels": {"team": "blue"}}})
        cluster.patch("ConfigMap", "one", {"data": {"a": "2"}})
        seen = [(event["type"], event["object"]["metadata"]["name"]) for event in islice(events, 4)]
    assert seen == [("ADDED", "two"), ("ADDED", "one"), ("DELETED", "two"), ("MODIFIED", "one")]


def test_one_object_is_watched_by_its_name(cluster: KubernetesClient) -> None:
    revision = cluster.list("ConfigMap").body["metadata"]["resourceVersion"]
    with cluster.watch("ConfigMap", resourceVersion=revision, fieldSelector="metadata.name=two") as events:
        cluster.create(config_map("one"))
        cluster.create(config_map("two"))
        assert next(events)["object"]["metadata"]["name"] == "two"


def test_a_watch_ends_with_its_time(cluster: KubernetesClient) -> None:
    with cluster.watch("ConfigMap", timeoutSeconds=1, fieldSelector="metadata.name=none") as events:
        assert [event for event in events if event["type"] != "BOOKMARK"] == []


def test_metadata_alone_can_be_watched(cluster: KubernetesClient) -> None:
    revision = cluster.list("ConfigMap").body["metadata"]["resourceVersion"]
    with cluster.watch("ConfigMap", resourceVersion=revision, accept=METADATA) as events:
        cluster.create(config_map("one", a="1"))
        event = next(events)
    assert event["object"]["kind"] == "PartialObjectMetadata"
    assert "data" not in event["object"]


def test_tables_can_be_watched(cluster: KubernetesClient) -> None:
    revision = cluster.list("ConfigMap").body["metadata"]["resourceVersion"]
    with cluster.watch("ConfigMap", resourceVersion=revision, accept=TABLE) as events:
        cluster.create(config_map("one", a="1"))
        cluster.create(config_map("two"))
        first, second = islice(events, 2)
    assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert first["object"]["rows"][0]["cells"][:2] == ["one", 1]
    assert not second["object"]["columnDefinitions"]

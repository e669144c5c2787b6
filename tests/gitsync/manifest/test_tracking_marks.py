import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.manifest.object import JsonObject
from gitsync.manifest.tracking import (
    DEFAULT_TRACKING,
    INSTALLATION_ANNOTATION,
    Tracking,
    TrackingSettings,
    mark_in,
    owner_application,
    parse_tracking,
    tracking_id,
    with_tracking,
)
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import TRACKING_ANNOTATION

SHOP = ApplicationKey("argosy", "shop")
CONFIG = ResourceKey("", "ConfigMap", "prod", "settings")
ROLE = ResourceKey("rbac.authorization.k8s.io", "ClusterRole", "", "system:shop")
NAMES = st.text("abc-.1", min_size=1)


@pytest.mark.parametrize(
    ("app", "key", "mark"),
    [
        (SHOP, CONFIG, "shop:/ConfigMap:prod/settings"),
        (ApplicationKey("team", "shop"), CONFIG, "team_shop:/ConfigMap:prod/settings"),
        (SHOP, ROLE, "shop:rbac.authorization.k8s.io/ClusterRole:prod/system:shop"),
        (SHOP, ResourceKey("apps", "Deployment", "other", "web"), "shop:apps/Deployment:other/web"),
    ],
)
def test_marks_are_spelled_as_argo_cd_spells_them(app: ApplicationKey, key: ResourceKey, mark: str) -> None:
    assert tracking_id(app, "argosy", key, destination_namespace="prod") == mark


@given(NAMES, NAMES, st.sampled_from(["", "apps", "example.org"]), NAMES, NAMES)
def test_a_mark_reads_back_as_what_it_was_made_of(app: str, namespace: str, group: str, kind: str, name: str) -> None:
    key = ResourceKey(group, kind, namespace, name)
    assert parse_tracking(tracking_id(ApplicationKey("argosy", app), "argosy", key)) == Tracking(app, key)


@pytest.mark.parametrize("value", ["", "shop", "shop:", "shop:a", "shop:a/B", "shop:/B:", "shop:/B:ns", ":/B:ns/n"])
def test_what_is_no_mark_owns_nothing(value: str) -> None:
    assert parse_tracking(value) is None
    assert owner_application({TRACKING_ANNOTATION: value}) == ""


def test_a_copy_is_told_from_the_object_that_was_marked() -> None:
    tracking = parse_tracking("shop:/ConfigMap:prod/settings")
    assert tracking is not None
    assert tracking.refers_to(CONFIG)
    assert not tracking.refers_to(ResourceKey("", "ConfigMap", "prod", "copy"))
    assert not tracking.refers_to(ResourceKey("", "ConfigMap", "elsewhere", "settings"))


def test_the_mark_of_a_cluster_scoped_object_carries_a_namespace_that_is_not_its_own() -> None:
    tracking = parse_tracking(tracking_id(SHOP, "argosy", ROLE, destination_namespace="prod"))
    assert tracking is not None
    assert tracking.refers_to(ROLE)


def test_marking_makes_a_new_object_and_keeps_other_annotations() -> None:
    body = {"kind": "ConfigMap", "metadata": {"name": "settings", "annotations": {"a": "b"}}}
    marked = with_tracking(body, SHOP, "argosy", CONFIG)
    assert marked["metadata"]["annotations"] == {"a": "b", TRACKING_ANNOTATION: "shop:/ConfigMap:prod/settings"}
    assert body["metadata"] == {"name": "settings", "annotations": {"a": "b"}}
    assert owner_application(marked["metadata"]["annotations"]) == "shop"


def test_definitions_are_never_marked() -> None:
    body = {"metadata": {"name": "things.example.org"}}
    key = ResourceKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "things.example.org")
    assert with_tracking(body, SHOP, "argosy", key) is body


BOTH_WITH_INSTALLATION = TrackingSettings("annotation+label", "example.org/app", "blue")
LABELLED = TrackingSettings("label", "example.org/app")


def marked(settings: TrackingSettings, app: ApplicationKey = SHOP) -> JsonObject:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "labels": {"a": "b"}}}
    metadata: JsonObject = with_tracking(body, app, "argosy", CONFIG, settings=settings)["metadata"]
    return metadata


def test_an_annotation_and_a_label_with_the_installation() -> None:
    metadata = marked(BOTH_WITH_INSTALLATION)
    assert metadata["labels"] == {"a": "b", "example.org/app": "shop"}
    assert metadata["annotations"][INSTALLATION_ANNOTATION] == "blue"
    assert metadata["annotations"][TRACKING_ANNOTATION] == "shop:/ConfigMap:prod/settings"


def test_a_label_alone() -> None:
    metadata = marked(LABELLED)
    assert metadata["labels"] == {"a": "b", "example.org/app": "shop"}
    assert "annotations" not in metadata


def test_a_label_beside_the_annotation_is_cut_to_what_a_label_holds() -> None:
    long = ApplicationKey("argosy", "n" * 80)
    assert marked(BOTH_WITH_INSTALLATION, long)["labels"]["example.org/app"] == "n" * 63
    assert marked(BOTH_WITH_INSTALLATION, long)["annotations"][TRACKING_ANNOTATION].startswith("n" * 80)
    dashed = ApplicationKey("argosy", "n" * 60 + "-.-rest")  # a label ends in a letter or a digit
    assert marked(BOTH_WITH_INSTALLATION, dashed)["labels"]["example.org/app"] == "n" * 60


@pytest.mark.parametrize("settings", [DEFAULT_TRACKING, BOTH_WITH_INSTALLATION, LABELLED])
def test_a_mark_is_read_as_it_was_written(settings: TrackingSettings) -> None:
    metadata = marked(settings)
    found = mark_in(metadata["labels"], metadata.get("annotations"), CONFIG, settings)
    assert parse_tracking(found) == Tracking("shop", CONFIG)


def test_a_mark_of_another_installation_is_none() -> None:
    other = TrackingSettings("annotation", installation="green")
    metadata = marked(BOTH_WITH_INSTALLATION)
    assert mark_in(metadata["labels"], metadata["annotations"], CONFIG, other) == ""
    assert mark_in({}, {TRACKING_ANNOTATION: "shop:/ConfigMap:prod/settings"}, CONFIG, other) == ""


def test_a_manifest_cannot_claim_an_installation() -> None:
    body = {"metadata": {"name": "settings", "annotations": {INSTALLATION_ANNOTATION: "green"}}}
    assert with_tracking(body, SHOP, "argosy", CONFIG)["metadata"]["annotations"] == {
        TRACKING_ANNOTATION: "shop:/ConfigMap:prod/settings"
    }


@pytest.mark.parametrize("settings", [BOTH_WITH_INSTALLATION, LABELLED])
def test_definitions_are_never_marked_by_labels_either(settings: TrackingSettings) -> None:
    key = ResourceKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "things.example.org")
    body = {"metadata": {"name": key.name}}
    assert with_tracking(body, SHOP, "argosy", key, settings=settings) is body
    assert mark_in({settings.label_key: "shop"}, {}, key, settings) == ""

"""What a node of an application's tree says about its object."""

from gitsync.application.tree import MAX_LABELS, build_node, object_urls
from gitsync.kube.index import live_object
from gitsync.kube.observed import Metadata, Observed
from gitsync.manifest.object import LiveObject
from model.identity import ResourceKey
from model.link import TreeNode


def live(kind: str, labels: dict[str, str], annotations: dict[str, str] | None = None) -> LiveObject:
    metadata = Metadata(name="web", namespace="shop", uid=f"{kind}-1", labels=labels, annotations=annotations)
    return live_object(Observed(metadata, b"{}"), "", "v1", kind)


def node_of(one: LiveObject | None) -> TreeNode:
    key = one.key if one is not None else ResourceKey("", "ConfigMap", "shop", "web")
    return build_node("", key=key, live=one, verdict=None, parent_of={}.get, actions=lambda key, live: ())


def test_a_node_of_any_kind_has_the_labels_of_its_object() -> None:
    assert node_of(live("ConfigMap", {"tier": "front"})).labels == {"tier": "front"}
    assert node_of(live("Pod", {"app": "web"})).labels == {"app": "web"}


def test_what_is_missing_has_no_labels() -> None:
    assert node_of(None).labels == {}


def test_equal_labels_are_kept_once_however_many_nodes_have_them() -> None:
    first, second = (node_of(live(kind, {"app": "web", "tier": "front"})) for kind in ("Service", "Deployment"))
    assert first.labels is second.labels


def test_labels_of_a_node_are_bounded() -> None:
    many = {f"label-{number:03}": "x" for number in range(MAX_LABELS + 10)}
    assert list(node_of(live("Pod", many)).labels) == sorted(many)[:MAX_LABELS]


def test_links_in_annotations_are_shown_and_only_those_that_are_safe() -> None:
    annotations = {
        "link.argocd.argoproj.io/external-link": "Runbook|https://wiki.example.test/web",
        "link.argocd.argoproj.io/dashboard": "https://graphs.example.test/web",
        "link.argocd.argoproj.io/evil": "javascript:alert(1)",
    }
    assert node_of(live("Service", {}, annotations)).links == (
        ("Runbook", "https://wiki.example.test/web"),
        ("dashboard", "https://graphs.example.test/web"),
    )


def test_an_ingress_links_the_hosts_that_it_names() -> None:
    rules = [
        {"host": "shop.example.test", "http": {"paths": [{"path": "/"}, {"path": "/cart/*"}]}},
        {"host": "*.example.test"},
        {"host": "plain.example.test"},
    ]
    ingress = {"kind": "Ingress", "metadata": {}, "spec": {"tls": [{"hosts": ["shop.example.test"]}], "rules": rules}}
    assert object_urls(ingress) == ("https://shop.example.test", "https://shop.example.test/cart")

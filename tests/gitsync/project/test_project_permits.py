"""What an AppProject permits."""

from typing import Any

import pytest

from gitsync.manifest.object import DesiredObject, JsonObject, Origin
from gitsync.project.glob import matches
from gitsync.project.permits import normalize_url, refusals, violations
from model.identity import ResourceKey
from model.kinds.application import Application, ApplicationSource, ApplicationSpec, Destination
from model.kinds.meta import ObjectMeta

HERE = Destination(server="https://cluster", name="prod", namespace="shop")
EVERYTHING: JsonObject = {
    "sourceRepos": ["*"],
    "destinations": [{"server": "*", "namespace": "*"}],
    "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
}


def project(**spec: Any) -> JsonObject:
    return {"metadata": {"name": "web", "namespace": "argocd"}, "spec": {**EVERYTHING, **spec}}


def application(url: str = "https://git.example/shop.git", namespace: str = "argocd") -> Application:
    spec = ApplicationSpec(destination=HERE, source=ApplicationSource(repo_url=url))
    return Application(metadata=ObjectMeta(name="shop", namespace=namespace), spec=spec)


def wanted(group: str, kind: str, namespace: str = "", name: str = "x") -> DesiredObject:
    return DesiredObject(ResourceKey(group, kind, namespace, name), "v1", {}, "", Origin(""))


def test_the_default_project_permits_everything() -> None:
    objects = [wanted("", "Namespace"), wanted("apps", "Deployment", "shop"), wanted("x.io", "Thing", "other")]
    assert violations(project(), application(), objects) == ()


@pytest.mark.parametrize(
    ("patterns", "permitted"),
    [
        (["*"], True),
        (["https://git.example/shop"], True),
        (["https://git.example/*"], True),
        (["https://*"], False),  # a star stops at a slash
        (["https://**"], True),
        (["https://git.example/{shop,web}.git"], True),
        (["https://git.example/other"], False),
        (["*", "!https://git.example/shop"], False),
        (["!https://git.example/other"], False),  # somebody must allow
        ([], False),
        (None, False),
    ],
)
def test_repositories_need_one_that_allows_and_none_that_denies(patterns: list[str] | None, permitted: bool) -> None:
    found = violations(project(sourceRepos=patterns), application(), [])
    assert [one.type for one in found] == ([] if permitted else ["InvalidSpecError"])


def test_a_repository_that_an_entry_denies_is_told_which() -> None:
    (found,) = violations(project(sourceRepos=["*", "!https://git.example/sh*"]), application(), [])
    assert found.message.endswith('"!https://git.example/sh*" of its sourceRepos denies it')
    (found,) = violations(project(sourceRepos=["https://other"]), application(), [])
    assert found.message.endswith("add it to its sourceRepos")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://git.example/Shop.git", "https://git.example/shop"),
        ("git@git.example:shop/web.git", "ssh://git@git.example/shop/web"),
        ("https://user:secret@git.example/shop/", "https://git.example/shop"),
    ],
)
def test_spellings_of_one_repository_are_one(left: str, right: str) -> None:
    assert normalize_url(left) == normalize_url(right)


@pytest.mark.parametrize(
    ("destinations", "permitted"),
    [
        ([{"server": "https://cluster", "namespace": "shop"}], True),
        ([{"name": "prod", "namespace": "*"}], True),
        ([{"name": "prod", "server": "https://other", "namespace": "sh*"}], True),
        ([{"server": "https://other", "namespace": "*"}], False),
        ([{"server": "*", "namespace": "web"}], False),
        ([{"server": "*", "namespace": "*"}, {"server": "*", "namespace": "!shop"}], False),
        ([{"server": "*", "namespace": "*"}, {"server": "*", "namespace": "!kube-system"}], True),
        ([{"server": "*", "namespace": "*"}, {"server": "!https://cluster", "namespace": "*"}], False),
        ([{"server": "*", "namespace": "!kube-system"}], False),
        ([], False),
    ],
)
def test_destinations_need_one_that_allows_and_none_that_denies(
    destinations: list[JsonObject], permitted: bool
) -> None:
    found = violations(project(destinations=destinations), application(), [])
    assert bool(found) is not permitted


def test_an_object_in_another_namespace_needs_a_destination_too() -> None:
    only_shop = project(destinations=[{"server": "*", "namespace": "shop"}])
    keys = [ResourceKey("", "Secret", namespace, "s") for namespace in ("shop", "kube-system")]
    assert list(refusals(only_shop, keys, HERE)) == [keys[1]]
    assert "kube-system" in refusals(only_shop, keys, HERE)[keys[1]]


@pytest.mark.parametrize(
    ("spec", "key", "permitted"),
    [
        ({"clusterResourceWhitelist": None}, ResourceKey("", "Namespace", "", "a"), False),
        (
            {"clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}]},
            ResourceKey("", "Namespace", "", "a"),
            True,
        ),
        (
            {"clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": "team-*"}]},
            ResourceKey("", "Namespace", "", "other"),
            False,
        ),
        ({"clusterResourceBlacklist": [{"group": "*", "kind": "Node"}]}, ResourceKey("", "Node", "", "a"), False),
        (
            {"namespaceResourceBlacklist": [{"group": "", "kind": "Secret"}]},
            ResourceKey("", "Secret", "shop", "a"),
            False,
        ),
        ({"namespaceResourceWhitelist": []}, ResourceKey("", "Secret", "shop", "a"), False),
        ({"namespaceResourceWhitelist": None}, ResourceKey("", "Secret", "shop", "a"), True),
        (
            {"namespaceResourceWhitelist": [{"group": "apps", "kind": "*"}]},
            ResourceKey("apps", "Deployment", "shop", "a"),
            True,
        ),
    ],
)
def test_kinds_are_listed_white_and_black(spec: JsonObject, key: ResourceKey, permitted: bool) -> None:
    assert bool(refusals(project(**spec), [key], HERE)) is not permitted


def test_a_refused_object_is_a_warning_that_names_object_and_list() -> None:
    refusing = project(namespaceResourceBlacklist=[{"group": "", "kind": "Secret"}])
    (condition,) = violations(refusing, application(), [wanted("", "Secret", "shop", "db")])
    assert condition.type == "ExcludedResourceWarning"
    assert "Secret shop/db" in condition.message
    assert "namespaceResourceBlacklist" in condition.message


def test_applications_of_other_namespaces_need_to_be_let_in() -> None:
    assert violations(project(), application(namespace="team-a"), [])
    assert not violations(project(sourceNamespaces=["team-*"]), application(namespace="team-a"), [])


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("a?c", "abc", True),
        ("[ab]c", "bc", True),
        ("[!ab]c", "bc", False),
        ("[a-c]x", "bx", True),
        ("a.c", "abc", False),
        ("{a,b{c,d}}", "bd", True),
        ("[", "[", True),
        ("a,b", "a,b", True),
    ],
)
def test_globs(pattern: str, value: str, fits: bool) -> None:
    assert matches(pattern, value) is fits

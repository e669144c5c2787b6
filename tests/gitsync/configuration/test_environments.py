"""Environments are ConfigMaps: what they say, which destinations they hold, and what is wrong with one."""

from typing import Any

import pytest

from gitsync.configuration.environments import MOST_PLACES, Environments, read_environment, read_environments
from model.report import EnvironmentPlace, EnvironmentSummary

SHOP = "- cluster: eu-1\n  namespaces: [shop, billing-*]\n- cluster: https://far.example.test/\n"


def config_map(name: str, /, **data: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": {"kind": "production", "clusters": "- cluster: eu-1\n", **data}}


def test_an_environment_is_a_name_a_kind_and_places() -> None:
    read = read_environment(config_map("production", clusters=SHOP))
    places = (EnvironmentPlace("eu-1", ("shop", "billing-*")), EnvironmentPlace("https://far.example.test"))
    assert read == EnvironmentSummary("production", production=True, places=places)
    assert read_environment(config_map("environment-1", name="Pre-production", kind="non-production")).name == (
        "Pre-production"
    )
    assert not read_environment(config_map("a", kind="Non-Production")).production


@pytest.mark.parametrize(
    ("clusters", "namespace", "expected"),
    [
        ({"eu-1"}, "shop", ("everything of eu-1", "shop")),
        ({"eu-1"}, "billing-7", ("everything of eu-1", "shop")),
        ({"eu-1"}, "bill", ("everything of eu-1",)),
        ({"eu-1"}, "", ("everything of eu-1",)),
        ({"known as far", "https://far.example.test"}, "any", ("shop",)),
        ({"eu-10"}, "shop", ()),
        (set(), "shop", ()),
    ],
)
def test_a_destination_is_in_the_environments_that_name_it(
    clusters: set[str], namespace: str, expected: tuple[str, ...]
) -> None:
    found = read_environments([config_map("shop", clusters=SHOP), config_map("x", name="everything of eu-1")])
    assert found.of(clusters, namespace) == expected


def test_two_config_maps_of_one_name_are_one_environment() -> None:
    found = read_environments([config_map("a", name="eu"), config_map("b", name="eu", clusters="- cluster: eu-2")])
    assert found.of({"eu-1"}, "shop") == found.of({"eu-2"}, "shop") == found.of({"eu-1", "eu-2"}, "shop") == ("eu",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "prod"}, "data.kind is 'prod', and should be production or non-production"),
        ({"kind": ""}, "data.kind is ''"),
        ({"clusters": ""}, "data.clusters should be a list of entries with cluster"),
        ({"clusters": "eu-1"}, "data.clusters should be a list"),
        ({"clusters": "- eu-1"}, "data.clusters should be a list"),
        ({"clusters": "- cluster: eu-1\n  namespaces: shop"}, "data.clusters should be a list"),
        ({"clusters": "- cluster: eu-1\n  namespaces: [1]"}, "data.clusters should be a list"),
        ({"clusters": "- cluster: [eu-1"}, "data.clusters is no YAML"),
        ({"clusters": "- cluster: '[z-a]'"}, "'[z-a]' is no pattern"),
        (
            {"clusters": f"- cluster: eu-1\n  namespaces: [{', '.join(f'n{one}' for one in range(MOST_PLACES + 1))}]"},
            f"more than {MOST_PLACES} namespaces",
        ),
    ],
)
def test_what_cannot_be_read_is_told_and_holds_nothing(data: dict[str, str], words: str) -> None:
    read = read_environment(config_map("wrong", **data))
    assert read.problem.startswith("ConfigMap wrong: ")
    assert words in read.problem
    assert Environments((read,)).of({"eu-1"}, "shop") == ()


def test_a_config_map_without_data_is_told() -> None:
    assert "data.kind" in read_environment({"metadata": {"name": "empty"}}).problem

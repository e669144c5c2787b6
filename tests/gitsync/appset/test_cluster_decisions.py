"""Clusters that a resource of any kind has chosen."""

import pytest

from gitsync.appset.decisions import decided_clusters
from gitsync.appset.errors import ProviderFailed
from gitsync.appset.inputs import ClusterInput

CLUSTERS = (ClusterInput("near", "https://near"), ClusterInput("far", "https://far"))
RULES = {"statusListKey": "decisions", "matchKey": "clusterName"}


def test_each_decision_that_names_a_known_cluster_is_an_entry() -> None:
    decisions = [{"clusterName": "far", "reason": "cheap", "rank": 2}, {"clusterName": "unknown"}, "nonsense"]
    resources = [{"status": {"decisions": decisions}}, {"status": None}, {}]
    assert decided_clusters(resources, RULES, CLUSTERS) == [
        {"clusterName": "far", "reason": "cheap", "rank": "2", "name": "far", "server": "https://far"}
    ]


def test_rules_without_a_key_are_an_error() -> None:
    with pytest.raises(ProviderFailed, match="statusListKey"):
        decided_clusters([], {"matchKey": "x"}, CLUSTERS)

"""The cluster decision resource generator: which clusters a resource of any kind has chosen in its status."""

from collections.abc import Iterable, Mapping
from typing import Any

from gitsync.appset.errors import ProviderFailed
from gitsync.appset.inputs import ClusterInput
from gitsync.manifest.object import JsonObject


def decided_clusters(
    resources: Iterable[JsonObject], rules: Mapping[str, str], clusters: Iterable[ClusterInput]
) -> list[dict[str, Any]]:
    """One entry per decision that names a known cluster. `rules` is the ConfigMap: which list, and which key of its
    entries is the cluster's name. Raises ProviderFailed."""
    list_key, match_key = rules.get("statusListKey", ""), rules.get("matchKey", "")
    if not list_key or not match_key:
        raise ProviderFailed(
            "the ConfigMap of the cluster decision generator has no statusListKey or no matchKey",
            suggestion="Add both to its data.",
        )
    known = {one.name: one for one in clusters if not one.shut_out}
    found: list[dict[str, Any]] = []
    for resource in resources:
        decisions = (resource.get("status") or {}).get(list_key) or ()
        for decision in decisions if isinstance(decisions, list) else ():
            cluster = known.get(str(decision.get(match_key) or "")) if isinstance(decision, dict) else None
            if cluster is not None:
                texts = {key: str(value) for key, value in decision.items()}
                found.append({**texts, "name": cluster.name, "server": cluster.server})
    return found

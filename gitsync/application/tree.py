"""Nodes of an application's live tree, built from the live cache and the verdicts. Pure.

A node's id comes from its address, so a recreated object keeps its place on the screen.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from urllib.parse import urlsplit

import msgspec

from gitsync.application.actions import ActionsOf
from gitsync.application.state import ObjectVerdict
from gitsync.manifest.object import Facts, JsonObject, LiveObject, Traffic
from model.health import Health, Sync
from model.identity import ResourceKey, encode_node_id
from model.link import HostSummary, ObjectRef, TreeNode
from model.report import SyncState

LINK_ANNOTATION = "link.argocd.argoproj.io/"
MAX_LABELS = 64  # of one node; what is filtered and selected by has a handful
_NOTHING_SEEN = Facts()
_NO_TRAFFIC = Traffic()
_SAFE_SCHEMES = ("http", "https", "mailto")

SYNC_STATES = {
    Sync.SYNCED: SyncState.SYNCED,
    Sync.OUT_OF_SYNC: SyncState.OUT_OF_SYNC,
    Sync.UNKNOWN: SyncState.UNKNOWN,
}


def node_id(server: str, key: ResourceKey) -> str:
    return encode_node_id("ResourceNode", server, key.group, key.kind, key.namespace, key.name)


def build_node(
    server: str,
    *,
    key: ResourceKey,
    live: LiveObject | None,
    verdict: ObjectVerdict | None,
    parent_of: Callable[[str], ResourceKey | None],
    actions: ActionsOf,
) -> TreeNode:
    """One node; at least one of `live` and `verdict` is there. `parent_of` finds a live object's key by its uid."""
    facts = live.facts if live is not None else _NOTHING_SEEN
    traffic = facts.traffic or _NO_TRAFFIC
    health = verdict.health if verdict is not None else facts.health
    version = live.version if live is not None else verdict.version if verdict is not None else ""
    return TreeNode(
        id=node_id(server, key),
        ref=ObjectRef(group=key.group, version=version, kind=key.kind, namespace=key.namespace, name=key.name),
        uid=live.uid if live is not None else "",
        resource_version=live.resource_version if live is not None else "",
        parent_ids=_parent_ids(server, live, parent_of) if verdict is None else (),
        managed=verdict is not None,
        sync=SYNC_STATES[verdict.sync] if verdict is not None and verdict.sync_shown else None,
        health=health.status if health is not None else None,
        health_message=health.message if health is not None else "",
        hook=verdict is not None and verdict.hook,
        requires_pruning=verdict is not None and verdict.requires_pruning,
        extraneous=verdict is not None and not verdict.counts_for_sync and not verdict.hook,
        sync_wave=verdict.wave if verdict is not None and verdict.wave else None,
        images=facts.images,
        info=facts.info,
        host=facts.node,
        labels=_labels(live),
        selector=traffic.selector,
        services=traffic.services,
        created=live.created if live is not None else None,
        links=_links(live, verdict),
        actions=actions(key, live),
    )


def build_tree(
    server: str,
    objects: Collection[LiveObject],
    verdicts: Mapping[ResourceKey, ObjectVerdict],
    *,
    actions: ActionsOf,
    orphans: Iterable[LiveObject] = (),
) -> dict[str, TreeNode]:
    """The whole tree by node id: what exists, and what should."""
    by_uid = {live.uid: live.key for live in objects}
    by_key: dict[ResourceKey, LiveObject | None] = dict.fromkeys(verdicts)
    by_key.update({live.key: live for live in objects})
    nodes = (
        build_node(server, key=key, live=live, verdict=verdicts.get(key), parent_of=by_uid.get, actions=actions)
        for key, live in by_key.items()
    )
    found = {node.id: node for node in nodes}
    for live in orphans:
        node = build_node(server, key=live.key, live=live, verdict=None, parent_of=by_uid.get, actions=actions)
        found[node.id] = msgspec.structs.replace(node, orphaned=True)
    return found


def hosts(objects: Iterable[LiveObject]) -> tuple[HostSummary, ...]:
    """Nodes of the cluster that run pods of the application."""
    pods = Counter(live.facts.node for live in objects if live.key.kind == "Pod" and live.facts.node)
    return tuple(HostSummary(name=name, pod_count=count) for name, count in sorted(pods.items()))


def object_urls(body: JsonObject) -> tuple[str, ...]:
    """External addresses of an Ingress or of a Service with a load balancer, and links in annotations."""
    urls = [url for _, url in annotation_links(body.get("metadata", {}).get("annotations") or {})]
    if body.get("kind") == "Ingress":
        urls += _ingress_urls(body)
    return tuple(urls)


def annotation_links(annotations: Mapping[str, str]) -> list[tuple[str, str]]:
    """Links that an object names itself, as `address` or `title|address`. Only http, https and mailto: anything else
    could run in a browser."""
    links = []
    for name, value in annotations.items():
        if name.startswith(LINK_ANNOTATION) and is_safe_url(value):
            title, _, url = value.rpartition("|")
            links.append((title.strip() or name.removeprefix(LINK_ANNOTATION), url.strip()))
    return links


def is_safe_url(value: str) -> bool:
    url = value.rpartition("|")[2].strip()
    try:
        return urlsplit(url).scheme.lower() in _SAFE_SCHEMES
    except ValueError:
        return False


def _ingress_urls(body: JsonObject) -> list[str]:
    spec = body.get("spec") or {}
    secure = {host for tls in spec.get("tls") or () for host in tls.get("hosts") or ()}
    urls = []
    for rule in spec.get("rules") or ():
        host = rule.get("host") or ""
        if not host or "*" in host:
            continue
        scheme = "https" if host in secure else "http"
        paths = [path.get("path") or "/" for path in (rule.get("http") or {}).get("paths") or ()]
        urls += [f"{scheme}://{host}{'' if path == '/' else path.removesuffix('*').rstrip('/')}" for path in paths]
    return list(dict.fromkeys(urls))


def _labels(live: LiveObject | None) -> dict[str, str]:
    """The cache's own dictionary, which equal objects share, as long as it is small enough to be shown whole."""
    if live is None:
        return {}
    if len(live.labels) <= MAX_LABELS:
        return live.labels
    return dict(sorted(live.labels.items())[:MAX_LABELS])


def _links(live: LiveObject | None, verdict: ObjectVerdict | None) -> tuple[tuple[str, str], ...]:
    links = annotation_links(live.annotations) if live is not None else []
    known = {url for _, url in links}
    links += [(urlsplit(url).netloc, url) for url in (verdict.urls if verdict else ()) if url not in known]
    return tuple(links)


def _parent_ids(
    server: str, live: LiveObject | None, parent_of: Callable[[str], ResourceKey | None]
) -> tuple[str, ...]:
    if live is None:
        return ()
    parents = (parent_of(owner.uid) for owner in live.owners)
    return tuple(node_id(server, key) for key in parents if key is not None)


def worst_first(verdicts: Iterable[ObjectVerdict]) -> list[ObjectVerdict]:
    """Verdicts with a health that is not fine, worst first."""
    wrong = [one for one in verdicts if one.health is not None and one.health.status is not Health.HEALTHY]
    return sorted(wrong, key=lambda one: (-one.health.status.severity if one.health else 0, one.key))

"""One cluster: reads, applies, patches, deletes objects and streams logs, each as one HTTP request.

Applying is a single PATCH: no read before it, no schema. Which kind lives under which path comes from discovery.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote, urlencode

import orjson

from gitsync.kube.access import ClusterAccess
from gitsync.kube.answer import Target
from gitsync.kube.discovery import ApiResource, Discovery
from gitsync.kube.errors import ClusterError, NotFound, Refused
from gitsync.kube.limits import Budget, Limits
from gitsync.kube.lines import lines
from gitsync.kube.observed import Page, read_page
from gitsync.kube.transport import Answer, Request, TimeLimits, Transport
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind, ResourceKey

PAGE_OBJECTS = 500
_MAX_LOG_LINE = 256 * 1024  # bytes; longer lines come in pieces
_LOG_IDLE_SECONDS = 3600.0

Propagation = Literal["Foreground", "Background", "Orphan"]
PatchKind = Literal["merge", "json", "strategic"]
Validation = Literal["Ignore", "Warn", "Strict"]

_PATCH_TYPES: dict[PatchKind, str] = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}


@dataclass(frozen=True, slots=True)
class Written:
    """Outcome of a write: the object as it is now, whether it is new, and what the API server warned of."""

    body: JsonObject
    created: bool = False
    warnings: tuple[str, ...] = ()


class Cluster:
    """Construction asks nothing of the cluster; `connect` also looks at its kinds. `clock` is monotonic seconds."""

    def __init__(
        self,
        access: ClusterAccess,
        *,
        times: TimeLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: random.Random | None = None,
    ) -> None:
        self.access = access
        self.times = times or TimeLimits()
        self.jitter = jitter or random.Random()  # noqa: S311  spreads retries, guards nothing
        self.limits = Limits(clock)
        self.transport = Transport(access, limits=self.limits, times=self.times, clock=clock, jitter=self.jitter)
        self.discovery = Discovery(self.transport, clock=clock)
        self._clock = clock
        self._acting: dict[str, Cluster] = {}

    @classmethod
    async def connect(cls, access: ClusterAccess, *, times: TimeLimits | None = None) -> "Cluster":
        """A cluster whose kinds are known. Raises a ClusterError when it cannot be reached."""
        cluster = cls(access, times=times)
        try:
            await cluster.discovery.refresh()
        except (ClusterError, asyncio.CancelledError):
            await cluster.close()
            raise
        return cluster

    def acting_as(self, user: str) -> "Cluster":
        """The same cluster with requests that it judges as those of `user`; "" is this one.

        Budgets, kinds and counts are shared; it is closed with this one.
        """
        if not user:
            return self
        if user not in self._acting:
            other = Cluster(
                replace(self.access, acting_as=user), times=self.times, clock=self._clock, jitter=self.jitter
            )
            other.share(self)
            self._acting[user] = other
        return self._acting[user]

    def share(self, with_: "Cluster") -> None:
        """Use the budgets, kinds and counts of another connection to the same cluster."""
        self.limits, self.discovery = with_.limits, with_.discovery
        self.transport = Transport(
            self.access,
            limits=self.limits,
            times=self.times,
            clock=self._clock,
            jitter=self.jitter,
            counted=with_.transport.counted,
        )

    @property
    def name(self) -> str:
        return self.access.name

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent, by verb."""
        return self.transport.counted

    async def close(self) -> None:
        for other in self._acting.values():
            await other.close()
        await self.transport.close()

    async def get(
        self, gvk: GroupVersionKind, namespace: str, name: str, *, budget: Budget = Budget.PEOPLE
    ) -> JsonObject | None:
        """The object; None when there is none."""
        path, target = await self._object(gvk, namespace, name, "get")
        try:
            return _body(await self.transport.send(Request("GET", path, target), budget), target)
        except NotFound:
            return None

    async def list_pages(
        self,
        gvk: GroupVersionKind,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        limit: int = PAGE_OBJECTS,
        budget: Budget = Budget.PEOPLE,
    ) -> AsyncIterator[Page]:
        """All objects of a kind, page by page."""
        resource = await self.discovery.require(gvk)
        continue_ = ""
        while True:
            query = {
                "limit": str(limit) if limit else "",
                "continue": continue_,
                "labelSelector": label_selector,
                "fieldSelector": field_selector,
            }
            path = resource.path(quote(namespace)) + _query(query)
            request = Request("GET", path, Target("list", resource.plural))
            answer = await self.transport.send(request, budget)
            page = read_page(answer.body, api_version=gvk.api_version, kind=gvk.kind)
            yield page
            if not (continue_ := page.continue_):
                return

    async def list(
        self,
        gvk: GroupVersionKind,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        budget: Budget = Budget.PEOPLE,
    ) -> "list[JsonObject]":
        """All objects of a kind at once. For kinds of which there are few."""
        pages = self.list_pages(
            gvk, namespace=namespace, label_selector=label_selector, field_selector=field_selector, budget=budget
        )
        return [item.body() async for page in pages for item in page.items]

    async def apply(
        self,
        body: JsonObject,
        *,
        manager: str,
        force: bool = True,
        dry_run: bool = False,
        validation: Validation = "Warn",
        budget: Budget = Budget.SYNC,
    ) -> Written:
        """Server-side apply."""
        path, target = await self._object(*_address(body), "apply")
        query = {
            "fieldManager": manager,
            "force": "true" if force else "",
            "dryRun": "All" if dry_run else "",
            "fieldValidation": validation,
        }
        request = Request("PATCH", path + _query(query), target, orjson.dumps(body), "application/apply-patch+yaml")
        return _written(await self.transport.send(request, budget), target)

    async def create(
        self,
        body: JsonObject,
        *,
        manager: str = "",
        dry_run: bool = False,
        validation: Validation = "Warn",
        budget: Budget = Budget.SYNC,
    ) -> Written:
        gvk, namespace, name = _address(body)
        resource = await self.discovery.require(gvk)
        query = {"fieldManager": manager, "dryRun": "All" if dry_run else "", "fieldValidation": validation}
        path = resource.path(quote(namespace) if resource.namespaced else "") + _query(query)
        target = _target("create", gvk, namespace if resource.namespaced else "", name)
        request = Request("POST", path, target, orjson.dumps(body), again=False)
        return _written(await self.transport.send(request, budget), target)

    async def replace(
        self,
        body: JsonObject,
        *,
        manager: str = "",
        dry_run: bool = False,
        validation: Validation = "Warn",
        subresource: str = "",
        budget: Budget = Budget.SYNC,
    ) -> Written:
        """Overwrites the object; with a resourceVersion in `body`, only if it still has that one."""
        path, target = await self._object(*_address(body), "replace", subresource)
        query = {"fieldManager": manager, "dryRun": "All" if dry_run else "", "fieldValidation": validation}
        request = Request("PUT", path + _query(query), target, orjson.dumps(body))
        return _written(await self.transport.send(request, budget), target)

    async def patch(
        self,
        key: ResourceKey,
        version: str,
        body: Any,
        *,
        kind: PatchKind = "merge",
        subresource: str = "",
        manager: str = "",
        dry_run: bool = False,
        budget: Budget = Budget.SYNC,
    ) -> JsonObject:
        """The object after the patch. A JSON patch may not be idempotent, so it is never sent twice."""
        gvk = GroupVersionKind(key.group, version, key.kind)
        path, target = await self._object(gvk, key.namespace, key.name, "patch", subresource)
        query = {"fieldManager": manager, "dryRun": "All" if dry_run else ""}
        request = Request(
            "PATCH", path + _query(query), target, orjson.dumps(body), _PATCH_TYPES[kind], again=kind != "json"
        )
        return _body(await self.transport.send(request, budget), target)

    async def merge(
        self,
        key: ResourceKey,
        version: str,
        body: JsonObject,
        *,
        manager: str,
        dry_run: bool = False,
        validation: Validation = "Warn",
        budget: Budget = Budget.SYNC,
    ) -> Written:
        """A JSON merge patch that names the resourceVersion it was made from, so that it can be sent twice."""
        gvk = GroupVersionKind(key.group, version, key.kind)
        path, target = await self._object(gvk, key.namespace, key.name, "patch")
        query = {"fieldManager": manager, "dryRun": "All" if dry_run else "", "fieldValidation": validation}
        request = Request("PATCH", path + _query(query), target, orjson.dumps(body), _PATCH_TYPES["merge"])
        return _written(await self.transport.send(request, budget), target)

    async def delete(
        self,
        gvk: GroupVersionKind,
        namespace: str,
        name: str,
        *,
        propagation: Propagation = "Background",
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
        budget: Budget = Budget.SYNC,
    ) -> bool:
        """False when it was gone already. With `uid` (or resourceVersion) only that very object; else Conflict."""
        path, target = await self._object(gvk, namespace, name, "delete")
        preconditions = {"uid": uid, "resourceVersion": resource_version}
        options: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        if found := {key: value for key, value in preconditions.items() if value}:
            options["preconditions"] = found
        if dry_run:
            options["dryRun"] = ["All"]
        try:
            await self.transport.send(Request("DELETE", path, target, orjson.dumps(options)), budget)
        except NotFound:
            return False
        return True

    async def evict(self, namespace: str, pod: str, *, uid: str = "", budget: Budget = Budget.SYNC) -> None:
        """Asks for a pod to go; a disruption budget that forbids it answers TooManyRequests."""
        path = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod)}/eviction"
        body: JsonObject = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
        }
        if uid:
            body["deleteOptions"] = {"preconditions": {"uid": uid}}
        target = Target("evict", f"Pod {namespace}/{pod}")
        request = Request("POST", path, target, orjson.dumps(body), again=False)
        await self.transport.send(request, budget, attempts=1)

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str = "",
        *,
        tail_lines: int | None = None,
        follow: bool = False,
        previous: bool = False,
    ) -> AsyncIterator[bytes]:
        """Lines of a container's log, each with its RFC 3339 time in front, without the newline."""
        query = {
            "container": container,
            "timestamps": "true",
            "follow": "true" if follow else "",
            "previous": "true" if previous else "",
            "tailLines": "" if tail_lines is None else str(tail_lines),
        }
        path = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod)}/log" + _query(query)
        request = Request("GET", path, Target("read", f"the log of Pod {namespace}/{pod}"), accept="*/*")
        async with self.transport.open(request, idle_seconds=_LOG_IDLE_SECONDS) as response:
            async for line in lines(self.transport.chunks(response, request), limit=_MAX_LOG_LINE):
                yield line

    async def _object(
        self, gvk: GroupVersionKind, namespace: str, name: str, verb: str, subresource: str = ""
    ) -> tuple[str, Target]:
        resource = self.discovery.resource(gvk) or await self.discovery.require(gvk)
        path = object_path(resource, namespace, name)
        scope = namespace if resource.namespaced else ""
        return (f"{path}/{subresource}" if subresource else path), _target(verb, gvk, scope, name)


def object_path(resource: ApiResource, namespace: str, name: str) -> str:
    scope = quote(namespace or "default") if resource.namespaced else ""
    return f"{resource.path(scope)}/{quote(name, safe=':@')}"


def _target(verb: str, gvk: GroupVersionKind, namespace: str, name: str) -> Target:
    key = ResourceKey(gvk.group, gvk.kind, namespace, name)
    return Target(verb, str(key), secret=gvk.kind == "Secret" and not gvk.group)


def _address(body: JsonObject) -> tuple[GroupVersionKind, str, str]:
    metadata = body["metadata"]
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    return gvk, metadata.get("namespace") or "", metadata.get("name") or ""


def _query(values: Mapping[str, str]) -> str:
    kept = {key: value for key, value in values.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def _body(answer: Answer, target: Target) -> JsonObject:
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise Refused(f"cannot {target.verb} {target.what}: the cluster's answer is not JSON") from error
    if not isinstance(body, dict):
        raise Refused(f"cannot {target.verb} {target.what}: the cluster's answer is no object")
    return body


def _written(answer: Answer, target: Target) -> Written:
    return Written(_body(answer, target), answer.status == 201, answer.warnings)

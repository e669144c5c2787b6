"""A scripted API server at the socket: lists, watches, writes, and every fault on demand.

Small on purpose: it knows a handful of kinds and no schemas; apply merges. What needs a faithful API server runs
against the sandbox. Tests change its objects with `put` and `remove`, and its behaviour with `fault`.
"""

import asyncio
import copy
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from gitsync.kube.access import ClusterAccess

Body = dict[str, Any]
Responder = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Kind:
    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    verbs: tuple[str, ...] = ("create", "delete", "get", "list", "patch", "update", "watch")

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
SECRET = Kind("", "v1", "Secret", "secrets")
NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
POD = Kind("", "v1", "Pod", "pods")
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments")
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets")
DEFINITION = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)
KINDS = (CONFIG_MAP, SECRET, NAMESPACE, POD, DEPLOYMENT, REPLICA_SET, DEFINITION)


def status(code: int, reason: str, message: str, **details: Any) -> Body:
    body: Body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return body | {"message": message, "details": details}


def answer(code: int, reason: str, message: str, **details: Any) -> Responder:
    """Responder that always answers this Status."""

    async def respond(_: web.Request) -> web.StreamResponse:
        return web.json_response(status(code, reason, message, **details), status=code)

    return respond


async def cut(request: web.Request) -> web.StreamResponse:
    """Responder that closes the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(_: web.Request) -> web.StreamResponse:
    """Responder that never answers."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


@dataclass
class Fault:
    """Takes the next `times` requests that match the method, a part of the path, and watch or not."""

    respond: Responder
    times: float
    method: str = ""
    path: str = ""
    watch: bool | None = None

    def takes(self, request: web.Request) -> bool:
        watching = "watch" in request.query
        return (
            self.times > 0
            and self.method in ("", request.method)
            and self.path in request.path
            and (self.watch is None or self.watch is watching)
        )


@dataclass(eq=False)
class Watcher:
    kind: Kind
    namespace: str
    events: asyncio.Queue[Body | None] = field(default_factory=asyncio.Queue)


class KubeApi:
    """The server. `requests` lists method and path of everything that was asked."""

    def __init__(self, kinds: tuple[Kind, ...] = KINDS, *, aggregated: bool = True) -> None:
        self.kinds = list(kinds)
        self.aggregated = aggregated
        self.objects: dict[str, dict[tuple[str, str], Body]] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.url = ""
        self._log: dict[str, list[tuple[int, Body]]] = {}
        self._floor = 0
        self._version = 100
        self._uids = itertools.count(1)
        self._watchers: set[Watcher] = set()
        self._arrived = asyncio.Event()

    @property
    def access(self) -> ClusterAccess:
        return ClusterAccess("test", self.url)

    # what tests do to it

    def fault(self, respond: Responder, *, times: float = 1, **match: Any) -> Fault:
        fault = Fault(respond, times, **match)
        self.faults.append(fault)
        return fault

    def put(self, body: Body) -> Body:
        """Creates or overwrites an object, as somebody else would."""
        kind = self._kind_of(body)
        key = (body["metadata"].get("namespace", ""), body["metadata"]["name"])
        old = self._of(kind).get(key)
        metadata = {"creationTimestamp": "2026-01-01T00:00:00Z", **body["metadata"]}
        metadata["uid"] = body["metadata"].get("uid") or (old["metadata"]["uid"] if old else f"uid-{next(self._uids)}")
        metadata["resourceVersion"] = str(self._next())
        new = {"apiVersion": kind.api_version, "kind": kind.kind, **body, "metadata": metadata}
        self._of(kind)[key] = new
        self._emit(kind, "MODIFIED" if old else "ADDED", new)
        return new

    def remove(self, kind: Kind, namespace: str, name: str) -> None:
        old = self._of(kind).pop((namespace, name))
        gone = {**old, "metadata": {**old["metadata"], "resourceVersion": str(self._next())}}
        self._emit(kind, "DELETED", gone)

    def get(self, kind: Kind, namespace: str, name: str) -> Body | None:
        return self._of(kind).get((namespace, name))

    def compact(self) -> None:
        """Forgets all past events: older resourceVersions answer 410."""
        self._floor = self._version
        self._log.clear()

    def drop_watches(self) -> None:
        for watcher in self._watchers:
            watcher.events.put_nowait(None)

    def bookmark(self) -> None:
        for watcher in self._watchers:
            metadata = {"resourceVersion": str(self._version)}
            watcher.events.put_nowait({"type": "BOOKMARK", "object": {"metadata": metadata}})

    @property
    def watching(self) -> int:
        return len(self._watchers)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits for requests to come until `holds()`."""
        while not holds():
            self._arrived.clear()
            await self._arrived.wait()

    # serving

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs))
        self._arrived.set()
        for fault in self.faults:
            if fault.takes(request):
                fault.times -= 1
                return await fault.respond(request)
        parts = request.path.strip("/").split("/")
        if parts == ["version"]:
            return web.json_response({"gitVersion": "v1.99.0"})
        if len(parts) == 1:
            return self._discover(parts[0], aggregated="apidiscovery" in request.headers["Accept"])
        group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
        if not rest:
            return self._resources(group, version)
        return await self._serve(request, group, version, rest)

    def _discover(self, root: str, *, aggregated: bool) -> web.Response:
        served = [kind for kind in self.kinds if bool(kind.group) is (root == "apis")]
        groups = list(dict.fromkeys(kind.group for kind in served))
        versions = {g: list(dict.fromkeys(k.version for k in served if k.group == g)) for g in groups}
        if self.aggregated and aggregated:
            return web.json_response({"kind": "APIGroupDiscoveryList", "items": self._aggregated(versions)})
        if root == "api":
            return web.json_response({"kind": "APIVersions", "versions": versions.get("", [])})
        listed = [{"name": group, "versions": [{"version": v} for v in versions[group]]} for group in groups]
        return web.json_response({"kind": "APIGroupList", "groups": listed})

    def _aggregated(self, versions: dict[str, list[str]]) -> list[Body]:
        return [
            {
                "metadata": {"name": group},
                "versions": [
                    {
                        "version": version,
                        "resources": [
                            {
                                "resource": k.plural,
                                "responseKind": {"kind": k.kind},
                                "scope": "Namespaced" if k.namespaced else "Cluster",
                                "verbs": list(k.verbs),
                            }
                            for k in self.kinds
                            if (k.group, k.version) == (group, version)
                        ],
                    }
                    for version in served
                ],
            }
            for group, served in versions.items()
        ]

    def _resources(self, group: str, version: str) -> web.Response:
        listed = [
            {"name": k.plural, "kind": k.kind, "namespaced": k.namespaced, "verbs": list(k.verbs)}
            for k in self.kinds
            if (k.group, k.version) == (group, version)
        ]
        return web.json_response({"kind": "APIResourceList", "resources": listed})

    async def _serve(self, request: web.Request, group: str, version: str, rest: list[str]) -> web.StreamResponse:
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        kind = next((k for k in self.kinds if (k.group, k.version, k.plural) == (group, version, rest[0])), None)
        if kind is None:
            return web.Response(status=404, text="404 page not found")
        if len(rest) == 1:
            if request.method == "POST":
                return await self._create(request, kind, namespace)
            return await (self._watch if "watch" in request.query else self._list)(request, kind, namespace)
        return await self._one(request, kind, namespace, rest[1])

    async def _list(self, request: web.Request, kind: Kind, namespace: str) -> web.StreamResponse:
        limit, after = int(request.query.get("limit", 0)), int(request.query.get("continue", 0))
        items = [body for key, body in sorted(self._of(kind).items()) if namespace in ("", key[0])]
        page = items[after : after + limit] if limit else items
        more = str(after + limit) if limit and after + limit < len(items) else ""
        stripped = [{k: v for k, v in body.items() if k not in ("apiVersion", "kind")} for body in page]
        metadata = {"resourceVersion": str(self._version), "continue": more}
        return web.json_response({"kind": f"{kind.kind}List", "metadata": metadata, "items": stripped})

    async def _watch(self, request: web.Request, kind: Kind, namespace: str) -> web.StreamResponse:
        since = int(request.query["resourceVersion"])
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        if since < self._floor:
            expired = {"type": "ERROR", "object": status(410, "Expired", "too old resource version")}
            await response.write(json.dumps(expired).encode() + b"\n")
            return response
        watcher = Watcher(kind, namespace)
        for version, event in self._log.get(kind.plural, ()):
            if version > since and namespace in ("", event["object"]["metadata"].get("namespace", "")):
                watcher.events.put_nowait(event)
        self._watchers.add(watcher)
        self._arrived.set()
        try:
            while (event := await watcher.events.get()) is not None:
                await response.write(json.dumps(event).encode() + b"\n")
        finally:
            self._watchers.discard(watcher)
        assert request.transport is not None
        request.transport.abort()
        return response

    async def _create(self, request: web.Request, kind: Kind, namespace: str) -> web.StreamResponse:
        body = await request.json()
        name = body["metadata"]["name"]
        if self.get(kind, namespace, name):
            return web.json_response(status(409, "AlreadyExists", f"{name} already exists", name=name), status=409)
        return self._written(request, body, created=True)

    async def _one(self, request: web.Request, kind: Kind, namespace: str, name: str) -> web.StreamResponse:
        known = self.get(kind, namespace, name)
        if known is None and request.method != "PATCH":
            return web.json_response(status(404, "NotFound", f"{name} not found", name=name), status=404)
        match request.method:
            case "GET":
                return web.json_response(known)
            case "DELETE":
                assert known is not None
                return self._delete(kind, known, await request.json())
            case "PUT":
                assert known is not None
                body = await request.json()
                asked = body["metadata"].get("resourceVersion")
                if asked and asked != known["metadata"]["resourceVersion"]:
                    return web.json_response(status(409, "Conflict", "the object has been modified"), status=409)
                return self._written(request, body)
        if kind.namespaced and NAMESPACE in self.kinds and namespace not in {n for _, n in self._of(NAMESPACE)}:
            missing = status(404, "NotFound", f'namespaces "{namespace}" not found', kind="namespaces", name=namespace)
            return web.json_response(missing, status=404)
        patch = await request.json()
        merged = known if isinstance(patch, list) and known else merge(known or {}, patch)
        if known is not None and merged == known:
            return web.json_response(known)
        return self._written(request, merged, created=known is None)

    def _written(self, request: web.Request, body: Body, *, created: bool = False) -> web.Response:
        if "dryRun" not in request.query:
            metadata = {k: v for k, v in body["metadata"].items() if k != "resourceVersion"}
            body = self.put({**body, "metadata": metadata})
            if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
                self.remove(self._kind_of(body), metadata.get("namespace", ""), metadata["name"])
        return web.json_response(body, status=201 if created else 200)

    def _delete(self, kind: Kind, known: Body, options: Body) -> web.Response:
        metadata = known["metadata"]
        for name, wanted in options.get("preconditions", {}).items():
            if metadata[name] != wanted:
                return web.json_response(status(409, "Conflict", f"precondition {name} does not hold"), status=409)
        if "dryRun" in options:
            return web.json_response(known)
        if metadata.get("finalizers"):
            self.put({**known, "metadata": {**metadata, "deletionTimestamp": "2026-01-01T00:01:00Z"}})
        else:
            self.remove(kind, metadata.get("namespace", ""), metadata["name"])
        return web.json_response(known)

    def _emit(self, kind: Kind, type_: str, body: Body) -> None:
        event = {"type": type_, "object": copy.deepcopy(body)}
        self._log.setdefault(kind.plural, []).append((self._version, event))
        for watcher in self._watchers:
            if watcher.kind == kind and watcher.namespace in ("", body["metadata"].get("namespace", "")):
                watcher.events.put_nowait(event)

    def _of(self, kind: Kind) -> dict[tuple[str, str], Body]:
        return self.objects.setdefault(kind.plural, {})

    def _kind_of(self, body: Body) -> Kind:
        return next(k for k in self.kinds if (k.api_version, k.kind) == (body["apiVersion"], body["kind"]))

    def _next(self) -> int:
        self._version += 1
        return self._version


def merge(base: Body, patch: Body) -> Body:
    """A merge patch, which is what apply does here."""
    merged = dict(base)
    for key, value in patch.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(value, dict) and isinstance(old, dict) else value
    return merged


@asynccontextmanager
async def serving(api: KubeApi) -> AsyncIterator[KubeApi]:
    """The server on a free port of loopback."""
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", api.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.01, handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield api
    finally:
        api.drop_watches()
        await runner.cleanup()

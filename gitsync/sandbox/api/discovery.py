"""What is served: groups, versions, kinds, and the server's own version."""

import hashlib
from typing import Any

import orjson
from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.api.answer import json_answer
from gitsync.sandbox.registry import Registry, ResourceType, Subresource
from gitsync.sandbox.schema import schema_facts

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class Discovery:
    """Answers below /api, /apis and /version."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def answer(self, path: str, accept: str) -> web.Response | None:
        """The document at a discovery path, None if there is none."""
        parts = path.strip("/").split("/")
        match parts:
            case ["version"]:
                return json_answer(_version())
            case ["api"]:
                return self._aggregated(core=True) if _wants_aggregated(accept) else json_answer(_core_versions())
            case ["apis"]:
                return self._aggregated(core=False) if _wants_aggregated(accept) else json_answer(self._groups())
            case ["apis", group] if group in self._registry.groups():
                return json_answer({"kind": "APIGroup", "apiVersion": "v1"} | self._group(group))
            case ["api", version] if version in self._registry.groups()[""]:
                return json_answer(self._resources("", version))
            case ["apis", group, version] if version in self._registry.groups().get(group, ()):
                return json_answer(self._resources(group, version))
        return None

    def _groups(self) -> JsonObject:
        groups = [self._group(group) for group in self._registry.groups() if group]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}

    def _group(self, group: str) -> JsonObject:
        versions = [
            {"groupVersion": f"{group}/{version}", "version": version} for version in self._registry.groups()[group]
        ]
        return {"name": group, "versions": versions, "preferredVersion": versions[0]}

    def _resources(self, group: str, version: str) -> JsonObject:
        resources = []
        for type_ in self._registry.of_version(group, version):
            resources.append(_resource(type_))
            resources += [_subresource(type_, sub) for sub in type_.subresources.values()]
        group_version = f"{group}/{version}" if group else version
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}

    def _aggregated(self, *, core: bool) -> web.Response:
        items = [
            {
                "metadata": {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None},
                "versions": [self._aggregated_version(group, version) for version in versions],
            }
            for group, versions in self._registry.groups().items()
            if (not group) is core
        ]
        head = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}}
        data = orjson.dumps(head | {"items": items})
        etag = f'"{hashlib.sha256(data).hexdigest().upper()}"'
        headers = {"Content-Type": _AGGREGATED, "ETag": etag, "Vary": "Accept", "Cache-Control": "public"}
        return web.Response(body=data, headers=headers)

    def _aggregated_version(self, group: str, version: str) -> JsonObject:
        resources = [_aggregated_resource(type_) for type_ in self._registry.of_version(group, version)]
        return {"version": version, "resources": resources, "freshness": "Current"}


def _wants_aggregated(accept: str) -> bool:
    options = [option.replace(" ", "") for option in accept.split(",")]
    return any("as=APIGroupDiscoveryList" in option and "v=v2;" in option + ";" for option in options)


def _version() -> JsonObject:
    version: JsonObject = schema_facts()["version"]
    return version | {
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "argosy/sandbox",
    }


def _core_versions() -> JsonObject:
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": ""}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


def _resource(type_: ResourceType) -> JsonObject:
    entry: JsonObject = {
        "name": type_.plural,
        "singularName": type_.singular,
        "namespaced": type_.namespaced,
        "kind": type_.kind,
        "verbs": list(type_.verbs),
    }
    if type_.short_names:
        entry["shortNames"] = list(type_.short_names)
    if type_.categories:
        entry["categories"] = list(type_.categories)
    if "list" in type_.verbs:
        key = f"{type_.group}/{type_.version}/{type_.kind}".encode()
        entry["storageVersionHash"] = hashlib.sha256(key).hexdigest()[:11] + "="
    return entry


def _subresource(type_: ResourceType, sub: Subresource) -> JsonObject:
    entry: JsonObject = {
        "name": f"{type_.plural}/{sub.name}",
        "singularName": "",
        "namespaced": type_.namespaced,
        "kind": sub.kind,
        "verbs": list(sub.verbs),
    }
    if (sub.group, sub.version) != (type_.group, type_.version):
        entry |= {"group": sub.group, "version": sub.version}
    return entry


def _aggregated_resource(type_: ResourceType) -> JsonObject:
    entry: dict[str, Any] = {
        "resource": type_.plural,
        "responseKind": {"group": type_.group, "version": type_.version, "kind": type_.kind},
        "scope": "Namespaced" if type_.namespaced else "Cluster",
        "singularResource": type_.singular,
        "verbs": list(type_.verbs),
    }
    if type_.short_names:
        entry["shortNames"] = list(type_.short_names)
    if type_.categories:
        entry["categories"] = list(type_.categories)
    if type_.subresources:
        entry["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": {"group": sub.group, "version": sub.version, "kind": sub.kind},
                "verbs": list(sub.verbs),
            }
            for sub in type_.subresources.values()
        ]
    return entry

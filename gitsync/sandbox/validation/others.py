"""Rules of services, configuration, storage, access and definitions."""

import re
from collections.abc import Iterator
from typing import Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.validation.problem import Problem, duplicate, forbidden, invalid, required, unsupported

_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_TEXT: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_SERVICE_TYPES: Final = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]


def service_problems(body: JsonObject) -> Iterator[Problem]:
    spec = body["spec"]
    ports = spec.get("ports") or []
    if spec.get("type") not in _SERVICE_TYPES:
        yield unsupported("spec.type", spec.get("type"), _SERVICE_TYPES)
    if not ports and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        yield required("spec.ports")
    if spec.get("type") == "ExternalName" and not spec.get("externalName"):
        yield required("spec.externalName")
    seen = set()
    for at, port in enumerate(ports):
        if not 0 < port.get("port", 0) < 65536:
            text = "must be between 1 and 65535, inclusive"
            yield invalid(f"spec.ports[{at}].port", port.get("port", 0), text)
        if len(ports) > 1 and not port.get("name"):
            yield required(f"spec.ports[{at}].name")
        key = (port.get("protocol"), port.get("port"))
        if key in seen:
            yield duplicate(f"spec.ports[{at}]", {"protocol": key[0], "port": key[1]})
        seen.add(key)


def service_update_problems(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    before, after = live["spec"], new["spec"]
    if "ExternalName" in (before.get("type"), after.get("type")):
        return
    if before.get("clusterIP") and before["clusterIP"] != after.get("clusterIP"):
        yield invalid("spec.clusterIPs[0]", after.get("clusterIPs"), "may not change once set")


def config_map_problems(body: JsonObject) -> Iterator[Problem]:
    for field in ("data", "binaryData"):
        for key in body.get(field) or {}:
            if len(key) > 253 or not _KEY.fullmatch(key):
                yield invalid(f"{field}[{key}]", key, _KEY_TEXT)


def secret_problems(body: JsonObject) -> Iterator[Problem]:
    for key in body.get("data") or {}:
        if len(key) > 253 or not _KEY.fullmatch(key):
            yield invalid(f"data[{key}]", key, _KEY_TEXT)
    needed = {"kubernetes.io/dockerconfigjson": (".dockerconfigjson",), "kubernetes.io/tls": ("tls.crt", "tls.key")}
    for key in needed.get(body.get("type", ""), ()):
        if key not in (body.get("data") or {}):
            yield required(f"data[{key}]")


def immutable_data_problems(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    if live["kind"] == "Secret" and live.get("type") != new.get("type"):
        yield invalid("type", new.get("type"), "field is immutable")
    if not live.get("immutable"):
        return
    detail = "field is immutable when `immutable` is set"
    if not new.get("immutable"):
        yield forbidden("immutable", detail)
    for field in ("data", "binaryData"):
        if (live.get(field) or {}) != (new.get(field) or {}):
            yield forbidden(field, detail)


def claim_problems(body: JsonObject) -> Iterator[Problem]:
    spec = body["spec"]
    if not spec.get("accessModes"):
        yield required("spec.accessModes", "at least 1 access mode is required")
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        yield required("spec.resources[storage]")


def claim_update_problems(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    free = {"resources", "volumeName", "storageClassName", "volumeAttributesClassName"}
    before, after = live["spec"], new["spec"]
    changed = any(before.get(key) != after.get(key) for key in (before.keys() | after.keys()) - free)
    renamed = before.get("storageClassName") is not None and before["storageClassName"] != after.get("storageClassName")
    if changed or renamed:
        yield forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        )


def ingress_problems(body: JsonObject) -> Iterator[Problem]:
    spec = body.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield invalid("spec", spec.get("rules") or [], "either `defaultBackend` or `rules` must be specified")
    for at, rule in enumerate(spec.get("rules") or ()):
        for number, path in enumerate((rule.get("http") or {}).get("paths") or ()):
            where = f"spec.rules[{at}].http.paths[{number}]"
            if not path.get("pathType"):
                yield required(f"{where}.pathType", "pathType must be specified")
            elif path["pathType"] != "ImplementationSpecific" and not str(path.get("path", "")).startswith("/"):
                yield invalid(f"{where}.path", path.get("path", ""), "must be an absolute path")


def role_ref_problems(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    if live.get("roleRef") != new.get("roleRef"):
        yield invalid("roleRef", new.get("roleRef"), "cannot change roleRef")


def budget_problems(body: JsonObject) -> Iterator[Problem]:
    spec = body.get("spec") or {}
    if "minAvailable" in spec and "maxUnavailable" in spec:
        yield invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")


def autoscaler_problems(body: JsonObject) -> Iterator[Problem]:
    spec = body.get("spec") or {}
    if spec.get("maxReplicas", 0) < 1:
        yield invalid("spec.maxReplicas", spec.get("maxReplicas", 0), "must be greater than 0")
    elif spec["maxReplicas"] < spec.get("minReplicas", 1):
        detail = "must be greater than or equal to `minReplicas`"
        yield invalid("spec.maxReplicas", spec["maxReplicas"], detail)


def definition_problems(body: JsonObject) -> Iterator[Problem]:
    spec = body["spec"]
    names = spec.get("names") or {}
    wanted = f"{names.get('plural', '')}.{spec.get('group', '')}"
    if body["metadata"]["name"] != wanted:
        yield invalid("metadata.name", body["metadata"]["name"], 'must be spec.names.plural+"."+spec.group')
    for field in ("plural", "kind"):
        if not names.get(field):
            yield required(f"spec.names.{field}")
    if spec.get("scope") not in ("Cluster", "Namespaced"):
        yield unsupported("spec.scope", spec.get("scope"), ["Cluster", "Namespaced"])
    versions = spec.get("versions") or []
    if sum(bool(version.get("storage")) for version in versions) != 1:
        detail = "must have exactly one version marked as storage version"
        yield invalid("spec.versions", [version.get("name") for version in versions], detail)
    for at, version in enumerate(versions):
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            yield required(f"spec.versions[{at}].schema.openAPIV3Schema", "schemas are required")


def definition_update_problems(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    if live["spec"].get("scope") != new["spec"].get("scope"):
        yield invalid("spec.scope", new["spec"].get("scope"), "field is immutable")
    if live["spec"]["names"].get("kind") != new["spec"]["names"].get("kind"):
        yield invalid("spec.names.kind", new["spec"]["names"].get("kind"), "field is immutable")

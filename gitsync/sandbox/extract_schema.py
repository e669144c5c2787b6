"""Makes `schema.json.gz` from a real API server: `python -m gitsync.sandbox.extract_schema --kubeconfig F --types D`.

Only facts are kept: which kinds exist, types of fields, list types and keys, merge keys and strategies, required
fields, defaults, enumerations. `--types` names folders of the Go modules `k8s.io/api`, `k8s.io/apimachinery` and
`k8s.io/apiextensions-apiserver`: the field tags there say which zero values the server leaves out and which empty
structs it always writes, since no published document does. To be run again for a newer Kubernetes version.
"""

import argparse
import base64
import gzip
import json
import re
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parent / "schema.json.gz"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PROTO_FIELD = re.compile(r"^  (optional|repeated|map<string, ?\S+>)\s*(\S*?)\s*(\w+) = (\d+);", re.MULTILINE)
PROTO_SCALARS = {"string", "bytes", "bool", "int32", "int64", "uint32", "double"}
GO_SCALARS = {"string": "", "bool": False, "int": 0, "int32": 0, "int64": 0, "uint32": 0, "float64": 0}
MODULE_PREFIX = {
    "api": "io.k8s.api",
    "apimachinery": "io.k8s.apimachinery",
    "apiextensions-apiserver": "io.k8s.apiextensions-apiserver",
}
FIELD = re.compile(r'^\t(\w+)?\s*(\S+)\s+`[^`]*json:"([^",]*)((?:,\w+)*)"')
STRUCT = re.compile(r"^type (\w+) struct \{")
NAMED = re.compile(r"^(?:type )?\t?(\w+) (?:= )?(string|bool|int|int32|int64|uint32)$")


class Server:
    """Reads one real API server."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._url, self._token = cluster["server"], user["token"]
        if "certificate-authority-data" in cluster:
            self._tls = ssl.create_default_context(
                cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
            )
        else:
            self._tls = ssl.create_default_context(cafile=cluster["certificate-authority"])

    def get(self, path: str, accept: str = "application/json") -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": accept}
        request = urllib.request.Request(self._url + path, headers=headers)  # noqa: S310 - the address of a kubeconfig
        with urllib.request.urlopen(request, context=self._tls) as response:  # noqa: S310
            return json.load(response)


def without_prose(schema: Any) -> Any:
    """The schema without descriptions. A property may itself be called `description`: then its value is a schema."""
    if isinstance(schema, dict):
        return {
            key: without_prose(value)
            for key, value in schema.items()
            if not (key == "description" and isinstance(value, str))
        }
    if isinstance(schema, list):
        return [without_prose(value) for value in schema]
    return schema


def extract_types(server: Server) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """`(schema by type name, names of the kinds' types by group/version)`."""
    types: dict[str, Any] = {}
    kinds: dict[str, list[str]] = {}
    for path, entry in server.get("/openapi/v3")["paths"].items():
        if not re.fullmatch(r"api/v1|apis/[^/]+/[^/]+", path):
            continue
        schemas = without_prose(server.get(entry["serverRelativeURL"])["components"]["schemas"])
        types |= schemas
        group_version = path.removeprefix("apis/").removeprefix("api/")
        kinds[group_version] = [
            name
            for name, schema in schemas.items()
            for gvk in schema.get("x-kubernetes-group-version-kind", ())
            if (f"{gvk['group']}/{gvk['version']}" if gvk["group"] else gvk["version"]) == group_version
            and ".apimachinery." not in name
        ]
    for schema in types.values():  # options kinds repeat every group: only one is needed
        gvks = schema.get("x-kubernetes-group-version-kind", [])
        if len(gvks) > 2:
            schema["x-kubernetes-group-version-kind"] = [gvk for gvk in gvks if not gvk["group"]]
    return types, kinds


def extract_discovery(server: Server) -> list[Any]:
    return [item for path in ("/api", "/apis") for item in server.get(path, AGGREGATED)["items"]]


def extract_columns(server: Server, discovery: list[Any]) -> dict[str, list[list[Any]]]:
    """Columns of `kubectl get` as `[name, type, format, priority]`, by kind and group."""
    columns = {}
    for item in discovery:
        group = item["metadata"].get("name", "")
        for version in item["versions"][:1]:
            base = f"/apis/{group}/{version['version']}" if group else "/api/v1"
            for resource in version["resources"]:
                if "list" in resource["verbs"]:
                    table = server.get(f"{base}/{resource['resource']}?limit=1", TABLE)
                    kind = f"{resource['responseKind']['kind']}.{group}"
                    columns[kind] = [
                        [c["name"], c["type"], c["format"], c["priority"]] for c in table["columnDefinitions"]
                    ]
    return columns


def extract_messages(folders: list[Path], types: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Fields of the binary form as `{number: [name, type]}` by type name; lists begin with `*`, maps with `<`."""
    messages: dict[str, dict[str, list[str]]] = {}
    served = {name.rpartition(".")[0] for name in types}
    for folder in folders:
        for file in sorted(folder.rglob("generated.proto")):
            text = file.read_text()
            package = _type_name(re.search(r"^package (\S+);", text, re.MULTILINE)[1])  # type: ignore[index]
            for match in re.finditer(r"^message (\w+) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
                fields = {
                    number: [name, _wire_type(label, type_name, package)]
                    for label, type_name, name, number in PROTO_FIELD.findall(match[2])
                }
                if package in served:
                    messages[f"{package}.{match[1]}"] = fields
    return messages


def _type_name(proto_name: str) -> str:
    """`k8s.io.api.core.v1.Pod` as OpenAPI calls it: `io.k8s.api.core.v1.Pod`."""
    return "io.k8s" + proto_name.lstrip(".").removeprefix("k8s.io")


def _wire_type(label: str, type_name: str, package: str) -> str:
    mark = "*" if label == "repeated" else ""
    if match := re.fullmatch(r"map<string, ?(\S+)>", label):
        mark, type_name = "<", match[1]
    if type_name in PROTO_SCALARS:
        return mark + type_name
    return mark + (_type_name(type_name) if "." in type_name else f"{package}.{type_name}")


def go_structs(folders: list[Path]) -> Iterator[tuple[str, dict[str, str], list[tuple[str, str, str]]]]:
    """`(type name as in OpenAPI, named scalar types of its package, [(json name, Go type, tag options)])`."""
    for folder in folders:
        module = next(name for name in MODULE_PREFIX if folder.name.split("@")[0] == name)
        for file in sorted(folder.rglob("types*.go")):
            package = MODULE_PREFIX[module] + "." + ".".join(file.parent.relative_to(folder).parts)
            yield from _structs_of_file(package, file.read_text().splitlines())


def _structs_of_file(
    package: str, lines: list[str]
) -> Iterator[tuple[str, dict[str, str], list[tuple[str, str, str]]]]:
    scalars = {match[1]: match[2] for line in lines if (match := NAMED.match(line))}
    current = ""
    fields: list[tuple[str, str, str]] = []
    for line in lines:
        if match := STRUCT.match(line):
            current, fields = match[1], []
        elif line.startswith("}") and current:
            yield f"{package}.{current}", scalars, fields
            current = ""
        elif current and (match := FIELD.match(line)):
            fields.append((match[3], match[2], match[4]))


def extract_go_facts(
    folders: list[Path], types: dict[str, Any]
) -> tuple[dict[str, list[str]], dict[str, dict[str, Any]]]:
    """`(fields whose zero value is left out, fields that are always written with that value)` by type name."""
    omitted: dict[str, list[str]] = {}
    always: dict[str, dict[str, Any]] = {}
    for name, scalars, fields in go_structs(folders):
        if name not in types:
            continue
        for json_name, go_type, options in fields:
            if not json_name or go_type.startswith("*"):
                continue
            base = scalars.get(go_type, go_type)
            zero = GO_SCALARS.get(base)
            is_collection = go_type.startswith(("[]", "map["))
            if zero is None and not is_collection:
                property_schema = types[name].get("properties", {}).get(json_name, {})
                if "default" in property_schema and property_schema["default"] == {} and "omitzero" not in options:
                    always.setdefault(name, {})[json_name] = {}
                elif property_schema.get("type") == "string":  # a scalar type of another package
                    zero = ""
            if zero is not None and ("omitempty" in options or "omitzero" in options):
                omitted.setdefault(name, []).append(json_name)
            elif zero is not None or (is_collection and "omitempty" not in options):
                always.setdefault(name, {})[json_name] = zero
    return omitted, always


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kubeconfig", type=Path, required=True)
    options.add_argument("--types", type=Path, nargs="*", default=[])
    options.add_argument("--target", type=Path, default=TARGET)
    arguments = options.parse_args()
    server = Server(arguments.kubeconfig)
    types, kinds = extract_types(server)
    omitted, always = extract_go_facts(arguments.types, types)
    version = server.get("/version")
    discovery = extract_discovery(server)
    facts = {
        "version": {key: version[key] for key in ("major", "minor", "gitVersion")},
        "discovery": discovery,
        "columns": extract_columns(server, discovery),
        "kinds": kinds,
        "types": types,
        "messages": extract_messages(arguments.types, types),
        "omitted": omitted,
        "always": always,
    }
    data = json.dumps(facts, separators=(",", ":"), sort_keys=True).encode()
    arguments.target.write_bytes(gzip.compress(data, 9, mtime=0))


if __name__ == "__main__":
    main()

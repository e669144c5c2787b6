"""The CustomResourceDefinitions that a runtime's home cluster needs, made from the views of this package.

Groups, kinds, names and printed columns are those that Argo CD's users know, so `kubectl get applications` looks the
same and either product can be installed over the other. Schemas name the fields that we read; every object keeps
unknown fields, so nothing that a newer or older Argo CD wrote is ever dropped.
"""

from typing import Any

from msgspec import inspect

from model.kinds.application import GROUP, VERSION, ApplicationSpec, Operation

_OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def structural_schema(type_: Any) -> dict[str, Any]:
    """The structural OpenAPI schema of a msgspec type, with unknown fields preserved at every level."""
    return _schema(inspect.type_info(type_))


def _schema(info: inspect.Type) -> dict[str, Any]:
    match info:
        case inspect.StructType(fields=fields):
            return {**_OPEN, "properties": {field.encode_name: _schema(field.type) for field in fields}}
        case inspect.UnionType(types=types):
            return _schema(next(one for one in types if not isinstance(one, inspect.NoneType)))
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return {"type": "array", "items": _schema(item)}
        case inspect.DictType(value_type=inspect.StrType()):
            return {"type": "object", "additionalProperties": {"type": "string"}}
        case inspect.DateTimeType():
            return {"type": "string", "format": "date-time"}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.IntType():
            return {"type": "integer", "format": "int64"}
        case inspect.StrType():
            return {"type": "string"}
        case _:
            return dict(_OPEN)


def _column(name: str, path: str, *, priority: int = 0, type_: str = "string") -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "type": type_, "jsonPath": path}
    return {**column, "priority": priority} if priority else column


_AGE = _column("Age", ".metadata.creationTimestamp", type_="date")


def _definition(
    kind: str,
    plural: str,
    short_names: tuple[str, ...],
    *,
    properties: dict[str, Any],
    columns: tuple[dict[str, Any], ...] = (),
    required: tuple[str, ...] = ("metadata", "spec"),
    status_subresource: bool = False,
    scale: dict[str, str] | None = None,
    scope: str = "Namespaced",
) -> dict[str, Any]:
    version: dict[str, Any] = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "required": list(required),
                "properties": {
                    "apiVersion": {"type": "string"},
                    "kind": {"type": "string"},
                    "metadata": {"type": "object"},
                    **properties,
                },
            }
        },
        "subresources": {**({"status": {}} if status_subresource else {}), **({"scale": scale} if scale else {})},
    }
    if columns:
        version["additionalPrinterColumns"] = list(columns)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}", "labels": {"app.kubernetes.io/part-of": "argosy"}},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": list(short_names),
            },
            "scope": scope,
            "versions": [version],
        },
    }


def _application() -> dict[str, Any]:
    # No status subresource: clients of the field write spec, operation and status in one request. The status is not
    # spelled out: only controllers write it, and a real API server spends 40 % less on a write that it need not check.
    return _definition(
        "Application",
        "applications",
        ("app", "apps"),
        properties={
            "spec": {**structural_schema(ApplicationSpec), "required": ["destination", "project"]},
            "operation": structural_schema(Operation),
            "status": dict(_OPEN),
        },
        columns=(
            _column("Sync Status", ".status.sync.status"),
            _column("Health Status", ".status.health.status"),
            _column("Revision", ".status.sync.revision", priority=10),
            _column("Project", ".spec.project", priority=10),
        ),
    )


def custom_resource_definitions() -> tuple[dict[str, Any], ...]:
    """Application, AppProject and ApplicationSet, ready to be created."""
    open_ = dict(_OPEN)
    return (
        _application(),
        _definition("AppProject", "appprojects", ("appproj", "appprojs"), properties={"spec": open_, "status": open_}),
        _definition(
            "ApplicationSet",
            "applicationsets",
            ("appset", "appsets"),
            properties={"spec": open_, "status": open_},
            status_subresource=True,
        ),
    )


def _rollout() -> dict[str, Any]:
    # Autoscalers read and write the size through the scale subresource, so these fields are named; the rest is open.
    spec = {**_OPEN, "properties": {"replicas": {"type": "integer", "format": "int32"}}}
    counts = {name: {"type": "integer", "format": "int32"} for name in ("replicas", "HPAReplicas")}
    status = {**_OPEN, "properties": {**counts, "selector": {"type": "string"}}}
    numbers = (
        ("Desired", ".spec.replicas"),
        ("Current", ".status.replicas"),
        ("Up-to-date", ".status.updatedReplicas"),
        ("Ready", ".status.readyReplicas"),
        ("Available", ".status.availableReplicas"),
    )
    return _definition(
        "Rollout",
        "rollouts",
        ("ro",),
        properties={"spec": spec, "status": status},
        columns=(*(_column(name, path, type_="integer") for name, path in numbers), _AGE),
        status_subresource=True,
        scale={
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.HPAReplicas",
            "labelSelectorPath": ".status.selector",
        },
    )


def rollout_definitions() -> tuple[dict[str, Any], ...]:
    """Rollout and what it works with, ready to be created."""
    open_ = {"spec": dict(_OPEN), "status": dict(_OPEN)}
    phase = _column("Status", ".status.phase")
    return (
        _rollout(),
        _definition("AnalysisRun", "analysisruns", ("ar",), properties=open_, columns=(phase, _AGE)),
        _definition("AnalysisTemplate", "analysistemplates", ("at",), properties=open_, columns=(_AGE,)),
        _definition(
            "ClusterAnalysisTemplate",
            "clusteranalysistemplates",
            ("cat",),
            properties=open_,
            columns=(_AGE,),
            scope="Cluster",
        ),
        _definition("Experiment", "experiments", ("exp",), properties=open_, columns=(phase, _AGE)),
    )


def default_project(namespace: str) -> dict[str, Any]:
    """The project `default`, as Argo CD creates it at its first start: everything is permitted."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "AppProject",
        "metadata": {"name": "default", "namespace": namespace},
        "spec": {
            "sourceRepos": ["*"],
            "destinations": [{"server": "*", "namespace": "*"}],
            "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
        },
    }

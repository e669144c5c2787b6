"""CustomResourceDefinitions: which kinds one brings, and whether the cluster serves them yet."""

from dataclasses import dataclass

import msgspec

from gitsync.kube.discovery import ALL_VERBS, ApiResource, version_priority

GROUP = "apiextensions.k8s.io"
KIND = "CustomResourceDefinition"


class _Names(msgspec.Struct, frozen=True):
    kind: str = ""
    plural: str = ""


class _Version(msgspec.Struct, frozen=True):
    name: str = ""
    served: bool = False


class _Spec(msgspec.Struct, frozen=True):
    group: str = ""
    names: _Names = _Names()
    scope: str = ""
    versions: tuple[_Version, ...] = ()


class _Condition(msgspec.Struct, frozen=True):
    type: str = ""
    status: str = ""
    message: str = ""


class _Status(msgspec.Struct, frozen=True):
    conditions: tuple[_Condition, ...] | None = None


class _Body(msgspec.Struct, frozen=True):
    spec: _Spec = _Spec()
    status: _Status = _Status()


@dataclass(frozen=True, slots=True)
class Definition:
    """`refusal` says why the cluster does not accept the names, "" when it does."""

    group: str
    kind: str
    established: bool
    resources: tuple[ApiResource, ...]
    refusal: str = ""


_decoder = msgspec.json.Decoder(_Body)


def read_definition(raw: bytes) -> Definition:
    """What a CustomResourceDefinition says. The API server has validated it, so its shape is sure."""
    body = _decoder.decode(raw)
    spec = body.spec
    conditions = {condition.type: condition for condition in body.status.conditions or ()}
    established = conditions.get("Established")
    accepted = conditions.get("NamesAccepted")
    served = sorted((v.name for v in spec.versions if v.served), key=version_priority)
    return Definition(
        spec.group,
        spec.names.kind,
        established is not None and established.status == "True",
        tuple(
            ApiResource(
                spec.group,
                version,
                spec.names.kind,
                spec.names.plural,
                spec.scope == "Namespaced",
                ALL_VERBS,
                preferred=number == 0,
            )
            for number, version in enumerate(served)
        ),
        accepted.message if accepted is not None and accepted.status == "False" else "",
    )

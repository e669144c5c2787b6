"""Rules of metadata, the same for all kinds or nearly so."""

import re
from collections.abc import Iterator
from typing import Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.registry import ResourceType
from gitsync.sandbox.validation.problem import Problem, forbidden, invalid, required

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_VALUE: Final = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_LABEL_NAMED: Final = frozenset({"Namespace"})
_PATH_NAMED: Final = frozenset({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"})

_SUBDOMAIN_TEXT: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_TEXT: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SERVICE_TEXT: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_KEY_TEXT: Final = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_TEXT: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def name_problems(type_: ResourceType, body: JsonObject) -> Iterator[Problem]:
    name = body["metadata"].get("name", "")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif type_.kind in _PATH_NAMED and type_.group == "rbac.authorization.k8s.io":
        if name in (".", "..") or "/" in name or "%" in name:
            yield invalid("metadata.name", name, "may not contain '/' or '%'")
    elif (type_.group, type_.kind) == ("", "Service") or (type_.group == "" and type_.kind in _LABEL_NAMED):
        if len(name) > 63 or not _LABEL.fullmatch(name):
            yield invalid("metadata.name", name, _LABEL_TEXT)
    elif len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        yield invalid("metadata.name", name, _SUBDOMAIN_TEXT)


def metadata_problems(metadata: JsonObject, path: str = "metadata") -> Iterator[Problem]:
    """Labels and annotations."""
    yield from label_problems(metadata.get("labels") or {}, f"{path}.labels")
    for key in metadata.get("annotations") or {}:
        if not _is_qualified(key.lower()):
            yield invalid(f"{path}.annotations", key, _KEY_TEXT)


def label_problems(labels: JsonObject, path: str) -> Iterator[Problem]:
    for key, value in labels.items():
        if not _is_qualified(key):
            yield invalid(path, key, _KEY_TEXT)
        if len(value) > 63:
            yield invalid(path, value, "must be no more than 63 bytes")
        elif not _VALUE.fullmatch(value):
            yield invalid(path, value, _VALUE_TEXT)


def _is_qualified(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and not _SUBDOMAIN.fullmatch(prefix):
        return False
    return len(name) <= 63 and bool(_QUALIFIED.fullmatch(name))


def finalizer_problems(live: JsonObject, new: JsonObject) -> Iterator[Problem]:
    """A deleting object takes no new finalizers."""
    if live["metadata"].get("deletionTimestamp"):
        before = live["metadata"].get("finalizers") or ()
        added = [name for name in new["metadata"].get("finalizers") or () if name not in before]
        if added:
            listed = ", ".join(f'"{name}"' for name in added)
            why = "no new finalizers can be added if the object is being deleted, found new finalizers"
            yield forbidden("metadata.finalizers", f"{why} []string{{{listed}}}")

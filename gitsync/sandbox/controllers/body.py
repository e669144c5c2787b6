"""Reading and making the parts of a Kubernetes object that every controller needs."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gitsync.manifest.object import JsonObject
from model.identity import ResourceKey

# The letters of generated names: no vowels and nothing that looks like something else.
_NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def group_of(body: JsonObject) -> str:
    group, _, _ = body["apiVersion"].rpartition("/")
    return str(group)


def key_of(body: JsonObject) -> ResourceKey:
    metadata = body["metadata"]
    return ResourceKey(group_of(body), body["kind"], metadata.get("namespace", ""), metadata["name"])


def uid_of(body: JsonObject) -> str:
    return str(body["metadata"]["uid"])


def labels_of(body: JsonObject) -> dict[str, str]:
    return body["metadata"].get("labels") or {}


def annotations_of(body: JsonObject) -> dict[str, str]:
    return body["metadata"].get("annotations") or {}


def status_of(body: JsonObject) -> JsonObject:
    return body.get("status") or {}


def is_deleting(body: JsonObject) -> bool:
    return "deletionTimestamp" in body["metadata"]


def with_metadata(body: JsonObject, **fields: Any) -> JsonObject:
    return {**body, "metadata": {**body["metadata"], **fields}}


def with_spec(body: JsonObject, **fields: Any) -> JsonObject:
    return {**body, "spec": {**body["spec"], **fields}}


def with_annotations(body: JsonObject, annotations: Mapping[str, str]) -> JsonObject:
    return with_metadata(body, annotations={**annotations_of(body), **annotations})


def timestamp(at: datetime) -> str:
    """The way objects carry time: whole seconds, UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def created_at(body: JsonObject) -> datetime:
    return parse_time(body["metadata"]["creationTimestamp"])


def controller_of(body: JsonObject) -> JsonObject | None:
    """The owner reference of the object's controller."""
    for reference in body["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return dict(reference)
    return None


def controller_key(body: JsonObject) -> ResourceKey | None:
    """Address of the object's controller."""
    reference = controller_of(body)
    if reference is None:
        return None
    group, _, _ = reference["apiVersion"].rpartition("/")
    return ResourceKey(group, reference["kind"], body["metadata"].get("namespace", ""), reference["name"])


def is_controlled_by(body: JsonObject, uid: str) -> bool:
    reference = controller_of(body)
    return reference is not None and reference["uid"] == uid


def owner_reference(owner: JsonObject) -> JsonObject:
    """The reference that makes `owner` the controller."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def random_suffix(length: int = 5) -> str:
    return "".join(_NAME_LETTERS[byte % len(_NAME_LETTERS)] for byte in secrets.token_bytes(length))


def short_hash(value: object, *, salt: int = 0) -> str:
    """A name part that follows from the value: ten letters at most, as in pod-template-hash."""
    raw = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    number = int.from_bytes(hashlib.blake2b(raw, digest_size=4, salt=salt.to_bytes(8, "big")).digest(), "big")
    return "".join(_NAME_LETTERS[ord(digit) % len(_NAME_LETTERS)] for digit in str(number))


def without_zeros(status: JsonObject, optional: Iterable[str]) -> JsonObject:
    """Counters that the API leaves out when they are 0 are left out."""
    dropped = frozenset(optional)
    return {field: value for field, value in status.items() if value or field not in dropped}


def share(value: int | str | None, total: int, *, default: int | str, round_up: bool) -> int:
    """A count given as a number or as a percentage of `total`, such as maxSurge."""
    value = default if value is None else value
    if isinstance(value, str) and value.endswith("%"):
        percent = int(value[:-1])
        return -(-total * percent // 100) if round_up else total * percent // 100
    return int(value)


def owner_kinds(body: JsonObject) -> set[str]:
    return {reference["kind"] for reference in body["metadata"].get("ownerReferences") or ()}

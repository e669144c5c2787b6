"""What a write means: from the body of a request to the object that the store keeps.

Order of a write, as in a real server: read (drop unknown fields), default, who owns which field, admission, validation,
and only then the store. A dry run goes all the way and stops before the store.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import orjson

from gitsync.manifest.object import JsonObject
from gitsync.sandbox import managed
from gitsync.sandbox.admission import Admission
from gitsync.sandbox.clock import SandboxClock
from gitsync.sandbox.decode import Reading, default_custom, prune_custom, read_builtin
from gitsync.sandbox.defaults.table import apply_defaults
from gitsync.sandbox.errors import (
    AlreadyExistsError,
    ApiError,
    BadRequestError,
    Cause,
    ConflictError,
    InvalidError,
    NotFoundError,
    Subject,
)
from gitsync.sandbox.managed import Owners
from gitsync.sandbox.metadata import SYSTEM_FIELDS, generated_name, has_generation, spec_changed, subject_of
from gitsync.sandbox.registry import ResourceType
from gitsync.sandbox.store import Store, Version
from gitsync.sandbox.validation.declared import check_applied
from gitsync.sandbox.validation.table import validate_create, validate_update

FieldValidation = Literal["Ignore", "Warn", "Strict"]
_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What comes with a write besides the body. `trusted` writes of the sandbox itself are not validated."""

    manager: str
    dry_run: bool = False
    validation: FieldValidation = "Ignore"
    force: bool = False
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The object after the write."""

    body: JsonObject
    created: bool = False
    warnings: list[str] = field(default_factory=list)


Change = Callable[[JsonObject], JsonObject]


class Writes:
    """All writes but deletion."""

    def __init__(self, store: Store, clock: SandboxClock, admission: Admission) -> None:
        self._store = store
        self._clock = clock
        self._admission = admission
        self.on_released: Callable[[ResourceType, JsonObject], None] = lambda _type, _body: None

    def live(self, type_: ResourceType, namespace: str, name: str) -> Version:
        found = self._store.get(type_.family, namespace, name)
        if found is None:
            raise not_found(type_, name)
        return found

    def create(self, type_: ResourceType, namespace: str, body: JsonObject, options: WriteOptions) -> Outcome:
        """A new object. Raises AlreadyExistsError, InvalidError, ForbiddenError, NotFoundError (namespace)."""
        check_address(type_, namespace, "", body)
        new, warnings = self._read(type_, body, options)
        apply_defaults_of(type_, new)
        owners = managed.track_update(
            type_.node.blank,
            managed.without_owners(new),
            type_.node,
            managed.decode_owners(_given_owners(new)),
            managed.manager_id(options.manager, "Update", type_.api_version),
            now=self._clock.timestamp(),
            ignored=_ignored(type_),
        )
        return self._commit_create(type_, namespace, new, owners, options, warnings)

    def replace(
        self,
        type_: ResourceType,
        namespace: str,
        name: str,
        body: JsonObject,
        options: WriteOptions,
        subresource: str = "",
    ) -> Outcome:
        """The object as `body` says. Raises ConflictError for a stale resourceVersion."""
        live = self.live(type_, namespace, name).body
        check_address(type_, namespace, name, body)
        new, warnings = self._read(type_, body, options)
        return self._write_over(type_, live, new, options, subresource, warnings)

    def change(
        self,
        type_: ResourceType,
        namespace: str,
        name: str,
        change: Change,
        options: WriteOptions,
        subresource: str = "",
    ) -> Outcome:
        """The object as `change` makes it out of the live one: every patch but apply."""
        live = self.live(type_, namespace, name).body
        body = change(live)
        if not isinstance(body.get("metadata"), dict):
            raise BadRequestError("the patch does not leave an object")
        body = {"apiVersion": live["apiVersion"], "kind": live["kind"]} | body
        check_address(type_, namespace, name, body)
        try:
            new, warnings = self._read(type_, body, options)
        except BadRequestError as error:
            raise unreadable_patch(body, error) from error
        return self._write_over(type_, live, new, options, subresource, warnings)

    def apply(
        self,
        type_: ResourceType,
        namespace: str,
        name: str,
        config: JsonObject,
        options: WriteOptions,
        subresource: str = "",
    ) -> Outcome:
        """Server-side apply. Creates the object if it is not there."""
        metadata = config.setdefault("metadata", {})
        metadata.setdefault("name", name)
        if metadata.get("managedFields"):
            raise BadRequestError("metadata.managedFields must be nil")
        check_applied(config, type_)
        check_address(type_, namespace, name, config)
        found = self._store.get(type_.family, namespace, name)
        if found is None:
            if subresource:
                raise not_found(type_, name)
            _refuse_uid_of_nothing(config, type_)
        live = found.body if found else None
        if live is not None:
            check_revision(type_, live, config)
        applied = self._applied(type_, live, config, options, subresource)
        if applied.body is None:
            assert live is not None, "an apply that creates changes something"
            return Outcome(live)
        new, _ = self._read(type_, applied.body, options)
        apply_defaults_of(type_, new)
        if live is None:
            return self._commit_create(type_, namespace, new, applied.owners, options, [])
        new = prepared_update(type_, live, new, subresource)
        return self._commit_update(type_, live, new, applied.owners, options, [])

    def _applied(
        self, type_: ResourceType, live: JsonObject | None, config: JsonObject, options: WriteOptions, subresource: str
    ) -> managed.Applied:
        before = managed.without_owners(live) if live else {}
        owners = managed.accept_owners({}, live)
        now = self._clock.timestamp()
        if live and not owners:
            first = managed.manager_id("before-first-apply", "Update", type_.api_version)
            owners = managed.track_update(
                type_.node.blank, before, type_.node, {}, first, now=now, ignored=_ignored(type_)
            )
        manager = managed.manager_id(options.manager, "Apply", "", subresource)
        if subresource == "status":
            config = {key: config[key] for key in ("apiVersion", "kind", "status") if key in config}
        ignored = frozenset[str]() if subresource else _ignored(type_)
        return managed.apply(before, config, type_.node, owners, manager, force=options.force, now=now, ignored=ignored)

    def _write_over(
        self,
        type_: ResourceType,
        live: JsonObject,
        new: JsonObject,
        options: WriteOptions,
        subresource: str,
        warnings: list[str],
    ) -> Outcome:
        check_revision(type_, live, new)
        owners = managed.accept_owners(new, live)
        apply_defaults_of(type_, new)
        new = prepared_update(type_, live, new, subresource)
        if owners:  # an object whose owners were forgotten has none until the next apply
            is_untracked = subresource == "scale" and type_.is_custom
            owners = managed.track_update(
                managed.without_owners(live),
                managed.without_owners(new),
                type_.node,
                owners,
                managed.manager_id(options.manager, "Update", type_.api_version, subresource),
                now=self._clock.timestamp(),
                ignored=managed.EVERYTHING if is_untracked else frozenset[str](),
            )
        return self._commit_update(type_, live, new, owners, options, warnings)

    def _read(self, type_: ResourceType, body: JsonObject, options: WriteOptions) -> tuple[JsonObject, list[str]]:
        reading = Reading(type_.kind, type_.version)
        if type_.is_custom:
            new = prune_custom(body, type_.node, reading)
            new = default_custom(new, type_.node)
        else:
            new = read_builtin(body, type_.node, reading)
        new = {"kind": type_.kind, "apiVersion": type_.api_version, "metadata": new.get("metadata") or {}} | {
            key: value for key, value in new.items() if key not in ("kind", "apiVersion", "metadata")
        }
        if not reading.unknown or options.validation == "Ignore":
            return new, []
        problems = [f'unknown field "{path}"' for path in reading.unknown]
        if options.validation == "Strict":
            raise strict_error(type_, problems)
        return new, problems

    def _commit_create(
        self,
        type_: ResourceType,
        namespace: str,
        new: JsonObject,
        owners: Owners,
        options: WriteOptions,
        warnings: list[str],
    ) -> Outcome:
        metadata = self._new_metadata(type_, namespace, new)
        present = self._store.get(type_.family, namespace, metadata["name"])
        if present:
            leaving = "object is being deleted: " if present.body["metadata"].get("deletionTimestamp") else ""
            raise AlreadyExistsError(
                f'{leaving}{subject_of(type_).resource} "{metadata["name"]}" already exists',
                subject=subject_of(type_, metadata["name"]),
            )
        if type_.has_status or type_.kind == "Namespace":
            new.pop("status", None)
            if "status" in type_.node.blank:
                new["status"] = dict(type_.node.blank["status"])
        new["metadata"] = metadata
        self._admission.admit_create(type_, new, dry_run=options.dry_run)
        if not options.trusted:
            validate_create(type_, new)
        if owners:
            metadata["managedFields"] = managed.encode_owners(owners)
        if not options.dry_run:
            self._store.put(type_.family, new)
        return Outcome(new, created=True, warnings=warnings)

    def _new_metadata(self, type_: ResourceType, namespace: str, new: JsonObject) -> JsonObject:
        given = new["metadata"]
        metadata = {
            key: value for key, value in given.items() if key not in (*SYSTEM_FIELDS, "selfLink", "managedFields")
        }
        if metadata.pop("resourceVersion", ""):
            raise ApiError("resourceVersion should not be set on objects to be created", reason="")
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = generated_name(metadata["generateName"])
        metadata.setdefault("name", "")
        if type_.namespaced:
            metadata["namespace"] = namespace
        else:
            metadata.pop("namespace", None)
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = self._clock.timestamp()
        if has_generation(type_):
            metadata["generation"] = 1
        return metadata

    def _commit_update(
        self,
        type_: ResourceType,
        live: JsonObject,
        new: JsonObject,
        owners: Owners,
        options: WriteOptions,
        warnings: list[str],
    ) -> Outcome:
        metadata = new["metadata"]
        metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
        self._admission.admit_update(type_, live, new)
        if has_generation(type_) and spec_changed(live, new, type_):
            metadata["generation"] = live["metadata"].get("generation", 0) + 1
        if not options.trusted:
            validate_update(type_, live, new)
        if owners:
            metadata["managedFields"] = managed.encode_owners(owners)
        if _same(live, new):
            return Outcome(live, warnings=warnings)
        if options.dry_run:
            return Outcome(new, warnings=warnings)
        if is_released(new):
            self.on_released(type_, new)
            return Outcome(new, warnings=warnings)
        return Outcome(self._store.put(type_.family, new), warnings=warnings)


def apply_defaults_of(type_: ResourceType, body: JsonObject) -> None:
    if not type_.is_custom:
        apply_defaults(body, type_.group, type_.kind)


def _given_owners(body: JsonObject) -> list[JsonObject]:
    given: list[JsonObject] = body["metadata"].get("managedFields") or []
    return given


def _ignored(type_: ResourceType) -> frozenset[str]:
    return managed.STATUS if type_.has_status else frozenset()


def not_found(type_: ResourceType, name: str) -> NotFoundError:
    subject = subject_of(type_, name)
    return NotFoundError(f'{subject.resource} "{name}" not found', subject=subject)


def strict_error(type_: ResourceType, problems: list[str]) -> BadRequestError:
    message = f"strict decoding error: {', '.join(problems)}"
    return BadRequestError(f'{type_.kind} in version "{type_.version}" cannot be handled as a {type_.kind}: {message}')


def unreadable_patch(body: JsonObject, error: BadRequestError) -> InvalidError:
    """A patch after which the object can not be read."""
    shown = orjson.dumps(orjson.dumps(body).decode()).decode()
    text = f"Invalid value: {shown}: {error.message.partition(': ')[2]}"
    cause = Cause("FieldValueInvalid", text, "patch")
    return InvalidError(f' "" is invalid: patch: {text}', subject=Subject(), causes=(cause,))


def check_address(type_: ResourceType, namespace: str, name: str, body: JsonObject) -> None:
    """The body must be of the kind, in the namespace and of the name that the URL says."""
    metadata = body.get("metadata") or {}
    given = (body.get("apiVersion") or type_.api_version, body.get("kind") or type_.kind)
    if given != (type_.api_version, type_.kind):
        _, _, version = given[0].rpartition("/")
        raise BadRequestError(
            f'{given[1]} in version "{version}" cannot be handled as a {type_.kind}: converting '
            f"({version}.{given[1]}) to ({type_.group}.{type_.kind}): unknown conversion"
        )
    if type_.namespaced and metadata.get("namespace") not in (None, "", namespace):
        raise BadRequestError("the namespace of the provided object does not match the namespace sent on the request")
    if name and metadata.get("name") != name:
        given_name = metadata.get("name", "")
        raise BadRequestError(f"the name of the object ({given_name}) does not match the name on the URL ({name})")


def check_revision(type_: ResourceType, live: JsonObject, new: JsonObject) -> None:
    """Optimistic concurrency: a given resourceVersion and uid must be those of the live object."""
    name = live["metadata"]["name"]
    revision = new["metadata"].get("resourceVersion")
    if revision and revision != live["metadata"]["resourceVersion"]:
        raise stale(subject_of(type_, name), _MODIFIED)
    uid = new["metadata"].get("uid")
    if uid and uid != live["metadata"]["uid"]:
        raise stale(
            subject_of(type_, name),
            f"Precondition failed: UID in precondition: {uid}, UID in object meta: {live['metadata']['uid']}",
        )


def stale(subject: Subject, why: str) -> ConflictError:
    text = f'Operation cannot be fulfilled on {subject.resource} "{subject.name}": {why}'
    return ConflictError(text, subject=subject)


def _refuse_uid_of_nothing(config: JsonObject, type_: ResourceType) -> None:
    uid = config["metadata"].get("uid")
    if uid:
        raise stale(
            subject_of(type_, config["metadata"]["name"]),
            f"uid mismatch: the provided object specified uid {uid}, and no existing object was found",
        )


def prepared_update(type_: ResourceType, live: JsonObject, new: JsonObject, subresource: str) -> JsonObject:
    """The new object with everything that this write may not touch taken from the live one."""
    kept = {key: live["metadata"][key] for key in SYSTEM_FIELDS if key in live["metadata"]}
    if subresource == "status":
        status = {"status": new["status"]} if "status" in new else {}
        rest = {key: value for key, value in live.items() if key != "status"}
        return rest | status | {"metadata": dict(live["metadata"])}
    metadata = {key: value for key, value in new["metadata"].items() if key not in SYSTEM_FIELDS} | kept
    metadata.pop("managedFields", None)
    metadata["name"] = live["metadata"]["name"]
    if type_.namespaced:
        metadata["namespace"] = live["metadata"]["namespace"]
    out = new | {"metadata": metadata}
    if type_.has_status:
        out.pop("status", None)
        if "status" in live:
            out["status"] = live["status"]
    return out


def is_released(body: JsonObject) -> bool:
    """Whether nothing holds a deleting object back any more."""
    metadata = body["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    if body["kind"] == "Namespace" and body["apiVersion"] == "v1":
        return not body.get("spec", {}).get("finalizers")
    return not metadata.get("deletionGracePeriodSeconds")


def _same(live: JsonObject, new: JsonObject) -> bool:
    """Whether the write changes anything; times of owners do not count."""
    if managed.without_owners(live) != managed.without_owners(new):
        return False
    return _timeless(live) == _timeless(new)


def _timeless(body: JsonObject) -> list[JsonObject]:
    entries = body["metadata"].get("managedFields") or []
    return [{key: value for key, value in entry.items() if key != "time"} for entry in entries]

"""Turns what an API server answers (a Status object, or anything else) into an error of `gitsync.kube.errors`.

The server's own sentence is kept, because people search for it, except for Secrets: there it may quote values
(`Invalid value: "..."`), so only fields and reasons are told.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gitsync.kube.errors import (
    AlreadyExists,
    Cause,
    ClusterError,
    Conflict,
    Duplicated,
    Expired,
    FieldsOwned,
    Forbidden,
    Immutable,
    Invalid,
    Malformed,
    NamespaceMissing,
    NotFound,
    Refused,
    ServerFailed,
    TooManyRequests,
    Unauthorized,
    UnknownKind,
)

_MAX_MESSAGE = 1000  # characters; admission webhooks have answered with whole documents
_MAX_VALUE = 120  # characters of a refused value that are quoted; for a Job it is the whole pod template
_MAX_BODY = 64 * 1024  # bytes of an error answer that are looked at
_MAX_RETRY_AFTER_SECONDS = 60.0
_IMMUTABLE = re.compile(
    r"field is immutable|immutable|updates to .* for fields other than|may not be changed|cannot be changed"
    r"|may not change once set|can't be changed|may not change fields other than",
    re.IGNORECASE,
)


_DUPLICATE = "duplicate entries for key"
_NOT_BASE64 = "illegal base64 data"
_WEBHOOK = "admission webhook"  # such a rule answers with whatever status it likes
_QUOTED_VALUE = re.compile(r"Invalid value: (.*): (?=[^:]*$)", re.DOTALL)
_GO_VALUE = re.compile(r", got &value\.valueUnstructured\{Value:(.*?)\}", re.DOTALL)
_TYPED_PATCH = re.compile(r"(\.[^:\s]+): (expected [\w ()]+|field not declared in schema|duplicate entries for key)")


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about, for messages: the verb and the object or kind. `secret` hides the server's words."""

    verb: str
    what: str
    secret: bool = False


class _StatusCause(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""
    field: str = ""


class _StatusDetails(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    group: str = ""
    kind: str = ""
    causes: tuple[_StatusCause, ...] = ()
    retry_after_seconds: float = 0


class _Status(msgspec.Struct, frozen=True):
    kind: str = ""
    message: str = ""
    reason: str = ""
    details: _StatusDetails | None = None
    code: int = 0


_decoder = msgspec.json.Decoder(_Status, strict=False)


def _parse(body: bytes) -> _Status:
    """The Status in `body`; an empty one when a proxy or a path that is not served answered instead."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Status()


def error_for(status: int, body: bytes, target: Target, headers: Mapping[str, str] | None = None) -> ClusterError:
    """The error for an answer that is not a success."""
    return _error(status, _parse(body[:_MAX_BODY]), body, target, headers or {})


def error_for_event(raw: bytes, target: Target) -> ClusterError:
    """The error for an ERROR event of a watch: a Status that comes inside the stream."""
    parsed = _parse(raw)
    return _error(parsed.code or 500, parsed, raw, target, {})


def _error(status: int, parsed: _Status, body: bytes, target: Target, headers: Mapping[str, str]) -> ClusterError:
    details = parsed.details or _StatusDetails()
    causes = tuple(Cause(c.field, c.reason, "" if target.secret else c.message) for c in details.causes)
    text = _told(target, parsed, body, causes)
    match status:
        case 401:
            return Unauthorized(text, status=status, suggestion="Renew the credential of this cluster.")
        case 403:
            return Forbidden(text, status=status, suggestion=_forbidden_step(parsed))
        case 404:
            return _not_found(text, parsed, details, target)
        case 405 | 406 | 413 | 415:
            return Refused(text, status=status)
        case 409:
            return _conflict(text, parsed, causes)
        case 410:
            return Expired(text, status=status)
        case 400 | 422:
            return _invalid(text, status, parsed, causes)
        case 429:
            wait = _retry_after(details, headers)
            step = f"The cluster asks to wait {wait:g} s."
            return TooManyRequests(text, status=status, retry_after_seconds=wait, suggestion=step)
    if status >= 500:
        # Server-side apply answers 500 to what it cannot convert, although the manifest is at fault.
        if _DUPLICATE in parsed.message:
            return Duplicated(text, status=status, causes=causes, suggestion="Remove one of the two.")
        if "typed patch object" in parsed.message or _NOT_BASE64 in parsed.message:
            return _invalid(text, status, parsed, causes)
        return ServerFailed(text, status=status, suggestion=_server_step(parsed))
    return Refused(text, status=status)


def _told(target: Target, parsed: _Status, body: bytes, causes: tuple[Cause, ...]) -> str:
    subject = f"cannot {target.verb} {target.what}"
    if target.secret:
        return f"{subject}: {_fields_only(parsed, causes)}"
    message = parsed.message or body[:200].decode("utf-8", "replace").strip() or "no explanation given"
    message = _GO_VALUE.sub(r", got \1", _QUOTED_VALUE.sub(_shortened, message.partition("\n@@")[0]))
    return f"{subject}: {message if len(message) <= _MAX_MESSAGE else message[:_MAX_MESSAGE] + ' ...'}"


def _fields_only(parsed: _Status, causes: tuple[Cause, ...]) -> str:
    """What can be said of a refused Secret without quoting it."""
    found = [f"{cause.field} ({cause.reason})" for cause in causes if cause.field]
    if match := _TYPED_PATCH.search(parsed.message):
        found.append(f"{match[1]}: {match[2]}")
    if _NOT_BASE64 in parsed.message:
        found.append("a value under data is not base64")
    return ": ".join(filter(None, (parsed.reason or "refused by the cluster", ", ".join(found))))


def _shortened(match: re.Match[str]) -> str:
    return f"Invalid value: {match[1] if len(match[1]) <= _MAX_VALUE else '...'}: "


def _forbidden_step(parsed: _Status) -> str:
    message = parsed.message
    if parsed.details and any(c.reason == "NamespaceTerminating" for c in parsed.details.causes):
        return "The namespace is being deleted; wait until it is gone, then sync again."
    if "exceeded quota" in message:
        return "Raise the ResourceQuota of the namespace, or ask for less."
    if "violates PodSecurity" in message:
        return "Meet the pod security level of the namespace, or relax its label."
    if _WEBHOOK in message or "ValidatingAdmissionPolicy" in message:
        return "An admission rule of the cluster refuses it; change the manifest or the rule."
    return "Give the credential of this cluster the missing permission (RBAC)."


def _server_step(parsed: _Status) -> str:
    if "failed calling webhook" in parsed.message:
        return "An admission webhook does not answer; repair it or its configuration, then sync again."
    return "Try again; if it stays, look at the API server's log."


def _not_found(text: str, parsed: _Status, details: _StatusDetails, target: Target) -> ClusterError:
    if details.kind == "namespaces" and details.name and not target.what.startswith("Namespace "):
        step = f"Create namespace {details.name}, or sync with CreateNamespace=true."
        return NamespaceMissing(text, status=404, suggestion=step)
    if parsed.reason == "NotFound" and details.name:
        return NotFound(text, status=404)
    # A path that is not served answers "404 page not found", or a Status without a name.
    return UnknownKind(text, status=404, suggestion="Install the CustomResourceDefinition, or correct apiVersion.")


def _conflict(text: str, parsed: _Status, causes: tuple[Cause, ...]) -> ClusterError:
    if parsed.reason == "AlreadyExists":
        return AlreadyExists(text, status=409, suggestion="Sync again: it is compared with what is there now.")
    if any(c.reason == "FieldManagerConflict" for c in causes):
        return FieldsOwned(text, status=409, causes=causes, suggestion="Apply with force, or drop these fields.")
    return Conflict(text, status=409, suggestion="Sync again: it changed meanwhile.")


def _invalid(text: str, status: int, parsed: _Status, causes: tuple[Cause, ...]) -> ClusterError:
    fixed = tuple(cause for cause in causes if _IMMUTABLE.search(cause.message))
    if not fixed and parsed.details is not None:
        # For Secrets the words are dropped from `causes`, so the decision is taken on the originals.
        fixed = tuple(
            mine
            for mine, theirs in zip(causes, parsed.details.causes, strict=True)
            if _IMMUTABLE.search(theirs.message)
        )
    if fixed or (not causes and status == 422 and _IMMUTABLE.search(parsed.message)):
        fields = ", ".join(dict.fromkeys(c.field for c in fixed if c.field))
        step = (
            f"{fields or 'The changed field'} cannot change in place: set the sync option Force=true on the object,"
            " with or without Replace=true, to have it deleted and created anew, or delete it by hand."
        )
        return Immutable(text, status=status, causes=fixed or causes, suggestion=step)
    kind = Invalid if status == 422 or _WEBHOOK in parsed.message else Malformed
    return kind(text, status=status, causes=causes, suggestion="Correct the manifest.")


def _retry_after(details: _StatusDetails, headers: Mapping[str, str]) -> float:
    for value in (headers.get("Retry-After", ""), details.retry_after_seconds):
        seconds = _number(value)
        if seconds > 0:
            return min(seconds, _MAX_RETRY_AFTER_SECONDS)
    return 1.0


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if math.isfinite(number) else 0.0

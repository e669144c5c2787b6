"""Answers of the sandbox's API that are not the wished object: each carries the `Status` a real API server would send.

SandboxError
├── ApiError           any Status: code, reason, message, details
│   ├── NotFoundError, AlreadyExistsError, ConflictError, InvalidError, BadRequestError, ForbiddenError, ...
"""

from dataclasses import dataclass
from typing import Any

from gitsync.errors import GitsyncError


class SandboxError(GitsyncError):
    """Root of everything the sandbox raises."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of `details.causes`: which field, and what is wrong with it."""

    reason: str
    message: str
    field: str = ""

    def to_json(self) -> dict[str, str]:
        body = {"reason": self.reason, "message": self.message}
        return body | {"field": self.field} if self.field else body


@dataclass(frozen=True, slots=True)
class Subject:
    """What an error is about: the `details` of a Status. `kind` is a plural or a kind, as the server does."""

    group: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""

    def to_json(self) -> dict[str, Any]:
        pairs = (("name", self.name), ("group", self.group), ("kind", self.kind), ("uid", self.uid))
        return {key: value for key, value in pairs if value}

    @property
    def resource(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


class ApiError(SandboxError):
    """A Status with `status: Failure`."""

    code = 500
    reason = "InternalError"

    def __init__(
        self,
        message: str,
        *,
        subject: Subject | None = None,
        causes: tuple[Cause, ...] = (),
        retry_after_seconds: int | None = None,
        code: int | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.subject = subject
        self.causes = causes
        self.retry_after_seconds = retry_after_seconds
        self.code = code if code is not None else type(self).code
        self.reason = reason if reason is not None else type(self).reason

    def to_status(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        details = self.subject.to_json() if self.subject else {}
        if self.causes:
            details["causes"] = [cause.to_json() for cause in self.causes]
        if self.retry_after_seconds is not None:
            details["retryAfterSeconds"] = self.retry_after_seconds
        if details or self.subject is not None:
            body["details"] = details
        return body | {"code": self.code}


class BadRequestError(ApiError):
    """The request itself makes no sense."""

    code, reason = 400, "BadRequest"


class UnauthorizedError(ApiError):
    """No token, or one that nobody issued."""

    code, reason = 401, "Unauthorized"


class ForbiddenError(ApiError):
    """Known caller, missing permission; or a namespace that does not take new objects."""

    code, reason = 403, "Forbidden"


class NotFoundError(ApiError):
    """No such object or no such kind."""

    code, reason = 404, "NotFound"


class MethodNotAllowedError(ApiError):
    """The kind does not know this verb."""

    code, reason = 405, "MethodNotAllowed"


class NotAcceptableError(ApiError):
    """No format that the client takes is served."""

    code, reason = 406, "NotAcceptable"


class AlreadyExistsError(ApiError):
    """The name is taken."""

    code, reason = 409, "AlreadyExists"


class ConflictError(ApiError):
    """Stale resourceVersion, other uid, or fields that another manager owns."""

    code, reason = 409, "Conflict"


class ExpiredError(ApiError):
    """The resourceVersion is older than the watch log."""

    code, reason = 410, "Expired"


class UnsupportedMediaTypeError(ApiError):
    """A patch or body type that is not served."""

    code, reason = 415, "UnsupportedMediaType"


class InvalidError(ApiError):
    """The object breaks a rule of its kind; the causes say which."""

    code, reason = 422, "Invalid"


class TooManyRequestsError(ApiError):
    """Try again later: a fault that was asked for, or a disruption budget."""

    code, reason = 429, "TooManyRequests"

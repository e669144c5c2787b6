"""Errors that a client may read: a stable code, a sentence, and what to do next. Everything else is masked.

ApiError                  code                     HTTP status, when it is about the whole request
├── Unauthorized          UNAUTHORIZED_ERROR       401
├── Forbidden             FORBIDDEN_ERROR          403
├── NotVisible            NOT_FOUND_ERROR          404   does not exist, or the viewer may not know that it does
├── Invalid               VALIDATION_ERROR         422
├── TooComplex            COMPLEXITY_ERROR         422
├── TooMany               RATE_LIMIT_ERROR         429
├── RuntimeUnavailable    RUNTIME_UNAVAILABLE      503
├── TookTooLong           RUNTIME_UNAVAILABLE      503
├── GitUnavailable        GIT_UNAVAILABLE          503   the Git host does not say what the viewer may do
├── FellBehind            RATE_LIMIT_ERROR         429   a stream that the client reads too slowly
├── NotInGit              NOT_IN_GIT               422   no Git Source holds the manifest
└── Refused               as the runtime said      422
"""

from typing import ClassVar


class ApiError(Exception):
    """Root. `str()` is safe to show."""

    code: str = "INTERNAL_SERVER_ERROR"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, suggestion: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion
        self.field = field


class Unauthorized(ApiError):
    code = "UNAUTHORIZED_ERROR"
    status = 401

    def __init__(self, message: str = "sign in first") -> None:
        super().__init__(message, suggestion="sign in, or send an API token in the Authorization header")


class Forbidden(ApiError):
    code = "FORBIDDEN_ERROR"
    status = 403


class NotVisible(ApiError):
    code = "NOT_FOUND_ERROR"
    status = 404


class Invalid(ApiError):
    code = "VALIDATION_ERROR"
    status = 422


class TooComplex(ApiError):
    code = "COMPLEXITY_ERROR"
    status = 422


class TooMany(ApiError):
    """`retry_after_seconds`: when it is worth trying again; 0: not known."""

    code = "RATE_LIMIT_ERROR"
    status = 429

    def __init__(self, message: str, *, retry_after_seconds: float = 0) -> None:
        super().__init__(message, suggestion="wait a little, then try again")
        self.retry_after_seconds = retry_after_seconds


class RuntimeUnavailable(ApiError):
    code = "RUNTIME_UNAVAILABLE"
    status = 503

    def __init__(self, runtime: str) -> None:
        super().__init__(
            f"runtime {runtime!r} is not connected",
            suggestion="look at the runtime's own log; it connects by itself when it can reach this control plane",
        )


class TookTooLong(ApiError):
    code = "RUNTIME_UNAVAILABLE"
    status = 503


class GitUnavailable(ApiError):
    code = "GIT_UNAVAILABLE"
    status = 503


class FellBehind(ApiError):
    code = "RATE_LIMIT_ERROR"
    status = 429


class NotInGit(ApiError):
    code = "NOT_IN_GIT"
    status = 422

    def __init__(self, application: str) -> None:
        super().__init__(
            f"{application} is not managed through Git: no Git Source holds its manifest",
            suggestion="commit its manifest to a Git Source; then it can be edited and deleted here",
        )


class Refused(ApiError):
    """A runtime's refusal, in its own words."""

    status = 422

    def __init__(self, code: str, message: str, *, suggestion: str = "", field: str = "") -> None:
        super().__init__(message, suggestion=suggestion, field=field)
        self.code = code

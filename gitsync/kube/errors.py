"""What a cluster can answer instead of doing what was asked.

    ClusterError(Failed)
    ├── AccessUnusable       kubeconfig, cluster Secret or credential program is wrong or missing: nothing was asked
    ├── ClusterUnreachable   no answer: name, connection, TLS, or a time limit (`waited_for` says which)
    ├── Unauthorized         401
    ├── Forbidden            403: RBAC, quota, an admission rule, a namespace that is being deleted
    ├── NotFound             404 on an object
    │   └── NamespaceMissing 404 because the namespace of the object does not exist
    ├── UnknownKind          the cluster has no such kind
    ├── Conflict             409
    │   ├── AlreadyExists    created by somebody else meanwhile
    │   └── FieldsOwned      server-side apply without force: `managers` own the fields
    ├── Invalid              422: `causes` name the fields
    │   ├── Malformed        400: it cannot be read as an object of its kind; no rule about values was asked
    │   ├── Immutable        a field that cannot change in place
    │   └── Duplicated       two items of a list have the same key, which server-side apply cannot merge
    ├── Expired              410: the resourceVersion is no longer there
    ├── TooManyRequests      429: `retry_after_seconds`
    ├── ServerFailed         5xx: the API server or something behind it
    └── Refused              any other answer: method, media type, size

Messages name the object and never quote its values when it is a Secret: the API server likes to quote what it refuses.
"""

from dataclasses import dataclass

from gitsync.errors import Failed


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that the cluster complains about. `reason` is Kubernetes' word, such as FieldValueInvalid."""

    field: str
    reason: str
    message: str = ""


class ClusterError(Failed):
    """Root. `status` is the HTTP status, 0 where there was no answer."""

    def __init__(self, message: str, *, suggestion: str = "", status: int = 0) -> None:
        super().__init__(message, suggestion=suggestion)
        self.status = status


class AccessUnusable(ClusterError):
    """The way in is wrong or incomplete; nothing was asked of the cluster."""


class ClusterUnreachable(ClusterError):
    """No answer. `waited_for` names the wait that ran out of time, "" when the connection failed at once."""

    def __init__(self, message: str, *, suggestion: str = "", status: int = 0, waited_for: str = "") -> None:
        super().__init__(message, suggestion=suggestion, status=status)
        self.waited_for = waited_for


class Unauthorized(ClusterError):
    """The cluster does not accept the credential."""


class Forbidden(ClusterError):
    """The credential is known but may not do this, or a rule of the cluster forbids it."""


class NotFound(ClusterError):
    """The object is not there."""


class NamespaceMissing(NotFound):
    """The namespace that the object belongs to is not there."""


class UnknownKind(ClusterError):
    """The cluster serves no such kind."""


class Conflict(ClusterError):
    """Somebody else changed it first, or a precondition (uid, resourceVersion) does not hold."""


class AlreadyExists(Conflict):
    """An object of that name is there already."""


class FieldsOwned(Conflict):
    """Other field managers own fields that were to be applied without force."""

    def __init__(self, message: str, *, suggestion: str = "", status: int = 0, causes: tuple[Cause, ...] = ()) -> None:
        super().__init__(message, suggestion=suggestion, status=status)
        self.causes = causes


class Invalid(ClusterError):
    """The cluster refuses the content. `causes` name the fields, where the cluster names them."""

    def __init__(self, message: str, *, suggestion: str = "", status: int = 0, causes: tuple[Cause, ...] = ()) -> None:
        super().__init__(message, suggestion=suggestion, status=status)
        self.causes = causes


class Malformed(Invalid):
    """The content does not fit the schema of its kind: an unknown field, one given twice, a wrong type."""


class Immutable(Invalid):
    """The change touches a field that cannot change in place."""


class Duplicated(Invalid):
    """Two items of a list have the same key. Server-side apply cannot merge that; every other write stores it."""


class Expired(ClusterError):
    """The resourceVersion or continue token is older than what the cluster still remembers: list anew."""


class TooManyRequests(ClusterError):
    """The cluster asks for patience."""

    def __init__(
        self, message: str, *, suggestion: str = "", status: int = 0, retry_after_seconds: float = 1.0
    ) -> None:
        super().__init__(message, suggestion=suggestion, status=status)
        self.retry_after_seconds = retry_after_seconds


class ServerFailed(ClusterError):
    """The API server, or a webhook or API service behind it, failed."""


class Refused(ClusterError):
    """Any other answer that is not a success."""

"""Every answer of an API server becomes one error of our tree, with the object, the next step, and no secret."""

import inspect
import json
from typing import Any

import pytest

from gitsync.errors import Failed
from gitsync.kube import errors
from gitsync.kube.answer import Target, error_for, error_for_event
from gitsync.kube.errors import (
    AlreadyExists,
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

TARGET = Target("apply", "Deployment.apps shop/web")
SECRET = Target("apply", "Secret shop/key", secret=True)
CANARY = "hunter2-canary"


def document(reason: str, message: str, *causes: tuple[str, str, str], **details: Any) -> bytes:
    listed = [{"reason": reason, "field": field, "message": text} for reason, field, text in causes]
    return json.dumps(
        {"kind": "Status", "reason": reason, "message": message, "details": {"causes": listed, **details}}
    ).encode()


ANSWERS: list[tuple[int, bytes, type[ClusterError], str]] = [
    (400, document("BadRequest", "metadata.managedFields must be nil"), Malformed, "Correct the manifest"),
    (400, document("BadRequest", 'strict decoding error: unknown field "spec.replica"'), Malformed, "Correct"),
    (400, document("BadRequest", 'admission webhook "w" denied the request'), Invalid, "Correct"),
    (401, document("Unauthorized", "Unauthorized"), Unauthorized, "credential"),
    (403, document("Forbidden", 'deployments.apps "web" is forbidden: User "x" cannot patch'), Forbidden, "RBAC"),
    (403, document("Forbidden", "exceeded quota: small"), Forbidden, "ResourceQuota"),
    (403, document("Forbidden", 'violates PodSecurity "restricted"'), Forbidden, "pod security"),
    (403, document("Forbidden", 'admission webhook "w" denied the request'), Forbidden, "admission rule"),
    (403, document("Forbidden", "unable", ("NamespaceTerminating", "", "shop")), Forbidden, "being deleted"),
    (404, document("NotFound", 'deployments.apps "web" not found', name="web"), NotFound, ""),
    (404, document("NotFound", "not found", name="shop", kind="namespaces"), NamespaceMissing, "CreateNamespace=true"),
    (404, b"404 page not found\n", UnknownKind, "CustomResourceDefinition"),
    (405, document("MethodNotAllowed", "no"), Refused, ""),
    (409, document("AlreadyExists", "exists", name="web"), AlreadyExists, "Sync again"),
    (409, document("Conflict", "the object has been modified"), Conflict, "Sync again"),
    (409, document("Conflict", "1 conflict", ("FieldManagerConflict", ".spec.replicas", "hpa")), FieldsOwned, "force"),
    (410, document("Expired", "too old resource version"), Expired, ""),
    (413, b"", Refused, ""),
    (422, document("Invalid", "bad", ("FieldValueInvalid", "spec.replicas", "must be positive")), Invalid, "Correct"),
    (422, document("Invalid", "x", ("FieldValueInvalid", "spec.selector", "field is immutable")), Immutable, "Force"),
    (422, document("Invalid", "pod updates may not change fields other than `image`"), Immutable, "Force"),
    (429, document("TooManyRequests", "slow down", retryAfterSeconds=3), TooManyRequests, "3 s"),
    (500, document("InternalError", "boom"), ServerFailed, "Try again"),
    (500, document("InternalError", 'failed calling webhook "w"'), ServerFailed, "webhook does not answer"),
    (500, document("", "failed to create typed patch object: .spec.a: expected string, got &value"), Malformed, ""),
    (500, document("", "typed patch object: .spec.foo: field not declared in schema"), Malformed, ""),
    (500, document("", 'typed patch object: .env: duplicate entries for key [name="A"]'), Duplicated, "one of the two"),
    (503, b"upstream connect error", ServerFailed, "Try again"),
    (301, b"", Refused, ""),
]


@pytest.mark.parametrize(("status", "body", "expected", "step"), ANSWERS)
def test_an_answer_becomes_the_error_that_says_what_to_do(
    status: int, body: bytes, expected: type[ClusterError], step: str
) -> None:
    error = error_for(status, body, TARGET)
    assert type(error) is expected
    assert error.status == status
    assert "Deployment.apps shop/web" in str(error)
    assert step in error.suggestion


def test_every_error_of_the_tree_can_come_from_somewhere() -> None:
    tree = {one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, ClusterError)}
    answered = {type(error_for(status, body, TARGET)) for status, body, _, _ in ANSWERS}
    # These three come before any answer; their tests are with the connection and the access.
    assert tree - answered == {ClusterError, errors.AccessUnusable, errors.ClusterUnreachable}
    assert all(issubclass(one, Failed) for one in tree)


def test_an_immutable_field_is_named() -> None:
    body = document("Invalid", "x", ("FieldValueInvalid", "spec.selector", "field is immutable"))
    error = error_for(422, body, TARGET)
    assert isinstance(error, Immutable)
    assert [cause.field for cause in error.causes] == ["spec.selector"]
    assert error.suggestion.startswith("spec.selector cannot change in place")


@pytest.mark.parametrize(
    "body",
    [
        document("Invalid", f'data[a]: Invalid value: "{CANARY}"', ("FieldValueInvalid", "data[a]", CANARY)),
        document("", f".data.a: expected string, got &value.valueUnstructured{{Value:{CANARY}}}"),
        document("Forbidden", f'admission webhook "w" denied: {CANARY}'),
        CANARY.encode(),
    ],
)
@pytest.mark.parametrize("status", [400, 403, 409, 422, 500, 502])
def test_an_error_about_a_secret_never_quotes_it(status: int, body: bytes) -> None:
    error = error_for(status, body, SECRET)
    told = [str(error), repr(error), error.suggestion, repr(getattr(error, "causes", ""))]
    assert not any(CANARY in text for text in told)
    assert "Secret shop/key" in str(error)


def test_an_immutable_field_of_a_secret_is_found_although_its_words_are_dropped() -> None:
    body = document("Invalid", "x", ("FieldValueInvalid", "type", 'Invalid value: "Opaque": field is immutable'))
    error = error_for(422, body, SECRET)
    assert isinstance(error, Immutable)
    assert error.suggestion.startswith("type cannot change")


def test_a_refused_value_that_is_a_whole_document_is_left_out() -> None:
    message = 'Job.batch "j" is invalid: spec.template: Invalid value: {' + "x" * 5000 + "}: field is immutable"
    text = str(error_for(422, document("Invalid", message), TARGET))
    assert text.endswith("spec.template: Invalid value: ...: field is immutable")


def test_a_retry_after_header_wins_and_is_bounded() -> None:
    asked = {"Retry-After": "7"}
    waits = [
        error_for(429, b"", TARGET, headers) for headers in (asked, {"Retry-After": "nan"}, {"Retry-After": "1e9"})
    ]
    assert [error.retry_after_seconds for error in waits if isinstance(error, TooManyRequests)] == [7.0, 1.0, 60.0]


def test_an_error_inside_a_watch_is_read_by_its_code() -> None:
    raw = json.dumps({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}).encode()
    assert isinstance(error_for_event(raw, TARGET), Expired)
    assert isinstance(error_for_event(b"{}", TARGET), ServerFailed)

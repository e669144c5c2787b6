"""Requests that are no plain reads and writes: eviction, binding, finalizing, and questions about access."""

import secrets
from collections.abc import Callable
from datetime import timedelta

from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.access import ADMIN_GROUP, Access, Identity
from gitsync.sandbox.api.answer import json_answer
from gitsync.sandbox.api.request import Call, read_object
from gitsync.sandbox.clock import SandboxClock
from gitsync.sandbox.deletion import Deletion, parse_options
from gitsync.sandbox.errors import Cause, TooManyRequestsError
from gitsync.sandbox.registry import Family
from gitsync.sandbox.selectors import from_label_selector
from gitsync.sandbox.store import Store
from gitsync.sandbox.writes import WriteOptions, Writes

_BUDGETS = Family("policy", "PodDisruptionBudget")
_TOKEN_SECONDS = 3600


class Special:
    """Serves what has an endpoint of its own."""

    def __init__(self, store: Store, writes: Writes, deletion: Deletion, access: Access, clock: SandboxClock) -> None:
        self._store = store
        self._writes = writes
        self._deletion = deletion
        self._access = access
        self._clock = clock
        self._reviews: dict[str, Callable[[JsonObject, Identity], JsonObject]] = {
            "SelfSubjectAccessReview": self._review_own_access,
            "SubjectAccessReview": self._review_access,
            "LocalSubjectAccessReview": self._review_access,
            "SelfSubjectRulesReview": _review_rules,
            "SelfSubjectReview": _review_self,
            "TokenReview": self._review_token,
        }

    def reviews(self, kind: str) -> bool:
        return kind in self._reviews

    async def review(self, call: Call, identity: Identity) -> web.Response:
        """Answers a question instead of storing it."""
        body = await read_object(call, call.type.kind)
        status = self._reviews[call.type.kind](body, identity)
        head = {"kind": call.type.kind, "apiVersion": call.type.api_version, "metadata": {}}
        return json_answer(head | {"spec": body.get("spec") or {}, "status": status}, status=201)

    def _review_own_access(self, body: JsonObject, identity: Identity) -> JsonObject:
        wanted = (body.get("spec") or {}).get("resourceAttributes")
        if wanted is None:
            return {"allowed": True}
        resource = "/".join(part for part in (wanted.get("resource", "*"), wanted.get("subresource")) if part)
        namespace = wanted.get("namespace") or "*"
        allowed = identity.may(wanted.get("verb", "*"), wanted.get("group", ""), resource, namespace)
        return {"allowed": allowed}

    def _review_access(self, body: JsonObject, identity: Identity) -> JsonObject:
        return {"allowed": ADMIN_GROUP in ((body.get("spec") or {}).get("groups") or ())}

    def _review_token(self, body: JsonObject, identity: Identity) -> JsonObject:
        found = self._access.identify_token((body.get("spec") or {}).get("token", ""))
        if found is None:
            return {"authenticated": False, "error": "invalid bearer token"}
        return {"authenticated": True, "user": {"username": found.name, "groups": list(found.groups)}}

    async def evict(self, call: Call) -> web.Response:
        """Deletes a pod unless a disruption budget stands against it."""
        body = await read_object(call, "Eviction")
        target = call.target
        pod = self._writes.live(target.type, target.namespace, target.name).body
        self._refuse_disruption(pod)
        options = parse_options(body.get("deleteOptions") or {}, dict(call.query))
        self._deletion.delete(target.type, target.namespace, target.name, options)
        answer = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        return json_answer(answer, status=201)

    def _refuse_disruption(self, pod: JsonObject) -> None:
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed", "Pending"):
            return
        labels = pod["metadata"].get("labels") or {}
        for version in self._store.shelf(_BUDGETS).versions(pod["metadata"]["namespace"]):
            budget = version.body
            if not from_label_selector((budget.get("spec") or {}).get("selector"))(labels):
                continue
            status = budget.get("status") or {}
            if status.get("disruptionsAllowed", 0) < 1:
                healthy, wanted = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
                name = budget["metadata"]["name"]
                why = f"The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently"
                cause = Cause("DisruptionBudget", why)
                message = "Cannot evict pod as it would violate the pod's disruption budget."
                raise TooManyRequestsError(message, causes=(cause,), retry_after_seconds=10)

    async def bind(self, call: Call) -> web.Response:
        """Puts a pod on a node."""
        body = await read_object(call, "Binding")
        node = (body.get("target") or {}).get("name", "")
        target = call.target

        def change(live: JsonObject) -> JsonObject:
            return live | {"spec": live["spec"] | {"nodeName": node}}

        options = WriteOptions(call.manager, trusted=True)
        self._writes.change(target.type, target.namespace, target.name, change, options)
        return json_answer(
            {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, status=201
        )

    async def finalize(self, call: Call) -> web.Response:
        """Replaces the finalizers of a namespace's spec."""
        body = await read_object(call, "Namespace")
        finalizers = (body.get("spec") or {}).get("finalizers") or []

        def change(live: JsonObject) -> JsonObject:
            return live | {"spec": {"finalizers": finalizers}}

        options = WriteOptions(call.manager, trusted=True)
        outcome = self._writes.change(call.type, "", call.target.name, change, options)
        return json_answer(outcome.body)

    async def issue_token(self, call: Call) -> web.Response:
        """A token for a service account. It may do nothing until it is given rules."""
        body = await read_object(call, "TokenRequest")
        target = call.target
        self._writes.live(target.type, target.namespace, target.name)
        token = secrets.token_urlsafe(24)
        self._access.add(token, f"system:serviceaccount:{target.namespace}:{target.name}", ())
        expires = self._clock.now() + timedelta(seconds=_TOKEN_SECONDS)
        status = {"token": token, "expirationTimestamp": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
        head = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": {"name": target.name}}
        return json_answer(head | {"spec": body.get("spec") or {}, "status": status}, status=201)


def _review_self(body: JsonObject, identity: Identity) -> JsonObject:
    return {"userInfo": {"username": identity.name, "groups": list(identity.groups)}}


def _review_rules(body: JsonObject, identity: Identity) -> JsonObject:
    rules = [
        {"verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources)}
        for rule in identity.rules
    ]
    if ADMIN_GROUP in identity.groups:
        rules = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    return {"resourceRules": rules, "nonResourceRules": [], "incomplete": False}

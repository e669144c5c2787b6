"""Lasting tokens of ServiceAccounts: fills Secrets of their type, and lets the tokens do what cluster roles say.

Only ClusterRoles that are bound by ClusterRoleBindings count: enough for an account that another cluster's tools use.
"""

import base64
import secrets

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.access import Access, Rule
from gitsync.sandbox.cluster import ClusterObjects
from gitsync.sandbox.errors import ConflictError, NotFoundError
from gitsync.sandbox.lifecycle.slices import Slices
from gitsync.sandbox.objects import EventType, StoreEvent
from model.identity import ResourceKey

_TYPE = "kubernetes.io/service-account-token"
_ACCOUNT = "kubernetes.io/service-account.name"
_RBAC = "rbac.authorization.k8s.io"


class AccountTokens:
    """One for the whole cluster."""

    def __init__(self, objects: ClusterObjects, access: Access, slices: Slices, certificate_authority: str) -> None:
        self._objects = objects
        self._access = access
        self._slices = slices
        self._certificate_authority = certificate_authority
        self._tokens: dict[tuple[str, str], str] = {}  # by namespace and name of the Secret
        self._accounts: dict[str, tuple[str, str]] = {}  # namespace and account by token

    def note(self, event: StoreEvent) -> None:
        body = event.object
        if body["kind"] == "Secret" and body.get("type") == _TYPE:
            self._note_secret(body, gone=event.type is EventType.DELETED)
        elif body["kind"] in ("ClusterRole", "ClusterRoleBinding") and self._accounts:
            self._slices.add(self._refresh)

    def _note_secret(self, body: JsonObject, *, gone: bool) -> None:
        metadata = body["metadata"]
        place = (metadata["namespace"], metadata["name"])
        account = (metadata.get("annotations") or {}).get(_ACCOUNT, "")
        if gone:
            if token := self._tokens.pop(place, ""):
                del self._accounts[token]
                self._access.remove(token)
            return
        encoded = (body.get("data") or {}).get("token", "")
        if not encoded:
            self._slices.add(lambda: self._fill(*place, account))
            return
        token = base64.b64decode(encoded).decode()
        self._tokens[place] = token
        self._accounts[token] = (place[0], account)
        self._slices.add(self._refresh)

    def _fill(self, namespace: str, name: str, account: str) -> None:
        if self._objects.get(ResourceKey("", "ServiceAccount", namespace, account)) is None:
            return
        values = {
            "token": secrets.token_urlsafe(32),
            "ca.crt": self._certificate_authority,
            "namespace": namespace,
        }
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        secret = self._objects.get(ResourceKey("", "Secret", namespace, name))
        try:
            if secret is not None:
                self._objects.update({**secret, "data": {**(secret.get("data") or {}), **data}})
        except (NotFoundError, ConflictError):
            return  # it is gone, or comes again

    def _refresh(self) -> None:
        for token, (namespace, account) in self._accounts.items():
            self._access.add(token, f"system:serviceaccount:{namespace}:{account}", self._rules(namespace, account))

    def _rules(self, namespace: str, account: str) -> tuple[Rule, ...]:
        found: list[Rule] = []
        for binding in self._objects.list(_RBAC, "ClusterRoleBinding"):
            if any(_is(subject, namespace, account) for subject in binding.get("subjects") or ()):
                role = self._objects.get(ResourceKey(_RBAC, "ClusterRole", "", binding["roleRef"]["name"]))
                found += [_rule(rule) for rule in (role or {}).get("rules") or () if rule.get("resources")]
        return tuple(found)


def _is(subject: JsonObject, namespace: str, account: str) -> bool:
    return (subject.get("kind"), subject.get("namespace"), subject.get("name")) == (
        "ServiceAccount",
        namespace,
        account,
    )


def _rule(rule: JsonObject) -> Rule:
    return Rule(tuple(rule["verbs"]), tuple(rule.get("apiGroups") or ("",)), tuple(rule["resources"]))

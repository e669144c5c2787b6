"""How the Secret of a cluster can stand in Git: encrypted with SOPS, or as a SealedSecret.

SOPS where the shared configuration repository has a `.sops.yaml` with a rule for the file, and the runtime a key that
opens it. Else sealed, where the home cluster has a Sealed Secrets controller.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gitsync.changes.sealed_secret import GROUP, KIND, public_key, sealed_secret
from gitsync.git.repositories import Repositories
from gitsync.git.tree import EntryType, Files, find
from gitsync.kube.client import Cluster
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import parse_manifests
from gitsync.sops.age import identities_in, public_keys
from gitsync.sops.document import encrypted
from gitsync.sops.errors import RuleUnusable
from gitsync.sops.rule import FILE, Rule, rule_for
from gitsync.sourcing.signing_keys import AGE_KEYS, age_keys
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.application import ApplicationSource

_SECRET = GroupVersionKind("", "v1", "Secret")
_ACTIVE_KEY = "sealedsecrets.bitnami.com/sealed-secrets-key=active"
_MAX_BYTES = 65_536


class WhyNot(str):
    """Why a Secret cannot stand in Git."""

    __slots__ = ()


class ClusterSecrets:
    """Those of one runtime. `place` is where they are committed; None: it has no shared configuration repository."""

    def __init__(
        self,
        home: Cluster,
        namespace: str,
        repositories: Repositories,
        place: ApplicationSource | None,
        now: Callable[[], datetime],
    ) -> None:
        self._home = home
        self._namespace = namespace
        self._repositories = repositories
        self.place = place
        self._now = now

    async def for_git(self, secret: JsonObject, path: str) -> JsonObject | WhyNot:
        """The Secret as it may stand at `path`."""
        if self.place is None:
            return WhyNot("the runtime has no shared configuration repository")
        try:
            rule = await self._rule(self.place, path)
            if rule is not None:
                return encrypted(secret, rule, self._now())
            sops = ""
        except RuleUnusable as failure:
            sops = f"{failure.message}, and "
        key = await self._sealing_key()
        return WhyNot(sops + key) if isinstance(key, WhyNot) else sealed_secret(secret, key)

    async def in_git(self, path: str) -> ResourceKey | None:
        """What the file at `path` holds: a Secret, or one that is sealed."""
        if self.place is None:
            return None
        data = await self._file(self.place, path)
        try:
            documents = parse_manifests(data, file=path) if data else []
        except ManifestError:
            return None
        for document in documents:
            body = document.body
            if body["kind"] in (_SECRET.kind, KIND):
                group = GROUP if body["kind"] == KIND else ""
                return ResourceKey(group, body["kind"], self._namespace, str(body["metadata"].get("name")))
        return None

    async def _rule(self, place: ApplicationSource, path: str) -> Rule | None:
        rule = rule_for(await self._file(place, FILE), path)
        if rule is not None and not public_keys(
            identities_in(await age_keys(self._home, self._namespace))
        ).intersection(rule.recipients):
            raise RuleUnusable(f"Secret {AGE_KEYS} in {self._namespace} has no age key of the recipients in {FILE}")
        return rule

    async def _file(self, place: ApplicationSource, path: str) -> bytes:
        """b"" where there is no such file."""
        resolved = await self._repositories.resolve(place.repo_url, place.target_revision, fresh=True)

        def look(files: Files) -> bytes:
            entry = find(files, path).entry
            readable = entry is not None and entry.type is EntryType.BLOB and files.size(entry.id) <= _MAX_BYTES
            return files.read(entry.id) if entry is not None and readable else b""

        return await (await self._repositories.tree(place.repo_url, resolved.commit)).run(look)

    async def _sealing_key(self) -> RSAPublicKey | WhyNot:
        """The newest key of the Sealed Secrets controller."""
        if self._home.discovery.resource(GroupVersionKind(GROUP, "v1alpha1", KIND)) is None:
            return WhyNot("the runtime's cluster has no Sealed Secrets controller")
        keys = await self._home.list(_SECRET, label_selector=_ACTIVE_KEY)
        newest = max(keys, key=lambda one: str(one["metadata"].get("creationTimestamp")), default=None)
        try:
            certificate = base64.b64decode(((newest or {}).get("data") or {}).get("tls.crt", ""))
        except binascii.Error:
            certificate = b""
        if not certificate:
            return WhyNot("the Sealed Secrets controller of the runtime's cluster has no key yet")
        return public_key(certificate)

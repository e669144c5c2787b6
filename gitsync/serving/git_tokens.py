"""People's own Git tokens: entered by them, kept encrypted as Secrets of the home namespace, listed without the secret.

A token is taken only for hosts that the runtime's own repositories are on; nobody can make the runtime talk to others.
"""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
import structlog

from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.provider_client import ProviderSilent
from gitsync.access.renewal import RenewalFailed, RenewalRefused, is_due, renewed, renewing
from gitsync.access.sealing import Seal, new_key
from gitsync.access.secret import PERSON_LABEL, Credential, PersonSecret, comparable_url, host_of, secret_data
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError, Conflict
from gitsync.manifest.object import JsonObject
from gitsync.reporting.link import Refused
from gitsync.supervisor import Heart
from model.identity import GroupVersionKind
from model.link_access import GitTokenInfo, GitTokensAnswer, PutGitToken, RemoveGitToken

log = structlog.get_logger("gitsync.git_tokens")

KEY_SECRET = "argosy-git-token-key"  # noqa: S105 - the name of a Secret
_SECRET = GroupVersionKind("", "v1", "Secret")
_MANAGER = "argosy"
_MAX_TOKENS = 20
RENEW_SECONDS = 30.0
_LIST_SECONDS = 4.0
_MAX_CHARACTERS = 4096


class GitTokens:
    """One per runtime; `cluster` is its home."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        credentials: CredentialStore,
        probe: AccessProbe,
        now: Callable[[], datetime],
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self.credentials = credentials
        self._probe = probe
        self._now = now
        self._seal: Seal | None = None
        self._making = asyncio.Lock()

    async def seal(self) -> Seal:
        """The key of this runtime, made at its first use; others that start at the same time agree on one."""
        async with self._making:
            if self._seal is None:
                body = await self._cluster.get(_SECRET, self._namespace, KEY_SECRET)
                if body is None:
                    with suppress(Conflict):  # somebody else made it just now
                        await self._cluster.create(self._secret(KEY_SECRET, {}, {"key": new_key()}), manager=_MANAGER)
                    body = await self._cluster.get(_SECRET, self._namespace, KEY_SECRET)
                self._seal = Seal(secret_data(body or {}).get("key", ""))
            return self._seal

    async def put(self, body: PutGitToken) -> GitTokensAnswer:
        if not await self.credentials.wait_for_list(_LIST_SECONDS):
            raise Refused("RUNTIME_UNAVAILABLE", "the runtime has not read its Secrets yet", suggestion="try again")
        url = comparable_url(body.url)
        self._check(body, url)
        credential = Credential(body.username or body.person, body.token)
        if not body.checked and (await self._status(url, credential))[0] == "INVALID":
            raise Refused(
                "VALIDATION_ERROR",
                f"{url} does not accept this token",
                field="token",
                suggestion="Check that it was copied whole, has not ended, and may read repositories.",
            )
        renewal = body.renewal
        if renewal is not None and host_of(renewal.token_url) != host_of(url):
            renewal = None  # nobody makes the runtime talk to another host than the token is for
        await self._keep(PersonSecret(body.person, url, credential, renewal))
        return await self.list_of(body.person)

    async def _keep(self, person: PersonSecret) -> None:
        seal = await self.seal()
        name = secret_name(person.person, person.url)
        data = {
            "person": person.person,
            "url": person.url,
            "username": person.credential.username,
            "sealed": seal.close(person.person, person.url, person.credential.password),
        }
        if person.renewal is not None:
            text = msgspec.json.encode(person.renewal).decode()
            data["renewal"] = seal.close(person.person, person.url, text)
        secret = self._secret(name, {PERSON_LABEL: "true"}, data)
        try:
            await self._cluster.create(secret, manager=_MANAGER)
        except Conflict:
            await self._cluster.replace(secret, manager=_MANAGER)
        self.credentials.put_person(name, person)
        self._probe.forget(person.person)

    async def keep_renewing(self, heart: Heart) -> None:
        while True:
            await self.renew_due(self._now())
            heart.beat()
            await asyncio.sleep(RENEW_SECONDS)

    async def renew_due(self, now: datetime) -> None:
        """Makes tokens anew that are about to end. One that is refused keeps its last hour, and is not asked for again:
        the list of tokens then says that it has ended."""
        for one in self.credentials.people():
            if one.renewal is None or not is_due(one.renewal, now):
                continue
            try:
                answer = await self._probe.providers.ask(renewing(one.renewal))
                token, renewal = renewed(one.renewal, answer, now)
                await self._keep(replace(one, credential=Credential(one.credential.username, token), renewal=renewal))
                log.info("git token renewed", person=one.person, host=one.url)
            except RenewalRefused as refused:
                log.warning("git token is not renewed any more", person=one.person, host=one.url, reason=str(refused))
                await self._keep(replace(one, renewal=None))
            except (ProviderSilent, RenewalFailed, ClusterError) as failure:
                log.info("git token not renewed yet", person=one.person, host=one.url, reason=str(failure))

    async def remove(self, body: RemoveGitToken) -> GitTokensAnswer:
        """Only the person's own: what is somebody else's does not exist for the asker."""
        if body.id in self.credentials.of_person(body.person):
            await self._cluster.delete(_SECRET, self._namespace, body.id)
            self.credentials.remove(body.id)
            self._probe.forget(body.person)
        return await self.list_of(body.person)

    async def list_of(self, person: str) -> GitTokensAnswer:
        own = sorted(self.credentials.of_person(person).items(), key=lambda item: item[1].url)
        infos = await asyncio.gather(*(self._info(name, secret) for name, secret in own))
        return GitTokensAnswer(tuple(infos))

    async def _info(self, name: str, secret: PersonSecret) -> GitTokenInfo:
        status, message = ("UNKNOWN", "it names no host") if not secret.url else ("", "")
        if secret.url:
            status, message = await self._status(secret.url, secret.credential)
        checked = self._now() if status != "UNKNOWN" else None
        return GitTokenInfo(name, secret.url, secret.credential.username, status, message, checked)

    async def _status(self, url: str, credential: Credential) -> tuple[str, str]:
        try:
            account = await self._probe.providers.user(url, credential)
        except ProviderSilent as silent:
            return "UNKNOWN", f"the Git host cannot be asked: {silent}"[:300]
        if account is None:
            return "INVALID", "the Git host does not accept it: it is wrong, or has ended"
        return "VALID", f"account {account}"

    def _check(self, body: PutGitToken, url: str) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise Refused("VALIDATION_ERROR", f"{body.url:.200} is no http or https address", field="url")
        if not self.credentials.trusts(url):
            raise Refused(
                "VALIDATION_ERROR",
                f"no repository of this runtime is on the host of {url:.200}",
                field="url",
                suggestion="Give the address of a Git host that the runtime's repositories are on.",
            )
        if not body.token or max(len(body.token), len(body.username)) > _MAX_CHARACTERS or "\n" in body.token:
            raise Refused("VALIDATION_ERROR", "that is no token", field="token")
        own = self.credentials.of_person(body.person)
        if secret_name(body.person, url) not in own and len(own) >= _MAX_TOKENS:
            raise Refused("RATE_LIMIT_ERROR", f"at most {_MAX_TOKENS} tokens are kept for one person")

    def _secret(self, name: str, labels: dict[str, str], data: dict[str, str]) -> JsonObject:
        metadata = {"name": name, "namespace": self._namespace, "labels": labels}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": data}


def secret_name(person: str, url: str) -> str:
    digest = hashlib.blake2b(f"{person}\n{url}".encode(), digest_size=10).hexdigest()
    return f"git-token-{digest}"

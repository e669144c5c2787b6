"""Asks whoever a generator names: finds the host, its address and its token."""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from gitsync.appset.errors import ProviderFailed
from gitsync.appset.providers import bitbucket, bitbucket_server, gitea, github, gitlab
from gitsync.appset.providers.api import Api, Connections, NotThere
from gitsync.appset.providers.github_app import installation_token
from gitsync.appset.providers.plugin import plugin_entries
from gitsync.appset.providers.scm import ScmHost, scm_entries
from gitsync.appset.providers.values import PullRequest, pull_request_entry
from gitsync.manifest.object import JsonObject

_PROVIDERS = ("github", "gitlab", "gitea", "bitbucket", "bitbucketServer")


class Vault(Protocol):
    """Secrets and ConfigMaps of the home namespace. Both raise ProviderFailed."""

    async def secret(self, name: str, key: str) -> str: ...

    async def config_map(self, name: str) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """`allowed` are the hosts that may be asked besides the public ones; empty: all. `now_seconds` is the time."""

    connections: Connections
    vault: Vault
    allowed: tuple[str, ...] = ()
    now_seconds: float = 0.0


async def ask_host(asking: Asking, kind: str, generator: JsonObject, application_set: str) -> list[dict[str, Any]]:
    """Entries for a `scmProvider`, `pullRequest` or `plugin` generator. Raises ProviderFailed."""
    try:
        async with asyncio.timeout(asking.connections.limits.question_seconds):
            if kind == "plugin":
                return await _ask_plugin(asking, generator, application_set)
            name, settings = _provider(kind, generator)
            api = await _api(asking, name, settings)
            if kind == "scmProvider":
                return await _ask_scm(api, name, settings, generator)
            return await _ask_pull_requests(api, name, settings, generator)
    except TimeoutError as error:
        raise ProviderFailed(f"the {kind} generator took too long to answer", suggestion="Add filters.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ProviderFailed(
            f"the host of the {kind} generator answered in a shape that it does not document: {type(error).__name__}",
            suggestion="Correct api.",
        ) from error


def _provider(kind: str, generator: JsonObject) -> tuple[str, JsonObject]:
    named = [name for name in _PROVIDERS if generator.get(name)]
    if len(named) != 1:
        raise ProviderFailed(
            f"the {kind} generator must name exactly one of {', '.join(_PROVIDERS)}",
            suggestion="Correct the generator.",
        )
    return named[0], generator[named[0]]


async def _ask_scm(api: Api, name: str, settings: JsonObject, generator: JsonObject) -> list[dict[str, Any]]:
    hosts: dict[str, Any] = {
        "github": github.GitHub,
        "gitlab": gitlab.GitLab,
        "gitea": gitea.Gitea,
        "bitbucket": bitbucket.Bitbucket,
        "bitbucketServer": bitbucket_server.BitbucketServer,
    }
    host: ScmHost = hosts[name](api, settings)
    return await scm_entries(
        host,
        all_branches=bool(settings.get("allBranches")),
        protocol=str(generator.get("cloneProtocol") or ""),
        filters=generator.get("filters") or (),
    )


async def _ask_pull_requests(api: Api, name: str, settings: JsonObject, generator: JsonObject) -> list[dict[str, Any]]:
    modules = {
        "github": github.pull_requests,
        "gitlab": gitlab.pull_requests,
        "gitea": gitea.pull_requests,
        "bitbucket": bitbucket.pull_requests,
        "bitbucketServer": bitbucket_server.pull_requests,
    }
    try:
        found: list[PullRequest] = await modules[name](api, settings)
    except NotThere:
        if not generator.get("continueOnRepoNotFoundError"):
            raise
        found = []
    return [pull_request_entry(one) for one in found]


async def _api(asking: Asking, name: str, settings: JsonObject) -> Api:
    base = str(settings.get("api") or "")
    if base and asking.allowed and _host(base) not in {_host(one) for one in asking.allowed}:
        raise ProviderFailed(
            f"{_host(base)} is no host that generators may ask", suggestion="Add it to the runtime's --scm-allow."
        )
    verify = await _verify(asking.vault, settings)
    match name:
        case "github":
            base = base or github.ADDRESS
            headers = github.headers(await _github_token(asking, settings, base, verify))
        case "gitlab":
            base = f"{(base or gitlab.ADDRESS).rstrip('/').removesuffix('/api/v4')}/api/v4"
            headers = gitlab.headers(await _token(asking.vault, settings.get("tokenRef")))
        case "gitea":
            base = f"{base.rstrip('/').removesuffix('/api/v1')}/api/v1"
            headers = gitea.headers(await _token(asking.vault, settings.get("tokenRef")))
        case "bitbucket":
            base, headers = base or bitbucket.ADDRESS, await _bitbucket_headers(asking.vault, settings)
        case _:
            base = f"{base.rstrip('/').removesuffix('/rest')}/rest"
            headers = await _bitbucket_headers(asking.vault, settings)
    return Api(asking.connections, base, headers, verify=verify)


async def _github_token(asking: Asking, settings: JsonObject, base: str, verify: ssl.SSLContext | bool) -> str:
    if settings.get("appSecretName"):
        name = str(settings["appSecretName"])
        fields = ("githubAppID", "githubAppInstallationID", "githubAppPrivateKey")
        app, installation, key = [await asking.vault.secret(name, field) for field in fields]

        def api(headers: Mapping[str, str]) -> Api:
            return Api(asking.connections, base, headers, verify=verify)

        return await installation_token(api, app, installation, key, now_seconds=asking.now_seconds)
    return await _token(asking.vault, settings.get("tokenRef"))


async def _token(vault: Vault, reference: JsonObject | None) -> str:
    if not reference:
        return ""
    return (await vault.secret(str(reference.get("secretName") or ""), str(reference.get("key") or ""))).strip()


async def _bitbucket_headers(vault: Vault, settings: JsonObject) -> dict[str, str]:
    """An app password of the SCM generator, or what pull request generators say."""
    bearer, basic = settings.get("bearerToken"), settings.get("basicAuth") or {}
    if bearer:
        return {"Authorization": f"Bearer {await _token(vault, bearer.get('tokenRef'))}"}
    user = str(settings.get("user") or basic.get("username") or "")
    password = await _token(vault, settings.get("appPasswordRef") or basic.get("passwordRef"))
    if not user:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


async def _verify(vault: Vault, settings: JsonObject) -> ssl.SSLContext | bool:
    """False: the generator says that the certificate of the host is not to be checked."""
    if settings.get("insecure"):
        return False
    reference = settings.get("caRef")
    if not reference:
        return True
    found = (await vault.config_map(str(reference.get("configMapName") or ""))).get(str(reference.get("key") or ""), "")
    try:
        return ssl.create_default_context(cadata=found)
    except (ssl.SSLError, ValueError) as error:
        raise ProviderFailed("caRef leads to no certificate", suggestion="Correct the ConfigMap.") from error


async def _ask_plugin(asking: Asking, generator: JsonObject, application_set: str) -> list[dict[str, Any]]:
    name = str((generator.get("configMapRef") or {}).get("name") or "")
    settings = await asking.vault.config_map(name)
    token = settings.get("token", "")
    if token.startswith("$"):
        secret, colon, key = token[1:].partition(":")
        token = await asking.vault.secret(*((secret, key) if colon else ("argocd-secret", secret)))
    headers = {"Authorization": f"Bearer {token.strip()}"} if token else {}
    return await plugin_entries(
        Api(asking.connections, settings.get("baseUrl", ""), headers), application_set, generator
    )


def _host(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.lower()}"

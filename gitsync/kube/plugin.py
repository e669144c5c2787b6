"""Credentials that a program or a token endpoint hands out: exec plugins, OIDC and GCP, through kubernetes_asyncio.

Imported only when a cluster needs it: the library loads 860 modules, 1.8 s and 110 MB that a runtime with tokens or
certificates never has to pay.
"""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError
from kubernetes_asyncio.config.config_exception import ConfigException
from kubernetes_asyncio.config.kube_config import KubeConfigLoader

from gitsync.kube.access import ClusterAccess
from gitsync.kube.errors import AccessUnusable

_PROGRAM_SECONDS = 60.0  # cloud programs ask their own metadata services; slower than this is broken


@dataclass(frozen=True, slots=True)
class Issued:
    """What came out: an Authorization header, or a client certificate in files that the library made."""

    authorization: str = field(default="", repr=False)
    certificate_file: str = ""
    key_file: str = ""


class _Found:
    """Stands in for the library's Configuration, of which its loader only sets attributes."""

    def __init__(self) -> None:
        self.api_key: dict[str, str] = {}
        self.cert_file: str | None = None
        self.key_file: str | None = None


class Plugin:
    """One user entry with `exec` or `auth-provider`. `issue()` runs it when what it gave before is about to expire."""

    def __init__(self, access: ClusterAccess) -> None:
        self._name = access.name
        self._user = access.user
        _require_program(access.user, access.name)
        try:
            self._loader = KubeConfigLoader(_as_kubeconfig(access), config_base_path=str(access.directory))
        except ConfigException as error:
            raise AccessUnusable(f"the credential of cluster {access.name} cannot be used: {error}") from error

    async def issue(self) -> Issued:
        """A credential that is good now."""
        what = self._user.get("exec", {}).get("command") or "the identity provider"
        found = _Found()
        try:
            async with asyncio.timeout(_PROGRAM_SECONDS):
                await self._loader.load_and_set(found)
        except TimeoutError as error:
            raise AccessUnusable(
                f"{what} gave no credential for cluster {self._name} in {_PROGRAM_SECONDS:g} s"
            ) from error
        except (ConfigException, ClientError, OSError, ValueError, KeyError, RuntimeError) as error:
            # Not the library's words: a program's output, which it quotes, may hold the token.
            raise AccessUnusable(
                f"{what} gave no credential for cluster {self._name} ({type(error).__name__})",
                suggestion=f"Run {what} by hand where the runtime runs.",
            ) from error
        return Issued(found.api_key.get("BearerToken", ""), found.cert_file or "", found.key_file or "")


def _require_program(user: Mapping[str, Any], name: str) -> None:
    plugin = user.get("exec")
    if not plugin:
        return
    command = str(plugin.get("command") or "")
    if not command or shutil.which(command) is None:
        hint = str(plugin.get("installHint") or f"Install {command} where the runtime runs.")
        raise AccessUnusable(
            f"cluster {name} needs the program {command or '(none named)'} for its credential, and it is not installed",
            suggestion=hint,
        )


def _as_kubeconfig(access: ClusterAccess) -> dict[str, Any]:
    """A one-entry kubeconfig around the user entry; the library reads nothing else of it."""
    user = {key: value for key, value in access.user.items() if value is not None}
    return {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": access.server}}],
        "users": [{"name": "it", "user": user}],
    }

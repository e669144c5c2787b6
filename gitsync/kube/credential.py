"""The credential of one cluster, kept fresh: what goes into the Authorization header and into the TLS handshake."""

import asyncio
import base64
import importlib
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gitsync.kube.access import ClusterAccess, Tls
from gitsync.kube.errors import AccessUnusable

if TYPE_CHECKING:  # the module behind it is 110 MB, see there
    from gitsync.kube.plugin import Plugin

_FRESH_SECONDS = 60.0  # how long a token from a file or a program is used before it is looked at again


class Credential:
    """Hands out the Authorization header. `clock` is monotonic seconds."""

    def __init__(self, access: ClusterAccess, *, clock: Callable[[], float]) -> None:
        self._access = access
        self._clock = clock
        self._header = ""
        self._fresh_until = float("-inf")
        self._lock = asyncio.Lock()
        self._plugin: Plugin | None = None
        self._certificate_files = ("", "")
        self._context: ssl.SSLContext | None = None

    async def authorization(self) -> str:
        """The header's value, "" when the certificate says it all."""
        if self._clock() >= self._fresh_until:
            async with self._lock:
                if self._clock() >= self._fresh_until:
                    self._header = await self._read()
                    self._fresh_until = self._clock() + self._lifetime()
        return self._header

    def distrust(self) -> None:
        """The cluster refused it: read it again before the next request."""
        if self._lifetime() != float("inf"):
            self._fresh_until = float("-inf")

    def ssl_context(self) -> ssl.SSLContext | None:
        """The TLS settings; None for plain http. Call after `authorization()`: a program may give the certificate."""
        if self._context is None and self._access.server.startswith("https"):
            try:
                self._context = _context(self._access.tls, self._certificate_files)
            except (ssl.SSLError, OSError, ValueError) as error:
                raise AccessUnusable(
                    f"the certificates of cluster {self._access.name} cannot be used ({type(error).__name__})",
                    suggestion="Check its CA, client certificate and key.",
                ) from error
        return self._context

    def _lifetime(self) -> float:
        user = self._access.user
        dynamic = "exec" in user or "auth-provider" in user or "tokenFile" in user
        return _FRESH_SECONDS if dynamic else float("inf")

    async def _read(self) -> str:
        user = self._access.user
        if "exec" in user or "auth-provider" in user:
            return await self._issued()
        if user.get("token"):
            return f"Bearer {user['token']}"
        if user.get("tokenFile"):
            file = self._access.directory / str(user["tokenFile"])
            try:
                return f"Bearer {file.read_text().strip()}"
            except OSError as error:
                raise AccessUnusable(
                    f"the token file of cluster {self._access.name}, {file}, cannot be read: {error.strerror}"
                ) from error
        if user.get("username"):
            pair = f"{user['username']}:{user.get('password') or ''}"
            return "Basic " + base64.b64encode(pair.encode()).decode()
        return ""

    async def _issued(self) -> str:
        if self._plugin is None:
            self._plugin = importlib.import_module("gitsync.kube.plugin").Plugin(self._access)
        issued = await self._plugin.issue()
        files = (issued.certificate_file, issued.key_file)
        if files != self._certificate_files:
            self._certificate_files, self._context = files, None
        return issued.authorization


def _context(tls: Tls, certificate_files: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=tls.ca.decode() if tls.ca else None)
    # Private authorities of clusters often lack the extensions that strict checking asks for since Python 3.13.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if all(certificate_files):
        context.load_cert_chain(*certificate_files)
    elif tls.certificate and tls.key:
        # OpenSSL reads a chain from files only; these live for a moment, readable by nobody else.
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
            certificate.write_bytes(tls.certificate)
            key.touch(mode=0o600)
            key.write_bytes(tls.key)
            context.load_cert_chain(certificate, key)
    return context

"""Keys of SSH servers, held to the lines of a known_hosts file.

The binding of libgit2 does not hand its callback the server's key, so the callback is registered anew here: it reads
the key's SHA-256 where libgit2's `git_cert_hostkey` has it. To be removed once pygit2 passes the certificate on; the
test against a real sshd tells if the layout ever changes.
"""

import base64
import binascii
import fnmatch
import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

from pygit2 import callbacks
from pygit2.ffi import C, ffi

from gitsync.git.address import redact, ssh_parts
from gitsync.git.errors import HostKeyRefused

_SSH_PORT = 22
_TYPE, _SHA256, _END = 4, 44, 76  # offsets in git_cert_hostkey: kind of certificate, flags, MD5, SHA-1, SHA-256
_HAS_SHA256 = 1 << 2


def host_keys(known_hosts: str, url: str) -> frozenset[bytes]:
    """SHA-256 of each key that the lines allow for the server of an SSH address. Pure."""
    found = ssh_parts(url)
    if found is None:
        return frozenset()
    port = urlsplit(url).port if "://" in url else None
    name = found[0] if port in (None, _SSH_PORT) else f"[{found[0]}]:{port}"
    allowed, revoked = set[bytes](), set[bytes]()
    for line in known_hosts.splitlines():
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if len(words) < 3 or words[0].startswith("#") or marker not in ("", "@revoked") or not _names(words[0], name):
            continue
        try:
            digest = hashlib.sha256(base64.b64decode(words[2], validate=True)).digest()
        except binascii.Error:
            continue
        (revoked if marker else allowed).add(digest)
    return frozenset(allowed - revoked)


def _names(patterns: str, name: str) -> bool:
    if patterns.startswith("|1|"):
        _, _, salt, wanted = patterns.split("|", 3)
        try:
            made = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
            return hmac.compare_digest(made, base64.b64decode(wanted))
        except binascii.Error:
            return False
    # Brackets are part of a name here and no set of characters.
    fits = [
        (one.startswith("!"), fnmatch.fnmatchcase(name, one.removeprefix("!").replace("[", "[[]")))
        for one in patterns.lower().split(",")
    ]
    return any(hit for negated, hit in fits if not negated) and not any(hit for negated, hit in fits if negated)


_ORIGINAL: Any = callbacks._certificate_check_cb.__wrapped__  # type: ignore[attr-defined]  # what was registered before


@callbacks.libgit2_callback
def _certificate_check_cb(certificate: Any, valid: Any, host: Any, data: Any) -> Any:
    accepted: frozenset[bytes] | None = getattr(data, "host_keys", None)
    if accepted is None or certificate.cert_type != C.GIT_CERT_HOSTKEY_LIBSSH2:
        return _ORIGINAL(certificate, valid, host, data)
    raw = bytes(ffi.buffer(ffi.cast("char *", certificate), _END))
    has_sha256 = int.from_bytes(raw[_TYPE : _TYPE + 4], "little") & _HAS_SHA256
    if has_sha256 and raw[_SHA256:_END] in accepted:
        return 0
    fingerprint = base64.b64encode(raw[_SHA256:_END]).decode().rstrip("=")
    server = redact(ffi.string(host).decode(errors="replace"))
    raise HostKeyRefused(
        f"the SSH server {server} shows the key SHA256:{fingerprint}, which is not known",
        suggestion="If it is the right one, add its line, which ssh-keyscan prints, to argocd-ssh-known-hosts-cm.",
    )

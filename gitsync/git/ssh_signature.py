"""Signatures that git makes with SSH keys (`gpg.format = ssh`), checked without a program. Pure.

The format is OpenSSH's PROTOCOL.sshsig: an armored blob of the key, a namespace, the hash that was taken, and the
signature over these and the hash. Who a key belongs to stands in lines as of `ssh-keygen`'s allowed signers file.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from gitsync.git.errors import SignatureRefused

BEGIN = b"-----BEGIN SSH SIGNATURE-----"
_END = b"-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_NAMESPACE = b"git"
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_CURVES: dict[bytes, type[hashes.HashAlgorithm]] = {
    b"ecdsa-sha2-nistp256": hashes.SHA256,
    b"ecdsa-sha2-nistp384": hashes.SHA384,
    b"ecdsa-sha2-nistp521": hashes.SHA512,
}
_RSA: dict[bytes, type[hashes.HashAlgorithm]] = {b"rsa-sha2-256": hashes.SHA256, b"rsa-sha2-512": hashes.SHA512}


@dataclass(frozen=True, slots=True)
class SshSigner:
    """The key that signed, as `SHA256:...`; `principal` is whose it is, "" when nobody says."""

    fingerprint: str
    principal: str = ""


def allowed_signers(text: str) -> dict[bytes, str]:
    """Principals by their public key's blob. Lines that are none are passed over, and so are certificate authorities
    and keys for other namespaces than git's."""
    found: dict[bytes, str] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) < 3 or line.lstrip().startswith("#"):
            continue
        at = next((number for number, word in enumerate(words[1:], 1) if _is_key_type(word)), 0)
        options = " ".join(words[1:at]).lower()
        if not at or at + 1 >= len(words) or "cert-authority" in options or not _is_for_git(options):
            continue
        try:
            found[base64.b64decode(words[at + 1], validate=True)] = words[0].strip('"')
        except binascii.Error:
            continue
    return found


def ssh_signer(payload: bytes, armored: bytes, allowed: Mapping[bytes, str]) -> SshSigner:
    """Who signed the payload. Raises SignatureRefused when the signature does not fit, or is none."""
    key, hash_name, signature, reserved = _read(armored)
    digest = _HASHES[hash_name](payload).digest()
    signed = _MAGIC + b"".join(map(_packed, (_NAMESPACE, reserved, hash_name, digest)))
    try:
        _check(key, signature, signed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise SignatureRefused("the signature does not fit", suggestion="Do not trust this commit.") from error
    fingerprint = base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
    return SshSigner(f"SHA256:{fingerprint}", allowed.get(key, ""))


def _read(armored: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Key, name of the hash, signature, and what is reserved."""
    try:
        inside = armored[armored.index(BEGIN) + len(BEGIN) : armored.index(_END)]
        blob = base64.b64decode(b"".join(inside.split()), validate=True)
        if blob[:6] != _MAGIC or blob[6:10] != b"\0\0\0\1":
            raise ValueError
        key, rest = _string(blob[10:])
        namespace, rest = _string(rest)
        reserved, rest = _string(rest)
        hash_name, rest = _string(rest)
        signature, rest = _string(rest)
        if namespace != _NAMESPACE or hash_name not in _HASHES or rest:
            raise ValueError
    except (ValueError, binascii.Error) as error:
        raise SignatureRefused("its SSH signature cannot be read", suggestion="Sign it anew.") from error
    return key, hash_name, signature, reserved


def _check(key: bytes, signature: bytes, signed: bytes) -> None:
    """Raises InvalidSignature, or ValueError for what does not go together."""
    kind, _ = _string(key)
    algorithm, rest = _string(signature)
    raw, _ = _string(rest)
    public = load_ssh_public_key(kind + b" " + base64.b64encode(key))
    match public:
        case ed25519.Ed25519PublicKey() if algorithm == b"ssh-ed25519":
            public.verify(raw, signed)
        case rsa.RSAPublicKey() if algorithm in _RSA:
            public.verify(raw, signed, padding.PKCS1v15(), _RSA[algorithm]())
        case ec.EllipticCurvePublicKey() if algorithm in _CURVES:
            r, after = _string(raw)
            s, _ = _string(after)
            pair = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
            public.verify(pair, signed, ec.ECDSA(_CURVES[algorithm]()))
        case _:
            raise ValueError("a kind of key that is not supported")


def _string(data: bytes) -> tuple[bytes, bytes]:
    """The first length-prefixed string and the rest. Raises ValueError."""
    length = int.from_bytes(data[:4])
    if len(data) < 4 or len(data) < 4 + length:
        raise ValueError("it ends too early")
    return data[4 : 4 + length], data[4 + length :]


def _packed(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _is_key_type(word: str) -> bool:
    return word.startswith(("ssh-", "ecdsa-sha2-", "sk-"))


def _is_for_git(options: str) -> bool:
    _, named, rest = options.partition("namespaces=")
    return not named or "git" in rest.split()[0].strip('"').split(",")

"""One object as SOPS encrypts it: each value by itself, so that keys and structure stay readable, and a checksum of
all of them.

A value is encrypted in AES-GCM with the key of the document, a nonce of 32 bytes, and the keys above it, each ended by
a colon, as additional data. The checksum is the SHA-512 of all values in their order, encrypted with the time of the
last change as additional data. The document's key is encrypted for each recipient.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gitsync.manifest.object import JsonObject
from gitsync.sops.age import encrypted_for, opened_by
from gitsync.sops.errors import NotOpened
from gitsync.sops.rule import FILE, Rule, found

KEY = "sops"
_VERSION = "3.9.4"  # of the format; readers refuse what is newer than they are
_KEY_BYTES = _NONCE_BYTES = 32
_TAG_BYTES = 16
_CIPHERTEXT = re.compile(r"ENC\[AES256_GCM,data:([^,]*),iv:([^,]+),tag:([^,]+),type:([a-z]+)\]")
_ONLY_ENCRYPTED = hashlib.sha256(b"sops").digest()  # what such a checksum begins with

Path = tuple[str, ...]


def is_encrypted(body: Mapping[str, Any]) -> bool:
    return isinstance(body.get(KEY), dict)


def encrypted(body: JsonObject, rule: Rule, now: datetime) -> JsonObject:
    """`body` with the values encrypted that the rule says. Raises RuleUnusable."""
    key = os.urandom(_KEY_BYTES)
    changed = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    checksum = _Checksum(rule.mac_only_encrypted)

    def at(value: Any, path: Path) -> Any:
        chosen = any(found(rule.encrypted_regex, one, FILE) for one in path)
        plain = _bytes_of(value)
        checksum.add(plain, encrypted=chosen)
        return _sealed(plain, _type_of(value), key, _additional(path)) if chosen and plain else value

    content = _walked(body, (), at)
    keys = [{"recipient": one, "enc": encrypted_for(one, key)} for one in rule.recipients]
    mac = _sealed(checksum.text().encode(), "str", key, changed.encode())
    only = {"mac_only_encrypted": True} if rule.mac_only_encrypted else {}
    told = {"encrypted_regex": rule.encrypted_regex, **only, "version": _VERSION}
    return {**content, KEY: {"age": keys, "lastmodified": changed, "mac": mac, **told}}


def opened(body: JsonObject, identities: Sequence[str]) -> JsonObject:
    """`body` as it was before it was encrypted. Raises NotOpened, also if anything in it was changed since."""
    about = body[KEY]
    key = opened_by(identities, _encrypted_keys(about))
    checksum = _Checksum(bool(about.get("mac_only_encrypted")))

    def at(value: Any, path: Path) -> Any:
        one = _ciphertext(value)
        if one is None:
            checksum.add(_bytes_of(value), encrypted=False)
            return value
        plain = one.opened(key, _additional(path), ".".join(path))
        checksum.add(plain, encrypted=True)
        return one.value_of(plain)

    content: JsonObject = _walked({name: value for name, value in body.items() if name != KEY}, (), at)
    mac = _ciphertext(about.get("mac"))
    if (
        mac is None
        or mac.opened(key, str(about.get("lastmodified")).encode(), "its checksum") != checksum.text().encode()
    ):
        raise NotOpened("it was changed after it was encrypted", suggestion="Edit it with the sops program.")
    return content


class _Checksum:
    """Of the values in their order; `only_encrypted`: of no others."""

    def __init__(self, only_encrypted: bool) -> None:
        self._only_encrypted = only_encrypted
        self._sum = hashlib.sha512(_ONLY_ENCRYPTED if only_encrypted else b"")

    def add(self, plain: bytes, *, encrypted: bool) -> None:
        if encrypted or not self._only_encrypted:
            self._sum.update(plain)

    def text(self) -> str:
        return self._sum.hexdigest().upper()


@dataclass(frozen=True, slots=True)
class _Ciphertext:
    data: bytes
    nonce: bytes
    tag: bytes
    type: str

    def opened(self, key: bytes, additional: bytes, where: str) -> bytes:
        try:
            return AESGCM(key).decrypt(self.nonce, self.data + self.tag, additional)
        except (InvalidTag, ValueError) as error:
            message = f"{where} cannot be opened: it was changed, or stood somewhere else when it was encrypted"
            raise NotOpened(message, suggestion="Edit it with the sops program.") from error

    def value_of(self, plain: bytes) -> Any:
        text = plain.decode(errors="replace")
        match self.type:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return text.lower() == "true"
        return text


def _ciphertext(value: Any) -> _Ciphertext | None:
    match = _CIPHERTEXT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        data, nonce, tag = (base64.b64decode(one, validate=True) for one in match.groups()[:3])
    except binascii.Error:
        return None
    return _Ciphertext(data, nonce, tag, match[4])


def _sealed(plain: bytes, type_name: str, key: bytes, additional: bytes) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    both = AESGCM(key).encrypt(nonce, plain, additional)
    data, iv, tag = (base64.b64encode(one).decode() for one in (both[:-_TAG_BYTES], nonce, both[-_TAG_BYTES:]))
    return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{type_name}]"


def _walked(value: Any, path: Path, at: Callable[[Any, Path], Any]) -> Any:
    """A copy with each value replaced; the items of a list have the path of the list."""
    if isinstance(value, dict):
        return {key: _walked(one, (*path, str(key)), at) for key, one in value.items()}
    if isinstance(value, list):
        return [_walked(one, path, at) for one in value]
    return value if value is None else at(value, path)


def _additional(path: Path) -> bytes:
    return "".join(f"{one}:" for one in path).encode()


def _bytes_of(value: Any) -> bytes:
    """As they count for the checksum; booleans and fractions as Go's tools write them there."""
    if isinstance(value, float):
        text = format(Decimal(repr(value)), "f")
        return (text.rstrip("0").rstrip(".") if "." in text else text).encode()
    return str(value).encode()


def _type_of(value: Any) -> str:
    return {bool: "bool", int: "int", float: "float"}.get(type(value), "str")


def _encrypted_keys(about: Mapping[str, Any]) -> Iterator[str]:
    keys = about.get("age")
    for one in keys if isinstance(keys, list) else ():
        if isinstance(one, dict) and isinstance(one.get("enc"), str):
            yield one["enc"]

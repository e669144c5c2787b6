"""A short secret, encrypted for some age keys. The only importer of pyrage."""

from collections.abc import Iterable, Sequence

import pyrage

from gitsync.sops.errors import NotOpened, RuleUnusable

_IDENTITY = "AGE-SECRET-KEY-1"


def encrypted_for(recipient: str, secret: bytes) -> str:
    """An armored age file. Raises RuleUnusable for what is no public key."""
    try:
        known = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise RuleUnusable(f"{recipient!r:.100} is no public key of age") from error
    return bytes(pyrage.encrypt(secret, [known], armored=True)).decode()


def opened_by(identities: Sequence[str], files: Iterable[str]) -> bytes:
    """What the first file holds that one of the identities opens. Raises NotOpened."""
    known = [pyrage.x25519.Identity.from_str(one) for one in identities]
    for file in files if known else ():
        try:
            return bytes(pyrage.decrypt(file.encode(), known))
        except pyrage.DecryptError:
            continue
    raise NotOpened("no age key of the runtime opens it")


def public_keys(identities: Sequence[str]) -> frozenset[str]:
    return frozenset(str(pyrage.x25519.Identity.from_str(one).to_public()) for one in identities)


def identities_in(text: str) -> list[str]:
    """Those of a key file: one a line, beside comments. What is no key of age is passed over."""
    return [one for line in text.splitlines() if (one := line.strip()).startswith(_IDENTITY) and _is_identity(one)]


def _is_identity(text: str) -> bool:
    try:
        pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError:
        return False
    return True

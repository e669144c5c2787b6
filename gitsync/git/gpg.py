"""Signatures checked by the program gpg, with a keyring of nothing but the keys it is given."""

import enum
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gitsync.git.errors import SignatureRefused

_SECONDS = 20
_FLAGS = (
    "--batch",
    "--no-tty",
    "--no-autostart",
    "--no-auto-key-locate",
    "--trust-model",
    "always",
    "--status-fd",
    "1",
)
_WHY = {
    "EXPKEYSIG": "its key has expired",
    "REVKEYSIG": "its key was revoked",
    "EXPSIG": "the signature has expired",
    "BADSIG": "the signature does not fit",
    "ERRSIG": "its key is not among those of argocd-gpg-keys-cm",
}


class Trust(enum.Enum):
    """GOOD: by a known key. BAD: it does not fit, or its key is void. UNKNOWN: nobody gave us its key."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


class Keyring:
    """`keys` are armored public keys by their ids. Methods take milliseconds: call them in a thread."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys
        self._home: Path | None = None

    def signers(self, payload: bytes, signature: bytes) -> tuple[str, ...]:
        """Fingerprints of the key that signed, the subkey's and the primary's. Raises SignatureRefused."""
        if not signature:
            raise SignatureRefused("it is not signed", suggestion="Sign it with GnuPG.")
        said = self._verified(payload, signature)
        for line in said:
            if line[0] in _WHY:
                raise SignatureRefused(_WHY[line[0]], suggestion="Sign it with a key that is trusted.")
        valid = next((line for line in said if line[0] == "VALIDSIG" and len(line) > 1), None)
        if valid is None or not any(line[0] == "GOODSIG" for line in said):
            raise SignatureRefused("its signature is none of GnuPG", suggestion="Sign it with GnuPG.")
        return tuple({valid[1].upper(), valid[-1].upper()})

    def judge(self, payload: bytes, signature: bytes) -> tuple[Trust, str]:
        """What the signature is worth, and whose it is: name and key as far as they are known, or what is wrong.
        Raises SignatureRefused when that cannot be found out."""
        said = self._verified(payload, signature)
        told = {line[0]: line[1:] for line in said}
        if "ERRSIG" in told and not told.keys() & (_WHY.keys() - {"ERRSIG"}):
            return Trust.UNKNOWN, f"key {told['ERRSIG'][0]}" if told["ERRSIG"] else ""
        for name in _WHY:
            if name in told and name != "ERRSIG":
                return Trust.BAD, _WHY[name]
        if "VALIDSIG" in told and "GOODSIG" in told:
            key, *names = told["GOODSIG"]
            return Trust.GOOD, f"{' '.join(names)} {key}".strip()
        return Trust.UNKNOWN, ""

    def _verified(self, payload: bytes, signature: bytes) -> list[list[str]]:
        home = self._home or self._make()
        with tempfile.TemporaryDirectory(prefix="argosy-signature-") as folder:
            places = [Path(folder) / name for name in ("signature", "payload")]
            for place, data in zip(places, (signature, payload), strict=True):
                place.write_bytes(data)
            return _run(home, "--verify", *map(str, places))

    def close(self) -> None:
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def _make(self) -> Path:
        home = Path(tempfile.mkdtemp(prefix="argosy-keyring-"))
        for key in self._keys.values():
            _run(home, "--import", stdin=key.encode())
        self._home = home
        return home


def _run(home: Path, *arguments: str, stdin: bytes = b"") -> list[list[str]]:
    """The words of each line of status. What gpg says of a key that is none shows when a signature needs that key."""
    program = shutil.which("gpg")
    if program is None:
        raise SignatureRefused(
            "signatures need the program gpg, which is not installed where the runtime runs",
            suggestion="Install GnuPG (https://gnupg.org/download/) on the PATH of the runtime.",
        )
    command = [program, "--homedir", str(home), *_FLAGS, *arguments]
    try:
        ended = subprocess.run(
            command, input=stdin, env={"LC_ALL": "C"}, capture_output=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SignatureRefused(f"gpg failed: {type(error).__name__}", suggestion="Check the runtime's disk.") from error
    lines = [line.split() for line in ended.stdout.decode(errors="replace").splitlines()]
    return [words[1:] for words in lines if len(words) > 1 and words[0] == "[GNUPG:]"]

"""People with GnuPG keys who sign commits and tags of a `GitOrigin`."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.git_origin import GitOrigin


@dataclass(frozen=True, slots=True)
class Signers:
    """Keys by the names of people."""

    home: Path

    def key_id(self, name: str) -> str:
        listed = self._gpg("--list-keys", "--with-colons", f"<{name}@example.com>")
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
        return fingerprint[-16:]

    def public_key(self, name: str) -> str:
        return self._gpg("--armor", "--export", f"<{name}@example.com>")

    def add(self, name: str) -> None:
        """Makes a key."""
        self._gpg("--passphrase", "", "--quick-gen-key", f"{name} <{name}@example.com>", "ed25519", "sign", "never")

    def commit(self, origin: GitOrigin, repository: str, name: str, *, message: str = "Signed") -> str:
        """A signed commit on main that changes nothing."""
        parent = origin.head(repository)
        sign = ("-c", f"gpg.program={self._program()}", "commit-tree", f"-S{name}@example.com")
        made = origin.git(repository, *sign, "-p", parent, "-m", message, "main^{tree}").strip()
        origin.git(repository, "update-ref", "refs/heads/main", made)
        return made

    def commit_in(self, clone: Path, name: str) -> str:
        """A signed commit in somebody's clone that changes nothing."""
        person = ("-c", f"user.name={name}", "-c", f"user.email={name}@example.com")
        program = ("-c", f"gpg.program={self._program()}")
        words = ("commit", "-q", "--allow-empty", f"-S{name}@example.com", "-m", f"Signed by {name}")
        subprocess.run(["git", "-C", str(clone), *person, *program, *words], check=True)
        told = subprocess.run(
            ["git", "-C", str(clone), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
        )
        return told.stdout.strip()

    def tag(self, origin: GitOrigin, repository: str, name: str, tag: str, commit: str) -> None:
        program = ("-c", f"gpg.program={self._program()}")
        origin.git(repository, *program, "tag", "-s", "-u", f"{name}@example.com", "-m", "Release", tag, commit)

    def _program(self) -> Path:
        program = self.home / "signing"
        program.write_text(f'#!/bin/sh\nexec gpg --homedir {self.home} --batch "$@"\n')
        program.chmod(0o700)
        return program

    def _gpg(self, *arguments: str) -> str:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--pinentry-mode", "loopback", *arguments]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout


@contextmanager
def signers(*names: str) -> Iterator[Signers]:
    """The folder is of a short name: the agent of gpg has its socket there."""
    home = Path(tempfile.mkdtemp(prefix="gpg-"))
    made = Signers(home)
    try:
        for name in names:
            made.add(name)
        yield made
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)

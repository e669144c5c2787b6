"""Bare repositories in one folder, addressed by name and by nothing else."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from gitsync.sandbox.githost.errors import GitProgramFailed, InvalidName, UnknownRepository
from gitsync.sandbox.githost.program import GitProgram
from gitsync.sandbox.githost.push import ZERO_ID, RefMove
from gitsync.sandbox.githost.seed import Author, SeededCommit, branch_ref, import_stream

_NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_RESERVED_SUFFIXES = (".git", ".lock", ".")
# A rival that moves the branch between reading its tip and writing it is rare; losing so often in a row means
# something else.
_RACES = 5


def repository_name(text: str) -> str:
    """The name in `name` or `name.git`. Raises InvalidName for anything that is not plainly a name."""
    name = text.removesuffix(".git")
    if not _NAME.fullmatch(name) or name.endswith(_RESERVED_SUFFIXES):
        raise InvalidName(f"{text[:80]!r} is not a repository name")
    return name


class Repositories:
    """Makes repositories, finds them, commits to them."""

    def __init__(self, folder: Path, *, program: GitProgram, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._program = program
        self._clock = clock

    def path(self, name: str) -> Path:
        """Folder of a repository. Raises InvalidName or UnknownRepository."""
        if name not in self:
            raise UnknownRepository(f"there is no repository {name!r}")
        return self._folder / f"{repository_name(name)}.git"

    def __contains__(self, name: str) -> bool:
        return (self._folder / f"{repository_name(name)}.git" / "HEAD").is_file()

    def names(self) -> list[str]:
        return sorted(path.name.removesuffix(".git") for path in self._folder.glob("*.git"))

    async def create(self, name: str) -> bool:
        """Makes an empty repository whose HEAD is main; False when it is there already."""
        if name in self:
            return False
        path = self._folder / f"{repository_name(name)}.git"
        await self._program.run("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(path))
        return True

    async def commit(
        self, name: str, branch: str, *, files: Mapping[str, bytes | None], message: str, author: Author
    ) -> RefMove:
        """One commit on top of the branch, which is made if missing. Lost races are run again."""
        return await self.commit_all(name, branch, [SeededCommit(files, message, author, self._clock())])

    async def commit_all(self, name: str, branch: str, commits: Sequence[SeededCommit]) -> RefMove:
        """Several, oldest first, by one run of git."""
        path, ref = self.path(name), branch_ref(branch)
        for race in range(_RACES):
            parent = await self._tip(path, ref)
            stream = import_stream(ref, parent=parent, commits=commits)
            try:
                output = await self._program.run(
                    "-C", str(path), "fast-import", "--quiet", "--done", "--date-format=raw", stdin=stream
                )
            except GitProgramFailed:
                if race + 1 == _RACES or await self._tip(path, ref) == parent:
                    raise
                continue
            return RefMove(ref, parent or ZERO_ID, output.decode().split()[-1])
        raise AssertionError("the last race returns or raises")

    async def show(self, name: str, commit: str, *, limit_bytes: int) -> bytes:
        """A commit as text: who, when, why, which files, which lines. Raises UnknownRepository for an unknown
        commit.
        """
        options = ("--no-color", "--no-ext-diff", "--no-textconv", "--stat", "--patch")
        arguments = ("-C", str(self.path(name)), "show", *options, f"{commit}^{{commit}}", "--")
        async with self._program.started(*arguments) as process:
            assert process.stdout is not None
            text = bytearray()
            while len(text) < limit_bytes and (chunk := await process.stdout.read(limit_bytes)):
                text += chunk
        if not text:
            raise UnknownRepository(f"there is no commit {commit} in {name!r}")
        return bytes(text[:limit_bytes])

    async def _tip(self, path: Path, ref: str) -> str | None:
        listed = await self._program.run("-C", str(path), "for-each-ref", "--format=%(objectname) %(refname)", ref)
        # for-each-ref takes prefixes: refs/heads/a also lists refs/heads/a/b
        for line in listed.decode().splitlines():
            commit, _, listed_ref = line.partition(" ")
            if listed_ref == ref:
                return commit
        return None

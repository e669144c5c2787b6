"""Commits of a mirror, as a log: which there are, and what each says. For the mirror's owner thread only.

Texts of commits are whatever somebody pushed: nothing here fails on bytes that are no UTF-8. A missing object raises
what pygit2 raises; `Mirror.look` takes it for damage.
"""

import subprocess
from collections.abc import Iterable, Mapping, Sequence

import pygit2
from pygit2.enums import DeltaStatus, DiffOption, FileMode, ObjectType, SortMode

from gitsync.git.commit_facts import ChangedFile, CommitFacts

MAX_PATHS = 100
_MAX_NOTE_BYTES = 65_536
_MAX_FILE_BYTES = 1_000_000
_PROGRAM_SECONDS = 120
_FLAGS = DiffOption.SKIP_BINARY_CHECK | DiffOption.INCLUDE_TYPECHANGE | DiffOption.IGNORE_SUBMODULES
_SIGNATURES = (("BEGIN PGP", "GPG"), ("BEGIN SSH", "SSH"), ("BEGIN SIGNED MESSAGE", "X509"), ("BEGIN CMS", "X509"))


class CommitLog:
    """The commits of one mirror."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._repository = repository

    def has(self, shas: Iterable[str]) -> bool:
        """Whether all of them are here, as commits."""
        for sha in shas:
            found = self._repository.get(sha)
            if found is None or found.type != ObjectType.COMMIT:
                return False
        return True

    def between(self, tips: Iterable[str], without: Iterable[str]) -> tuple[str, ...]:
        """Commits that `tips` lead to and `without` do not; parents before their children."""
        walker = self._repository.walk(None, SortMode.TOPOLOGICAL | SortMode.TIME | SortMode.REVERSE)
        pushed = False
        for tip in sorted(tips):
            walker.push(tip)
            pushed = True
        if not pushed:
            return ()
        for sha in without:
            walker.hide(sha)
        return tuple(str(commit.id) for commit in walker)

    def leads_to(self, head: str, sha: str) -> bool:
        """Whether `sha` is `head` or one of the commits before it."""
        return self._commit(sha).id == self._commit(head).id or self._repository.descendant_of(head, sha)

    def parents(self, sha: str) -> tuple[str, ...]:
        return tuple(str(parent) for parent in self._commit(sha).parent_ids)

    def facts(self, shas: Sequence[str]) -> list[CommitFacts]:
        """What commits say, and what each changed against its first parent."""
        changed = _names_by_program(self._repository.path, shas)
        return [self._facts(sha, changed.get(sha) or self._changed_paths(self._commit(sha))) for sha in shas]

    def _facts(self, sha: str, changed: tuple[tuple[str, ...], int]) -> CommitFacts:
        commit = self._commit(sha)
        paths, total = changed
        author, committer = commit.author, commit.committer
        return CommitFacts(
            sha=sha,
            parents=tuple(str(parent) for parent in commit.parent_ids),
            message=_text(commit.raw_message),
            author_name=_text(author.raw_name),
            author_email=_text(author.raw_email),
            committer_name=_text(committer.raw_name),
            committer_email=_text(committer.raw_email),
            time=commit.commit_time,
            offset_minutes=max(-1439, min(1439, commit.commit_time_offset)),
            paths=paths,
            paths_total=total,
            signed_with=_signed_with(commit),
        )

    def notes(self, notes_commit: str) -> dict[str, str]:
        """Blob id of the note of each commit that has one. Git spreads long lists over folders of two letters."""
        notes: dict[str, str] = {}
        todo = [("", self._commit(notes_commit).tree)]
        while todo:
            prefix, tree = todo.pop()
            for item in tree:
                name = prefix + _text(item.raw_name)
                if isinstance(item, pygit2.Tree):
                    if len(name) < 40:
                        todo.append((name, item))
                elif len(name) in (40, 64):
                    notes[name] = str(item.id)
        return notes

    def note(self, notes: Mapping[str, str], sha: str) -> str:
        """The text of a commit's note, "" when it has none."""
        blob = self._repository.get(notes[sha]) if sha in notes else None
        return _text(bytes(blob.data[:_MAX_NOTE_BYTES])) if isinstance(blob, pygit2.Blob) else ""

    def changes(self, sha: str, *, limit: int) -> tuple[list[ChangedFile], int]:
        """The first files that a commit changed against its first parent, and how many there are."""
        diff = self._diff(self._commit(sha))
        files: list[ChangedFile] = []
        for delta in diff.deltas if diff is not None else ():
            if len(files) == limit:
                break
            before = self._content(delta.old_file) if delta.status != DeltaStatus.ADDED else None
            after = self._content(delta.new_file) if delta.status != DeltaStatus.DELETED else None
            files.append(ChangedFile(_text(delta.new_file.raw_path or delta.old_file.raw_path), before, after))
        return files, len(diff) if diff is not None else 0

    def versions(
        self, head: str, path: str, *, max_versions: int, max_commits: int
    ) -> tuple[tuple[str, bytes | None], ...]:
        """Commits that changed a file, newest first, each with its content then; as `git log -- path` finds them.

        A merge that took the file from one of its parents is passed over towards that parent.
        """
        found: list[tuple[str, bytes | None]] = []
        sha: str | None = head
        for _ in range(max_commits):
            if sha is None or len(found) == max_versions:
                break
            commit = self._commit(sha)
            blob = self._blob_at(commit, path)
            parents = [(str(parent), self._blob_at(self._commit(str(parent)), path)) for parent in commit.parent_ids]
            same = next((parent for parent, theirs in parents if theirs == blob), None)
            if same is None and not (blob is None and not parents):
                found.append((sha, self._read(blob) if blob is not None else None))
            sha = same or next((parent for parent, theirs in parents if theirs is not None), None)
        return tuple(found)

    def _blob_at(self, commit: pygit2.Commit, path: str) -> str | None:
        try:
            entry = commit.tree[path]
        except KeyError:
            return None
        return str(entry.id) if isinstance(entry, pygit2.Blob) else None

    def _read(self, blob_id: str) -> bytes:
        blob = self._repository[blob_id]
        assert isinstance(blob, pygit2.Blob), f"{blob_id} is no file"
        return bytes(blob.data[:_MAX_FILE_BYTES])

    def _content(self, file: pygit2.DiffFile) -> bytes:
        """Of a submodule nothing: its commit is in another repository."""
        return self._read(str(file.id)) if file.mode != FileMode.COMMIT else b""

    def _commit(self, sha: str) -> pygit2.Commit:
        commit = self._repository[sha]
        assert isinstance(commit, pygit2.Commit), f"{sha} is no commit"
        return commit

    def _changed_paths(self, commit: pygit2.Commit) -> tuple[tuple[str, ...], int]:
        diff = self._diff(commit)
        if diff is None:
            return (), 0
        paths: list[str] = []
        for delta in diff.deltas:
            if len(paths) == MAX_PATHS:
                break
            paths.append(_text(delta.new_file.raw_path or delta.old_file.raw_path))
        return tuple(paths), len(diff)

    def _diff(self, commit: pygit2.Commit) -> pygit2.Diff | None:
        """Against the first parent; None: there is no difference."""
        if not commit.parent_ids:
            return commit.tree.diff_to_tree(flags=_FLAGS, swap=True)
        parent = self._commit(str(commit.parent_ids[0]))
        return None if parent.tree_id == commit.tree_id else parent.tree.diff_to_tree(commit.tree, flags=_FLAGS)


def _names_by_program(folder: str, shas: Sequence[str]) -> dict[str, tuple[tuple[str, ...], int]]:
    """First changed paths of each commit, and how many. The git program is eight times as fast at it as libgit2, and
    leaves the interpreter to others meanwhile. Commits that it did not tell about are missing.
    """
    command = ["git", f"--git-dir={folder}", "diff-tree", "--stdin", "-r", "--root", "-m", "--first-parent", "--always"]
    command += ["--no-renames", "--no-ext-diff", "--ignore-submodules=all", "--name-only", "-z"]
    try:
        ended = subprocess.run(
            command,
            input="".join(f"{sha}\n" for sha in shas).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=_PROGRAM_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    found: dict[str, list[str]] = {}
    totals: dict[str, int] = {}
    waiting = [sha.encode() for sha in reversed(shas)]
    current = ""
    for token in ended.stdout.split(b"\0"):
        if waiting and token == waiting[-1]:
            current = waiting.pop().decode()
            found[current], totals[current] = [], 0
        elif current and token:
            totals[current] += 1
            if totals[current] <= MAX_PATHS:
                found[current].append(_text(token))
    return {sha: (tuple(paths), totals[sha]) for sha, paths in found.items()}


def _signed_with(commit: pygit2.Commit) -> str:
    signature, _ = commit.gpg_signature
    if not signature:
        return ""
    start = _text(signature[:64])
    return next((name for mark, name in _SIGNATURES if mark in start), "unknown")


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace").replace("\0", "")

"""Commits of a mirror, as a log: which there are, and what each says. For the mirror's owner thread only.

Texts of commits are whatever somebody pushed: nothing here fails on bytes that are no UTF-8. A missing object raises
what pygit2 raises; `Mirror.look` takes it for damage.
"""

from collections.abc import Iterable, Mapping

import pygit2
from pygit2.enums import DiffOption, ObjectType, SortMode

from gitsync.git.commit_facts import CommitFacts

MAX_PATHS = 100
_MAX_NOTE_BYTES = 65_536
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

    def parents(self, sha: str) -> tuple[str, ...]:
        return tuple(str(parent) for parent in self._commit(sha).parent_ids)

    def facts(self, sha: str) -> CommitFacts:
        """What the commit says, and what it changed against its first parent."""
        commit = self._commit(sha)
        paths, total = self._changed_paths(commit)
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

    def _commit(self, sha: str) -> pygit2.Commit:
        commit = self._repository[sha]
        assert isinstance(commit, pygit2.Commit), f"{sha} is no commit"
        return commit

    def _changed_paths(self, commit: pygit2.Commit) -> tuple[tuple[str, ...], int]:
        if commit.parent_ids:
            parent = self._commit(str(commit.parent_ids[0]))
            if parent.tree_id == commit.tree_id:
                return (), 0
            diff = parent.tree.diff_to_tree(commit.tree, flags=_FLAGS)
        else:
            diff = commit.tree.diff_to_tree(flags=_FLAGS, swap=True)
        paths: list[str] = []
        for delta in diff.deltas:
            if len(paths) == MAX_PATHS:
                break
            paths.append(_text(delta.new_file.raw_path or delta.old_file.raw_path))
        return tuple(paths), len(diff)


def _signed_with(commit: pygit2.Commit) -> str:
    signature, _ = commit.gpg_signature
    if not signature:
        return ""
    start = _text(signature[:64])
    return next((name for mark, name in _SIGNATURES if mark in start), "unknown")


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace").replace("\0", "")

"""What git generators read of repositories, followed: when refs move, exactly those whose answer changed are told.

Read from trees of mirrors, without a working tree. An answer is kept until a ref that it came from moves and the
changed paths say that it may differ; it is read once more then, and only a different answer concerns anybody.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gitsync.application.record import sentence
from gitsync.appset.inputs import GitAnswer, GitQuestion, Unanswered
from gitsync.appset.path_glob import matches_directory, matches_file
from gitsync.errors import GitsyncError
from gitsync.git.address import normalized
from gitsync.git.affected import ChangedPaths, ChangeKind
from gitsync.git.refs import RefMove, RefsMoved
from gitsync.git.repositories import Repositories
from gitsync.git.tree import Entry, EntryType, Files
from gitsync.supervisor import Supervisor
from model.identity import ApplicationKey

_MOST_FILES = 20_000
_LARGEST_FILE = 2 << 20
_MOST_BYTES = 64 << 20
_MOST_WALKED = 200_000
_MOST_TRIES = 3  # an answer is read anew when its ref moved meanwhile


@dataclass(frozen=True, slots=True)
class _Known:
    commit: str
    ref: str | None
    answer: GitAnswer


class TooMuch(Exception):
    """The globs fit more than is read for one generator."""


class GitAnswers:
    """`on_changed` is called with the key of an ApplicationSet whose answers may be different now."""

    def __init__(
        self,
        repositories: Repositories,
        *,
        supervisor: Supervisor,
        on_changed: Callable[[ApplicationKey], None],
        new_file_globbing: Callable[[], bool] = bool,
    ) -> None:
        self.new_file_globbing = new_file_globbing
        self._repositories = repositories
        self._supervisor = supervisor
        self._on_changed = on_changed
        self._known: dict[GitQuestion, _Known] = {}
        self._asked: dict[GitQuestion, set[ApplicationKey]] = {}
        self._subscribed: dict[str, str] = {}
        self.regenerated_total = 0

    async def answer(self, question: GitQuestion, asker: ApplicationKey) -> GitAnswer | Unanswered:
        """For one ApplicationSet, which is told when the answer changes."""
        self._asked.setdefault(question, set()).add(asker)
        if (known := self._known.get(question)) is not None:
            return known.answer
        try:
            self._subscribe(question.url)
            return await self._ask(question)
        except TooMuch as error:
            return Unanswered(f"the git generator of {normalized(question.url)}: {error}")
        except GitsyncError as failure:
            return Unanswered(sentence(failure))

    def keep(self, asker: ApplicationKey, questions: frozenset[GitQuestion]) -> None:
        """The set asks these and no others any more."""
        for question in [one for one, askers in self._asked.items() if asker in askers and one not in questions]:
            self._asked[question].discard(asker)
            if not self._asked[question]:
                del self._asked[question]
                self._known.pop(question, None)
        wanted = {normalized(question.url) for question in self._asked}
        for place in [place for place in self._subscribed if place not in wanted]:
            self._repositories.unsubscribe(self._subscribed.pop(place), self._refs_moved)

    def _subscribe(self, url: str) -> None:
        place = normalized(url)
        if place not in self._subscribed:
            self._repositories.subscribe(url, self._refs_moved)
            self._subscribed[place] = url

    async def _ask(self, question: GitQuestion) -> GitAnswer:
        for _ in range(_MOST_TRIES):
            resolved = await self._repositories.resolve(question.url, question.revision)
            answer = await self._read(question, resolved.commit)
            self._known[question] = _Known(resolved.commit, resolved.ref, answer)
            if (await self._repositories.resolve(question.url, question.revision)).commit == resolved.commit:
                break
        return answer

    async def _read(self, question: GitQuestion, commit: str) -> GitAnswer:
        tree = await self._repositories.tree(question.url, commit)
        return await tree.run(lambda files: read_answer(files, question, new_globbing=self.new_file_globbing()))

    # ---- refs that move

    def _refs_moved(self, event: RefsMoved) -> None:
        self._supervisor.spawn(f"git generators of {normalized(event.url)}", self._take_moves(event))

    async def _take_moves(self, event: RefsMoved) -> None:
        place = normalized(event.url)
        mine = [question for question in self._asked if normalized(question.url) == place]
        moves = {move.ref: move for move in event.moves}
        changes: dict[tuple[str, str], ChangedPaths] = {}
        for question in mine:
            known = self._known.get(question)
            if known is None:
                self._tell(question)  # it could not be answered until now
            elif known.ref in moves and await self._differs(question, known, moves[known.ref], changes):
                self._tell(question)

    async def _differs(
        self, question: GitQuestion, known: _Known, move: RefMove, changes: dict[tuple[str, str], ChangedPaths]
    ) -> bool:
        """Whether the answer is another one after the move. What cannot be told is asked again by the set itself."""
        try:
            if move.new is None:
                raise TooMuch
            pair = (known.commit, move.new)
            if pair not in changes:
                changes[pair] = await self._repositories.changed_paths(question.url, *pair)
            answer = known.answer
            if may_differ(question, changes[pair], new_globbing=self.new_file_globbing()):
                answer = await self._read(question, move.new)
        except (GitsyncError, TooMuch):
            self._known.pop(question, None)
            return True
        if self._known.get(question) is not known:
            return False  # somebody asked meanwhile
        same = answer == known.answer
        self._known[question] = _Known(move.new, known.ref, known.answer if same else answer)
        return not same

    def _tell(self, question: GitQuestion) -> None:
        for asker in tuple(self._asked.get(question, ())):
            self.regenerated_total += 1
            self._on_changed(asker)


def may_differ(question: GitQuestion, changed: ChangedPaths, *, new_globbing: bool = False) -> bool:
    """Whether such changes can make another answer: directories come and go with files, files with their globs."""
    for change in changed:
        if question.directories and change.kind is not ChangeKind.MODIFIED:
            return True
        if any(matches_file(pattern, change.path, new_globbing=new_globbing) for pattern in question.files):
            return True
    return False


def read_answer(files: Files, question: GitQuestion, *, new_globbing: bool = False) -> GitAnswer:
    """Raises TooMuch. Links and submodules are not followed: nothing outside the commit is ever read."""
    directories: list[str] = []
    found: dict[str, bytes] = {}
    size = 0
    for position, (path, entry) in enumerate(_walk(files, question)):
        if position >= _MOST_WALKED:
            raise TooMuch(f"the globs lead to more than {_MOST_WALKED} directories and files")
        if entry.type is EntryType.TREE:
            if any(matches_directory(pattern, path) for pattern in question.directories):
                directories.append(path)
        elif any(matches_file(pattern, path, new_globbing=new_globbing) for pattern in question.files):
            size += files.size(entry.id)
            if files.size(entry.id) > _LARGEST_FILE or len(found) >= _MOST_FILES or size > _MOST_BYTES:
                raise TooMuch(f"the globs fit too many or too large files; {path} is one too much")
            found[path] = files.read(entry.id)
    return GitAnswer(tuple(directories), found)


def _walk(files: Files, question: GitQuestion) -> Iterator[tuple[str, Entry]]:
    """Directories, and files where files are asked for, but none below a directory that no glob leads into."""
    todo = [("", files.root().id)]
    while todo:
        here, tree_id = todo.pop()
        for entry in files.children(tree_id):
            path = f"{here}/{entry.name}" if here else entry.name
            if entry.type is EntryType.TREE:
                yield path, entry
                if _leads_into(question, path):
                    todo.append((path, entry.id))
            elif entry.type is EntryType.BLOB and question.files:
                yield path, entry


def _leads_into(question: GitQuestion, directory: str) -> bool:
    below = f"{directory}/"
    for pattern in question.files:
        plain = re.split(r"[*?\[\\]", pattern, maxsplit=1)[0]
        if below.startswith(plain) or plain.startswith(below):
            return True
    return any(_may_hold(pattern, directory) for pattern in question.directories)


def _may_hold(pattern: str, directory: str) -> bool:
    """Whether a glob of directories, in which no sign crosses a `/`, can fit something below."""
    parts, wanted = directory.split("/"), pattern.split("/")
    if len(parts) >= len(wanted):
        return False
    if re.search(r"[\[\\]", pattern):
        return True
    return all(matches_directory(one, part) for one, part in zip(wanted, parts, strict=False))

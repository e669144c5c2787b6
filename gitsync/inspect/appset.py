"""`argosy inspect appset`: the Applications that an ApplicationSet would generate."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from gitsync.appset.generate import Generation, generate
from gitsync.appset.inputs import ClusterInput, GeneratorInputs, GitAnswer, GitQuestion, Question
from gitsync.inspect.files import InspectError
from gitsync.manifest.object import JsonObject
from gitsync.project.permits import normalize_url

_MOST_FILES = 100_000
_LARGEST_FILE = 2_000_000
_MOST_ROUNDS = 1000


def inspect_appset(
    application_set: JsonObject,
    clusters: tuple[ClusterInput, ...],
    directories: Mapping[str, Path],
    *,
    now: datetime,
) -> Generation:
    """What would be generated. Raises InspectError where something is needed that the files do not hold."""
    known = {normalize_url(url): directory for url, directory in directories.items()}
    answers: dict[Question, GitAnswer] = {}
    trees: dict[Path, GitAnswer] = {}
    for _ in range(_MOST_ROUNDS):
        generation = generate(application_set, GeneratorInputs(clusters, answers), now=now)
        if not generation.questions:
            return generation
        for question in generation.questions:
            answers[question] = _answer(question, known, trees)
    raise InspectError("the generators read too many repositories", suggestion="Narrow them.")


def _answer(question: Question, known: Mapping[str, Path], trees: dict[Path, GitAnswer]) -> GitAnswer:
    if not isinstance(question, GitQuestion):
        raise InspectError(
            f"the {question.kind} generator asks a server, which inspect never does", suggestion="Use other generators."
        )
    directory = known.get(normalize_url(question.url))
    if directory is None or not directory.is_dir():
        raise InspectError(f"no directory for {question.url}", suggestion=f"Add --repo {question.url}=DIR.")
    if directory not in trees:
        trees[directory] = read_tree(directory)
    return trees[directory]


def read_tree(top: Path) -> GitAnswer:
    """Directories and files below `top`; links are not followed."""
    found = [path for path in sorted(top.rglob("*")) if not path.is_symlink() and ".git" not in path.parts]
    if len(found) > _MOST_FILES:
        raise InspectError(f"{top} holds too many files", suggestion="Give a smaller checkout.")
    places = {path: path.relative_to(top).as_posix() for path in found}
    files = {
        place: path.read_bytes()
        for path, place in places.items()
        if path.is_file() and path.stat().st_size <= _LARGEST_FILE
    }
    return GitAnswer(tuple(place for path, place in places.items() if path.is_dir()), files)

"""`argosy inspect appset`: the Applications that an ApplicationSet would generate."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gitsync.appset.generate import Generation, generate
from gitsync.appset.inputs import ClusterInput, GeneratorInputs, GitAnswer, GitQuestion, Question
from gitsync.appset.plan import plan_applications, policy_of
from gitsync.appset.rollout import held, is_rolling
from gitsync.appset.validation import validated
from gitsync.inspect.files import InspectError, is_application, read_objects
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


def appset_of_file(
    file: str, clusters: tuple[ClusterInput, ...], directories: Mapping[str, Path], *, now: datetime
) -> list[JsonObject]:
    """The Applications of all sets in a file. Raises InspectError unless every one could be generated."""
    generations = generations_of_file(file, clusters, directories, now=now)
    if errors := [error for generation in generations for error in errors_of(generation)]:
        raise InspectError(f"{file}: {'; '.join(errors)}", suggestion="Correct the ApplicationSet")
    return [one for generation in generations for one in generation.applications]


def generations_of_file(
    file: str, clusters: tuple[ClusterInput, ...], directories: Mapping[str, Path], *, now: datetime
) -> list[Generation]:
    return [inspect_appset(one, clusters, directories, now=now) for one in sets_of_file(file)]


def told(generation: Generation) -> list[str]:
    """Warnings and errors, a line each."""
    warnings = [f"warning: {warning}" for warning in generation.warnings]
    return [*warnings, *(f"error: {error}" for error in errors_of(generation))]


def errors_of(generation: Generation) -> list[str]:
    """Why something was not generated, or may not be written."""
    rejected = [f"ApplicationValidationError: {name}: {why}" for name, why in generation.rejected.items()]
    return [*(f"{error.reason}: {error.message}" for error in generation.errors), *rejected]


def sets_of_file(file: str) -> list[JsonObject]:
    sets = [body for body in read_objects(file) if body["kind"] == "ApplicationSet"]
    if not sets:
        raise InspectError(f"{file}: holds no ApplicationSet", suggestion="Give a file with an ApplicationSet.")
    return sets


def preview_of_file(
    file: str,
    live: Sequence[JsonObject],
    clusters: tuple[ClusterInput, ...],
    directories: Mapping[str, Path],
    *,
    now: datetime,
) -> list[JsonObject]:
    """What each set in a file would create, change and delete among live objects: Applications, and the sets that own
    them. AppProjects among them are asked."""
    return [
        _preview(one, live, clusters, inspect_appset(one, clusters, directories, now=now)) for one in sets_of_file(file)
    ]


def _preview(
    application_set: JsonObject, live: Sequence[JsonObject], clusters: tuple[ClusterInput, ...], generation: Generation
) -> JsonObject:
    name = application_set["metadata"].get("name")
    same = [body for body in live if body["kind"] == "ApplicationSet" and body["metadata"].get("name") == name]
    projects = {body["metadata"]["name"]: body for body in live if body["kind"] == "AppProject"}
    metadata = {**application_set["metadata"], **({"uid": same[0]["metadata"].get("uid")} if same else {})}
    known = {**application_set, "metadata": metadata}
    if projects:
        generation = validated(generation, projects, clusters)
    if is_rolling(known):
        generation = replace(generation, applications=tuple(map(held, generation.applications)))
    plan = plan_applications(known, generation, list(filter(is_application, live)), policy_of(known))
    return {
        "name": name,
        "complete": generation.complete,
        "applications": [one["metadata"]["name"] for one in generation.applications],
        "changes": [{"action": str(one.verb), "name": one.name, "reason": one.reason} for one in plan.changes],
        "withheld": list(plan.withheld),
        "errors": [f"{error.reason}: {error.message}" for error in generation.errors],
        "warnings": list(generation.warnings),
    }


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

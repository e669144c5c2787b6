"""What generators need of the world, as values. What is not there yet comes back as a question."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gitsync.appset.errors import ProviderFailed
from gitsync.manifest.object import JsonObject

LOCAL_SERVER = "https://kubernetes.default.svc"
LOCAL_NAME = "in-cluster"


@dataclass(frozen=True, slots=True)
class ClusterInput:
    """One cluster Secret, without its credentials. `shut_out`: it is known, and no destination."""

    name: str
    server: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    project: str = ""
    shut_out: bool = False


@dataclass(frozen=True, slots=True)
class GitQuestion:
    """Which directories and files a repository holds at a revision that these globs include; what they exclude
    does not matter to who answers."""

    url: str
    revision: str
    directories: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostQuestion:
    """What a Git host, plugin or duck-typed resource answers. `generator` is its JSON, sorted."""

    kind: str
    generator: str


Question: TypeAlias = GitQuestion | HostQuestion


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """Directories and files of one commit, by paths from the root. More than was asked for does no harm."""

    directories: tuple[str, ...]
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """Parameters of each repository or pull request, before filters."""

    entries: tuple[JsonObject, ...]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Who was asked could not answer. `message` is safe to show."""

    message: str


Answer: TypeAlias = GitAnswer | HostAnswer | Unanswered


@dataclass(frozen=True, slots=True)
class GeneratorInputs:
    clusters: tuple[ClusterInput, ...] = ()
    answers: Mapping[Question, Any] = field(default_factory=dict)
    new_file_globbing: bool = False


class AnswerMissing(Exception):
    """A generator needs answers first: get them and generate once more."""

    def __init__(self, questions: Iterable[Question]) -> None:
        self.questions = tuple(dict.fromkeys(questions))
        super().__init__(self.questions)


def answer(inputs: GeneratorInputs, question: Question) -> Any:
    """Raises AnswerMissing, and ProviderFailed where nobody could answer."""
    if question not in inputs.answers:
        raise AnswerMissing((question,))
    found = inputs.answers[question]
    if isinstance(found, Unanswered):
        raise ProviderFailed(found.message)
    return found

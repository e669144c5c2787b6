"""What generators need of the world, as values. What is not there yet comes back as a question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gitsync.manifest.object import JsonObject

LOCAL_SERVER = "https://kubernetes.default.svc"


@dataclass(frozen=True, slots=True)
class ClusterInput:
    """One cluster Secret, without its credentials."""

    name: str
    server: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    project: str = ""


@dataclass(frozen=True, slots=True)
class GitQuestion:
    """What a repository holds at a revision."""

    url: str
    revision: str


@dataclass(frozen=True, slots=True)
class HostQuestion:
    """What a Git host, plugin or duck-typed resource answers. `generator` is its JSON, sorted."""

    kind: str
    generator: str


Question: TypeAlias = GitQuestion | HostQuestion


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """Directories and files of one commit, by paths from the root."""

    directories: tuple[str, ...]
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """Parameters of each repository or pull request, before filters."""

    entries: tuple[JsonObject, ...]


@dataclass(frozen=True, slots=True)
class GeneratorInputs:
    clusters: tuple[ClusterInput, ...] = ()
    answers: Mapping[Question, Any] = field(default_factory=dict)
    new_file_globbing: bool = False


class AnswerMissing(Exception):
    """A generator needs an answer first: get it and generate once more."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


def answer(inputs: GeneratorInputs, question: Question) -> Any:
    if question not in inputs.answers:
        raise AnswerMissing(question)
    return inputs.answers[question]

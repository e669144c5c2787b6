"""Executions are told once what rules them is known, and only to those who may read all of it."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gitsync.application.record import Record, Records, read_application
from gitsync.fleet.members import Member
from gitsync.kube.access import ClusterAccess
from gitsync.kube.cache import LiveCache
from gitsync.kube.client import Cluster
from gitsync.manifest.object import Facts, LiveObject
from gitsync.reporting.executions import Executions
from gitsync.reporting.outbox import Subject
from gitsync.reporting.report import access_repo_url
from model.identity import ResourceKey
from model.link import ExecutionFinished
from tests.support.workflows import SERVER, SHA, parameters, workflow

PLATFORM, WEB = "https://git.example/platform.git", "https://git.example/shop/web.git"
TEMPLATE = ResourceKey("argoproj.io", "WorkflowTemplate", "ci", "build")
BUILT = {"workflowTemplateRef": {"name": "build"}}


class World:
    """One cluster, one application that deploys to it."""

    def __init__(self, *, most_kept: int = 100) -> None:
        cache = LiveCache(Cluster(ClusterAccess("sandbox", SERVER)), facts_of=lambda _: Facts())
        self.member = Member(SERVER, "sandbox", cache.cluster, cache)
        self.records = Records("argosy")
        self.told: list[Subject] = []
        self.clusters_told: list[Subject] = []
        self.executions = Executions(
            records=self.records,
            fleet=lambda: self,
            author_of=self.author_of,
            access_repo_url=lambda record: access_repo_url(record, None),
            read_repositories=lambda: (PLATFORM, WEB),
            changed=self.tell,
            most_kept=most_kept,
        )
        self.authors: dict[str, str] = {}

    def tell(self, subject: Subject) -> None:
        (self.clusters_told if subject[0] == "cluster" else self.told).append(subject)

    def get(self, server: str) -> Member | None:
        return self.member if server == SERVER else None

    def __iter__(self) -> Iterator[Member]:
        yield self.member

    def author_of(self, repository: str, commit: str, subject: Subject) -> str:
        return self.authors.get(f"{repository} {commit}", "")

    def listed(self) -> None:
        self.member.cache.synced.set()
        self.executions.reached(self.member)

    def hold_template(self, *, mark: str = "pipelines:argoproj.io/WorkflowTemplate:ci/build") -> Record:
        """The application `pipelines` brought the template."""
        body: dict[str, Any] = {
            "metadata": {"name": "pipelines", "namespace": "argosy"},
            "spec": {"source": {"repoURL": PLATFORM, "path": "ci"}},
        }
        self.member.cache.index.put(LiveObject(TEMPLATE, "v1alpha1", "uid-template", "1", owner=mark))
        return self.records.add(body, read_application(body))

    def show(self, **parts: Any) -> None:
        self.executions.read(SERVER, msgspec.json.encode(workflow(**parts)))

    def rulers(self) -> tuple[str, ...]:
        (subject,) = self.executions.subjects()
        item = self.executions.item(str(subject[1]))
        assert isinstance(item, ExecutionFinished)
        return item.execution.access_repo_urls


@pytest.fixture
def world() -> World:
    found = World()
    found.executions.home_known()
    found.listed()
    return found


def test_nothing_is_told_before_applications_and_objects_are_known() -> None:
    world = World()
    world.show()
    world.executions.home_known()
    assert (world.told, world.executions.subjects()) == ([], [])
    assert world.executions.item("uid-build-x7k2p") is None
    world.listed()
    assert world.told == [("execution", "uid-build-x7k2p")]
    world.listed()
    assert len(world.told) == 1, "nothing waits any more"


def test_the_repository_of_the_application_that_holds_the_template_rules(world: World) -> None:
    world.hold_template()
    world.show(spec=BUILT)
    assert world.rulers() == (PLATFORM,)


def test_a_repository_that_it_names_has_to_be_readable_too(world: World) -> None:
    world.hold_template()
    world.show(spec=BUILT | parameters(repo_url="git@git.example:shop/web.git"))
    assert world.rulers() == (PLATFORM, WEB)


def test_without_an_application_the_repository_that_it_names_rules(world: World) -> None:
    world.show(spec=parameters(repo_url=WEB))
    assert world.rulers() == (WEB,)


@pytest.mark.parametrize("spec", [{}, parameters(repo_url="https://elsewhere.example/x.git")])
def test_what_names_nothing_that_can_be_asked_is_for_administrators(world: World, spec: dict[str, Any]) -> None:
    world.show(spec=spec)
    assert world.rulers() == ("",)


def test_a_repository_that_the_runtime_does_not_read_hides_it_though_an_application_holds_it(world: World) -> None:
    world.hold_template()
    world.show(spec=BUILT | parameters(repo_url="https://elsewhere.example/x.git"))
    assert "" in world.rulers()


def test_a_mark_that_was_copied_or_is_of_another_cluster_rules_nothing(world: World) -> None:
    world.hold_template(mark="pipelines:argoproj.io/WorkflowTemplate:ci/another")
    world.show(spec=BUILT)
    assert world.rulers() == ("",)
    world.records.place(world.hold_template(), "https://elsewhere.example")
    world.show(spec=BUILT)
    assert world.rulers() == ("",)


def test_the_author_of_the_commit_is_who_git_says(world: World) -> None:
    world.show(spec=parameters(repo_url=WEB, commit_sha=SHA, commit_author="bot"))
    uid = "uid-build-x7k2p"
    told = world.executions.item(uid)
    assert told
    assert told.execution.initiator == "bot", "until Git has told"
    world.authors[f"{WEB} {SHA}"] = "Mira Kovac"
    told = world.executions.item(uid)
    assert told
    assert told.execution.initiator == "Mira Kovac"


def test_one_that_ran_again_is_told_again_under_its_uid(world: World) -> None:
    world.show(phase="Failed")
    world.show(phase="Running", status={"finishedAt": None})
    world.show(phase="Succeeded")
    assert world.told == [("execution", "uid-build-x7k2p")] * 2
    assert len(world.executions.subjects()) == 1


def test_the_first_workflow_of_a_cluster_says_that_it_serves_them(world: World) -> None:
    world.show(name="a", phase="Running", status={"finishedAt": None})
    world.show(name="b")
    assert world.clusters_told == [("cluster", SERVER)]


def test_the_newest_are_kept() -> None:
    world = World(most_kept=2)
    for name in ("a", "b", "c"):
        world.show(name=name)
    world.executions.home_known()
    world.listed()
    assert world.executions.subjects() == [("execution", "uid-b"), ("execution", "uid-c")]

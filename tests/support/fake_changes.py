"""Answers of a fake runtime to changes in Git: every change lands as one commit."""

from collections.abc import Mapping
from datetime import UTC, datetime

from model.link import AnswerBody, CompareReleases, DiffApplication, Refusal, RequestBody
from model.link_appset import ApplicationSetPreviewAnswer, PlannedApplication, PreviewApplicationSet
from model.link_change import (
    Author,
    ChangeAnswer,
    CreateApplication,
    DeleteApplication,
    DeleteGitSource,
    EditApplication,
    GetManifestFile,
    ManageRuntime,
    ManifestFileAnswer,
    PutGitSource,
    ValidateApplication,
    ValidationAnswer,
)
from model.link_cluster import AddCluster, ClusterAnswer, InstallRollouts, RemoveCluster
from model.report import CommitInfo
from tests.support.fake_application_diff import application_diff, release_changes
from tests.support.fake_runtime import Answer

REPOSITORY = "https://git.example.test/platform.git"


def commit_of(author: Author, message: str) -> CommitInfo:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    return CommitInfo("c" * 40, message, author.name, author.email, now, REPOSITORY, "main")


def _changed(body: RequestBody) -> AnswerBody | Refusal:
    applications = CreateApplication | EditApplication | DeleteApplication
    assert isinstance(body, applications | PutGitSource | DeleteGitSource | ManageRuntime)
    return ChangeAnswer(body.operation_id, commit_of(body.author, "Change it"), "+ a line")


def _validated(body: RequestBody) -> AnswerBody | Refusal:
    assert isinstance(body, ValidateApplication)
    return ValidationAnswer(normalized=body.manifest)


def _file(body: RequestBody) -> AnswerBody | Refusal:
    return ManifestFileAnswer(REPOSITORY, "main", "applications/cart.yaml", "b" * 40, "kind: Application\n")


def _previewed(body: RequestBody) -> AnswerBody | Refusal:
    assert isinstance(body, PreviewApplicationSet)
    change = PlannedApplication("cart", "update", "differs from what is generated", {"spec": 1}, {"spec": 2})
    return ApplicationSetPreviewAnswer(("cart",), True, (change,), 1, (body.author.name,))


def cluster_changed(body: RequestBody) -> AnswerBody | Refusal:
    assert isinstance(body, AddCluster | RemoveCluster | InstallRollouts)
    return ClusterAnswer(body.operation_id, commit_of(body.author, "Change a cluster"), server_version="v1.33.0")


CHANGES: Mapping[type[RequestBody], Answer] = {
    CreateApplication: _changed,
    EditApplication: _changed,
    DeleteApplication: _changed,
    PutGitSource: _changed,
    DeleteGitSource: _changed,
    ManageRuntime: _changed,
    ValidateApplication: _validated,
    GetManifestFile: _file,
    PreviewApplicationSet: _previewed,
    AddCluster: cluster_changed,
    RemoveCluster: cluster_changed,
    InstallRollouts: cluster_changed,
    DiffApplication: application_diff,
    CompareReleases: release_changes,
}

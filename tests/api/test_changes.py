"""Changes through the API: asked of the runtime in the viewer's name, refused with a code where they cannot be."""

import asyncio
from functools import partial
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from model.kinds.application import ApplicationSource, DirectoryOptions
from model.link import AnswerBody, ApplicationChanged, RequestBody
from model.link_change import (
    AllowedDestination,
    ChangeAnswer,
    Conflict,
    CreateApplication,
    DeleteApplication,
    EditApplication,
    GetManifestFile,
    GetRestriction,
    ManifestFileAnswer,
    Problem,
    PutGitSource,
    RestrictionAnswer,
    ValidateApplication,
    ValidationAnswer,
)
from tests.support.control_plane import Running
from tests.support.fake_fleet import PLATFORM, git_source
from tests.support.fake_runtime import FakeRuntime

CART = {"runtime": "demo", "name": "cart"}
WORDS = {"message": "Change it", "description": "Because"}
_PAYLOAD = """{ operationId diff pullRequestUrl commit { sha message author { name email } branch }
  errors { code message field line suggestion conflict { base theirs mine } } }"""
CREATE = f"mutation($input: CreateApplicationInput!) {{ outcome: createApplication(input: $input) {_PAYLOAD} }}"
EDIT = f"mutation($input: EditApplicationInput!) {{ outcome: editApplication(input: $input) {_PAYLOAD} }}"
DELETE = f"mutation($input: DeleteApplicationInput!) {{ outcome: deleteApplication(input: $input) {_PAYLOAD} }}"
VALIDATE = """mutation($input: ValidateApplicationInput!) {
  outcome: validateApplication(input: $input) { valid normalizedManifest errors { code field line } warnings { field } }
}"""


async def outcome(running: Running, document: str, value: dict[str, Any], person: str = "writer") -> dict[str, Any]:
    found: dict[str, Any] = (await running.query(person, document, input=value))["outcome"]
    return found


def asked(runtime: FakeRuntime, kind: type[Any]) -> Any:
    return next(body for body in reversed(runtime.requests) if isinstance(body, kind))


async def test_creating_answers_with_the_commit_in_the_viewers_name(running: Running, runtime: FakeRuntime) -> None:
    value = {"runtime": "demo", "gitSource": "platform", "manifest": "kind: Application", "commit": WORDS}
    found = await outcome(running, CREATE, {**value, "operationId": "op-1", "fileName": "a/b.yaml"})
    assert (found["operationId"], found["errors"]) == ("op-1", [])
    assert found["commit"]["author"]["name"] == "writer"
    body = asked(runtime, CreateApplication)
    assert (body.git_source, body.manifest, body.operation_id) == ("platform", "kind: Application", "op-1")
    assert (body.author.name, body.words.message, body.words.description) == ("writer", "Change it", "Because")
    assert (body.file_name, body.words.pull_request) == ("a/b.yaml", False)


async def test_an_object_is_a_manifest_too_and_both_are_refused(running: Running, runtime: FakeRuntime) -> None:
    value = {"application": CART, "commit": WORDS}
    await outcome(running, EDIT, {**value, "object": {"kind": "Application"}, "baseBlob": "b1", "pullRequest": True})
    body = asked(runtime, EditApplication)
    assert (body.manifest, body.base_blob, body.words.pull_request) == ('{"kind":"Application"}', "b1", True)
    both = await outcome(running, EDIT, {**value, "object": {}, "manifest": ""})
    neither = await outcome(running, EDIT, value)
    assert [one["errors"][0]["code"] for one in (both, neither)] == ["VALIDATION_ERROR"] * 2


async def test_deleting_needs_the_name_again(running: Running, runtime: FakeRuntime) -> None:
    wrong = await outcome(running, DELETE, {"application": CART, "confirmName": "card", "commit": WORDS})
    assert (wrong["errors"][0]["code"], wrong["errors"][0]["field"]) == ("VALIDATION_ERROR", "confirmName")
    right = await outcome(running, DELETE, {"application": CART, "confirmName": "cart", "commit": WORDS})
    assert right["errors"] == []
    assert asked(runtime, DeleteApplication).application.name == "cart"


async def test_what_no_git_source_holds_is_not_in_git(running: Running, runtime: FakeRuntime) -> None:
    orphan = {"runtime": "demo", "name": "orphan"}
    found = await outcome(running, EDIT, {"application": orphan, "manifest": "a", "commit": WORDS}, "admin")
    assert found["errors"][0]["code"] == "NOT_IN_GIT"
    assert found["errors"][0]["suggestion"]


async def test_problems_keep_field_line_and_all_three_versions(running: Running, runtime: FakeRuntime) -> None:
    problem = Problem("CONFLICT_ERROR", "it changed", "spec.source", 7, "look again", Conflict("b", "t", "m"))

    def conflicting(body: RequestBody) -> AnswerBody:
        assert isinstance(body, EditApplication)
        return ChangeAnswer(body.operation_id, problems=(problem,))

    runtime.answers[EditApplication] = conflicting
    found = await outcome(running, EDIT, {"application": CART, "manifest": "a", "commit": WORDS})
    assert found["commit"] is None
    assert found["errors"] == [
        {
            "code": "CONFLICT_ERROR",
            "message": "it changed",
            "field": "spec.source",
            "line": 7,
            "suggestion": "look again",
            "conflict": {"base": "b", "theirs": "t", "mine": "m"},
        }
    ]


async def test_validation_says_errors_and_warnings(running: Running, runtime: FakeRuntime) -> None:
    errors = (Problem("VALIDATION_ERROR", "no", "spec.project", 3),)

    def judged(body: RequestBody) -> AnswerBody:
        assert isinstance(body, ValidateApplication)
        return ValidationAnswer(errors, (Problem("VALIDATION_ERROR", "hm", "spec.soruce"),), body.manifest)

    runtime.answers[ValidateApplication] = judged
    found = await outcome(running, VALIDATE, {"runtime": "demo", "manifest": "a: 1"})
    assert found == {
        "valid": False,
        "normalizedManifest": "a: 1",
        "errors": [{"code": "VALIDATION_ERROR", "field": "spec.project", "line": 3}],
        "warnings": [{"field": "spec.soruce"}],
    }


@pytest.mark.parametrize("source", ["nothing", "cart"])
async def test_only_git_sources_take_applications(running: Running, runtime: FakeRuntime, source: str) -> None:
    value = {"runtime": "demo", "gitSource": source, "manifest": "a", "commit": WORDS}
    found = await outcome(running, CREATE, value)
    assert found["errors"][0]["code"] == "NOT_FOUND_ERROR"


async def test_the_file_of_a_manifest_can_be_read_to_edit_it(running: Running, runtime: FakeRuntime) -> None:
    document = '{ application(runtime: "demo", name: "cart") { manifestFile { path blob text branch } } }'
    answer = await running.query("writer", document)
    assert answer["application"]["manifestFile"]["path"] == "applications/cart.yaml"


LIMITS = """{ gitSources { nodes { metadata { name } include exclude restriction {
    allowedRepositories allowedDestinations { server name namespace } } } } }"""


async def test_what_was_said_of_a_git_source_can_be_read_again(running: Running, runtime: FakeRuntime) -> None:
    """To edit one without saying everything anew; what is restricted is asked of the runtime only where it is."""
    [node] = (await running.query("reader", LIMITS))["gitSources"]["nodes"]
    assert (node["include"], node["exclude"], node["restriction"]) == (None, None, None)
    assert GetRestriction not in map(type, runtime.requests)
    source = ApplicationSource(
        repo_url=PLATFORM, path="teams", directory=DirectoryOptions(recurse=True, include="*.yaml", exclude="old/*")
    )
    restricted = msgspec.structs.replace(git_source(), sources=(source,), project="platform")
    await runtime.report(ApplicationChanged(restricted))
    place = AllowedDestination("https://kubernetes.default.svc", "", "team-*")
    runtime.answers[GetRestriction] = lambda _: RestrictionAnswer(True, (PLATFORM,), (place,))
    [node] = (await running.query("reader", LIMITS))["gitSources"]["nodes"]
    assert (node["include"], node["exclude"]) == ("*.yaml", "old/*")
    assert node["restriction"] == {
        "allowedRepositories": [PLATFORM],
        "allowedDestinations": [{"server": "https://kubernetes.default.svc", "name": None, "namespace": "team-*"}],
    }


@pytest.mark.cpu_seconds(20)
async def test_an_edit_at_the_command_line_leaves_what_it_does_not_name(running: Running, runtime: FakeRuntime) -> None:
    directory = DirectoryOptions(recurse=True, include="*.yaml", exclude="old/*")
    source = ApplicationSource(repo_url=PLATFORM, path="teams", target_revision="main", directory=directory)
    await runtime.report(
        ApplicationChanged(msgspec.structs.replace(git_source(), sources=(source,), project="platform"))
    )
    place = AllowedDestination("https://kubernetes.default.svc", "", "team-*")
    runtime.answers[GetRestriction] = lambda _: RestrictionAnswer(True, (PLATFORM,), (place,))
    server = ("--server", running.address, "--token", await running.token("admin"))

    async def edit(*words: str) -> Result:
        told = ["git-source", *server, "edit", "platform", "--runtime", "demo", *words]
        return await asyncio.to_thread(CliRunner().invoke, main, told)

    done = await edit("--path", "squads", "--exclude", "")
    assert done.exit_code == 0, done.output
    put = asked(runtime, PutGitSource)
    assert (put.repo_url, put.revision, put.path, put.include, put.exclude) == (
        PLATFORM,
        "main",
        "squads",
        "*.yaml",
        "",
    )
    assert (put.allowed_repositories, put.allowed_destinations) == ((PLATFORM,), (place,))
    missing = await asyncio.to_thread(
        CliRunner().invoke, main, ["git-source", *server, "edit", "nothing", "--runtime", "demo"]
    )
    assert (missing.exit_code, "no Git Source nothing" in missing.output) == (1, True)


@pytest.mark.cpu_seconds(20)
async def test_an_edit_in_the_editor_is_committed_as_it_was_written(running: Running, runtime: FakeRuntime) -> None:
    server = ("--server", running.address, "--token", await running.token("writer"))

    async def edit(editor: str) -> Result:
        told = ["app", *server, "edit", "demo/cart"]
        return await asyncio.to_thread(partial(CliRunner(env={"EDITOR": editor}).invoke, main, told))

    file = ManifestFileAnswer(PLATFORM, "main", "carts.yaml", "b" * 40, "a: 1\n---\nb: 2\n", 1, "b: 2\n")
    runtime.answers[GetManifestFile] = lambda _: file
    done = await edit("sed -i 's/$/  # two/'")
    assert done.exit_code == 0, done.output
    put = asked(runtime, EditApplication)
    assert (put.manifest, put.base_blob, put.as_written) == ("b: 2  # two\n", "b" * 40, True)
    runtime.answers[GetManifestFile] = lambda _: msgspec.structs.replace(file, manifest="")
    refused = await edit("true")
    assert (refused.exit_code, "carts.yaml holds several objects" in refused.output) == (1, True), refused.output

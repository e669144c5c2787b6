"""Builds of images: reported by who may deploy, shown to who may see the release."""

import asyncio
from typing import Any

import msgspec
import orjson
import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from model.link import ApplicationChanged
from tests.support.api_world import SECRET_REPO, renamed
from tests.support.control_plane import Running
from tests.support.fake_fleet import PLATFORM, summary
from tests.support.fake_runtime import FakeRuntime

REPORT = """mutation Report($input: ImageBuildInput!) { outcome: reportImageBuild(input: $input) {
  repositories build { image url reporter } errors { code message field suggestion } } }"""
BUILDS = """query Builds($name: String!) { gitopsReleases(filters: {name: $name}) { nodes { current builds {
  image url ci name repository branch commit pullRequests issues builder durationSeconds reporter } } } }"""
NAME, (IMAGE,) = summary(0).key.name, summary(0).images
LINK = "https://ci.example.test/runs/4711"
WHOLE = {
    "image": IMAGE,
    "link": LINK,
    "ci": "GitHub Actions",
    "name": "release",
    "repository": "https://git.example.test/shop/cart.git",
    "branch": "main",
    "commit": "4f0c2d1",
    "pullRequests": ["#12"],
    "issues": ["SHOP-3"],
    "builder": "robot",
    "durationSeconds": 93.5,
}


async def report(running: Running, person: str, **given: Any) -> dict[str, Any]:
    answer = await running.query(person, REPORT, input={"image": IMAGE, "link": LINK} | given)
    outcome: dict[str, Any] = answer["outcome"]
    return outcome


async def shown(running: Running, person: str, name: str) -> list[dict[str, Any]]:
    """Builds of the newest release of an application."""
    nodes = (await running.query(person, BUILDS, name=name))["gitopsReleases"]["nodes"]
    return [build for node in nodes if node["current"] for build in node["builds"]]


async def test_a_reported_build_stands_on_the_release_that_brought_its_image(
    running: Running, runtime: FakeRuntime
) -> None:
    assert await shown(running, "reader", NAME) == []
    done = await report(running, "writer", **WHOLE)
    assert done["errors"] == []
    assert PLATFORM in done["repositories"]
    assert SECRET_REPO not in done["repositories"]
    (build,) = await shown(running, "reader", NAME)
    said = {**WHOLE, "pullRequests": ["12"], "url": LINK, "reporter": "writer"}
    del said["link"]
    assert build == said
    assert await shown(running, "stranger", NAME) == []
    assert await shown(running, "reader", summary(1).key.name) == [], "of another image"


async def test_a_report_counts_only_where_the_reporter_may_write(running: Running, runtime: FakeRuntime) -> None:
    secret = msgspec.structs.replace(renamed("secret", access_repo_url=SECRET_REPO), uid="uid-secret")
    await runtime.report(ApplicationChanged(secret))
    await report(running, "writer")
    assert await shown(running, "admin", "secret") == []
    await report(running, "admin", link="https://ci.example.test/runs/1")
    assert [build["reporter"] for build in await shown(running, "admin", "secret")] == ["admin"]
    assert await shown(running, "writer", "secret") == [], "may not see the release at all"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "https://robot:secret@ci.example.test/1"}, "link"),
        ({"image": "no image"}, "image"),
        ({"digest": "sha256:short"}, "image"),
        ({"repository": "https://robot:secret@git.example.test/cart.git"}, "repository"),
        ({"branch": "a\nb"}, "branch"),
        ({"pullRequests": ["x" * 101]}, "pullRequests"),
        ({"durationSeconds": -1}, "durationSeconds"),
    ],
)
async def test_what_is_wrong_is_said_with_its_field(
    running: Running, runtime: FakeRuntime, given: dict[str, Any], field: str
) -> None:
    (error,) = (await report(running, "writer", **given))["errors"]
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", field)
    assert "secret" not in error["message"]
    assert await shown(running, "writer", NAME) == []


async def test_who_may_write_nowhere_may_not_report(running: Running, runtime: FakeRuntime) -> None:
    (error,) = (await report(running, "reader"))["errors"]
    assert error["code"] == "FORBIDDEN_ERROR"
    assert error["suggestion"]


async def test_while_git_cannot_be_asked_a_report_is_to_be_sent_again(running: Running) -> None:
    fake = await running.runtime("demo", rights={"writer": {"*": (True, True)}})
    async with fake.connected():
        await fake.snapshot(ApplicationChanged(summary(0)))
    (error,) = (await report(running, "writer"))["errors"]
    assert error["code"] == "RUNTIME_UNAVAILABLE"


async def test_the_command_reports_what_ci_knows(running: Running, runtime: FakeRuntime) -> None:
    async def argosy(person: str, *words: str) -> Result:
        server = ("--server", running.address, "--token", await running.token(person))
        return await asyncio.to_thread(CliRunner().invoke, main, ["image", *server, "report", *words])

    words = ("--ci", "Jenkins", "--pull-request", "7", "--pull-request", "8", "--seconds", "61", "-o", "json")
    done = await argosy("writer", IMAGE, "--link", LINK, *words)
    assert done.exit_code == 0, done.output
    assert orjson.loads(done.stdout)[0]["url"] == LINK
    (build,) = await shown(running, "writer", NAME)
    assert (build["ci"], build["pullRequests"], build["durationSeconds"]) == ("Jenkins", ["7", "8"], 61)
    refused = await argosy("reader", IMAGE, "--link", LINK)
    assert refused.exit_code == 1
    assert "API token" in refused.output

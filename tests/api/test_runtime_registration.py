"""Registering runtimes: tokens are shown once, void tokens end connections, and only administrators may."""

import asyncio
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner, Result
from websockets.exceptions import ConnectionClosed

from api.cli.main import main
from model.link import RuntimeChanged
from model.report import RuntimeSummary
from tests.support.audit_entries import until
from tests.support.control_plane import Running, control_plane
from tests.support.fake_runtime import FakeRuntime
from tests.support.yaml_text import read_all_yaml

CREATE = (
    'mutation { createRuntime(name: "eu-1") { token runtime { metadata { name } available } errors { code field } } }'
)
RENEW = 'mutation { renewRuntimeToken(name: "demo") { token errors { code } } }'
REMOVE = """mutation ($force: Boolean!) {
  removeRuntime(name: "demo", confirmName: "demo", force: $force) { errors { code message suggestion } }
}"""


def argosy(*words: str, data_dir: Path | None = None) -> Result:
    where = ("--data-dir", str(data_dir)) if data_dir else ()
    return CliRunner().invoke(main, [*words, *where])


async def test_a_created_runtime_connects_with_its_token(running: Running) -> None:
    made = (await running.query("admin", CREATE))["createRuntime"]
    assert made["errors"] == []
    assert made["runtime"] == {"metadata": {"name": "eu-1"}, "available": False}
    async with FakeRuntime("eu-1", made["token"], running.address).connected():
        assert running.plane.connected.available("eu-1")
    again = (await running.query("admin", CREATE))["createRuntime"]
    assert (again["token"], again["errors"]) == (None, [{"code": "VALIDATION_ERROR", "field": "name"}])


async def test_a_renewed_token_ends_the_connection_of_the_old_one(running: Running, runtime: FakeRuntime) -> None:
    old = runtime.token
    made = (await running.query("admin", RENEW))["renewRuntimeToken"]
    assert made["errors"] == []
    await until(lambda: _gone(running))
    with pytest.raises((ConnectionClosed, AssertionError, TimeoutError)):
        async with asyncio.timeout(1), FakeRuntime("demo", old, running.address).connected():
            pass
    async with FakeRuntime("demo", made["token"], running.address).connected():
        assert running.plane.connected.available("demo")


async def test_a_connected_runtime_is_removed_only_by_force(running: Running, runtime: FakeRuntime) -> None:
    refused = (await running.query("admin", REMOVE, force=False))["removeRuntime"]["errors"]
    assert refused[0]["code"] == "VALIDATION_ERROR"
    assert "argosy runtime uninstall demo" in refused[0]["suggestion"]
    assert (await running.query("admin", REMOVE, force=True))["removeRuntime"]["errors"] == []
    await until(lambda: _gone(running))
    assert (await running.query("admin", '{ runtime(name: "demo") { id } }'))["runtime"] is None


async def test_a_token_that_another_process_voided_ends_the_connection(tmp_path: Path) -> None:
    async with control_plane(tmp_path) as running:
        object.__setattr__(running.plane.link, "token_check_seconds", 0.02)
        fake = await running.runtime("demo")
        async with fake.connected():
            done = await asyncio.to_thread(argosy, "runtime", "token", "demo", data_dir=tmp_path)
            assert done.exit_code == 0, done.output
            await until(lambda: _gone(running))


async def _gone(running: Running) -> bool:
    return not running.plane.connected.available("demo")


async def test_names_that_kubernetes_would_refuse_are_refused_here(running: Running) -> None:
    for name in ("", "Eu", "1eu", "eu_1", "e" * 39, "eu-", 'eu"'):
        made = await running.query(
            "admin", "mutation ($n: String!) { createRuntime(name: $n) { errors { field } } }", n=name
        )
        assert made["createRuntime"]["errors"] == [{"field": "name"}], name


def test_the_command_line_installs_a_runtime_that_has_not_connected_yet(tmp_path: Path) -> None:
    created = argosy("runtime", "create", "eu-1", data_dir=tmp_path)
    assert created.exit_code == 0, created.output
    printed = argosy("runtime", "manifests", "eu-1", "--link", "wss://argosy.example.com/link", data_dir=tmp_path)
    assert printed.exit_code == 0, printed.output
    objects = {body["kind"]: body for body in read_all_yaml(printed.stdout)}
    token = objects["Secret"]["stringData"]["token"]
    assert token.startswith("argr_")
    assert token not in created.stdout
    assert token not in yaml.safe_dump(objects["Deployment"])
    assert "--link=wss://argosy.example.com/link" in yaml.safe_dump(objects["Deployment"])


def test_a_token_that_is_given_is_the_one_in_the_manifests(tmp_path: Path) -> None:
    token = argosy("runtime", "create", "eu-1", data_dir=tmp_path).stdout.strip()
    printed = argosy("runtime", "manifests", "eu-1", "--token", token, data_dir=tmp_path)
    assert {body["kind"]: body for body in read_all_yaml(printed.stdout)}["Secret"]["stringData"] == {"token": token}


async def test_a_runtime_that_has_connected_keeps_its_token(running: Running, runtime: FakeRuntime) -> None:
    server = ("--server", running.address, "--api-token", await running.token("admin"))
    printed = await asyncio.to_thread(argosy, "runtime", "manifests", "demo", *server)
    assert printed.exit_code == 0, printed.output
    assert "Secret" not in {body["kind"] for body in read_all_yaml(printed.stdout)}
    listed = await asyncio.to_thread(argosy, "runtime", "list", *server)
    assert "demo" in listed.stdout
    assert running.plane.connected.available("demo")


async def test_people_who_are_no_administrators_are_told_so(running: Running, runtime: FakeRuntime) -> None:
    server = ("--server", running.address, "--api-token", await running.token("writer"))
    refused = await asyncio.to_thread(argosy, "runtime", "create", "mine", *server)
    assert refused.exit_code == 1
    assert "only administrators may register runtimes" in refused.output


@pytest.mark.cpu_seconds(20)  # loads the runtime's libraries
def test_without_a_subcommand_it_is_the_process() -> None:
    refused = argosy("runtime", "--link", "ws://127.0.0.1:1/link", "--kubeconfig", "/none")
    assert refused.exit_code == 2
    assert "--link needs the runtime's token" in refused.output
    unknown = argosy("runtime", "crate")
    assert unknown.exit_code == 2
    assert "No such command 'crate'" in unknown.output


async def test_a_runtime_older_than_the_control_plane_says_so(running: Running, runtime: FakeRuntime) -> None:
    query = '{ runtime(name: "demo") { updateAvailable changelogUrl errors { level title suggestion } } }'
    assert (await running.query("admin", query))["runtime"] == {
        "updateAvailable": None,
        "changelogUrl": "/changelog",
        "errors": [],
    }
    old = RuntimeSummary("0.0.9", "argosy", "ARGOSY", "HELM", running.plane.clock())
    await runtime.report(RuntimeChanged(old))
    found = (await running.query("admin", query))["runtime"]
    assert found["updateAvailable"] == version("argosy")
    (error,) = found["errors"]
    assert (error["level"], error["title"]) == ("WARNING", "Update available")
    assert "argosy runtime manifests demo" in error["suggestion"]
    async with running.http() as client:
        told = await client.get(found["changelogUrl"])
    assert (told.status_code, told.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert f"## {version('argosy')}" in told.text


async def test_a_runtime_with_a_known_hole_has_to_be_updated(tmp_path: Path) -> None:
    query = '{ runtime(name: "demo") { updateRequired changelogUrl } }'
    place = "https://releases.example.test/argosy"
    async with control_plane(tmp_path, secure_runtime_version="0.1.1", changelog_url=place) as running:
        runtime = await running.runtime("demo")
        async with runtime.connected():
            told = RuntimeSummary("0.1.0", "argosy", "ARGOSY", "HELM", running.plane.clock())
            await runtime.snapshot(RuntimeChanged(told))
            assert (await running.query("admin", query))["runtime"] == {
                "updateRequired": "0.1.1",
                "changelogUrl": place,
            }
            await runtime.report(RuntimeChanged(msgspec.structs.replace(told, version="0.1.1")))
            assert (await running.query("admin", query))["runtime"]["updateRequired"] is None


async def test_each_person_hides_alerts_of_a_runtime_for_themselves(running: Running, runtime: FakeRuntime) -> None:
    mine = "{ me { hiddenAlerts } }"
    hide = 'mutation { hideAlerts(runtime: "demo", hidden: %s) }'
    assert (await running.query("admin", mine))["me"] == {"hiddenAlerts": []}
    await running.query("admin", hide % "true")
    assert (await running.query("admin", mine))["me"] == {"hiddenAlerts": ["demo"]}
    assert (await running.query("reader", mine))["me"] == {"hiddenAlerts": []}
    await running.query("admin", hide % "false")
    assert (await running.query("admin", mine))["me"] == {"hiddenAlerts": []}

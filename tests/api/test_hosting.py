"""Setting up a runtime inside the control plane: when it is offered, and what it refuses."""

from datetime import UTC, datetime
from pathlib import Path

from api.runtimes.hosted import hosted_of
from api.settings import IN_CLUSTER, Settings
from model.listing import Hosting, RegisteredRuntime
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

SETUP = "{ hostedSetup { needed possible reason runtime { id } steps { name done } } }"


async def test_without_a_cluster_it_says_what_is_missing(running: Running) -> None:
    create = "mutation { createHostedRuntime { errors { code message } } }"
    (refused,) = (await running.query("admin", create))["createHostedRuntime"]["errors"]
    assert (refused["code"], "no cluster" in refused["message"]) == ("VALIDATION_ERROR", True)


async def test_it_is_offered_while_there_is_no_runtime(running: Running) -> None:
    found = (await running.query("admin", SETUP))["hostedSetup"]
    assert (found["needed"], found["possible"], found["runtime"]) == (True, False, None)
    assert "no cluster" in found["reason"]
    assert [step["name"] for step in found["steps"]] == ["INSTALL_RUNTIME", "CONNECT_GIT", "CONNECT_CLUSTER"]


async def test_it_is_not_offered_where_runtimes_are_at_work(running: Running, runtime: FakeRuntime) -> None:
    for person in ("admin", "reader"):
        assert (await running.query(person, SETUP))["hostedSetup"]["needed"] is False


def _registered(hosting: Hosting | None) -> RegisteredRuntime:
    created = datetime(2026, 1, 2, tzinfo=UTC)
    return RegisteredRuntime("hosted", hosted=True, created=created, seen=None, summary=None, hosting=hosting)


def test_how_a_hosted_runtime_runs_follows_from_what_was_set_up() -> None:
    wanted = _registered(Hosting("argosy", "https://git.example.test/config.git"))
    assert hosted_of(Settings(hosted_home="/k"), _registered(None)) is None
    assert hosted_of(Settings(), wanted) is None
    found = hosted_of(Settings(hosted_home="/k"), wanted)
    assert found is not None
    assert (found.kubeconfig, found.namespace) == (Path("/k"), "argosy")
    assert found.arguments == ("--config-repo", "https://git.example.test/config.git")
    inside = hosted_of(Settings(hosted_home=IN_CLUSTER), wanted)
    assert inside is not None
    assert inside.kubeconfig is None

"""What a simulated container does follows from its manifest."""

from typing import Any

import pytest

from gitsync.sandbox.controllers.behaviour import StartFailure, behaviour_of


def sh(script: str) -> dict[str, Any]:
    return {"image": "busybox", "command": ["sh", "-c", script]}


STARTS = [
    ("nginx:1", None, StartFailure.NONE),
    ("nginx:does-not-exist", None, StartFailure.IMAGE),
    ("example.com/nonexistent/app:1", None, StartFailure.IMAGE),
    ("error:latest", None, StartFailure.IMAGE),
    ("nginx:missing-tag", None, StartFailure.IMAGE),
    ("missing/nginx:1", None, StartFailure.NONE),
    ("nginx", ["/bad"], StartFailure.COMMAND),
    ("nginx", ["/bad-command", "x"], StartFailure.COMMAND),
    ("nginx", ["sh", "/bad"], StartFailure.NONE),
]


@pytest.mark.parametrize(("image", "command", "failure"), STARTS)
def test_an_image_or_command_that_says_so_never_starts(
    image: str, command: list[str] | None, failure: StartFailure
) -> None:
    assert behaviour_of({"image": image, "command": command}).start_failure is failure


SERVERS = [
    # container, seconds until it ends, exit code
    ({"image": "nginx"}, None, 0),
    ({"image": "nginx", "args": ["--port=1"]}, None, 0),
    (sh("while true; do sleep 5; done"), None, 0),
    (sh("sleep infinity"), None, 0),
    (sh("exec server || exit 1"), None, 0),
    (sh("exit 3"), 0.2, 3),
    (sh("echo starting; sleep 2; exit 4"), 2.0, 4),
    (sh("sleep 1m && exit 0"), 60.0, 0),
    (sh("false"), 0.2, 1),
    (sh("set -e\necho a\nexit 1"), 0.2, 1),
    ({"image": "x", "command": ["/bin/bash", "-ec"], "args": ["exit 5"]}, 0.2, 5),
    ({"image": "x", "command": ["sleep", "30"]}, 30.0, 0),
    ({"image": "x", "command": ["/bin/sleep", "1h"]}, 3600.0, 0),
    ({"image": "x", "command": ["sh"]}, None, 0),
]


@pytest.mark.parametrize(("container", "seconds", "code"), SERVERS)
def test_a_container_serves_unless_it_is_a_simple_script(
    container: dict[str, Any], seconds: float | None, code: int
) -> None:
    behaviour = behaviour_of(container)
    assert (behaviour.run_seconds, behaviour.exit_code) == (seconds, code)


JOBS = [
    ({"image": "migrate"}, 0.2, 0),
    (sh("sleep 5 && exit 1"), 5.0, 1),
    (sh("for i in 1 2; do sleep 3s; done; exit 0"), 3.0, 0),
    (sh("run || exit 42"), 0.2, 42),
    ({"image": "x", "command": ["sleep"], "args": ["2d"]}, 172800.0, 0),
]


@pytest.mark.parametrize(("container", "seconds", "code"), JOBS)
def test_a_container_of_a_job_always_ends(container: dict[str, Any], seconds: float, code: int) -> None:
    behaviour = behaviour_of(container, in_job=True)
    assert (behaviour.run_seconds, behaviour.exit_code) == (seconds, code)


INITS = [
    (sh("until wget x; do sleep 10; done; exit 1"), 0.2, 0),
    (sh("sleep 3"), 3.0, 0),
    (sh("exit 1"), 0.2, 1),
    ({"image": "proxy", "restartPolicy": "Always"}, None, 0),
]


@pytest.mark.parametrize(("container", "seconds", "code"), INITS)
def test_an_init_container_ends_well_unless_it_says_otherwise(
    container: dict[str, Any], seconds: float | None, code: int
) -> None:
    behaviour = behaviour_of(container, is_init=True)
    assert (behaviour.run_seconds, behaviour.exit_code) == (seconds, code)


READINESS = [
    (None, 0.0),
    ({"httpGet": {"path": "/"}}, 0.0),
    ({"httpGet": {"path": "/"}, "initialDelaySeconds": 7}, 7.0),
    ({"httpGet": {"path": "/"}, "initialDelaySeconds": 9999}, 60.0),
    ({"exec": {"command": ["cat", "/tmp/healthy"]}}, 0.0),
    ({"exec": {"command": ["false"]}}, None),
    ({"exec": {"command": ["sh", "-c", "exit 1"]}}, None),
]


@pytest.mark.parametrize(("probe", "seconds"), READINESS)
def test_a_probe_is_met_after_its_delay(probe: dict[str, Any] | None, seconds: float | None) -> None:
    container = {"image": "x"} if probe is None else {"image": "x", "readinessProbe": probe}
    assert behaviour_of(container).ready_seconds == seconds


def test_hooks_that_sleep_take_their_time() -> None:
    hooks = {"postStart": {"exec": {"command": ["sleep", "3"]}}, "preStop": {"sleep": {"seconds": 4}}}
    behaviour = behaviour_of({"image": "x", "lifecycle": hooks})
    assert (behaviour.start_seconds, behaviour.stop_seconds) == (3.0, 4.0)

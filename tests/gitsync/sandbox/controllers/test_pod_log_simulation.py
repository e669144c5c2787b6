"""What simulated containers write."""

import json

from gitsync.sandbox.objects import LogLine
from tests.support.controller_rig import Rig

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", "namespace": "default"}}


def start(rig: Rig, *command: str, seconds: float = 30.0, policy: str = "Always") -> None:
    container = {"name": "c", "image": "nginx:1", "ports": [{"containerPort": 9090}]}
    if command:
        container["command"] = list(command)
    rig.objects.create({**POD, "spec": {"containers": [container], "restartPolicy": policy}})
    rig.advance(seconds)


def lines(rig: Rig, *, previous: bool = False) -> list[LogLine] | None:
    found = rig.controllers.logs.lines(rig.get("Pod", "pod"), "c", previous=previous)
    return None if found is None else list(found)


def test_a_server_logs_requests_as_time_passes(rig: Rig) -> None:
    start(rig)
    before = lines(rig)
    assert before is not None
    assert json.loads(before[3].text)["msg"] == "listening on :9090"
    assert {"method", "path", "status", "duration_ms"} <= set(json.loads(before[-1].text))
    assert [line.at for line in before] == sorted(line.at for line in before)
    rig.advance(30)
    after = lines(rig)
    assert after is not None
    assert after[: len(before)] == before
    assert len(after) > len(before)


def test_very_old_containers_keep_their_newest_lines(rig: Rig) -> None:
    start(rig)
    rig.clock.advance(86400.0)
    found = lines(rig)
    assert found is not None
    assert len(found) == 5000
    assert (rig.clock.now() - found[-1].at).total_seconds() < 10


def test_a_script_logs_what_it_echoes(rig: Rig) -> None:
    start(rig, "sh", "-c", "echo 'hello there'; echo done; sleep 1", policy="Never")
    assert [line.text for line in lines(rig) or ()] == ["hello there", "done"]


def test_nothing_is_logged_before_the_start(rig: Rig) -> None:
    start(rig, seconds=0.1)
    assert lines(rig) is None


def test_the_previous_run_is_told_apart(rig: Rig) -> None:
    start(rig, "sh", "-c", "exit 1", seconds=1)
    rig.advance(2)
    found = lines(rig, previous=True)
    assert found is not None
    assert rig.status("Pod", "pod")["containerStatuses"][0]["restartCount"] == 1


def test_a_follower_hears_each_line_once_and_the_end(rig: Rig) -> None:
    start(rig)
    past = lines(rig)
    heard: list[LogLine | None] = []
    rig.controllers.logs.follow(rig.get("Pod", "pod"), "c", heard.append)
    rig.advance(20)
    assert [*(past or []), *heard] == lines(rig)
    rig.delete("Pod", "pod")
    rig.advance(10)
    assert heard[-1] is None
    assert heard.count(None) == 1


def test_a_follower_that_left_hears_nothing(rig: Rig) -> None:
    start(rig)
    heard: list[LogLine | None] = []
    stop = rig.controllers.logs.follow(rig.get("Pod", "pod"), "c", heard.append)
    stop()
    rig.advance(20)
    assert heard == []


def test_following_an_ended_container_ends_at_once(rig: Rig) -> None:
    start(rig, "sh", "-c", "sleep 1", policy="Never")
    heard: list[LogLine | None] = []
    rig.controllers.logs.follow(rig.get("Pod", "pod"), "c", heard.append)
    assert heard == [None]

"""What argocd-cmd-params-cm says to controllers, and which flags win over it."""

import pytest

from gitsync.configuration.command_parameters import SyncLimit, is_among, read_parameters
from gitsync.settings import ControllerFlags

KEY = "controller.sync.timeout.seconds"


@pytest.mark.parametrize(("text", "seconds"), [("300", 300.0), ("0", 0.0), ("", 0.0), ("5m", 300.0)])
def test_the_time_limit_of_syncs_names_who_says_it(text: str, seconds: float) -> None:
    limit = read_parameters({KEY: text}, ControllerFlags()).sync_limit
    assert limit == SyncLimit(seconds, f"{KEY} of argocd-cmd-params-cm")


def test_flags_win() -> None:
    data = {KEY: "300", "application.namespaces": "a, b", "controller.diff.server.side": "true"}
    flags = ControllerFlags(0.0, ("team-*",))
    parameters = read_parameters(data, flags)
    assert parameters.sync_limit == SyncLimit(0.0, "--sync-timeout")
    assert parameters.application_namespaces == ("team-*",)
    assert parameters.server_side_diff
    assert read_parameters(data, ControllerFlags()).application_namespaces == ("a", "b")


def test_what_cannot_be_read_is_named_and_keeps_its_default() -> None:
    data = {KEY: "soon", "application.namespaces": "a, /(/", "controller.diff.server.side": "perhaps"}
    parameters = read_parameters(data, ControllerFlags())
    assert parameters.sync_limit.seconds == 0
    assert parameters.application_namespaces == ("a",)
    assert not parameters.server_side_diff
    assert [problem.partition(" of argocd-cmd-params-cm ")[0] for problem in parameters.problems] == [*data]


@pytest.mark.parametrize(
    ("namespace", "is_one"), [("a", True), ("team-b", True), ("teams", False), ("x1", True), ("ab", False)]
)
def test_namespaces_are_named_by_globs_and_regular_expressions(namespace: str, is_one: bool) -> None:
    assert is_among(namespace, ("a", "team-*", "/^x[0-9]$/")) is is_one

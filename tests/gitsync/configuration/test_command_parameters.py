"""What argocd-cmd-params-cm says to controllers, and which flags win over it."""

import pytest

from gitsync.configuration.command_parameters import SyncLimit, is_among, read_parameters
from gitsync.settings import ControllerFlags, GeneratorSettings

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


def test_what_is_said_for_all_application_sets_is_read_and_flags_win() -> None:
    data = {
        "applicationsetcontroller.namespaces": "team-*, /^x/",
        "applicationsetcontroller.allowed.scm.providers": "https://git.a.test, https://git.b.test",
        "applicationsetcontroller.enable.scm.providers": "false",
        "applicationsetcontroller.enable.tokenref.strict.mode": "true",
        "applicationsetcontroller.enable.new.git.file.globbing": "true",
        "applicationsetcontroller.policy": "create-update",
        "applicationsetcontroller.enable.policy.override": "true",
        "applicationsetcontroller.global.preserved.labels": "team",
        "applicationsetcontroller.global.preserved.annotations": "a/b,c",
    }
    parameters = read_parameters(data, ControllerFlags())
    assert parameters.problems == ()
    assert parameters.application_set_namespaces == ("team-*", "/^x/")
    assert parameters.generators == GeneratorSettings(
        scm_allow=("https://git.a.test", "https://git.b.test"),
        token_ref_strict=True,
        new_file_globbing=True,
        scm_providers=False,
        policy="create-update",
        policy_override=True,
        preserved_labels=("team",),
        preserved_annotations=("a/b", "c"),
    )
    flags = ControllerFlags(application_set_namespaces=("one",))
    won = read_parameters(data, flags, GeneratorSettings(scm_allow=("https://git.c.test",)))
    assert (won.application_set_namespaces, won.generators.scm_allow) == (("one",), ("https://git.c.test",))


def test_a_policy_that_is_none_is_named_and_not_followed() -> None:
    parameters = read_parameters({"applicationsetcontroller.policy": "create"}, ControllerFlags())
    assert parameters.generators.policy == ""
    assert "sync, create-only, create-update, create-delete" in parameters.problems[0]

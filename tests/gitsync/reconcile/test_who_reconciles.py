"""What the settings of a runtime decide about who reconciles, before anybody looks at the cluster."""

from pathlib import Path

import pytest

from gitsync.fleet.watch_only import APPLICATION_SET_CONTROLLER, CONTROLLER, said_by_settings
from gitsync.settings import RuntimeSettings


@pytest.mark.parametrize(
    ("engine", "controllers", "applications", "sets"),
    [
        ("auto", {"applications", "applicationsets"}, None, None),
        ("argosy", {"applications", "applicationsets"}, "", ""),
        ("argo-cd", {"applications", "applicationsets"}, "drive an upstream Argo CD", "drive an upstream Argo CD"),
        ("argosy", {"applications"}, "", "switched off"),
        ("auto", {"rollouts"}, "switched off", "switched off"),
    ],
)
def test_the_engine_of_the_settings_comes_first(
    engine: str, controllers: set[str], applications: str | None, sets: str | None
) -> None:
    settings = RuntimeSettings("argosy", Path("/data"), engine=engine, controllers=frozenset(controllers))
    for controller, expected in ((CONTROLLER, applications), (APPLICATION_SET_CONTROLLER, sets)):
        said = said_by_settings(settings, controller)
        assert (said == expected) if not expected else (expected in (said or ""))

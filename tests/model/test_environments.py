"""What several runtimes say of environments, as one list."""

from model.environment import Environment, gathered
from model.report import EnvironmentPlace, EnvironmentSummary

SHOP = EnvironmentPlace("eu-1", ("shop",))


def test_one_name_is_one_environment_and_production_comes_first() -> None:
    reported = [
        ("a", EnvironmentSummary("eu", places=(SHOP,))),
        ("a", EnvironmentSummary("dev", places=(EnvironmentPlace("dev"),))),
        ("b", EnvironmentSummary("eu", production=True, places=(SHOP,))),
        ("b", EnvironmentSummary("eu", problem="ConfigMap eu: data.kind is ''")),
    ]
    assert gathered(reported) == [
        Environment("eu", True, (("a", SHOP), ("b", SHOP)), (("b", "ConfigMap eu: data.kind is ''"),)),
        Environment("dev", False, (("a", EnvironmentPlace("dev")),), ()),
    ]
    assert gathered([]) == []

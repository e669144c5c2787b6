"""Health scripts of argocd-cm, and their order among our own rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gitsync.health.facts import facts_of
from gitsync.health.overrides import load_health_rules
from gitsync.lua.errors import ScriptError
from model.health import Health, HealthReport

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SUSPEND = "hs = {} hs.status = 'Suspended' hs.message = 'by script' return hs"
SUSPENDED = HealthReport(Health.SUSPENDED, "by script")


def assess(config: dict[str, str], api_version: str, kind: str, **fields: Any) -> HealthReport | None:
    rules = load_health_rules(config, clock=lambda: NOW)
    return rules.assess({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, **fields})


@pytest.mark.parametrize(
    ("config", "api_version", "kind", "scripted"),
    [
        ({"resource.customizations.health.example.org_Thing": SUSPEND}, "example.org/v1", "Thing", True),
        ({"resource.customizations.health.example.org_Thing": SUSPEND}, "example.org/v1", "Other", False),
        ({"resource.customizations.health.apps_Deployment": SUSPEND}, "apps/v1", "Deployment", True),
        ({"resource.customizations.health.ConfigMap": SUSPEND}, "v1", "ConfigMap", True),
        (
            {"resource.customizations": f"example.org/Thing:\n  health.lua: |\n    {SUSPEND}"},
            "example.org/v1",
            "Thing",
            1,
        ),
        ({"resource.customizations": f"'*.org/*':\n  health.lua: |\n    {SUSPEND}"}, "example.org/v1", "Thing", True),
        ({"resource.customizations": f"'*.io/*':\n  health.lua: |\n    {SUSPEND}"}, "cert-manager.io/v1", "Issuer", 0),
        ({"resource.customizations": f"'*/*':\n  health.lua: |\n    {SUSPEND}"}, "apps/v1", "Deployment", True),
        ({"resource.customizations": f"'*/*':\n  health.lua: |\n    {SUSPEND}"}, "batch/v1", "CronJob", False),
        ({"resource.customizations": f"'*/*':\n  health.lua: |\n    {SUSPEND}"}, "v1", "ConfigMap", False),
        ({"resource.customizations": f"'*':\n  health.lua: |\n    {SUSPEND}"}, "apps/v1", "Deployment", True),
        ({"resource.customizations": f"'*':\n  health.lua: |\n    {SUSPEND}"}, "v1", "ConfigMap", True),
    ],
)
def test_exact_scripts_come_first_and_wildcards_after_the_rules_of_kinds_that_argo_cd_has_scripts_for(
    config: dict[str, str], api_version: str, kind: str, scripted: bool
) -> None:
    assert (assess(config, api_version, kind) == SUSPENDED) is bool(scripted)


def test_deletion_comes_before_any_script() -> None:
    rules = load_health_rules({"resource.customizations.health.ConfigMap": SUSPEND}, clock=lambda: NOW)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "deletionTimestamp": "2026-01-01"}}
    assert rules.assess(body) == HealthReport(Health.PROGRESSING, "Pending deletion")


@pytest.mark.parametrize(
    ("script", "status", "told"),
    [
        ("error('no')", Health.UNKNOWN, "no"),
        ("return 1", Health.UNKNOWN, "should return a table"),
        ("return {status = 'Fine'}", Health.UNKNOWN, "Fine"),
        ("return {message = 'x'}", Health.UNKNOWN, "None"),
        ("this is no lua", Health.UNKNOWN, "health.lua of example.org/Thing"),
        pytest.param(
            "while true do end", Health.UNKNOWN, "too long", marks=pytest.mark.cpu_seconds(20)
        ),  # after a second
        ("return {status = 'Degraded', message = obj.status.phase}", Health.DEGRADED, "Broken"),
        ("return ({status = ('Healthy'):sub(1)})", Health.UNKNOWN, "attempt to"),
    ],
)
def test_a_script_that_fails_is_unknown_and_says_why(script: str, status: Health, told: str) -> None:
    config = {"resource.customizations.health.example.org_Thing": script}
    report = assess(config, "example.org/v1", "Thing", status={"phase": "Broken"})
    assert report is not None
    assert report.status is status
    assert told in report.message


def test_a_script_that_returns_nothing_claims_nothing() -> None:
    assert assess({"resource.customizations.health.example.org_Thing": "return nil"}, "example.org/v1", "Thing") is None


@pytest.mark.parametrize(
    "config",
    [
        {
            "resource.customizations.useOpenLibs.example.org_Thing": "true",
            "resource.customizations.health.example.org_Thing": "return {status = ('Healthy'):sub(1)}",
        },
        {
            "resource.customizations": "example.org/Thing:\n  health.lua.useOpenLibs: true\n"
            "  health.lua: return {status = ('Healthy'):sub(1)}"
        },
    ],
)
def test_libraries_are_opened_for_the_kind_that_asks(config: dict[str, str]) -> None:
    assert assess(config, "example.org/v1", "Thing") == HealthReport(Health.HEALTHY)


def test_facts_carry_the_health_of_the_script() -> None:
    rules = load_health_rules({"resource.customizations.health.ConfigMap": SUSPEND}, clock=lambda: NOW)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert facts_of(body, rules.assess).health == SUSPENDED


def test_broken_yaml_is_an_error_that_names_the_entry() -> None:
    with pytest.raises(ScriptError, match=r"resource\.customizations"):
        load_health_rules({"resource.customizations": "a: [b"}, clock=lambda: NOW)


@pytest.mark.cpu_seconds(20)  # it is stopped after a second
def test_a_script_that_had_to_be_stopped_is_left_alone_for_a_minute() -> None:
    moments = iter([NOW, NOW + timedelta(seconds=59), NOW + timedelta(seconds=61)])
    forever = "if obj.metadata.name == 'a' then while true do end end return {status = 'Healthy'}"
    rules = load_health_rules(
        {"resource.customizations.health.example.org_Thing": forever}, clock=lambda: next(moments)
    )
    slow = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}}
    quick = {**slow, "metadata": {"name": "b"}}
    stopped, resting, again = (rules.assess(body) for body in (slow, quick, quick))
    assert stopped is not None
    assert "too long" in stopped.message
    assert resting == stopped, "asking costs a second even where this very object would be quick"
    assert again == HealthReport(Health.HEALTHY, "")

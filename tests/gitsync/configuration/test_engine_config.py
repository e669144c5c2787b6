"""argocd-cm as values: every key that the engine knows, and what becomes of keys that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.configuration.engine_config import (
    DEFAULT_CONFIG,
    configuration_conditions,
    read_engine_config,
)
from gitsync.diff.known_types import KnownField
from gitsync.diff.normalize import DiffSettings
from gitsync.kube.exclusion import DEFAULT_EXCLUSIONS
from gitsync.manifest.tracking import TrackingSettings
from model.kinds.application import IgnoreDifference

KNOWN_KEYS = (
    "resource.customizations",
    "resource.customizations.health.apps_Deployment",
    "resource.customizations.actions.apps_Deployment",
    "resource.customizations.ignoreDifferences.apps_Deployment",
    "resource.customizations.ignoreDifferences.all",
    "resource.customizations.knownTypeFields.example.org_Thing",
    "resource.customizations.ignoreResourceUpdates.all",
    "resource.compareoptions",
    "resource.exclusions",
    "resource.inclusions",
    "resource.ignoreResourceUpdatesEnabled",
    "resource.sensitive.mask.annotations",
    "application.resourceTrackingMethod",
    "application.instanceLabelKey",
    "installationID",
    "kustomize.buildOptions",
    "helm.enable",
    "helm.valuesFileSchemes",
    "timeout.reconciliation",
)
REPLICAS = "jsonPointers: [/spec/replicas]"


def test_nothing_configured_is_the_default() -> None:
    assert read_engine_config({}) == DEFAULT_CONFIG


def test_both_notations_of_ignored_differences_are_one() -> None:
    split = read_engine_config({"resource.customizations.ignoreDifferences.apps_Deployment": REPLICAS})
    together = read_engine_config(
        {"resource.customizations": f"apps/Deployment:\n  ignoreDifferences: |\n    {REPLICAS}"}
    )
    rule = IgnoreDifference(group="apps", kind="Deployment", json_pointers=("/spec/replicas",))
    assert split.ignore == together.ignore == (rule,)


def test_the_rule_for_all_kinds_matches_all_of_them() -> None:
    config = read_engine_config({"resource.customizations.ignoreDifferences.all": "managedFieldsManagers: [hpa]"})
    assert config.ignore == (IgnoreDifference(group="*", kind="*", managed_fields_managers=("hpa",)),)


def test_wildcards_in_the_older_notation_stay_globs() -> None:
    config = read_engine_config({"resource.customizations": f"'*.io/*':\n  ignoreDifferences:\n    {REPLICAS}"})
    assert [(rule.group, rule.kind) for rule in config.ignore] == [("*.io", "*")]


def test_known_types_of_fields_in_both_notations() -> None:
    listed = "[{field: spec.pod, type: core/v1/PodSpec}]"
    split = read_engine_config({"resource.customizations.knownTypeFields.example.org_Thing": listed})
    together = read_engine_config({"resource.customizations": f"example.org/Thing: {{knownTypeFields: {listed}}}"})
    known = (KnownField("example.org", "Thing", "spec.pod", "core/v1/PodSpec"),)
    assert split.settings.known_fields == together.settings.known_fields == known


def test_ignored_differences_are_ignored_updates_too_unless_it_is_switched_off() -> None:
    data = {
        "resource.customizations.ignoreDifferences.apps_Deployment": REPLICAS,
        "resource.customizations.ignoreResourceUpdates.all": "jsonPointers: [/status]",
    }
    assert len(read_engine_config(data).ignore_updates) == 2
    data["resource.compareoptions"] = "ignoreDifferencesOnResourceUpdates: false"
    assert [rule.json_pointers for rule in read_engine_config(data).ignore_updates] == [("/status",)]


@pytest.mark.parametrize(
    ("text", "status"), [("all", "all"), ("crd", "crd"), ("none", "none"), ("off", "none"), ("'off'", "none")]
)
def test_compare_options(text: str, status: str) -> None:
    config = read_engine_config(
        {
            "resource.compareoptions": f"ignoreResourceStatusField: {text}\nignoreAggregatedRoles: true",
            "resource.sensitive.mask.annotations": "a.example/token, b.example/key,",
        }
    )
    masked = ("a.example/token", "b.example/key")
    assert config.settings == DiffSettings(
        ignore_aggregated_roles=True, ignore_status=status, secret_annotations=masked
    )


def test_tracking_label_and_installation() -> None:
    config = read_engine_config(
        {
            "application.resourceTrackingMethod": "annotation+label",
            "application.instanceLabelKey": "example.org/app",
            "installationID": "blue",
        }
    )
    assert config.tracking == TrackingSettings("annotation+label", "example.org/app", "blue")


@pytest.mark.parametrize(("text", "is_one"), [("", True), ("true", True), ("false", False), ("nonsense", True)])
def test_whether_the_home_cluster_is_a_destination(text: str, is_one: bool) -> None:
    config = read_engine_config({"cluster.inClusterEnabled": text})
    assert config.home_is_destination is is_one
    assert [one.key for one in config.problems] == (["cluster.inClusterEnabled"] if text == "nonsense" else [])


def test_what_renderers_are_told() -> None:
    config = read_engine_config(
        {
            "kustomize.buildOptions": "--enable-helm --load-restrictor 'LoadRestrictionsNone'",
            "kustomize.path.v5": "/custom/kustomize",
            "helm.enable": "false",
            "helm.valuesFileSchemes": "https, s3",
        }
    )
    assert config.rendering.build_options == ("--enable-helm", "--load-restrictor", "LoadRestrictionsNone")
    assert config.rendering.enabled == {"kustomize", "jsonnet"}
    assert config.rendering.value_schemes == {"https", "s3"}
    assert dict(config.rendering.keys)["kustomize.path.v5"] == "/custom/kustomize"


@pytest.mark.parametrize(("text", "seconds"), [("120s", 120.0), ("3m", 180.0), ("0", 0.0), ("0s", 0.0)])
def test_the_interval_of_asking_hosts(text: str, seconds: float) -> None:
    assert read_engine_config({"timeout.reconciliation": text}).reconciliation_seconds == seconds


EXCLUDED = "- apiGroups: ['*.example.org']\n  kinds: [Noise]\n- kinds: [ConfigMap]\n  clusters: ['https://dev.*']"


def test_without_a_word_our_own_list_of_exclusions_holds() -> None:
    assert DEFAULT_CONFIG.exclusions("https://prod") is DEFAULT_EXCLUSIONS


def test_exclusions_replace_our_list_but_never_let_events_in() -> None:
    exclusions = read_engine_config({"resource.exclusions": EXCLUDED}).exclusions("https://prod.example")
    assert exclusions.matches("a.example.org", "Noise")
    assert not exclusions.matches("", "ConfigMap"), "named for another cluster only"
    assert not exclusions.matches("", "Endpoints"), "ours no longer holds"
    assert exclusions.matches("", "Event")


def test_exclusions_of_one_cluster() -> None:
    config = read_engine_config({"resource.exclusions": EXCLUDED})
    assert config.exclusions("https://dev.example").matches("", "ConfigMap")


def test_inclusions_leave_everything_else_out() -> None:
    config = read_engine_config({"resource.inclusions": "- apiGroups: [apps]\n  kinds: ['*']"})
    exclusions = config.exclusions("https://prod")
    assert not exclusions.matches("apps", "Deployment")
    assert exclusions.matches("batch", "Job")


@pytest.mark.parametrize(
    ("key", "text", "blocks"),
    [
        ("resource.customizations.ignoreDifferences.apps_Deployment", "a: [", True),
        ("resource.customizations.ignoreDifferences.apps_Deployment", "[1, 2]", True),
        ("resource.customizations.ignoreDifferences.apps_Deployment", "jsonPointers: 7", True),
        ("resource.customizations", "a: [", True),
        ("resource.customizations", "apps/Deployment:\n  ignoreDifferences: 'a: ['", True),
        ("resource.customizations.knownTypeFields.example.org_Thing", "a: b", True),
        ("resource.customizations.knownTypeFields.example.org_Thing", "[{field: spec}]", True),
        ("resource.customizations.actions.apps_Deployment", "a: [", False),
        ("resource.customizations.ignoreResourceUpdates.all", "a: [", False),
        ("resource.compareoptions", "ignoreResourceStatusField: some", True),
        ("resource.exclusions", "a: b", False),
        ("resource.inclusions", "- apps", False),
        ("application.resourceTrackingMethod", "magic", True),
        ("timeout.reconciliation", "soon", False),
        ("timeout.hard.reconciliation", "often", False),
        ("kustomize.buildOptions", "--a 'b", False),
        ("helm.enable", "perhaps", False),
    ],
)
def test_a_key_that_cannot_be_read_is_named_and_the_others_hold(key: str, text: str, blocks: bool) -> None:
    config = read_engine_config({key: text, "installationID": "blue"})
    assert config.tracking.installation == "blue"
    assert [problem.key for problem in config.problems] == [key]
    (condition,) = configuration_conditions(config)
    assert key in condition.message
    assert condition.type == ("ComparisonError" if blocks else "ConfigurationWarning")


@given(st.dictionaries(st.sampled_from(KNOWN_KEYS), st.text(alphabet="ab:- []{}'\"\n&*|1.,/\t", max_size=40)))
def test_no_text_at_all_ends_the_reading(data: dict[str, str]) -> None:
    config = read_engine_config(data)
    assert all(problem.key in data for problem in config.problems)
    for server in ("https://a", ""):
        config.exclusions(server).matches("apps", "Deployment")

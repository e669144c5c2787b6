"""Amounts, ages, JSON paths, selectors, permissions: the small values of the sandbox."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.sandbox.access import READ_ONLY, Identity, Rule
from gitsync.sandbox.quantity import NotAQuantity, canonical, parse
from gitsync.sandbox.registry import version_order
from gitsync.sandbox.tables.jsonpath import find
from gitsync.sandbox.tables.text import duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("0", "0"),
        ("1e3", "1e3"),
        ("2000", "2k"),
        ("0.0001m", "100n"),
        ("1n", "1n"),
        ("-1500m", "-1500m"),
        ("512", "512"),
        (".5Gi", "512Mi"),
    ],
)
def test_amounts_have_one_form(text: str, expected: str) -> None:
    assert canonical(text) == expected


@given(st.integers(0, 10**9), st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "Gi", "e3"]))
def test_the_one_form_keeps_the_value_and_is_stable(number: int, suffix: str) -> None:
    form = canonical(f"{number}{suffix}")
    assert canonical(form) == form
    assert parse(form)[0] == parse(f"{number}{suffix}")[0]


@pytest.mark.parametrize("text", ["", "abc", "1x", "Mi", "1 Gi", "--1"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotAQuantity):
        canonical(text)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-3, "0s"),
        (5, "5s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (601, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (9 * 3600, "9h"),
        (49 * 3600, "2d1h"),
        (10 * 86400, "10d"),
        (800 * 86400, "2y70d"),
    ],
)
def test_ages_in_two_units_at_most(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


_BODY: dict[str, Any] = {
    "spec": {"size": 3, "items": [{"name": "a", "v": 1}, {"name": "b", "v": 2}]},
    "metadata": {"labels": {"a.b/c": "x"}},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.size", 3),
        (".spec.items[1].name", "b"),
        (".spec.items[*].v", 1),
        ('.status.conditions[?(@.type=="Ready")].status', "True"),
        (".status.conditions[?(@.type=='Other')].status", None),
        (".metadata.labels['a.b/c']", "x"),
        (".metadata.labels.a\\.b/c", None),
        (".spec.nothing", None),
    ],
)
def test_json_paths_of_printer_columns(path: str, expected: Any) -> None:
    assert find(_BODY, path) == expected


def test_versions_are_sorted_from_the_most_stable() -> None:
    versions = ["v1alpha1", "v1beta2", "v1", "v2", "v1beta1", "v10"]
    assert sorted(versions, key=version_order) == ["v10", "v2", "v1", "v1beta2", "v1beta1", "v1alpha1"]


def test_rules_allow_what_they_name() -> None:
    reader = Identity("reader", rules=READ_ONLY)
    assert reader.may("list", "apps", "deployments", "any")
    assert not reader.may("create", "apps", "deployments", "any")
    local = Identity("local", rules=(Rule(verbs=("create",), resources=("configmaps",), namespaces=("team",)),))
    assert local.may("create", "", "configmaps", "team")
    assert not local.may("create", "", "configmaps", "other")
    assert not local.may("create", "", "secrets", "team")

"""Fields of custom resources that hold types of Kubernetes: spelled as those types print themselves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.diff.compute import compute_diff
from gitsync.diff.known_types import KnownField, respelled
from gitsync.diff.normalize import DiffSettings
from gitsync.diff.quantity import canonical_quantity, same_quantity
from gitsync.manifest.object import DesiredObject, JsonObject, Origin
from model.identity import ResourceKey

SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "E-2"]


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("0.5", "500m"),
        (0.5, "500m"),
        ("1000m", "1"),
        (2, "2"),
        ("1500m", "1500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("512Mi", "512Mi"),
        ("0.5Ki", "512"),
        ("1000Ki", "1000Ki"),
        ("2000k", "2M"),
        ("0", "0"),
        ("0Gi", "0"),
        ("-1000m", "-1"),
        ("100n", "100n"),
        ("many", None),
        (True, None),
    ],
)
def test_quantities_print_as_kubernetes_prints_them(written: Any, printed: str | None) -> None:
    assert canonical_quantity(written) == printed


@given(st.decimals(-10_000, 10_000, places=2), st.sampled_from(SUFFIXES))
def test_printing_keeps_the_amount_and_is_final(number: Any, suffix: str) -> None:
    text = f"{number}{suffix}"
    printed = canonical_quantity(text)
    if printed is None or suffix in ("n", "u"):
        return  # an exponent stays, and less than a billionth is rounded
    assert same_quantity(text, printed)
    assert canonical_quantity(printed) == printed


def thing(cpu: Any, size: Any, wait: str) -> JsonObject:
    pod = {"containers": [{"name": "a", "resources": {"limits": {"cpu": cpu}}}]}
    spec = {"pod": pod, "size": size, "waits": [{"for": wait}]}
    return {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": spec}


KNOWN = (
    KnownField("example.org", "Thing", "spec.pod", "core/v1/PodSpec"),
    KnownField("example.org", "Thing", "spec.size", "core/Quantity"),
    KnownField("example.org", "Thing", "spec.waits.for", "meta/v1/Duration"),
    KnownField("example.org", "Thing", "spec.missing.deep", "core/Quantity"),
)


def differs(desired: JsonObject, live: JsonObject, known: tuple[KnownField, ...]) -> bool:
    wanted = DesiredObject(ResourceKey("example.org", "Thing", "", "t"), "v1", desired, "", Origin(""))
    return compute_diff(wanted, live, settings=DiffSettings(known_fields=known)).modified


def test_respelling_by_a_controller_is_no_difference_where_the_type_is_known() -> None:
    written, stored = thing("0.5", "1024Mi", "90m"), thing("500m", "1Gi", "1h30m0s")
    assert differs(written, stored, ())
    assert not differs(written, stored, KNOWN)
    assert differs(written, thing("500m", "2Gi", "1h30m0s"), KNOWN)


def test_other_kinds_and_other_values_stay_as_they_are() -> None:
    odd = thing("half", {"a": 1}, "soon")
    assert respelled(odd, KNOWN) == odd
    assert differs(
        thing("0.5", 1, "1m"), thing("500m", 1, "1m"), (KnownField("example.org", "Other", "spec.pod", "x"),)
    )

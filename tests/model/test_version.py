import pytest

from model.version import SECURE_SINCE, is_older, security_requires


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.1.1", True),
        ("0.2.0", "0.10.0", True),
        ("1.0.0", "0.9.9", False),
        ("v0.1.0", "0.2.0", True),
        ("0.2.0+build.7", "0.2.0", False),
        ("", "0.2.0", False),
        ("unknown", "0.2.0", False),
    ],
)
def test_versions_compare_by_their_numbers(version: str, than: str, older: bool) -> None:
    assert is_older(version, than) is older


@pytest.mark.parametrize(
    ("version", "least", "wanted"),
    [
        ("0.0.9", "", SECURE_SINCE),
        (SECURE_SINCE, "", None),
        ("0.1.0", "0.2.0", "0.2.0"),
        ("0.2.0", "0.2.0", None),
        ("0.0.9", "0.0.1", SECURE_SINCE),  # an operator cannot ask for less than what is known here
        ("", "0.2.0", None),
        ("0.1.0", "nonsense", None),
    ],
)
def test_versions_with_a_known_hole_have_to_go(version: str, least: str, wanted: str | None) -> None:
    assert security_requires(version, least) == wanted

import pytest

from model.version import is_older


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

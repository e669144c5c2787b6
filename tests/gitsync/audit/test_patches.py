"""Patches show what changed, and no secret."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.audit.patch import patch_of

CANARY = "s3cr3t-canary"


def secret(value: str, *, field: str = "stringData") -> bytes:
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n{field}:\n  password: {value}\n".encode()


def test_a_patch_has_the_lines_around_a_change() -> None:
    found = patch_of("a.yaml", b"a: 1\nb: 2\n", b"a: 1\nb: 3\n")
    assert (found.kind, found.masked, found.note) == ("MODIFIED", False, "")
    assert found.patch == "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n a: 1\n-b: 2\n+b: 3"


def test_added_and_removed_files_are_told_apart() -> None:
    assert patch_of("a", None, b"x\n").kind == "ADDED"
    assert patch_of("a", b"x\n", None).kind == "REMOVED"


def test_a_changed_secret_shows_that_it_changed_and_not_what_it_was() -> None:
    found = patch_of("s.yaml", secret(CANARY), secret(CANARY + "2"))
    assert found.masked
    assert CANARY not in found.patch
    assert "-  password: ++++++++" in found.patch.splitlines()
    assert "+  password: +++++++++" in found.patch.splitlines()


def test_a_secret_that_only_moved_shows_no_change_of_its_value() -> None:
    found = patch_of("s.yaml", secret(CANARY), b"# moved\n" + secret(CANARY))
    assert found.patch == ""


@pytest.mark.parametrize(
    "data",
    [
        b"kind: Secret\nstringData:\n  password: {{ .Values.s3cr3t-canary }} : s3cr3t-canary\n",
        b"kind: 'Secret'\n\tstringData: s3cr3t-canary\n",
    ],
)
def test_a_secret_that_cannot_be_read_is_not_shown(data: bytes) -> None:
    found = patch_of("templates/s.yaml", None, data)
    assert (found.patch, found.masked) == ("", True)
    assert "Secret" in found.note


def test_secrets_in_lists_and_json_are_masked_too() -> None:
    data = b'{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "stringData": {"p": "s3cr3t-canary"}}]}'  # noqa: E501
    found = patch_of("s.json", None, data)
    assert found.masked
    assert CANARY not in found.patch


def test_binary_and_huge_files_are_named_only() -> None:
    assert patch_of("a.png", None, b"\x89PNG\0\0").note == "binary file"
    assert patch_of("a.txt", None, b"x" * 600_000).note == "too large to show"


@given(st.text(st.characters(categories=["L", "N"]), min_size=6, max_size=20), st.booleans())
def test_no_value_of_a_secret_gets_out(value: str, encoded: bool) -> None:
    shown = base64.b64encode(value.encode()).decode() if encoded else f'"{value}"'
    found = patch_of("s.yaml", secret("other"), secret(shown, field="data" if encoded else "stringData"))
    assert value not in found.patch.replace("password", "").replace("stringData", "")

"""Documents in the format of SOPS: only the right key opens them, and nothing in them can be changed unnoticed."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import parse_manifests
from gitsync.manifest.yaml_text import yaml_text
from gitsync.sops.age import identities_in, public_keys
from gitsync.sops.document import encrypted, is_encrypted, opened
from gitsync.sops.errors import NotOpened, RuleUnusable
from gitsync.sops.rule import Rule, rule_for

IDENTITY = pyrage.x25519.Identity.generate()
KEY, RECIPIENT = str(IDENTITY), str(IDENTITY.to_public())
RECORDED = Path(__file__).parent / "recorded"
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
CANARY = "canary-4711"
SECRET: JsonObject = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "eu", "labels": {"env": "prod"}, "finalizers": ["one", "two"]},
    "type": "Opaque",
    "stringData": {"token": CANARY, "empty": "", "config": json.dumps({"bearerToken": CANARY})},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=12,
)


def as_read(body: JsonObject) -> JsonObject:
    """What a runtime reads of the file."""
    (document,) = parse_manifests(yaml_text(body).encode(), file="eu.yaml")
    return document.body


def test_values_are_encrypted_and_everything_else_stays_readable() -> None:
    sealed = encrypted(SECRET, Rule((RECIPIENT,)), NOW)
    text = yaml_text(sealed)
    assert CANARY not in text
    assert {key: value for key, value in sealed.items() if key not in ("stringData", "sops")} == {
        key: value for key, value in SECRET.items() if key != "stringData"
    }
    assert sealed["stringData"]["empty"] == ""  # as SOPS leaves it
    assert sealed["sops"]["lastmodified"] == "2026-03-01T12:30:00Z"
    assert is_encrypted(sealed)
    assert not is_encrypted(SECRET)


@pytest.mark.parametrize("only_encrypted", [False, True])
def test_each_recipient_opens_what_was_encrypted(only_encrypted: bool) -> None:
    other = pyrage.x25519.Identity.generate()
    rule = Rule((str(other.to_public()), RECIPIENT), mac_only_encrypted=only_encrypted)
    sealed = as_read(encrypted(SECRET, rule, NOW))
    assert opened(sealed, [KEY]) == SECRET
    assert opened(sealed, [str(other)]) == SECRET


@settings(max_examples=40)
@given(st.dictionaries(st.text(min_size=1), JSON, max_size=4))
def test_whatever_is_encrypted_comes_back_the_same(data: dict[str, Any]) -> None:
    body = {**SECRET, "stringData": data, "extra": data}
    assert opened(encrypted(body, Rule((RECIPIENT,)), NOW), [KEY]) == body


def test_another_key_opens_nothing() -> None:
    sealed = encrypted(SECRET, Rule((RECIPIENT,)), NOW)
    for identities in ([], [str(pyrage.x25519.Identity.generate())]):
        with pytest.raises(NotOpened, match="no age key"):
            opened(sealed, identities)


def test_nothing_can_be_changed_or_moved_unnoticed() -> None:
    sealed = encrypted(SECRET, Rule((RECIPIENT,)), NOW)

    def changed(at: tuple[str, ...], value: Any) -> JsonObject:
        body = deepcopy(sealed)
        place = body
        for key in at[:-1]:
            place = place[key]
        place[at[-1]] = value
        return body

    cases = [
        changed(("metadata", "name"), "other"),
        changed(("stringData", "token"), "written in clear"),
        changed(("stringData", "token"), sealed["stringData"]["config"]),
        changed(("stringData", "more"), "added"),
        changed(("sops", "lastmodified"), "2026-03-02T12:30:00Z"),
        changed(("sops", "mac"), ""),
    ]
    for body in cases:
        with pytest.raises(NotOpened, match="changed"):
            opened(body, [KEY])


def test_the_first_rule_for_the_path_says_for_whom() -> None:
    text = b"""
creation_rules:
  - path_regex: ^secrets/
    pgp: FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4
  - path_regex: resources/.*\\.yaml$
    encrypted_regex: ^stringData$
    mac_only_encrypted: true
    age: >-
      age1a,
      age1b
  - age: [age1c]
"""
    assert rule_for(text, "resources/x.yaml") == Rule(("age1a", "age1b"), "^stringData$", mac_only_encrypted=True)
    assert rule_for(text, "other.yaml") == Rule(("age1c",))
    assert rule_for(b"creation_rules:\n- path_regex: ^a$\n  age: age1a\n", "b") is None
    assert rule_for(b"", "b") is None
    with pytest.raises(RuleUnusable, match=r"rule 1 of \.sops\.yaml has pgp"):
        rule_for(text, "secrets/x.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("creation_rules: [{path_regex: '('}]", "is no regular expression"),
        ("creation_rules: [{age: ''}]", "names no age recipient"),
        ("creation_rules: [{age: age1a, encrypted_regex: ^password$}]", "leaves the values of a Secret readable"),
        ("creation_rules: [{age: age1a, unencrypted_suffix: _clear}]", "has unencrypted_suffix"),
        ("creation_rules: [7]", "is no object"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_followed_says_why(text: str, said: str) -> None:
    with pytest.raises(RuleUnusable, match=said):
        rule_for(text.encode(), "x.yaml")


def test_what_is_no_public_key_is_named() -> None:
    with pytest.raises(RuleUnusable, match="'age1a' is no public key"):
        encrypted(SECRET, Rule(("age1a",)), NOW)


def test_keys_of_a_file_are_read_beside_comments() -> None:
    text = f"# created: today\n# public key: {RECIPIENT}\n{KEY}\nAGE-SECRET-KEY-1BROKEN\n"
    assert identities_in(text) == [KEY]
    assert public_keys([KEY]) == {RECIPIENT}


@pytest.mark.parametrize("name", ["all-values", "only-encrypted-values"])
def test_what_the_sops_program_wrote_is_opened(name: str) -> None:
    """Recorded of sops 3.9.4; the checksum is of all values, or of the encrypted ones alone."""
    (document,) = parse_manifests((RECORDED / f"{name}.yaml").read_bytes(), file=f"{name}.yaml")
    found = opened(document.body, identities_in((RECORDED / "test.agekey").read_text()))
    assert found["metadata"] == {
        "name": "eu",
        "labels": {"env": "prod"},
        "annotations": {"argosy.io/weight": "1.50"},
    }
    token = {"token": CANARY, "empty": "", "config": '{"bearerToken": "canary-4711"}\n'}
    assert (found["immutable"], found["stringData"]) == (True, token)
    assert found["extra"] == [1, 1.5, True, None, {"a": 25000.5}]

"""Which signatures a project demands of which repository."""

from typing import Any

import pytest

from gitsync.project.integrity import IntegrityMode, IntegrityPolicy, integrity_policy

KEY, OTHER = "D56C4FCA57A46444", "4AEE18F83AFDEB23"


def project(*policies: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {**({"sourceIntegrity": {"git": {"policies": list(policies)}}} if policies else {}), **spec}}


def policy(repos: list[Any], mode: str, *keys: str) -> dict[str, Any]:
    return {"repos": repos, "gpg": {"mode": mode, "keys": list(keys)}}


def test_nothing_is_demanded_without_a_policy() -> None:
    assert integrity_policy(None, "https://host/a") is None
    assert integrity_policy(project(), "https://host/a") is None
    assert integrity_policy(project(policy(["https://other/*"], "head", KEY)), "https://host/a") is None


def test_the_first_policy_that_fits_counts() -> None:
    both = project(policy(["https://host/x/secure"], "strict", KEY, OTHER), policy(["https://host/*"], "head", OTHER))
    assert integrity_policy(both, "https://host/x/secure.git") == IntegrityPolicy(
        IntegrityMode.STRICT, frozenset({KEY, OTHER})
    )
    assert integrity_policy(both, "https://host/x/other") == IntegrityPolicy(IntegrityMode.HEAD, frozenset({OTHER}))


def test_none_ends_the_search() -> None:
    both = project(policy(["https://host/a"], "none"), policy(["*"], "head", KEY))
    assert integrity_policy(both, "https://host/a") is None
    assert integrity_policy(both, "https://host/b") is not None


def test_keys_of_the_older_kind_hold_for_every_repository() -> None:
    legacy = project(signatureKeys=[{"keyID": f"0x{KEY.lower()}"}])
    assert integrity_policy(legacy, "ssh://git@host/a") == IntegrityPolicy(IntegrityMode.HEAD, frozenset({KEY}))
    newer = project(policy(["https://host/a"], "none"), signatureKeys=[{"keyID": KEY}])
    assert integrity_policy(newer, "https://host/b") is None


@pytest.mark.parametrize("broken", [{"mode": "heads", "keys": [KEY]}, {"keys": [KEY]}, {}, "text"])
def test_a_policy_that_cannot_be_read_demands_the_most(broken: Any) -> None:
    found = integrity_policy(project({"repos": ["*"], "gpg": broken}), "https://host/a")
    assert found is not None
    assert found.mode is IntegrityMode.STRICT


def test_repositories_may_be_maps_with_a_url() -> None:
    assert integrity_policy(project(policy([{"url": "https://host/*"}], "head", KEY)), "https://host/a/b") is not None


def test_short_ids_trust_nobody() -> None:
    found = integrity_policy(project(policy(["*"], "head", KEY[-8:], KEY)), "https://host/a")
    assert found is not None
    assert found.keys == {KEY}
    assert found.trusts((f"0123456789ABCDEF01234567{KEY}",))
    assert not found.trusts((f"0123456789ABCDEF01234567{OTHER}",))

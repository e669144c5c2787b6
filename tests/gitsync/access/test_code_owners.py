"""CODEOWNERS as the hosts read it: the last pattern that matches a file names its owners."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.access.code_owners import owners_of, places_of
from gitsync.access.provider import ProviderKind


@pytest.mark.parametrize(
    ("text", "path", "owners"),
    [
        ("* @all\n/apps/ @apps", "apps/cart.yaml", ("@apps",)),
        ("/apps/ @apps\n* @all", "apps/cart.yaml", ("@all",)),
        ("* @all", "deep/down/x", ("@all",)),
        ("*.yaml @yaml  # a comment", "apps/cart.yaml", ("@yaml",)),
        ("*.yaml @yaml", "apps/cart.yml", ()),
        ("apps/ @apps", "team/apps/cart.yaml", ("@apps",)),
        ("/apps @apps", "team/apps/cart.yaml", ()),
        ("/apps @apps", "apps/cart.yaml", ("@apps",)),
        ("docs/* @docs", "docs/a.md", ("@docs",)),
        ("docs/* @docs", "docs/deep/a.md", ()),
        ("apps/**/prod.yaml @prod", "apps/a/b/prod.yaml", ("@prod",)),
        ("apps/**/prod.yaml @prod", "apps/prod.yaml", ("@prod",)),
        ("/apps/** @apps", "apps/a/b", ("@apps",)),
        ("**/prod/ @prod", "a/prod/x", ("@prod",)),
        ("* @all\n/apps/cart.yaml", "apps/cart.yaml", ()),
        ("a\\ b/ @space", "a b/x", ("@space",)),
        ("[Apps] @default\n/apps/\n[Security][2]\n*.yaml @sec", "apps/x.yaml", ("@default", "@sec")),
        ("^[Optional]\n* @maybe", "x", ("@maybe",)),
        ("* @a @b dana@example.com", "x", ("@a", "@b", "dana@example.com")),
        ("a+b.yaml @plus", "aab.yaml", ()),
    ],
)
def test_the_last_match_of_each_section_counts(text: str, path: str, owners: tuple[str, ...]) -> None:
    assert owners_of(text, path) == owners


@pytest.mark.parametrize(
    ("text", "path", "owners"),
    [
        ("apps/.* @apps", "apps/cart.yaml", ("@apps",)),
        ("apps @apps", "apps/cart.yaml", ()),  # a rule is for the whole path
        (".*\\\\.yaml @yaml # a comment", "apps/cart.yaml", ("@yaml",)),
        (".*\\\\.yaml @yaml", "apps/cart-yaml", ()),
        ("!docs/.* @all", "apps/cart.yaml", ("@all",)),
        ("!docs/.* @all", "docs/a.md", ()),
        (".* @all\napps/.* @apps @all", "apps/cart.yaml", ("@all", "@apps")),  # all rules together
        ("a\\ b/.* @space", "a b/x", ("@space",)),
        ("apps/(cart|shop)/.* @org/team", "apps/shop/x", ("@org/team",)),
        ("(a+)+$ @slow", "a" * 300 + "!", ()),
        ("apps/( @broken\n.* @all", "apps/x", ("@all",)),
    ],
)
def test_rules_of_gitea_are_regular_expressions(text: str, path: str, owners: tuple[str, ...]) -> None:
    assert owners_of(text, path, ProviderKind.GITEA) == owners


def test_each_host_looks_in_its_own_places() -> None:
    assert places_of(ProviderKind.GITHUB)[0] == ".github/CODEOWNERS"
    assert ".github/CODEOWNERS" not in places_of(ProviderKind.GITEA)
    assert set(places_of(None)) == {place for kind in ProviderKind for place in places_of(kind)}


@given(st.text(st.sampled_from("*/?[]^\\# @abc.\n"), max_size=200), st.text(st.sampled_from("/abc."), max_size=40))
def test_no_file_breaks_the_reading(text: str, path: str) -> None:
    for kind in (None, ProviderKind.GITEA):
        assert all(owners_of(text, path, kind))

"""Secrets of the home namespace as values."""

import base64

import pytest

from gitsync.access.credentials import CredentialStore
from gitsync.access.secret import (
    Credential,
    PersonSecret,
    RepositorySecret,
    SecretUnreadable,
    comparable_url,
    is_prefix,
    read_person_secret,
    read_repository_secret,
)
from gitsync.manifest.object import JsonObject

CANARY = "canary-4711"


def secret(kind: str, **data: str) -> JsonObject:
    return {
        "metadata": {"name": "s", "labels": {"argocd.argoproj.io/secret-type": kind}},
        "data": {name: base64.b64encode(value.encode()).decode() for name, value in data.items()},
    }


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://Git.Example.com/a/b.git", "https://git.example.com/a/b"),
        ("https://user:password@git.example.com/a", "https://git.example.com/a/"),
        ("git@git.example.com:a/b.git", "git@git.example.com:a/b"),
    ],
)
def test_spellings_of_one_repository_are_equal(left: str, right: str) -> None:
    assert comparable_url(left) == comparable_url(right)


@pytest.mark.parametrize(
    ("prefix", "url", "covers"),
    [
        ("https://git.example.com", "https://git.example.com/a", True),
        ("https://git.example.com/team", "https://git.example.com/team/a.git", True),
        ("https://git.example.com/team", "https://git.example.com/team-b/a", False),
        ("https://git.example.com", "https://git.example.com.evil.example/a", False),
        ("https://git.example.com", "http://git.example.com/a", False),
    ],
)
def test_a_prefix_ends_at_a_path_boundary(prefix: str, url: str, covers: bool) -> None:
    assert is_prefix(prefix, url) is covers


def test_a_repository_without_credential_takes_that_of_the_longest_template() -> None:
    store = CredentialStore()
    store.put_repository("a", read_repository_secret(secret("repository", url="https://git.example.com/team/a")))
    store.put_repository(
        "b", read_repository_secret(secret("repo-creds", url="https://git.example.com", username="u", password="1"))
    )
    store.put_repository(
        "c",
        read_repository_secret(secret("repo-creds", url="https://git.example.com/team", username="u", password="2")),
    )
    found = store.for_repository("https://git.example.com/team/a.git")
    assert found is not None
    assert found.credential == Credential("u", "2")
    store.remove("c")
    found = store.for_repository("https://git.example.com/team/a.git")
    assert found is not None
    assert found.credential == Credential("u", "1")
    assert store.for_repository("https://elsewhere.example.com/a") is None


def test_what_is_missing_is_named_and_values_are_not() -> None:
    with pytest.raises(SecretUnreadable, match="no url"):
        read_repository_secret(secret("repository", password=CANARY))
    with pytest.raises(SecretUnreadable, match="no person") as failure:
        read_person_secret(secret("", username="dana", password=CANARY))
    assert CANARY not in str(failure.value)


def test_secrets_never_show_in_their_repr() -> None:
    repository = read_repository_secret(
        secret("repository", url="https://git.example.com/a", username="u", password=CANARY, sshPrivateKey=CANARY)
    )
    person = read_person_secret(secret("", person="dana", username="dana", password=CANARY))
    assert CANARY not in repr(repository) + repr(person)


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("git@github.com:team/apps.git", "https://github.com/team/apps.git"),
        ("ssh://git@git.example.com:2222/team/apps.git", "http://git.example.com:3000/team/apps.git"),
        ("https://elsewhere.example/x", "https://elsewhere.example/x"),
    ],
)
def test_what_is_read_over_ssh_is_asked_for_on_the_web(url: str, web: str) -> None:
    store = CredentialStore()
    store.put_person("d", PersonSecret("dana", "http://git.example.com:3000", Credential("dana", "token")))
    assert store.web_url(url) == web


def test_people_may_enter_tokens_for_hosts_that_are_read_over_ssh() -> None:
    store = CredentialStore()
    store.put_repository("r", RepositorySecret("git@git.example.com:team", True, None, ssh_private_key="key"))
    assert store.trusts("https://git.example.com")
    assert not store.trusts("https://git.example.com.evil.example")


@pytest.mark.parametrize(
    ("username", "password", "told"),
    [
        ("dana@example.com", "ATATT3xFf0", "x-bitbucket-api-token-auth"),
        ("dana", "ATATT3xFf0", "dana"),
        ("dana@example.com", "a-password", "dana@example.com"),
    ],
)
def test_git_is_told_another_name_than_the_api_for_an_api_token_of_atlassian(
    username: str, password: str, told: str
) -> None:
    assert Credential(username, password).git_username == told

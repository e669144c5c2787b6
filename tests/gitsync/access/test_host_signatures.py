"""What Git hosts say about signatures of commits, in the shapes of their answers, and what they are asked."""

from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.access.commit_signature import HostWord, read_signature, signature_question
from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.provider import Provider, ProviderKind, RepositoryPath
from gitsync.access.secret import Credential
from gitsync.git.credentials import GitCredential, NoCredentials
from tests.support.git_rig import Keyring

SHA = "a" * 40
PATH = RepositoryPath("shop", "apps")
CASES: list[tuple[ProviderKind, Any, HostWord | None]] = [
    (
        ProviderKind.GITHUB,
        {"commit": {"verification": {"verified": True, "reason": "valid"}}, "author": {"login": "dana"}},
        HostWord(True, "dana"),
    ),
    (
        ProviderKind.GITHUB,
        {"commit": {"verification": {"verified": False, "reason": "unknown_key"}}, "author": None},
        HostWord(None, "unknown_key"),
    ),
    (
        ProviderKind.GITHUB,
        {"commit": {"verification": {"verified": False, "reason": "invalid"}}},
        HostWord(False, "invalid"),
    ),
    (
        ProviderKind.GITEA,
        {"commit": {"verification": {"verified": True, "reason": "dana / SHA256:x", "signer": {"username": "dana"}}}},
        HostWord(True, "dana"),
    ),
    (
        ProviderKind.GITEA,
        {"commit": {"verification": {"verified": False, "reason": "gpg.error.no_gpg_keys_found", "signer": None}}},
        HostWord(None, "gpg.error.no_gpg_keys_found"),
    ),
    (
        ProviderKind.GITLAB,
        {"signature_type": "PGP", "verification_status": "verified", "gpg_key_user_name": "Dana"},
        HostWord(True, "Dana"),
    ),
    (
        ProviderKind.GITLAB,
        {"signature_type": "SSH", "verification_status": "unknown_key", "key": {}},
        HostWord(None, "unknown_key"),
    ),
    (ProviderKind.GITLAB, {"message": "404 GPG Signature Not Found"}, None),
    (ProviderKind.GITEA, {"commit": {}}, None),
]


@pytest.mark.parametrize(("kind", "body", "word"), CASES)
def test_the_word_of_each_host_is_read(kind: ProviderKind, body: Any, word: HostWord | None) -> None:
    assert read_signature(Provider(kind, "https://git.test/api"), body) == word


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from(["commit", "verification", "verified", "reason", "signer", "verification_status", "key"]),
            inner,
        ),
    )
)
def test_nothing_odd_is_taken_for_a_good_signature(body: Any) -> None:
    for kind in (ProviderKind.GITHUB, ProviderKind.GITEA):
        word = read_signature(Provider(kind, "https://git.test/api"), body)
        if word is not None and word.good:
            assert body["commit"]["verification"]["verified"] is True


def test_hosts_that_verify_nothing_are_not_asked() -> None:
    for kind in (ProviderKind.BITBUCKET, ProviderKind.BITBUCKET_SERVER):
        assert signature_question(Provider(kind, "https://git.test"), PATH, SHA, Credential("u", "p")) is None
    question = signature_question(
        Provider(ProviderKind.GITLAB, "https://git.test/api/v4"), PATH, SHA, Credential("u", "p")
    )
    assert question is not None
    assert question.url == f"https://git.test/api/v4/projects/shop%2Fapps/repository/commits/{SHA}/signature"


async def test_a_host_is_asked_once_with_the_runtimes_own_credential_and_its_silence_is_silence() -> None:
    asked: list[httpx.Request] = []
    status = 503
    seconds = 0.0

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, content=orjson.dumps(CASES[0][1]))

    probe = AccessProbe(CredentialStore(), clock=lambda: seconds, transport=httpx.MockTransport(answer))
    url = "https://github.com/shop/apps.git"
    words = probe.host_signatures(Keyring(GitCredential("robot", "own-token")))
    assert await words.of(url, [SHA]) == {}
    status = 200
    assert await words.of(url, [SHA]) == {SHA: HostWord(True, "dana")}
    assert await words.of(url, [SHA]) == {SHA: HostWord(True, "dana")}
    assert [one.headers["Authorization"] for one in asked] == ["Bearer own-token"] * 2
    seconds = 601.0
    await words.of(url, [SHA])
    assert len(asked) == 3
    assert await probe.host_signatures(NoCredentials()).of(url, [SHA]) == {}
    assert len(asked) == 3
    await probe.close()

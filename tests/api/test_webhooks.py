"""Webhooks of each Git host: its signature, its payload; storms become few hints; nothing odd gets through."""

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.endpoints.webhook_payload import is_signed, pushed_urls
from api.runtimes.hints import GATHER_SECONDS, MOST_URLS, Hints
from tests.support.webhook_payloads import PAYLOADS

SECRET = "hook"


def _hmac(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _old(body: bytes, secret: str) -> str:
    """What GitHub and Gitea send beside the other one, for old receivers."""
    return f"sha1={hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}"


def _headers(host: str, body: bytes, secret: str = SECRET) -> dict[str, str]:
    signature = _hmac(body, secret)
    password = base64.b64encode(f"argosy:{secret}".encode()).decode()
    return {
        "github": {"x-hub-signature-256": f"sha256={signature}", "x-hub-signature": _old(body, secret)},
        "gitlab": {"x-gitlab-token": secret},
        "gitea": {
            "x-gitea-signature": signature,
            "x-gogs-signature": signature,
            "x-hub-signature": _old(body, secret),
            "x-hub-signature-256": f"sha256={signature}",
        },
        "forgejo": {"x-forgejo-signature": signature, "x-hub-signature": _old(body, secret)},
        "gogs": {"x-gogs-signature": signature},
        "bitbucket": {"x-hub-signature": f"sha256={signature}", "x-event-key": "repo:push"},
        "bitbucket server": {"x-hub-signature": f"sha256={signature}", "x-event-key": "repo:refs_changed"},
        "bitbucket server without links": {
            "x-hub-signature": f"sha256={signature}",
            "x-event-key": "repo:refs_changed",
        },
        "azure devops": {"authorization": f"Basic {password}"},
        "ghcr": {"x-hub-signature-256": f"sha256={signature}"},
        "harbor": {"authorization": f"Bearer {secret}"},
        "generic": {"authorization": f"Bearer {secret}"},
        "generic, signed": {"x-argosy-signature": f"sha256={signature}"},
    }[host]


@pytest.mark.parametrize("host", PAYLOADS)
def test_a_push_of_each_host_names_its_repository(host: str) -> None:
    payload, expected = PAYLOADS[host]
    body = json.dumps(payload).encode()
    headers = _headers(host, body)
    assert is_signed(headers, body, SECRET)
    assert pushed_urls(headers, body) == expected


@pytest.mark.parametrize("host", PAYLOADS)
def test_another_secret_or_another_body_is_not_signed(host: str) -> None:
    body = json.dumps(PAYLOADS[host][0]).encode()
    assert not is_signed(_headers(host, body, "other"), body, SECRET)
    if "x-" in "".join(_headers(host, body)) and host != "gitlab":
        assert not is_signed(_headers(host, body), body + b" ", SECRET)


def test_every_signature_that_is_there_has_to_fit() -> None:
    body = b"{}"
    good = {"x-hub-signature-256": f"sha256={_hmac(body)}"}
    assert is_signed(good, body, SECRET)
    assert not is_signed(good | {"x-gitea-signature": "0" * 64}, body, SECRET)
    assert not is_signed({"x-hub-signature-256": "", "x-gitlab-token": SECRET}, body, SECRET)
    assert not is_signed({"x-hub-signature": "sha1=" + "0" * 40}, body, SECRET)
    assert not is_signed({}, body, SECRET)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["repository", "project", "resource", "repositories", "links", "clone", "html", "href", "clone_url", "remoteUrl"]
)
SHAPED = st.recursive(
    JUNK | st.sampled_from(["http://[", "https://git.example.test/a.git", "://", "ssh://a", "\ud800", "a:b", "//"]),
    lambda inner: st.dictionaries(FIELDS, inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(payload=SHAPED, event=st.sampled_from(["", "repo:push", "repo:refs_changed"]))
def test_whatever_is_sent_only_addresses_come_out(payload: Any, event: str) -> None:
    found = pushed_urls({"x-event-key": event}, json.dumps(payload).encode())
    for url in found or ():
        assert len(url) <= 2048
        assert url.isprintable()
        assert urlsplit(url).path


@settings(deadline=None)
@given(body=st.binary(max_size=200))
def test_bytes_that_are_no_payload_are_nothing(body: bytes) -> None:
    assert pushed_urls({}, body) is None or body.lstrip().startswith(b"{")


@settings(deadline=None)
@given(
    headers=st.dictionaries(
        st.sampled_from(["authorization", "x-gitlab-token", "x-hub-signature", "x-gogs-signature"]),
        st.text(max_size=30) | st.sampled_from(["Basic", "Basic :", "Bearer", "Basic aG9vaw==", "sha256="]),
    )
)
def test_headers_of_strangers_are_never_a_signature(headers: dict[str, str]) -> None:
    if "hook" not in "".join(headers.values()):
        assert not is_signed(headers, b"{}", SECRET)


async def test_a_storm_of_webhooks_becomes_two_hints() -> None:
    sent: list[tuple[str, ...]] = []
    hints = Hints(sent.append)
    for number in range(1000):
        hints.add((f"https://git.example.test/{number % 10}.git",))
    await asyncio.sleep(GATHER_SECONDS * 4)
    assert [len(urls) for urls in sent] == [1, 10]
    hints.add(("https://git.example.test/later.git",))
    assert sent[2:] == [("https://git.example.test/later.git",)]


async def test_more_repositories_than_can_be_named_are_all() -> None:
    sent: list[tuple[str, ...]] = []
    hints = Hints(sent.append)
    for number in range(MOST_URLS + 3):
        hints.add((f"https://git.example.test/{number}.git",))
    await asyncio.sleep(GATHER_SECONDS * 4)
    assert sent == [("https://git.example.test/0.git",), ()]

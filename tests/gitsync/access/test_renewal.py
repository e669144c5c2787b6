"""Tokens that end are made anew: what is asked, and what the answers mean. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from gitsync.access.provider_client import Answered
from gitsync.access.renewal import EARLY, RenewalFailed, RenewalRefused, is_due, renewed, renewing
from model.link_access import PutGitToken, Renewal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RENEWAL = Renewal("refresh-canary", NOW + timedelta(hours=1), "https://git.example.com/token", "id", "secret-canary")


def answered(status: int, body: Any) -> Answered:
    return Answered(status, httpx.Headers(), body)


def test_a_token_is_renewed_a_little_before_it_ends() -> None:
    assert not is_due(RENEWAL, NOW)
    assert is_due(RENEWAL, RENEWAL.expires_at - EARLY)


def test_the_question_shows_no_secret() -> None:
    question = renewing(RENEWAL)
    assert question.form is not None
    assert question.form["grant_type"] == "refresh_token"
    for shown in (repr(question), repr(RENEWAL), repr(PutGitToken("dana", "x", "dana", "t-canary", renewal=RENEWAL))):
        assert "canary" not in shown


def test_the_newest_refresh_token_counts_and_the_old_one_where_there_is_none() -> None:
    token, after = renewed(RENEWAL, answered(200, {"access_token": "t", "refresh_token": "r", "expires_in": 60}), NOW)
    assert (token, after.refresh_token, after.expires_at) == ("t", "r", NOW + timedelta(seconds=60))
    _, after = renewed(RENEWAL, answered(200, {"access_token": "t"}), NOW)
    assert after.refresh_token == "refresh-canary"
    assert after.expires_at > NOW


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": "invalid_grant"}, RenewalRefused),
        (200, {"error": "bad_refresh_token"}, RenewalRefused),
        (200, {}, RenewalFailed),
        (200, None, RenewalFailed),
        (302, None, RenewalFailed),
    ],
)
def test_a_refusal_is_told_from_a_failure(status: int, body: Any, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        renewed(RENEWAL, answered(status, body), NOW)

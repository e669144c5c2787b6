"""Making tokens anew before they end: the question, and what its answer means. Pure."""

from datetime import datetime, timedelta

import msgspec

from gitsync.access.provider import Question
from gitsync.access.provider_client import Answered
from model.link_access import Renewal

EARLY = timedelta(minutes=5)
_LIFETIME_SECONDS = 7200


class RenewalRefused(Exception):
    """The host does not renew it any more: the person has to sign in again."""


class RenewalFailed(Exception):
    """The host did not answer as it should; it may do so later."""


def is_due(renewal: Renewal, now: datetime) -> bool:
    return now >= renewal.expires_at - EARLY


def renewing(renewal: Renewal) -> Question:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": renewal.refresh_token,
        "client_id": renewal.client_id,
    }
    if renewal.client_secret:
        form["client_secret"] = renewal.client_secret
    return Question(renewal.token_url, {"Accept": "application/json", "User-Agent": "argosy"}, form=form)


def renewed(renewal: Renewal, answer: Answered, now: datetime) -> tuple[str, Renewal]:
    """The new token, and how the next one is made. Raises RenewalRefused or RenewalFailed."""
    body = answer.body if isinstance(answer.body, dict) else {}
    if answer.status in (400, 401, 403) or "error" in body:
        raise RenewalRefused(str(body.get("error_description") or body.get("error") or answer.status)[:200])
    token, refresh = body.get("access_token"), body.get("refresh_token")
    if answer.status != 200 or not isinstance(token, str) or not token:
        raise RenewalFailed(f"it answered {answer.status}")
    seconds = body.get("expires_in")
    lifetime = seconds if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0 else None
    next_refresh = refresh if isinstance(refresh, str) and refresh else renewal.refresh_token
    ends = now + timedelta(seconds=lifetime or _LIFETIME_SECONDS)
    return token, msgspec.structs.replace(renewal, refresh_token=next_refresh, expires_at=ends)

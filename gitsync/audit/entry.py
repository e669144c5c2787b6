"""One commit as an audit record. Pure.

A commit is Argosy's when it carries both the action and the operation id; every other commit was made outside, by
whoever its author says. Trailers are claims of whoever could push: what a signature or the Git host proves is shown
beside them, and never derived from them.
"""

from datetime import datetime, timedelta, timezone

import msgspec

from gitsync.audit.trailers import (
    ACTION,
    ACTOR,
    ENTITY,
    OPERATION_ID,
    REASON,
    Message,
    parse_entity,
    parse_message,
    parse_person,
)
from gitsync.git.commit_facts import CommitFacts
from model.audit import OUTSIDE, AuditEntry, SignatureStatus
from model.report import CommitInfo

_LONGEST_MESSAGE = 4000
_LONGEST_FIELD = 300
_LAST_SECOND = 253_370_764_800  # the year 9999, with room for every time zone
_REPOSITORY = "Repository"


class _Outcome(msgspec.Struct, frozen=True):
    """A note in JSON: the outcome under any of the names that it has."""

    outcome: str = ""
    phase: str = ""
    message: str = ""


def entry_of(facts: CommitFacts, *, repo_url: str, page: str | None, note: str, branch: str = "") -> AuditEntry:
    """`note` is the text of the commit's Git note, "" without one; `page` opens the commit on its host."""
    message = parse_message(facts.message)
    commit = CommitInfo(
        sha=facts.sha,
        message=facts.message.strip()[:_LONGEST_MESSAGE],
        author_name=facts.author_name,
        author_email=facts.author_email,
        date=_moment(facts.time, facts.offset_minutes),
        repo_url=repo_url,
        branch=branch,
        url=page,
    )
    signature = SignatureStatus.UNVERIFIED if facts.signed_with else SignatureStatus.NONE
    action, entity = _what(message, repo_url)
    actor = parse_person(message.trailer(ACTOR)) if message.trailer(ACTOR) and action != OUTSIDE else None
    name, email = actor or (facts.author_name, facts.author_email)
    if not email and name == facts.author_name:
        email = facts.author_email
    return AuditEntry(
        commit=commit,
        action=action,
        entity_kind=entity[0][:_LONGEST_FIELD],
        entity_name=entity[1][:_LONGEST_FIELD],
        runtime=entity[2][:_LONGEST_FIELD],
        actor_name=name[:_LONGEST_FIELD],
        actor_email=email[:_LONGEST_FIELD],
        operation_id=message.trailer(OPERATION_ID)[:_LONGEST_FIELD] if action != OUTSIDE else "",
        reason=(message.trailer(REASON) or message.body)[:_LONGEST_MESSAGE],
        outcome=outcome_of(note),
        files=facts.paths,
        files_total=facts.paths_total,
        parents=facts.parents,
        signature=signature,
        signer=facts.signed_with,
    )


def _moment(seconds: int, offset_minutes: int) -> datetime:
    """The time that a commit claims; one that no calendar has is brought to the nearest that it has."""
    zone = timezone(timedelta(minutes=offset_minutes))
    return datetime.fromtimestamp(max(0, min(seconds, _LAST_SECOND)), zone)


def outcome_of(note: str) -> str:
    """The outcome that a note tells: a JSON object with `outcome` or `phase`, or a first line of text."""
    text = note.strip()
    if text.startswith("{"):
        try:
            told = msgspec.json.decode(text, type=_Outcome)
        except msgspec.DecodeError:
            return ""
        said = told.outcome or told.phase
        return (f"{said}: {told.message}" if said and told.message else said)[:_LONGEST_FIELD]
    first = text.partition("\n")[0].strip()
    name, colon, rest = first.partition(":")
    if colon and name.lower() in ("outcome", "argosy-outcome"):
        first = rest.strip()
    return first[:_LONGEST_FIELD]


def _what(message: Message, repo_url: str) -> tuple[str, tuple[str, str, str]]:
    """The action, and kind, name and runtime of what it was done to."""
    action = message.trailer(ACTION)
    if action and message.trailer(OPERATION_ID):
        entity = parse_entity(message.trailer(ENTITY))
        if entity is not None:
            return action.upper()[:_LONGEST_FIELD], (entity.kind, entity.name, entity.runtime)
        return action.upper()[:_LONGEST_FIELD], ("Unknown", "", "")
    name = repo_url.rstrip("/").rpartition("/")[2].removesuffix(".git")
    return OUTSIDE, (_REPOSITORY, name, "")

"""Trailers and entries: what a commit says, whatever somebody wrote into it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.audit.entry import entry_of, outcome_of
from gitsync.audit.trailers import Entity, format_entity, parse_entity, parse_message, parse_person
from gitsync.git.change import Change, Contents, Person, full_message
from gitsync.git.commit_facts import CommitFacts
from gitsync.git.tree import Files
from model.audit import AuditEntry, SignatureStatus

MESSAGE = """Set the image of cart to 1.4

The customer asked for it.

Argosy-Action: edit
Argosy-Entity: Application demo/argosy/cart
Argosy-Operation-Id: op-1
Argosy-Actor: Dana <dana@example.com>
"""
FACTS = CommitFacts(
    sha="a" * 40,
    parents=("b" * 40,),
    message=MESSAGE,
    author_name="dana",
    author_email="dana@example.com",
    committer_name="Argosy",
    committer_email="argosy@example.com",
    time=1_700_000_000,
    offset_minutes=60,
    paths=("apps/cart.yaml",),
    paths_total=1,
    signed_with="",
)
REPO = "https://git.example.com/team/platform.git"


def entry(message: str = MESSAGE, *, note: str = "", **facts: object) -> AuditEntry:
    return entry_of(replace(FACTS, message=message, **facts), repo_url=REPO, page=None, note=note)  # type: ignore[arg-type]


def test_a_commit_of_argosy_says_who_did_what_to_what_and_why() -> None:
    found = entry(note='{"phase": "Succeeded", "message": "3 resources"}')
    assert (found.action, found.entity_kind, found.entity_name, found.runtime) == (
        "EDIT",
        "Application",
        "cart",
        "demo",
    )
    assert (found.actor_name, found.actor_email, found.operation_id) == ("Dana", "dana@example.com", "op-1")
    assert (found.reason, found.outcome) == ("The customer asked for it.", "Succeeded: 3 resources")
    assert found.commit.date.astimezone(UTC) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_what_the_commit_queue_writes_is_read_back() -> None:
    change = Change(
        "op-7",
        "SYNC",
        "Application demo/argosy/cart",
        Person("Dana D.", "d@example.com"),
        "Sync cart\n\nWhy not",
        _nothing,
    )
    found = entry(full_message(change))
    assert (found.action, found.entity_name, found.runtime, found.operation_id) == ("SYNC", "cart", "demo", "op-7")
    assert (found.actor_name, found.reason) == ("Dana D.", "Why not")


def _nothing(_: Files) -> Contents:
    return {}


@pytest.mark.parametrize("left_out", ["Argosy-Action", "Argosy-Operation-Id"])
def test_a_commit_without_action_or_operation_id_was_made_outside(left_out: str) -> None:
    message = "\n".join(line for line in MESSAGE.split("\n") if not line.startswith(left_out))
    found = entry(message)
    assert (found.action, found.entity_kind, found.entity_name) == ("COMMIT", "Repository", "platform")
    assert (found.actor_name, found.operation_id) == ("dana", "")


def test_trailers_are_only_the_last_paragraph() -> None:
    found = entry("Explain\n\nArgosy-Action: DELETE\nArgosy-Operation-Id: x\n\nThis is how our commits look.")
    assert found.action == "COMMIT"


def test_a_trailer_may_go_on_in_the_next_line_and_the_last_of_its_name_counts() -> None:
    message = parse_message("s\n\nA: 1\nB: one\n  two\nA: 2")
    assert message.trailers == {"a": "2", "b": "one two"}


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("Application demo/argosy/cart", Entity("Application", "demo", "argosy", "cart")),
        ("GitSource demo/platform", Entity("GitSource", "demo", "", "platform")),
        ("Runtime demo", Entity("Runtime", "", "", "demo")),
    ],
)
def test_entities_are_read_as_they_are_written(text: str, entity: Entity) -> None:
    assert parse_entity(text) == entity
    assert format_entity(entity) == text


@pytest.mark.parametrize("text", ["", "  ", "Application a/b/c/d", "Application two words"])
def test_what_is_no_entity_is_none(text: str) -> None:
    assert parse_entity(text) is None


def test_people_have_a_name_with_or_without_an_address() -> None:
    assert parse_person("Dana D. <d@example.com>") == ("Dana D.", "d@example.com")
    assert parse_person("dana") == ("dana", "")
    assert parse_person("<d@example.com>") == ("d@example.com", "d@example.com")


@pytest.mark.parametrize(
    ("note", "outcome"),
    [
        ("", ""),
        ("Succeeded\nmore", "Succeeded"),
        ("Outcome: Failed", "Failed"),
        ('{"outcome": "Failed"}', "Failed"),
        ('{"outcome": 3}', ""),
        ("{broken", ""),
    ],
)
def test_outcomes_come_from_notes(note: str, outcome: str) -> None:
    assert outcome_of(note) == outcome


def test_a_signature_that_nobody_checked_is_shown_as_that() -> None:
    assert entry().signature is SignatureStatus.NONE
    found = entry(signed_with="SSH")
    assert (found.signature, found.signer) == (SignatureStatus.UNVERIFIED, "SSH")


@given(st.text(), st.text(max_size=80), st.integers(-(2**40), 2**62), st.integers(-1439, 1439))
def test_no_commit_breaks_the_log(message: str, note: str, time: int, offset: int) -> None:
    found = entry(message, note=note, time=time, offset_minutes=offset)
    assert found.commit.date.year >= 1969
    assert len(found.commit.message) <= 4000

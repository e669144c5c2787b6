"""Promise 3: as many mutations as commits with our trailers, and an audit log that does not need the database."""

import pytest

from tests.e2e.demo.lives import Lives
from tests.support.mutations import COUNTED

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="session")]


async def test_mutations_are_commits_and_the_audit_log_outlives_the_database(lives: Lives) -> None:
    first = lives.first
    assert first.done == COUNTED
    assert len(set(first.accepted)) == len(first.accepted)
    assert set(first.trailers) == set(first.accepted)
    assert lives.second.audit == first.audit


async def test_whoever_saw_a_row_sees_it_still_when_a_git_source_was_added(lives: Lives) -> None:
    """The first Git Source brings the shared configuration to the cluster, whose repository then rules `platform`."""
    for seen, now in lives.first.source_added.values():
        assert "platform" in seen
        assert seen.keys() <= now.keys()
        assert now.keys() - seen.keys() <= {"audited-source", "in-cluster", "shared-configuration"}
    _, dana = lives.first.source_added["dana"]
    assert not dana["platform"]["permissions"]["sync"]["allowed"]  # its manifest is in `config` now, which dana reads
    assert dana["storefront"]["permissions"]["sync"]["allowed"]

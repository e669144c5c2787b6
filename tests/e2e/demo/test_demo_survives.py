"""The demo loses a process, or everything that it could compute again, and comes back to the same state."""

import pytest

from tests.e2e.demo.lives import Lives

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_killed_runtime_is_started_again_and_goes_on(lives: Lives) -> None:
    before, after = lives.first.runtime_killed
    assert {(one["syncStatus"], one["healthStatus"]) for one in before.values()} == {("SYNCED", "HEALTHY")}
    assert after == before


async def test_lost_caches_and_a_lost_database_come_back_the_same(lives: Lives) -> None:
    assert lives.second.shop == lives.first.shop


async def test_a_killed_demo_leaves_no_process_behind(lives: Lives) -> None:
    assert lives.first.left == {}


async def test_it_starts_again_and_ends_as_a_whole_by_ctrl_c(lives: Lives) -> None:
    started = lives.second.started.values()
    assert len(started) >= 3, started
    assert any("-m gitsync.sandbox" in words for words in started)
    assert any("-m gitsync --name" in words for words in started)
    assert lives.second.left == {}
    assert "Traceback" not in lives.second.log, lives.second.log

"""The runtime keeps its newest log lines, bounded, by component, and never a secret."""

import json
from collections.abc import Iterator

import pytest
import structlog

from gitsync.logs import RecentLines, configure_logs, without_secrets

CANARY = "canary4711canary"


@pytest.fixture
def recent(capsys: pytest.CaptureFixture[str]) -> Iterator[RecentLines]:
    before = structlog.get_config()
    yield configure_logs("info")
    structlog.configure(**before)


def test_lines_are_kept_by_component(recent: RecentLines) -> None:
    structlog.get_logger("gitsync.link").info("link is up", url="ws://plane/link")
    structlog.get_logger("gitsync.sync").warning("operation ended")
    structlog.get_logger("gitsync.sync").debug("not at this level")
    assert [line.component for line in recent.newest(10)] == ["gitsync.link", "gitsync.sync"]
    (line,) = recent.newest(10, "gitsync.link")
    told = json.loads(line.text)
    assert (told["event"], told["level"], told["url"]) == ("link is up", "info", "ws://plane/link")
    assert [line.component for line in recent.newest(1)] == ["gitsync.sync"]


@pytest.mark.parametrize(
    "fields",
    [
        {"token": CANARY},
        {"url": f"https://dana:{CANARY}@git.example.test/apps.git"},
        {"reason": f"cannot fetch https://{CANARY}@git.example.test/apps.git: 403"},
        {"headers": {"Authorization": f"Bearer {CANARY}"}},
        {"reason": f"argr_{CANARY} is void"},
        {"urls": [f"https://dana:{CANARY}@git.example.test/a.git"]},
    ],
)
def test_secrets_are_cut_out_before_a_line_is_kept(recent: RecentLines, fields: dict[str, object]) -> None:
    structlog.get_logger("gitsync.git").info("something happened", **fields)
    (line,) = recent.newest(1)
    assert CANARY not in line.text
    assert json.loads(line.text)["event"] == "something happened"


def test_what_is_no_secret_stays() -> None:
    text = "application shop/web at https://git.example.test/apps.git: bearer of bad news"
    assert without_secrets(text) == text


def test_memory_is_bounded_in_lines_and_in_size() -> None:
    recent = RecentLines(max_lines=3, max_characters=10_000)
    for number in range(5):
        recent.add("a", str(number))
    assert [line.text for line in recent.newest(9)] == ["2", "3", "4"]
    recent = RecentLines(max_lines=1_000, max_characters=10_000)
    for _ in range(10):
        recent.add("a", "x" * 50_000)
    assert sum(len(line.text) for line in recent.newest(99)) <= 10_000
    assert recent.newest(0) == ()

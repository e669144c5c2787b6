"""How often everything is rendered anew."""

import pytest

from gitsync.application.refresh import Refresh
from gitsync.configuration.engine_config import read_engine_config
from gitsync.reconcile.hard_refreshes import HardRefreshes


@pytest.mark.parametrize(("text", "times"), [("", 0), ("0s", 0), ("30s", 4), ("1m", 2), ("10m", 0)])
def test_hard_refreshes_come_as_often_as_argocd_cm_says(text: str, times: int) -> None:
    asked: list[Refresh] = []
    config = read_engine_config({"timeout.hard.reconciliation": text} if text else {})
    refreshes = HardRefreshes(asked.append, lambda: config.hard_reconciliation_seconds)
    for _ in range(8):
        refreshes.waited(15.0)
    assert asked == [Refresh.HARD] * times

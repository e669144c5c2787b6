"""What holds for every test: the same examples in every run, a time limit, and one line for each missing part."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# It ends what hangs; how fast something is, is measured by `make bench`. So it is generous: machines are shared.
E2E_SECONDS = 300

# The time limit of a test is pytest-timeout's. Derandomised, since a suite that fails only now and then is believed by
# nobody; looking for new examples is `--hypothesis-profile=explore`.
_STEADY = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("steady", _STEADY)
settings.register_profile("explore", settings(_STEADY, derandomize=False, max_examples=500))
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def _table_of_characters() -> None:
    """Hypothesis makes it once a machine, which takes seconds."""
    st.text().validate()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("e2e") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(E2E_SECONDS))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Counts what was skipped by its reason, since a part that is missing skips hundreds of tests."""
    skipped = Counter(str(report.longrepr[2]) for report in terminalreporter.getreports("skipped"))
    if skipped:
        terminalreporter.section("skipped, by reason")
        for reason, count in skipped.most_common():
            terminalreporter.line(f"{count:5} {reason.removeprefix('Skipped: ')}")

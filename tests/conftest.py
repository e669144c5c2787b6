"""What holds for every test: the same examples in every run, and nobody's time limit pays for tables made once."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

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

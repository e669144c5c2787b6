"""How patient and how frequent the traffic with Git hosts is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GitSettings:
    """The defaults suit some thousand repositories.

    `silence_timeout_seconds`: a connection that says nothing for so long is given up.
    """

    poll_seconds: float = 30.0
    jitter: float = 0.1  # share of the interval, so that a fleet does not ask in step
    backoff_max_seconds: float = 300.0  # a failing repository is asked ever more seldom, up to this
    busy_share: float = 0.05  # of the time at most is spent on asking one repository; a slow host is asked more seldom
    connect_timeout_seconds: float = 10.0
    silence_timeout_seconds: float = 15.0
    list_timeout_seconds: float = 30.0
    fetch_timeout_seconds: float = 600.0
    push_timeout_seconds: float = 60.0
    max_batch: int = 64  # changes that travel in one push at most
    max_packs: int = 50  # each fetch adds one, and reading asks all of them; beyond this the small ones are joined
    use_environment_proxy: bool = True

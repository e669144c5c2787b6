"""Which of several processes looks after which cluster. Pure.

A cluster goes to the number that its Secret names (`shard`), while a process has that number and is alive; else to the
live number that rendezvous hashing picks. So when a process comes or goes, only clusters that it has or had move.
"""

import hashlib
from dataclasses import dataclass

from gitsync.access.secret import secret_data
from gitsync.manifest.object import JsonObject


@dataclass(frozen=True, slots=True)
class Division:
    """`number` is this process's, from 0; `live` are those of all processes at work. This one is not among them while
    it cannot tell whether it still has its number: then nothing is its own."""

    number: int = 0
    live: frozenset[int] = frozenset({0})

    @property
    def is_first(self) -> bool:
        """Who also does what is done once: ApplicationSets, Rollouts, and Applications that name no known cluster."""
        return self.number == 0

    def is_ours(self, server: str, pinned: int | None = None) -> bool:
        return self.number in self.live and owner(server, self.live, pinned) == self.number


@dataclass(frozen=True, slots=True)
class _Claim:
    server: str
    name: str
    pinned: int | None


class Shares:
    """Whose each cluster is. Also those that others look after are known here, by their Secrets.

    The home cluster is always followed, since this process lives in it; what is deployed there has one owner, too.
    """

    def __init__(self, home_server: str, home_name: str) -> None:
        self._home_server, self._home_name = home_server, home_name
        self._claims: dict[str, _Claim] = {}
        self.division = Division()

    def note(self, secret: str, server: str, name: str, body: JsonObject) -> None:
        self._claims[secret] = _Claim(server, name, pinned_shard(body))

    def forget(self, secret: str) -> None:
        self._claims.pop(secret, None)

    def follows(self, secret: str) -> bool:
        claim = self._claims.get(secret)
        return claim is not None and (claim.server == self._home_server or self._is_ours(claim))

    def is_elsewhere(self, server: str, name: str) -> bool:
        """Whether another process looks after a destination; of one that nobody knows, the first tells."""
        claims = [one for one in self._claims.values() if (one.server == server if server else one.name == name)]
        if not claims and (server or name) in (self._home_server, self._home_name):
            claims = [_Claim(self._home_server, self._home_name, None)]
        return not (self._is_ours(claims[0]) if len(claims) == 1 else self.division.is_first)

    def _is_ours(self, claim: _Claim) -> bool:
        return self.division.is_ours(claim.server, claim.pinned)


def owner(server: str, live: frozenset[int], pinned: int | None = None) -> int:
    """`live` is not empty."""
    return pinned if pinned in live and pinned is not None else max(live, key=lambda number: _weight(number, server))


def pinned_shard(secret: JsonObject | None) -> int | None:
    """The number that a cluster Secret names; None where it names none."""
    text = secret_data(secret or {}).get("shard", "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None


def _weight(number: int, server: str) -> bytes:
    return hashlib.sha256(f"{number} {server}".encode()).digest()

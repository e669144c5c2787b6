"""What still has to be reported over the link. Pure bookkeeping, no sockets.

Changes are remembered by name (which application, which cluster) and not by content: the item is made when there is
room to send it, from the state as it is then. So a control plane that is away or slow costs no memory beyond one
entry per application, and what it gets is never older than necessary. Only reports that were sent and not yet
acknowledged are kept as bytes, and no more than a window of them.
"""

from collections import deque
from collections.abc import Callable, Iterable

from model.identity import ApplicationKey
from model.link import Report, ReportItem, SnapshotBegin, SnapshotEnd, encode

Subject = tuple[str, ApplicationKey | str]
"""What an item is about: ("application", key), ("cluster", server), ("repository", url), ("runtime", ""),
("execution", uid)."""

_BEGIN: Subject = ("snapshot", "begin")
_END: Subject = ("snapshot", "end")
_ITEMS_PER_REPORT = 64
_SNAPSHOT_PARTS: dict[Subject, ReportItem] = {_BEGIN: SnapshotBegin(), _END: SnapshotEnd()}


class Outbox:
    """Numbered, unacknowledged and pending reports of one session."""

    def __init__(self, make: Callable[[Subject], ReportItem | None], *, window: int) -> None:
        self._make = make
        self._window = window
        self._pending: dict[Subject, None] = {}
        self._unacknowledged: deque[tuple[int, bytes]] = deque()
        self._last_seq = 0
        self.acknowledged = 0

    def changed(self, subject: Subject) -> None:
        self._pending.setdefault(subject)

    @property
    def pending(self) -> int:
        return len(self._pending)

    @property
    def unacknowledged(self) -> int:
        return len(self._unacknowledged)

    def acknowledge(self, seq: int) -> None:
        """Everything up to `seq` is in the control plane's database."""
        while self._unacknowledged and self._unacknowledged[0][0] <= seq:
            self._unacknowledged.popleft()
        self.acknowledged = max(self.acknowledged, seq)

    def resume(self, after: int | None) -> list[bytes] | None:
        """Frames to send again after a reconnect. None: they are not all here, start a snapshot."""
        if after is None or after > self._last_seq:
            return None
        first_kept = self._unacknowledged[0][0] if self._unacknowledged else self._last_seq + 1
        if after + 1 < first_kept:
            return None
        self.acknowledge(after)
        return [frame for _, frame in self._unacknowledged]

    def start_snapshot(self, subjects: Iterable[Subject]) -> None:
        """Forget what was sent; report everything anew between the marks of a snapshot."""
        self._unacknowledged.clear()
        self._pending = dict.fromkeys([_BEGIN, *subjects, _END])

    def next_frame(self) -> bytes | None:
        """The next report to send, kept until it is acknowledged; None: nothing to say, or the window is full."""
        items: list[ReportItem] = []
        while self._pending and len(items) < _ITEMS_PER_REPORT and len(self._unacknowledged) < self._window:
            subject = next(iter(self._pending))
            del self._pending[subject]
            item = _SNAPSHOT_PARTS.get(subject) or self._make(subject)
            if item is not None:
                items.append(item)
        if not items:
            return None
        self._last_seq += 1
        frame = encode(Report(seq=self._last_seq, items=tuple(items)))
        self._unacknowledged.append((self._last_seq, frame))
        return frame

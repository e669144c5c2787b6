"""What a push asked for and what became of it, read off the wire.

The commands stand in front of the pack in the request, the verdict on each ref in the report. Comparing refs before
and after instead would credit one push with what another one did at the same time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

ZERO_ID = "0" * 40
_COMMANDS_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RefMove:
    """One ref that moved. The zero id stands for "did not exist" and "exists no more"."""

    ref: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Push:
    """Refs of one repository that moved together."""

    repository: str
    pusher: str
    moves: tuple[RefMove, ...]


class PushRecord:
    """Watches one push go by: feed it the bytes of request and response as they pass."""

    def __init__(self) -> None:
        self._request = bytearray()
        self._response = bytearray()

    def request_passed(self, chunk: bytes) -> None:
        """The commands come first; the pack that follows is of no interest."""
        self._request += chunk[: max(0, _COMMANDS_BYTES - len(self._request))]

    def response_passed(self, chunk: bytes) -> None:
        self._response += chunk[: max(0, _COMMANDS_BYTES - len(self._response))]

    def moves(self) -> tuple[RefMove, ...]:
        """Refs that were asked to move and did."""
        accepted = accepted_refs(bytes(self._response))
        return tuple(move for move in requested_moves(bytes(self._request)) if move.ref in accepted)


def requested_moves(request: bytes) -> list[RefMove]:
    """The commands at the head of a receive-pack request."""
    moves = []
    for line in packet_lines(request):
        command = line.split(b"\0", 1)[0].decode(errors="replace").strip()
        if command.startswith("shallow "):
            continue
        parts = command.split(" ", 2)
        if len(parts) != 3:
            break
        moves.append(RefMove(parts[2], parts[0], parts[1]))
    return moves


def accepted_refs(response: bytes) -> set[str]:
    """Refs that a receive-pack response reports as updated, with or without side bands."""
    lines = list(packet_lines(response))
    if lines and lines[0][:1] in (b"\x01", b"\x02", b"\x03"):
        report = b"".join(line[1:] for line in lines if line[:1] == b"\x01")
        lines = list(packet_lines(report))
    return {line[3:].decode(errors="replace").strip() for line in lines if line.startswith(b"ok ")}


def packet_lines(data: bytes) -> Iterator[bytes]:
    """Payloads of pkt-lines up to the first flush packet or the end of what is there."""
    position = 0
    while position + 4 <= len(data):
        try:
            length = int(data[position : position + 4], 16)
        except ValueError:
            return
        if length < 4 or position + length > len(data):
            return
        yield data[position + 4 : position + length]
        position += length

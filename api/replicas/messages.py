"""What two replicas say to each other: the request half of RuntimeLink with the runtime's name on it, and tidings."""

import msgspec

from api.live.tidings import Tiding
from model.link import MAX_FRAME_BYTES, Cancel, Request, Response, StreamEnd, StreamItem

FRAME_BYTES = 2 * MAX_FRAME_BYTES
"""A runtime's answer with the name of the runtime on it, or a report with the states before and after."""


NOBODY = 4401
"""Closed with this: the token that was shown is no replica's."""


class _Message(msgspec.Struct, frozen=True, tag_field="_", tag=True):
    """Settings that all share: the class name is the tag."""


class Introduced(_Message, frozen=True):
    """The first word of who was dialled."""

    replica: str


class Holding(_Message, frozen=True):
    """All runtimes that are linked there now, each with the number of its link."""

    runtimes: dict[str, int]


class Told(_Message, frozen=True):
    tiding: Tiding


class TooMuch(_Message, frozen=True):
    """More than can be told one by one: read everything anew."""


class Asked(_Message, frozen=True):
    runtime: str
    message: Request | Cancel


class Answered(_Message, frozen=True):
    runtime: str
    message: Response | StreamItem | StreamEnd


class Failed(_Message, frozen=True):
    """Nothing more comes of this question: the runtime is not there, or (`behind`) its answers were not read."""

    runtime: str
    id: int
    behind: bool = False


FromDialled = Introduced | Holding | Told | TooMuch | Answered | Failed

_encoder = msgspec.msgpack.Encoder()
_from_dialled: msgspec.msgpack.Decoder[FromDialled] = msgspec.msgpack.Decoder(FromDialled)
_asked: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)


def encode(message: FromDialled | Asked) -> bytes:
    return _encoder.encode(message)


def decode_from_dialled(frame: bytes) -> FromDialled:
    """Raises msgspec.DecodeError."""
    return _from_dialled.decode(frame)


def decode_asked(frame: bytes) -> Asked:
    """Raises msgspec.DecodeError."""
    return _asked.decode(frame)

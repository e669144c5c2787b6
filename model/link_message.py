"""What every message of the link is: `model.link` and its parts define the messages themselves."""

import msgspec


class Message(msgspec.Struct, frozen=True, tag_field="_", tag=True, omit_defaults=True):
    """Settings that all messages share: the class name is the tag."""

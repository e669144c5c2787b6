"""The messages of `model.link` about links that argocd-cm configures, filled in for one application."""

import msgspec

from model.identity import ApplicationKey


class _Message(msgspec.Struct, frozen=True, tag_field="_", tag=True, omit_defaults=True):
    """Settings that all messages share: the class name is the tag."""


class DeepLink(_Message, frozen=True):
    """`icon` is the class of an icon of Font Awesome, as it is configured."""

    title: str
    url: str
    description: str = ""
    icon: str = ""


class GetDeepLinks(_Message, frozen=True):
    """-> DeepLinksAnswer"""

    application: ApplicationKey


class DeepLinksAnswer(_Message, frozen=True):
    """`problems` name entries that cannot be shown here, and why."""

    links: tuple[DeepLink, ...] = ()
    problems: tuple[str, ...] = ()

"""The messages of `model.link` about links that argocd-cm configures, filled in for one application."""

from model.identity import ApplicationKey
from model.link_message import Message


class DeepLink(Message, frozen=True):
    """`icon` is the class of an icon of Font Awesome, as it is configured."""

    title: str
    url: str
    description: str = ""
    icon: str = ""


class GetDeepLinks(Message, frozen=True):
    """-> DeepLinksAnswer"""

    application: ApplicationKey


class DeepLinksAnswer(Message, frozen=True):
    """`problems` name entries that cannot be shown here, and why."""

    links: tuple[DeepLink, ...] = ()
    problems: tuple[str, ...] = ()

"""Whom a project wants its applications to be in their clusters: `destinationServiceAccounts`. Pure.

The first entry whose server and namespace fit decides. A ServiceAccount without a namespace is one of the destination
namespace, or of the application's where it has no destination namespace.
"""

from gitsync.errors import Stalled
from gitsync.manifest.object import JsonObject
from gitsync.project.glob import matches
from model.kinds.application import Application, Destination

_FORBIDDEN = frozenset("!*[]{}\\/ ")


class NoServiceAccount(Stalled):
    """The project wants a ServiceAccount to act, and names none that can."""


def names_service_accounts(project: JsonObject) -> bool:
    return bool((project.get("spec") or {}).get("destinationServiceAccounts"))


def acting_user(project: JsonObject, application: Application, destination: Destination) -> str:
    """The user name of the ServiceAccount that acts for the application. Raises NoServiceAccount."""
    entries = (project.get("spec") or {}).get("destinationServiceAccounts") or ()
    for entry in entries:
        if isinstance(entry, dict) and _fits(entry, destination):
            return _user(str(entry.get("defaultServiceAccount") or "").strip(), application)
    name = (project.get("metadata") or {}).get("name", "")
    raise NoServiceAccount(
        f"no matching service account found for destination server {destination.server} and namespace "
        f'"{destination.namespace}" in project "{name}"',
        suggestion="Add an entry to its destinationServiceAccounts.",
    )


def _fits(entry: JsonObject, destination: Destination) -> bool:
    return matches(str(entry.get("server") or ""), destination.server) and matches(
        str(entry.get("namespace") or ""), destination.namespace
    )


def _user(account: str, application: Application) -> str:
    if not account or not _FORBIDDEN.isdisjoint(account):
        raise NoServiceAccount(
            f'"{account}" is no name of a service account', suggestion="Write name, or namespace:name."
        )
    if ":" in account:
        return f"system:serviceaccount:{account}"
    namespace = application.spec.destination.namespace or application.metadata.namespace
    return f"system:serviceaccount:{namespace}:{account}"

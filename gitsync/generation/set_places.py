"""Where ApplicationSets may be: the home namespace, and those that the settings name."""

from collections.abc import Callable
from dataclasses import dataclass

from gitsync.configuration.command_parameters import is_among


@dataclass(frozen=True, slots=True)
class SetPlaces:
    """`patterns` are known once argocd-cmd-params-cm was read."""

    home: str
    patterns: Callable[[], tuple[str, ...]]
    holds_applications: Callable[[str], bool]

    @property
    def watched(self) -> str:
        """The namespace to watch; "": all of them."""
        return "" if self.patterns() else self.home

    def has(self, namespace: str) -> bool:
        return namespace == self.home or is_among(namespace, self.patterns())

    def why_not(self, namespace: str) -> str:
        """What keeps a set of this namespace from having Applications, which are where their set is; "": nothing."""
        if self.holds_applications(namespace):
            return ""
        return (
            f"namespace {namespace} may have ApplicationSets and no Applications; "
            "name it in application.namespaces, too (--application-namespaces)"
        )

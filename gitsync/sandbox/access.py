"""Bearer tokens, and what each may do: enough to meet a 403, no more."""

from dataclasses import dataclass
from typing import Final

ADMIN_GROUP: Final = "system:masters"
_ALL: Final = ("*",)


@dataclass(frozen=True, slots=True)
class Rule:
    """Allows verbs on resources (plurals, with `/subresource`) of groups in namespaces; "*" is any."""

    verbs: tuple[str, ...] = _ALL
    groups: tuple[str, ...] = _ALL
    resources: tuple[str, ...] = _ALL
    namespaces: tuple[str, ...] = _ALL

    def allows(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        pairs = ((self.verbs, verb), (self.groups, group), (self.resources, resource), (self.namespaces, namespace))
        return all("*" in allowed or value in allowed for allowed, value in pairs)


READ_ONLY: Final = (Rule(verbs=("get", "list", "watch")),)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who holds a token. Nobody needs a rule to discover the API and to ask about himself."""

    name: str
    groups: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    def may(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        return ADMIN_GROUP in self.groups or any(rule.allows(verb, group, resource, namespace) for rule in self.rules)


class Access:
    """All tokens."""

    def __init__(self, admin_token: str) -> None:
        admin = Identity("admin", (ADMIN_GROUP, "system:authenticated"))
        self._identities: dict[str, Identity] = {admin_token: admin}

    def add(self, token: str, name: str, rules: tuple[Rule, ...]) -> None:
        """Issues a further token. A token that is added again gets the new rules at once."""
        self._identities[token] = Identity(name, ("system:authenticated",), rules)

    def remove(self, token: str) -> None:
        self._identities.pop(token, None)

    def identify(self, authorization: str, acting_as: str = "") -> Identity | None:
        """Who asks; with `acting_as` (Impersonate-User) whom an administrator wants to be. Others may not be others."""
        scheme, _, token = authorization.partition(" ")
        found = self._identities.get(token.strip()) if scheme.lower() == "bearer" else None
        if found is None or not acting_as:
            return found
        if ADMIN_GROUP not in found.groups:
            return Identity(found.name, found.groups)
        return next((one for one in self._identities.values() if one.name == acting_as), Identity(acting_as))

    def identify_token(self, token: str) -> Identity | None:
        return self._identities.get(token)

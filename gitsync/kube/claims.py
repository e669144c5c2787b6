"""Volume claims that a StatefulSet made: Kubernetes names no owner in them, so it is told by their names. Pure.

A claim is called after a template of the StatefulSet, the StatefulSet, and the ordinal of its pod.
"""

import re
from collections.abc import Callable, Collection

import msgspec

from gitsync.manifest.object import LiveObject
from model.identity import ResourceKey
from model.kinds.meta import OwnerReference

CLAIM = ("", "PersistentVolumeClaim")
STATEFUL_SET = ("apps", "StatefulSet")
_ORDINAL = re.compile(r"-\d+\Z")
_NONE: dict[ResourceKey, LiveObject] = {}

Find = Callable[[ResourceKey], LiveObject | None]


class ClaimOwners:
    """Claims that name no owner, by namespace, as the cluster has them."""

    def __init__(self) -> None:
        self._free: dict[str, dict[ResourceKey, LiveObject]] = {}

    def take(self, live: LiveObject, find: Find) -> LiveObject:
        """The object with the StatefulSet that made it as its owner; any other object as it is."""
        if (live.key.group, live.key.kind) != CLAIM:
            return live
        if live.owners:
            self.forget(live.key)
            return live
        self._free.setdefault(live.key.namespace, {})[live.key] = live
        return with_maker(live, find)

    def forget(self, key: ResourceKey) -> None:
        claims = self._free.get(key.namespace, _NONE)
        if claims.pop(key, None) is not None and not claims:
            del self._free[key.namespace]

    def beside(self, live: LiveObject) -> Collection[LiveObject]:
        """Claims that may be of this StatefulSet, if it is one."""
        if (live.key.group, live.key.kind) != STATEFUL_SET:
            return ()
        return tuple(self._free.get(live.key.namespace, _NONE).values())


def with_maker(claim: LiveObject, find: Find) -> LiveObject:
    name = _ORDINAL.sub("", claim.key.name)
    parts = name.split("-") if name != claim.key.name else []
    for split in range(1, len(parts)):
        template, stateful_set = "-".join(parts[:split]), "-".join(parts[split:])
        maker = find(ResourceKey(*STATEFUL_SET, claim.key.namespace, stateful_set))
        if maker is not None and template in maker.facts.claims:
            reference = OwnerReference("StatefulSet", maker.key.name, maker.uid, maker.gvk.api_version)
            return msgspec.structs.replace(claim, owners=(reference,))
    return claim

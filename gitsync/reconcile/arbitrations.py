"""What the API server said of objects when it was asked, kept as long as nothing changed that could matter.

The resource version of an object changes with its status and with everything that `ignoreResourceUpdates` of argocd-cm
names; none of that is a reason to ask again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from gitsync.application.state import MemoKey
from gitsync.configuration.rules import EngineRules
from gitsync.diff.ignore import RuleUnusable, without_expressions, without_pointers
from gitsync.diff.normalize import LAST_APPLIED, normalize
from gitsync.diff.ownership import read_ownership
from gitsync.manifest.canonical import digest
from gitsync.manifest.object import JsonObject
from gitsync.manifest.tracking import FIELD_MANAGER
from model.health import Sync
from model.identity import ResourceKey

_MOST = 10_000


class Arbitrations:
    """The last word on each object, by cluster."""

    def __init__(self, rules: EngineRules) -> None:
        self._rules = rules
        self._known: OrderedDict[tuple[str, ResourceKey], tuple[str, Sync]] = OrderedDict()
        self._asking: WeakValueDictionary[tuple[str, ResourceKey], asyncio.Lock] = WeakValueDictionary()

    async def answer(self, server: str, key: ResourceKey, fingerprint: str, ask: Callable[[], Awaitable[Sync]]) -> Sync:
        """What was said before, else what `ask` brings now. An event during a comparison leads to a second one, which
        waits here for the answer of the first rather than ask the same. Raises what `ask` raises."""
        lock = self._asking.setdefault((server, key), asyncio.Lock())
        async with lock:
            known = self._known.get((server, key))
            if known is not None and known[0] == fingerprint:
                return known[1]
            sync = await ask()
            self._keep(server, key, fingerprint, sync)
            return sync

    def _keep(self, server: str, key: ResourceKey, fingerprint: str, sync: Sync) -> None:
        self._known[server, key] = (fingerprint, sync)
        self._known.move_to_end((server, key))
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def fingerprint(self, live: JsonObject, memo: MemoKey) -> str:
        """Of everything that the answer depends on: what is wanted, how it is compared, what of live matters."""
        rules = self._rules.ignored_updates(live)
        body = without_pointers(normalize(live, self._rules.settings), rules.json_pointers)
        for expression in rules.jq_path_expressions:
            try:
                body = without_expressions(body, (expression,))
            except RuleUnusable:
                continue  # it saves nothing then
        ours = read_ownership(live, FIELD_MANAGER).ours
        metadata = live.get("metadata", {})
        applied = (metadata.get("annotations") or {}).get(LAST_APPLIED, "")
        before = [ours, applied, metadata.get("uid", "")]
        return digest({"live": body, "before": before, "memo": [memo.desired, memo.ignore]})

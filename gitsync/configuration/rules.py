"""What our own rules and argocd-cm say about single objects, ready for use: health, actions, ignored differences.

One value for the whole runtime. `use` replaces everything at once when argocd-cm changes: nobody sees a mixture.
"""

from collections.abc import Callable
from datetime import datetime

from gitsync.actions.rules import ActionRules
from gitsync.configuration.engine_config import DEFAULT_CONFIG, EngineConfig
from gitsync.diff.ignore import NO_RULES, IgnoreRules, rules_for
from gitsync.diff.normalize import DiffSettings
from gitsync.health.facts import facts_of
from gitsync.health.overrides import HealthRules
from gitsync.manifest.object import Facts, JsonObject
from model.identity import ResourceKey
from model.kinds.application import IgnoreDifference


class EngineRules:
    """`settings_text` is empty as long as comparisons are made as by default."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self.use(DEFAULT_CONFIG)

    def use(self, config: EngineConfig) -> None:
        self._config = config
        self.health = HealthRules(config.customizations, clock=self._now)
        self.actions = ActionRules(config.customizations)
        self.settings: DiffSettings = config.settings
        self.tracking = config.tracking
        self.links = config.links
        self.settings_text = "" if config.settings == DEFAULT_CONFIG.settings else repr(config.settings)

    def facts_of(self, body: JsonObject) -> Facts:
        """Never raises."""
        return facts_of(body, self.health.assess)

    def ignored_updates(self, body: JsonObject) -> IgnoreRules:
        """Which changes of a live object are no reason to look at it."""
        if not self._config.ignore_updates_enabled:
            return NO_RULES
        return rules_for(_key_of(body), self._config.ignore_updates)

    def ignored(self, key: ResourceKey, own: tuple[IgnoreDifference, ...]) -> IgnoreRules:
        """What is ignored in one object; `own` is what its application says."""
        return rules_for(key, (*self._config.ignore, *own))


def _key_of(body: JsonObject) -> ResourceKey:
    metadata = body.get("metadata") or {}
    group = str(body.get("apiVersion") or "").rpartition("/")[0]
    name, namespace = str(metadata.get("name") or ""), str(metadata.get("namespace") or "")
    return ResourceKey(group, str(body.get("kind") or ""), namespace, name)


def judged_anew(before: EngineConfig, now: EngineConfig) -> Callable[[str, str], bool] | None:
    """Whether the health of a kind (group, kind) may be another one since argocd-cm changed; None: of none is."""
    old, new = (
        {(entry.group, entry.kind): (entry.health, entry.open_libraries) for entry in config.customizations}
        for config in (before, now)
    )
    changed = [
        entry
        for config, other in ((before, new), (now, old))
        for entry in config.customizations
        if other.get((entry.group, entry.kind), ("", False)) != (entry.health, entry.open_libraries)
    ]
    return (lambda group, kind: any(entry.matches(group, kind) for entry in changed)) if changed else None

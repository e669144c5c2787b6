"""Health as argocd-cm wants it: its Lua first, our rules after.

In the order of Argo CD: deletion; a script for exactly this kind; our rules for kinds that Argo CD has scripts for; a
script whose wildcards match; our rules for Kubernetes' own kinds; the conventions of custom resources. A script that
fails makes health Unknown and says why: it is never Healthy by default. One that had to be stopped is not asked again
for a while, since each time costs everybody else a second.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from gitsync.health.assess import assess_by_kind, is_overridden_last, pending_deletion
from gitsync.health.report import unknown
from gitsync.lua.customization import Customization, read_customizations
from gitsync.lua.errors import ScriptError, ScriptExpired
from gitsync.lua.script import Script
from gitsync.manifest.object import JsonObject
from model.health import Health, HealthReport

_REST = timedelta(seconds=60)
_STATUSES = {health.value: health for health in Health}


class HealthRules:
    """All rules of health, those of one argocd-cm included."""

    def __init__(self, customizations: tuple[Customization, ...], *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        scripted = [(entry, _HealthScript(entry)) for entry in customizations if entry.health.strip()]
        self._exact = {(entry.group, entry.kind): script for entry, script in scripted if not entry.wildcard}
        self._wild = [(entry, script) for entry, script in scripted if entry.wildcard]

    def assess(self, body: JsonObject) -> HealthReport | None:
        """Health of a live object; None where nothing says anything. Never raises."""
        if not self._exact and not self._wild:
            return pending_deletion(body) or assess_by_kind(body)
        return pending_deletion(body) or self._assess(body)

    def _assess(self, body: JsonObject) -> HealthReport | None:
        group = str(body.get("apiVersion") or "").rpartition("/")[0]
        kind = str(body.get("kind") or "")
        script = self._exact.get((group, kind))
        if script is None and not is_overridden_last(group, kind):
            script = next((script for entry, script in self._wild if entry.matches(group, kind)), None)
        return assess_by_kind(body) if script is None else script.asked(body, self._clock())


def load_health_rules(config: Mapping[str, Any], *, clock: Callable[[], datetime]) -> HealthRules:
    """`config` is the data of argocd-cm. Raises ScriptError where its YAML is broken; scripts are compiled when run."""
    return HealthRules(read_customizations(config), clock=clock)


class _HealthScript:
    """One script, and when it may be asked again after it had to be stopped."""

    def __init__(self, entry: Customization) -> None:
        name = f"health.lua of {entry.group}/{entry.kind}".replace(" /", " ")
        self._script = Script(entry.health, name=name, open_libraries=entry.open_libraries)
        self._rests_until: datetime | None = None
        self._why = ""

    def asked(self, body: JsonObject, now: datetime) -> HealthReport | None:
        if self._rests_until is not None and now < self._rests_until:
            return unknown(self._why)
        try:
            answer = self._script.run(body, now=now)
        except ScriptExpired as error:
            self._rests_until, self._why = now + _REST, f"{error.message}; it is left alone for a minute"
            return unknown(self._why)
        except ScriptError as error:
            return unknown(error.message)
        return _report(answer, self._script.name)


def _report(answer: Any, script: str) -> HealthReport | None:
    if answer is None:
        return None
    if not isinstance(answer, dict):
        return unknown(f"{script} should return a table with status and message")
    status, message = answer.get("status"), answer.get("message")
    if status not in _STATUSES:
        return unknown(f"{script} returns a status that does not exist: {str(status)[:100]}")
    return HealthReport(_STATUSES[status], str(message)[:4096] if message is not None else "")

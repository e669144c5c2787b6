"""What differs between two states that Git wanted. Pure; Secrets come out masked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gitsync.diff.normalize import DEFAULT_SETTINGS, DiffSettings, normalize
from gitsync.diff.secrets import mask_together
from gitsync.manifest.annotations import is_hook, is_skipped
from gitsync.manifest.object import DesiredObject, JsonObject
from model.identity import ResourceKey


@dataclass(frozen=True, slots=True)
class DesiredChange:
    """One object before and after; None where it was not wanted."""

    key: ResourceKey
    version: str
    before: JsonObject | None
    after: JsonObject | None


def desired_changes(
    before: Mapping[ResourceKey, DesiredObject],
    after: Mapping[ResourceKey, DesiredObject],
    settings: DiffSettings = DEFAULT_SETTINGS,
) -> Iterator[DesiredChange]:
    """In the order of kinds and names. Hooks are left out: they only exist while they run."""
    for key in sorted(before.keys() | after.keys()):
        old, new = _lasting(before.get(key)), _lasting(after.get(key))
        known = new or old
        if known is None or (old is not None and new is not None and old.digest == new.digest):
            continue
        bodies = [normalize(one.body, settings) if one is not None else None for one in (old, new)]
        shown_before, shown_after = mask_together(bodies, annotations=settings.secret_annotations)
        if shown_before != shown_after:
            yield DesiredChange(key, known.version, shown_before, shown_after)


def _lasting(one: DesiredObject | None) -> DesiredObject | None:
    return None if one is None or is_hook(one.body) or is_skipped(one.body) else one

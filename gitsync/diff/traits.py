"""What of an object's kind a comparison depends on, read off the object."""

from gitsync.diff.facts import group_and_kind, is_built_in
from gitsync.diff.whole import Traits
from gitsync.manifest.object import JsonObject


def traits_of(body: JsonObject) -> Traits:
    group, kind = group_and_kind(body)
    return Traits(kind, is_built_in(group, kind))

"""The two questions about one object: does live differ from desired, and did the dry run confirm it?"""

from dataclasses import replace

from gitsync.diff.client_side import fields_of_last_apply
from gitsync.diff.comparison import Comparison
from gitsync.diff.ignore import NO_RULES, IgnoreRules, without_expressions, without_fields, without_pointers
from gitsync.diff.lists import fields_applied
from gitsync.diff.normalize import DEFAULT_SETTINGS, DiffSettings, normalize
from gitsync.diff.ownership import Ownership, is_told_in_its_version, read_ownership, union
from gitsync.diff.prediction import compare_prediction
from gitsync.diff.respect import keep_live
from gitsync.diff.secrets import is_secret, mask_together
from gitsync.diff.switched import with_switch
from gitsync.diff.traits import traits_of
from gitsync.manifest.object import DesiredObject, JsonObject
from gitsync.manifest.tracking import CLIENT_SIDE_APPLY, FIELD_MANAGER
from model.change import FieldChange, ObjectDiff

MISSING = "missing in the cluster"
TAKEN_OVER = frozenset({CLIENT_SIDE_APPLY, FIELD_MANAGER})


def compute_diff(
    desired: DesiredObject,
    live: JsonObject | None,
    *,
    manager: str = FIELD_MANAGER,
    ignore: IgnoreRules = NO_RULES,
    settings: DiffSettings = DEFAULT_SETTINGS,
    client_side: bool = False,
    takes_over: frozenset[str] = TAKEN_OVER,
) -> ObjectDiff:
    """The difference that can be told without asking the API server.

    `client_side`: it is applied on the client's side, which goes by what was applied last, and not by who owns what.
    `takes_over`: managers whose applies on the client's side the next sync makes ours.
    Secrets come out masked. When `arbiter_needed`, ask the server with a dry run and judge its answer by `arbitrate`.
    Raises RuleUnusable for a jq expression that cannot be used.
    """
    wanted = normalize(with_switch(desired.body, live), settings)
    if live is None:
        (shown,) = mask_together([wanted], annotations=settings.secret_annotations)
        return ObjectDiff(True, (FieldChange("", reason=MISSING),), predicted_live=shown)
    ownership = read_ownership(live, manager)
    wanted, existing = _ignoring(wanted, normalize(live, settings), ownership, ignore)
    if is_secret(existing):
        wanted, existing = _masked([wanted, existing], settings)
    traits = traits_of(live)
    ours = ownership.ours
    three_way = ours is None or client_side
    if ours is None or client_side:
        ours = fields_of_last_apply(live, ownership, traits)
    else:
        ours = union(ours, ownership.client_side(takes_over))
    comparison = Comparison(traits, ownership, three_way=three_way)
    predicted = comparison.compare_map(_same_address(wanted, existing), existing, ours, None)
    changes = tuple(comparison.changes)
    return ObjectDiff(bool(changes), changes, existing, predicted, bool(changes) and not comparison.certain)


def arbitrate(
    desired: DesiredObject,
    live: JsonObject,
    predicted: JsonObject,
    *,
    manager: str = FIELD_MANAGER,
    ignore: IgnoreRules = NO_RULES,
    settings: DiffSettings = DEFAULT_SETTINGS,
    include_webhooks: bool = False,
    client_side: bool = False,
) -> ObjectDiff:
    """The difference after the API server said, by a dry run, what it would make of `desired`: `predicted`.

    Live must be in the version of `desired`. What differs in fields that are not ours (a webhook that writes a time
    stamp) is no difference, since a sync would not settle it, unless `include_webhooks` asks for it. `client_side`:
    it was predicted from what `client_side_patch` says.
    """
    before, after = read_ownership(live, manager), read_ownership(predicted, manager)
    if client_side:
        before, after = _as_applied(desired.body, live, before, after)
    existing, expected = _ignoring(normalize(live, settings), normalize(predicted, settings), before, ignore)
    if is_secret(existing) or is_secret(desired.body):
        existing, expected = _masked([existing, expected], settings)
    told = is_told_in_its_version(live, manager) and is_told_in_its_version(predicted, manager)
    changes, outcome = compare_prediction(
        existing, expected, before, after, traits_of(live), everything=include_webhooks or not told
    )
    return ObjectDiff(bool(changes), changes, existing, outcome)


def respecting(
    desired: JsonObject, live: JsonObject, *, ignore: IgnoreRules, manager: str = FIELD_MANAGER, replaces: bool = False
) -> JsonObject:
    """What to apply so that ignored fields stay as they are in the cluster. Raises RuleUnusable.

    `replaces`: the object is overwritten, so that what is left out is lost.
    """
    return keep_live(desired, live, ignore, manager=manager, replaces=replaces) if ignore else desired


def _ignoring(
    left: JsonObject, right: JsonObject, ownership: Ownership, ignore: IgnoreRules
) -> tuple[JsonObject, JsonObject]:
    """Both sides without what the rules ignore."""
    if not ignore:
        return left, right
    left, right = (
        without_expressions(without_pointers(body, ignore.json_pointers), ignore.jq_path_expressions)
        for body in (left, right)
    )
    for fields in ownership.fields_of(ignore.managers):
        left, right = without_fields(left, fields), without_fields(right, fields)
    return left, right


def _masked(bodies: list[JsonObject], settings: DiffSettings) -> tuple[JsonObject, JsonObject]:
    left, right = mask_together(bodies, annotations=settings.secret_annotations)
    assert left is not None
    assert right is not None
    return left, right


def _same_address(wanted: JsonObject, existing: JsonObject) -> JsonObject:
    """The live cache may hold another version of the kind than the manifest, and a manifest may leave its namespace to
    others; neither is a difference."""
    metadata = {**wanted["metadata"], "namespace": existing["metadata"].get("namespace")}
    return {**wanted, "apiVersion": existing.get("apiVersion"), "kind": existing.get("kind"), "metadata": metadata}


def _as_applied(
    desired: JsonObject, live: JsonObject, before: Ownership, after: Ownership
) -> tuple[Ownership, Ownership]:
    """Both sides with what the last apply wanted, and what this one wants, in the place of what an apply owns."""
    traits = traits_of(live)
    wanted = fields_applied(normalize(desired), before, traits=traits)
    return replace(before, ours=fields_of_last_apply(live, before, traits)), replace(after, ours=wanted)

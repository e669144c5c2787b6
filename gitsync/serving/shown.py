"""Comparisons as they travel to the control plane."""

from model.change import ObjectDiff
from model.link import DiffAnswer, FieldDifference


def diff_answer(diff: ObjectDiff) -> DiffAnswer:
    return DiffAnswer(
        modified=diff.modified,
        changes=tuple(
            FieldDifference(
                path=change.path,
                live=change.live,
                desired=change.desired,
                manager=change.manager,
                changed_at=change.changed_at,
                reason=change.reason,
            )
            for change in diff.changes
        ),
        normalized_live=diff.normalized_live,
        predicted_live=diff.predicted_live,
    )

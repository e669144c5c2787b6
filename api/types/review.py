"""What a change of an application's manifest has to pass before it counts."""

import strawberry

from model.link_access import ManifestReview as ManifestReviewValue


@strawberry.type(
    description="CODEOWNERS and branch protection of the manifest's file, as the Git host tells the viewer."
)
class ManifestReview:
    branch: str | None
    path: str
    owners: list[str] = strawberry.field(description="Whom CODEOWNERS names for the file.")
    protected: bool | None
    may_push: bool | None = strawberry.field(description="Whether the viewer may push to the branch itself.")
    required_approvals: int | None
    needs_review_by: str | None = strawberry.field(description="One sentence; null: nobody has to look at it.")

    @staticmethod
    def of(review: ManifestReviewValue) -> "ManifestReview | None":
        if not review.path:
            return None
        return ManifestReview(
            branch=review.branch or None,
            path=review.path,
            owners=list(review.owners),
            protected=review.protected,
            may_push=review.may_push,
            required_approvals=review.required_approvals,
            needs_review_by=needs_review_by(review),
        )


def needs_review_by(review: ManifestReviewValue) -> str | None:
    """Who has to look at a change; a branch that anybody who may push can change needs nobody."""
    if not review.protected or review.may_push is True:
        return None
    who = ", ".join(review.owners)
    if review.required_approvals and not who:
        many = "s" if review.required_approvals > 1 else ""
        return f"needs {review.required_approvals} approval{many} in a pull request to {review.branch}"
    return f"needs review by {who or 'whoever may approve'} in a pull request to {review.branch}"

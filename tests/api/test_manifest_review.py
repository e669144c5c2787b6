"""Who has to look at a change of a manifest, in one sentence."""

import pytest

from api.types.review import needs_review_by
from model.identity import ApplicationKey
from model.link_access import GetManifestReview, ManifestReview
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

PROTECTED = ManifestReview("main", "apps/cart.yaml", ("@team",), protected=True, may_push=False, required_approvals=2)


@pytest.mark.parametrize(
    ("review", "sentence"),
    [
        (PROTECTED, "needs review by @team in a pull request to main"),
        (ManifestReview("main", "x", (), True, False, 2), "needs 2 approvals in a pull request to main"),
        (ManifestReview("main", "x", (), True), "needs review by whoever may approve in a pull request to main"),
        (ManifestReview("main", "x", ("@team",), True, True), None),
        (ManifestReview("main", "x", ("@team",), False), None),
        (ManifestReview("main", "x", ("@team",)), None),
    ],
)
def test_only_a_protected_branch_needs_somebody(review: ManifestReview, sentence: str | None) -> None:
    assert needs_review_by(review) == sentence


async def test_an_application_tells_who_reviews_its_manifest(running: Running, runtime: FakeRuntime) -> None:
    runtime.answers[GetManifestReview] = lambda body: PROTECTED
    question = """{ application(runtime: "demo", name: "cart") {
      manifestReview { branch path owners protected mayPush requiredApprovals needsReviewBy } } }"""
    found = await running.query("reader", question)
    assert found["application"]["manifestReview"] == {
        "branch": "main",
        "path": "apps/cart.yaml",
        "owners": ["@team"],
        "protected": True,
        "mayPush": False,
        "requiredApprovals": 2,
        "needsReviewBy": "needs review by @team in a pull request to main",
    }
    asked = [body for body in runtime.requests if isinstance(body, GetManifestReview)]
    assert asked == [GetManifestReview(ApplicationKey("argosy", "cart"), "reader")]

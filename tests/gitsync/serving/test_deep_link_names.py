"""What templates of links may name."""

from gitsync.diff.normalize import LAST_APPLIED
from gitsync.fleet.members import Member
from gitsync.serving.deep_links import told_of_cluster

CANARY = "canary-4711"


def test_what_templates_may_know_of_a_cluster_holds_no_credential() -> None:
    secret = {
        "metadata": {"labels": {"env": "prod"}, "annotations": {"logs": "eu", LAST_APPLIED: CANARY, "mine": CANARY}},
        "stringData": {"name": "eu", "server": "https://eu", "namespaces": "a, b", "config": CANARY},
    }
    member = Member("https://eu", "eu", cluster=None, cache=None)  # type: ignore[arg-type]  # neither is looked at
    told = told_of_cluster(member, secret, hidden_annotations=("mine",))
    assert CANARY not in str(told)
    assert (told["name"], told["namespaces"], told["labels"]) == ("eu", ["a", "b"], {"env": "prod"})
    assert told["annotations"] == told["metadata"]["annotations"] == {"logs": "eu"}

"""Which answers of Git hosts the filters of SCM provider and pull request generators keep."""

from typing import Any

import pytest

from gitsync.appset.errors import GeneratorInvalid
from gitsync.appset.provider_filters import keep_entries

ENTRIES: list[dict[str, Any]] = [
    {
        "repository": "shop",
        "branch": "main",
        "target_branch": "main",
        "title": "Add a shop",
        "labels": ["go", "deploy"],
        "paths": ["k8s/app.yaml"],
    },
    {
        "repository": "docs",
        "branch": "draft/1",
        "target_branch": "release-1",
        "title": "Fix",
        "labels": [],
        "paths": [],
    },
]


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ([], ["shop", "docs"]),
        ([{"repositoryMatch": "^sh"}], ["shop"]),
        ([{"branchMatch": "draft"}], ["docs"]),
        ([{"targetBranchMatch": "^release-"}], ["docs"]),
        ([{"titleMatch": "^Add"}], ["shop"]),
        ([{"labelMatch": "^dep"}], ["shop"]),
        ([{"pathsExist": ["k8s/app.yaml"]}], ["shop"]),
        ([{"pathsDoNotExist": ["k8s/app.yaml"]}], ["docs"]),
        ([{"repositoryMatch": "^sh", "branchMatch": "draft"}], []),
        ([{"repositoryMatch": "^sh"}, {"branchMatch": "draft"}], ["shop", "docs"]),
    ],
)
def test_all_of_a_filter_and_one_of_the_filters_has_to_fit(filters: list[dict[str, Any]], kept: list[str]) -> None:
    assert [one["repository"] for one in keep_entries("scmProvider", ENTRIES, filters)] == kept


def test_what_a_filter_looked_into_is_no_parameter() -> None:
    assert all("paths" not in one for one in keep_entries("scmProvider", ENTRIES, []))


def test_an_expression_that_is_none_is_told() -> None:
    with pytest.raises(GeneratorInvalid, match="regular expression"):
        keep_entries("pullRequest", ENTRIES, [{"titleMatch": "("}])

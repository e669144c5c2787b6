"""The layout of the shared configuration repository, and how far a rebuild has got. Pure."""

from typing import Any

import pytest

from gitsync.changes.shared_configuration import SharedConfiguration, contained
from gitsync.runtime.rebuild import progress_of
from tests.support.memory_files import MemoryFiles

DEMO = SharedConfiguration("https://git.example.com/config.git", "demo", "argosy")
SOURCE = "kind: Application\nmetadata: {name: NAME, labels: {codefresh.io/entity: git-source}}\n"


def test_a_runtime_reads_its_own_part_and_what_is_for_all() -> None:
    files = MemoryFiles(
        {
            "runtimes/demo/in-cluster.yaml": "kind: Application\n",
            "runtimes/demo/edge.yaml": "kind: Application\n",
            "runtimes/other/in-cluster.yaml": "kind: Application\n",
            "resources/runtimes/demo/deep/a.yaml": "apiVersion: argoproj.io/v1alpha1\n" + SOURCE.replace("NAME", "a"),
            "resources/control-planes/b.yaml": "apiVersion: argoproj.io/v1alpha1\n" + SOURCE.replace("NAME", "b"),
            "resources/runtimes/other/c.yaml": "apiVersion: argoproj.io/v1alpha1\n" + SOURCE.replace("NAME", "c"),
            "resources/runtimes/demo/broken.yaml": "kind: [\n",
        }
    )
    found = contained(files, DEMO)
    assert (found.exists, sorted(found.clusters), sorted(found.git_sources)) == (
        True,
        ["edge", "in-cluster"],
        ["a", "b"],
    )
    assert DEMO.laid_out()(files) == {}


def test_a_runtime_that_is_not_there_is_told_with_those_that_are() -> None:
    found = contained(MemoryFiles({"runtimes/other/in-cluster.yaml": ""}), DEMO)
    assert (found.exists, found.others) == (False, ("other",))
    assert list(DEMO.laid_out()(MemoryFiles({}))) == ["runtimes/demo/in-cluster.yaml"]


def application(
    name: str, sync: str, health: str, *, automated: bool = True, conditions: tuple[dict[str, str], ...] = ()
) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"syncPolicy": {"automated": {}} if automated else {}},
        "status": {"sync": {"status": sync}, "health": {"status": health}, "conditions": list(conditions)},
    }


@pytest.mark.parametrize(
    ("body", "lacks"),
    [
        (application("a", "Synced", "Healthy"), None),
        (application("a", "Synced", "Suspended"), None),
        (application("a", "Synced", "Progressing"), "progressing"),
        (application("a", "OutOfSync", "Healthy"), "out of sync"),
        (application("a", "OutOfSync", "Missing", automated=False), None),
        (application("a", "Unknown", "Healthy", automated=False), "not compared yet"),
        (
            application("a", "Unknown", "Unknown", conditions=({"type": "InvalidSpecError", "message": "no cluster"},)),
            "no cluster",
        ),
    ],
)
def test_an_application_has_arrived_or_says_what_it_lacks(body: dict[str, Any], lacks: str | None) -> None:
    progress = progress_of([body], ["a"])
    assert progress.missing == ({} if lacks is None else {"a": lacks})


def test_what_is_expected_and_not_there_counts() -> None:
    progress = progress_of([application("a", "Synced", "Healthy")], ["a", "team"])
    assert progress.told == "1 of 2 applications have arrived; waiting for team (not there yet)"

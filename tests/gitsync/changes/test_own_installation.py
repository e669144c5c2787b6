"""A runtime's installation as files: what was asked for, and no secret. Pure."""

from typing import Any

import pytest

from gitsync.changes.errors import BadInput
from gitsync.changes.own_installation import as_installed, own_installation, why_not_in_git
from gitsync.changes.shared_configuration import SharedConfiguration
from gitsync.manifest.parse import parse_manifests
from gitsync.render.glob import compile_glob
from tests.support.memory_files import MemoryFiles

DEMO = SharedConfiguration("https://git.example.com/config.git", "demo", "argosy")
APPLICATION, MANIFESTS = "resources/runtimes/demo/argosy-runtime.yaml", "installations/demo/runtime.yaml"
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "argosy-runtime", "namespace": "argosy"}}


def test_what_the_cluster_and_helm_wrote_down_stays_out() -> None:
    live = {
        **ACCOUNT,
        "metadata": {
            "name": "argosy-runtime",
            "namespace": "argosy",
            "uid": "1",
            "resourceVersion": "7",
            "managedFields": [{}],
            "labels": {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/name": "argosy-runtime"},
            "annotations": {"meta.helm.sh/release-name": "eu", "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r"},
        },
        "secrets": [{"name": "argosy-runtime-token-abc"}],
        "status": {},
    }
    assert as_installed(live) == {
        **ACCOUNT,
        "metadata": {
            "name": "argosy-runtime",
            "namespace": "argosy",
            "labels": {"app.kubernetes.io/name": "argosy-runtime"},
            "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r"},
        },
    }


def deployment(args: list[str], env: list[dict[str, Any]]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"args": args, "env": env}]}}}}


@pytest.mark.parametrize(
    ("args", "env", "why"),
    [
        (["runtime", "--token-file=/etc/argosy/link/token"], [{"name": "TMPDIR", "value": "/tmp"}], ""),
        (["runtime", "--token=s3cret"], [], "the flag --token"),
        (["runtime", "--token", "s3cret"], [], "the flag --token"),
        ([], [{"name": "ARGOSY_LINK_TOKEN", "value": "s3cret"}], "the variable ARGOSY_LINK_TOKEN"),
        ([], [{"name": "DATADOG_API_KEY", "value": "s3cret"}], "the variable DATADOG_API_KEY"),
        ([], [{"name": "DATADOG_API_KEY", "valueFrom": {"secretKeyRef": {"name": "d", "key": "k"}}}], ""),
    ],
)
def test_a_secret_among_flags_and_variables_is_named_and_never_shown(
    args: list[str], env: list[dict[str, Any]], why: str
) -> None:
    assert why_not_in_git(deployment(args, env)) == why


def test_the_application_is_of_the_runtimes_own_part_and_deletes_nothing() -> None:
    contents = own_installation([ACCOUNT], DEMO)(MemoryFiles({}))
    assert set(contents) == {APPLICATION, MANIFESTS}
    (application,) = parse_manifests(contents[APPLICATION] or b"", file="a")
    assert application.body["spec"]["source"]["path"] == "installations/demo"
    assert application.body["spec"]["syncPolicy"] == {"automated": {"selfHeal": True}}
    assert compile_glob(DEMO.include)(APPLICATION.removeprefix("resources/"))


@pytest.mark.parametrize("there", [APPLICATION, MANIFESTS])
def test_an_installation_that_is_in_git_is_not_written_over(there: str) -> None:
    with pytest.raises(BadInput, match="is there already"):
        own_installation([ACCOUNT], DEMO)(MemoryFiles({there: "kind: Application\n"}))

"""What a runtime tells the control plane of its ApplicationSets."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from model.identity import ApplicationKey
from model.link import ApplicationChanged, ApplicationRemoved
from model.report import ApplicationKind, ApplicationSummary
from tests.support.application_sets import AUTOMATED, CONFIG, HERE, elements, told, until_gone, until_set
from tests.support.runtime import NAMESPACE, Rig, synced_and_healthy
from tests.support.sandbox_rig import running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("sets")) as (_, rig):
        yield rig


async def test_a_set_is_reported_with_what_it_generates_and_follows_the_repository_of_its_manifest(rig: Rig) -> None:
    platform = rig.host.clone_url("apps")
    await rig.push({"told/one/a.yaml": CONFIG.replace("NAME", "told")})
    manifest = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "told", "namespace": NAMESPACE},
        "spec": {
            "generators": [elements("told-one")],
            "template": {
                "metadata": {"name": "{{name}}"},
                "spec": {
                    "project": "default",
                    "source": {"repoURL": f"{platform}/", "path": "told/one"},
                    "destination": {"server": HERE, "namespace": "default"},
                },
            },
        },
    }
    await rig.push({"told-source/set.yaml": json.dumps(manifest)})
    labels = {"codefresh.io/entity": "git-source"}
    await rig.create_application("told-source", metadata={"labels": labels}, syncPolicy=AUTOMATED)
    await until_set(rig, "told", told("True"))
    await rig.until("told-source", synced_and_healthy)
    key = ApplicationKey(NAMESPACE, "told", is_set=True)
    one = reported(rig, key)
    assert (one.kind, one.git_source, one.parent) == (
        ApplicationKind.APPLICATION_SET,
        "told-source",
        ApplicationKey(NAMESPACE, "told-source"),
    )
    assert one.manifest_location is not None
    assert one.manifest_location.path == "told-source/set.yaml"
    child = reported(rig, ApplicationKey(NAMESPACE, "told-one"))
    assert (child.parent, child.git_source) == (key, None)
    assert child.access_repo_url == one.access_repo_url == platform  # not that of its own source, with its slash
    assert key in {subject[1] for subject in rig.runtime.reporter.subjects()}
    await rig.push({"told-source/set.yaml": None, "told-source/other.yaml": CONFIG.replace("NAME", "told-other")})
    await until_gone(rig, "told-one")
    assert isinstance(rig.runtime.reporter.make(("application", key)), ApplicationRemoved)


def reported(rig: Rig, key: ApplicationKey) -> ApplicationSummary:
    item = rig.runtime.reporter.make(("application", key))
    assert isinstance(item, ApplicationChanged)
    return item.summary

"""What a sync to another revision or of local manifests would change, asked without syncing."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gitsync.inspect.local import render_local
from gitsync.manifest.object import JsonObject
from gitsync.reporting.link import Refused
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import ApplicationSource
from model.link import ApplicationDiffAnswer, CompareReleases, Deployed, DiffApplication, ReleaseChangesAnswer
from tests.support.runtime import AUTHOR, NAMESPACE, Rig, conditions_of, synced_and_healthy
from tests.support.sandbox_rig import running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

KEY = ApplicationKey(NAMESPACE, "shop")
CANARY = "c4n4ry-77"


def config_map(name: str, value: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """`shop` is deployed at its first commit."""
    async with running_sandbox_rig(tmp_path_factory.mktemp("diff")) as (_, rig):
        await rig.push({"shop/a.yaml": config_map("a", "1"), "shop/c.yaml": config_map("c", "1")})
        await rig.create_application("shop")
        await rig.until("shop", lambda body: bool(body.get("status")))
        await rig.patch("shop", {"operation": {"sync": {}}})
        await rig.until("shop", synced_and_healthy)
        yield rig


async def asked(rig: Rig, **against: tuple[str, ...]) -> ApplicationDiffAnswer:
    answer = await rig.runtime.requests.answer(DiffApplication(KEY, "", **against))
    assert isinstance(answer, ApplicationDiffAnswer)
    return answer


def told(answer: ApplicationDiffAnswer) -> dict[str, str]:
    return {change.ref.name: change.change for change in answer.changes}


async def test_another_revision_is_compared_and_nothing_is_synced_or_followed(rig: Rig) -> None:
    first = (await rig.until("shop", synced_and_healthy))["status"]["sync"]["revision"]
    files = {"shop/a.yaml": config_map("a", "2").encode(), "shop/b.yaml": config_map("b", "1").encode()}
    await rig.host.commit_files("apps", "next", files, message="Change", author=AUTHOR)
    answer = await asked(rig, revisions=("next",))
    assert told(answer) == {"a": "CHANGE", "b": "ADD", "c": "PRUNE"}
    changed = next(change for change in answer.changes if change.ref.name == "a")
    assert changed.diff is not None
    assert [(one.path, one.live, one.desired) for one in changed.diff.changes] == [("data.value", "1", "2")]
    assert len(answer.revisions) == 1
    assert told(await asked(rig)) == {}
    body = await rig.until("shop", synced_and_healthy)
    assert body["status"]["sync"]["revision"] == first
    assert not conditions_of(body)


async def test_local_manifests_are_compared(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(config_map("a", "9"))
    application = await rig.application("shop")
    assert application is not None
    manifests = render_local(application, tmp_path)
    assert told(await asked(rig, manifests=tuple(manifests))) == {"a": "CHANGE", "c": "PRUNE"}


async def test_a_checkout_is_rendered_at_the_path_of_the_application(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "other.yaml").write_text(config_map("other", "1"))
    (tmp_path / "shop" / "a.yaml").write_text(config_map("a", "1"))
    application = await rig.application("shop")
    assert application is not None
    assert [json.loads(text)["metadata"]["name"] for text in render_local(application, tmp_path)] == ["a"]


async def test_an_object_that_is_no_part_of_the_application_is_named_and_not_shown(rig: Rig) -> None:
    body: JsonObject = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"value": CANARY}}
    await rig.cluster.create({**body, "metadata": {"name": "foreign", "namespace": "default"}})
    cache = next(iter(rig.runtime.fleet)).cache
    async with asyncio.timeout(60):
        while cache.get(ResourceKey("", "ConfigMap", "default", "foreign")) is None:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)
    answer = await asked(rig, manifests=(config_map("a", "1"), config_map("c", "1"), config_map("foreign", "x")))
    assert told(answer) == {"foreign": "CHANGE"}
    assert answer.changes[0].diff is None
    assert "no part of the application" in answer.changes[0].note
    assert CANARY not in repr(answer)


@pytest.mark.parametrize(
    ("against", "why"),
    [
        ({"revisions": ("a", "b")}, "1 sources, and 2 revisions"),
        ({"revisions": ("main",), "manifests": ("a",)}, "not both"),
        ({"revisions": ("no-such-branch",)}, "no-such-branch"),
        ({"manifests": ("a: [",)}, "manifest 1"),
        ({"manifests": ("a",) * 3000}, "too many"),
    ],
)
async def test_what_cannot_be_compared_is_refused_with_the_reason(
    rig: Rig, against: dict[str, tuple[str, ...]], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        await asked(rig, **against)


async def test_a_release_lists_what_it_created_changed_and_removed(rig: Rig) -> None:
    secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: key}}\nstringData: {{key: {CANARY}}}\n"
    (first, second) = [
        await rig.host.commit_files("apps", "story", files, message="Change", author=AUTHOR)
        for files in (
            {
                "shop/a.yaml": config_map("a", "1").encode(),
                "shop/c.yaml": config_map("c", "1").encode(),
                "shop/s.yaml": secret.encode(),
            },
            {
                "shop/a.yaml": config_map("a", "2").encode(),
                "shop/b.yaml": config_map("b", "1").encode(),
                "shop/c.yaml": None,
                "shop/s.yaml": secret.replace(CANARY, f"{CANARY}-more").encode(),
            },
        )
    ]
    record = rig.runtime.records.get(KEY)
    assert record is not None
    sources = record.application.spec.all_sources

    async def changed(after: str, before: str | None) -> ReleaseChangesAnswer:
        question = CompareReleases(KEY, Deployed(sources, (after,)), Deployed(sources, (before,)) if before else None)
        answer = await rig.runtime.requests.answer(question)
        assert isinstance(answer, ReleaseChangesAnswer)
        return answer

    answer = await changed(second, first)
    assert CANARY not in repr(answer)
    told = {one.ref.name: one for one in answer.resources}
    assert {name: one.change for name, one in told.items()} == {
        "a": "CHANGE",
        "b": "ADD",
        "c": "PRUNE",
        "key": "CHANGE",
    }
    assert told["a"].before is not None
    assert told["a"].after is not None
    assert (told["a"].before["data"], told["a"].after["data"]) == ({"value": "1"}, {"value": "2"})
    assert (told["b"].before, told["c"].after) == (None, None)
    assert {one.change for one in (await changed(first, None)).resources} == {"ADD"}
    assert (await changed(second, second)).resources == ()
    with pytest.raises(Refused, match="the release before cannot be rendered any more"):
        await changed(second, "4" * 40)
    with pytest.raises(Refused, match="does not say what this release was made of"):
        await rig.runtime.requests.answer(CompareReleases(KEY, Deployed(sources, ())))


async def test_sources_of_a_release_are_read_only_while_the_project_permits_them(rig: Rig) -> None:
    spec = {"sourceRepos": [rig.host.clone_url("apps")], "destinations": [{"server": "*", "namespace": "*"}]}
    meta = {"name": "narrow", "namespace": NAMESPACE}
    await rig.cluster.create(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": meta, "spec": spec}
    )
    await rig.create_application(
        "narrow", project="narrow", source={"repoURL": rig.host.clone_url("apps"), "path": "shop"}
    )
    await rig.until("narrow", lambda body: bool((body.get("status") or {}).get("sync")))
    elsewhere = Deployed((ApplicationSource(repo_url="https://elsewhere.example.test/x.git"),), ("main",))
    with pytest.raises(Refused, match="not permitted in project"):
        await rig.runtime.requests.answer(CompareReleases(ApplicationKey(NAMESPACE, "narrow"), elsewhere))

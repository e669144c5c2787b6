"""Programs run once for equal inputs, and again only for what they really depend on."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gitsync.render.cache import RenderCache
from gitsync.render.context import RenderContext
from gitsync.render.errors import GenerationFailed
from gitsync.render.references import References, references_of
from gitsync.render.render import Rendered, render
from model.kinds.application import ApplicationSource
from tests.support.git_rig import GitRig, git_rig

pytestmark = [
    pytest.mark.cpu_seconds(30),
    pytest.mark.skipif(
        shutil.which("helm") is None or shutil.which("kustomize") is None, reason="helm or kustomize is not on PATH"
    ),
]
CONTEXT = RenderContext(instance="shop", namespace="there", kube_version="1.30.0")
CHART = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
PLAIN = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {who: {{ .Values.who | quote }}}\n"
ASKING = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: {{ .Capabilities.KubeVersion.Version }}}\n"


@dataclass
class Kitchen:
    git: GitRig
    cache: RenderCache
    seconds: float = 0.0

    async def render(self, *, fresh: bool = False, version: str = "1.30.0", **options: Any) -> Rendered:
        url = self.git.origin.url("apps")
        source = ApplicationSource(repo_url=url, path=options.pop("path", "app"), target_revision="main", **options)
        for repo in (url, self.git.origin.url("values")):
            await self.git.repositories.resolve(repo, "main", fresh=True)
        return await render(
            source,
            repositories=self.git.repositories,
            cache=self.cache,
            fresh=fresh,
            context=replace(CONTEXT, kube_version=version),
            references=self.references,
        )

    @property
    def references(self) -> References:
        url = self.git.origin.url("values")
        return references_of([ApplicationSource(repo_url=url, target_revision="main", ref="values")])

    @property
    def programs(self) -> int:
        return self.cache.counter.programs_total


@pytest.fixture
async def kitchen(tmp_path: Path) -> AsyncIterator[Kitchen]:
    async with git_rig(tmp_path) as git:
        made = Kitchen(git, RenderCache(tmp_path / "unused.db"))
        made.cache = RenderCache(tmp_path / "renders.db", clock=lambda: made.seconds)
        files = {
            "app/Chart.yaml": CHART,
            "app/values.yaml": "who: me\n",
            "app/templates/a.yaml": PLAIN,
            "b/b.yaml": "1",
        }
        git.origin.create("apps", files)
        git.origin.create("values", {"prod/a.yaml": "who: prod\n", "other.yaml": "x: 1\n"})
        yield made
        await made.cache.close()


async def test_a_thousand_warm_renders_start_no_process(kitchen: Kitchen) -> None:
    first = await kitchen.render()
    source = ApplicationSource(repo_url=kitchen.git.origin.url("apps"), path="app", target_revision="main")
    for _ in range(1000):
        await render(
            source,
            repositories=kitchen.git.repositories,
            cache=kitchen.cache,
            commit=first.commit,
            context=CONTEXT,
            references=kitchen.references,
        )
    assert (kitchen.programs, kitchen.cache.counter.cache_hits_total) == (1, 1000)


async def test_another_commit_and_another_cluster_version_run_nothing(kitchen: Kitchen) -> None:
    first = await kitchen.render()
    kitchen.git.origin.commit("apps", {"b/b.yaml": "2"})
    second = await kitchen.render(version="1.31.0")
    assert (second.from_cache, second.commit != first.commit, kitchen.programs) == (True, True, 1)


async def test_a_chart_that_asks_for_the_cluster_is_rendered_for_each_version(kitchen: Kitchen) -> None:
    kitchen.git.origin.commit("apps", {"app/templates/a.yaml": ASKING})
    found = [
        (await kitchen.render(version=one)).documents[0].body["data"]["v"] for one in ("1.30.0", "1.31.0", "1.30.0")
    ]
    assert (found, kitchen.programs) == (["v1.30.0", "v1.31.0", "v1.30.0"], 2)


async def test_a_commit_counts_only_for_those_who_ask_for_it(kitchen: Kitchen) -> None:
    asking = {"parameters": [{"name": "who", "value": "$ARGOCD_APP_REVISION"}]}
    first = await kitchen.render(helm=asking)
    kitchen.git.origin.commit("apps", {"b/b.yaml": "2"})
    second = await kitchen.render(helm=asking)
    assert first.documents[0].body["data"]["who"] == first.commit
    assert second.documents[0].body["data"]["who"] == second.commit != first.commit


async def test_values_of_another_repository_count_file_by_file(kitchen: Kitchen) -> None:
    helm = {"valueFiles": ["$values/prod/a.yaml"]}
    assert (await kitchen.render(helm=helm)).documents[0].body["data"]["who"] == "prod"
    kitchen.git.origin.commit("values", {"other.yaml": "x: 2\n"})
    assert (await kitchen.render(helm=helm)).from_cache
    kitchen.git.origin.commit("values", {"prod/a.yaml": "who: new\n"})
    assert (await kitchen.render(helm=helm)).documents[0].body["data"]["who"] == "new"


async def test_a_glob_of_another_repository_sees_new_files(kitchen: Kitchen) -> None:
    helm = {"valueFiles": ["$values/prod/*.yaml"]}
    await kitchen.render(helm=helm)
    kitchen.git.origin.commit("values", {"prod/b.yaml": "who: b\n"})
    assert (await kitchen.render(helm=helm)).documents[0].body["data"]["who"] == "b"


async def test_a_file_of_another_repository_that_is_named_stands_where_it_is_named(kitchen: Kitchen) -> None:
    kitchen.git.origin.commit("values", {"prod/b.yaml": "who: b\n"})
    helm = {"valueFiles": ["$values/prod/b.yaml", "$values/prod/*.yaml"]}
    assert (await kitchen.render(helm=helm)).documents[0].body["data"]["who"] == "prod"


async def test_overrides_that_appear_are_seen(kitchen: Kitchen) -> None:
    assert (await kitchen.render()).documents[0].body["data"]["who"] == "me"
    kitchen.git.origin.commit("apps", {"app/.argocd-source-shop.yaml": "helm: {valuesObject: {who: over}}\n"})
    assert (await kitchen.render()).documents[0].body["data"]["who"] == "over"


async def test_a_base_counts_for_those_who_use_it(kitchen: Kitchen) -> None:
    overlay = "resources: [../../base]\nnamePrefix: x-\n"
    base = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    files = {
        "over/lay/kustomization.yaml": overlay,
        "base/kustomization.yaml": "resources: [a.yaml]\n",
        "base/a.yaml": base,
    }
    kitchen.git.origin.commit("apps", {**files})
    first = await kitchen.render(path="over/lay")
    assert first.documents[0].body["metadata"]["name"] == "x-a"
    kitchen.git.origin.commit("apps", {"base/unused.yaml": "1"})
    assert (await kitchen.render(path="over/lay")).from_cache
    kitchen.git.origin.commit("apps", {"base/a.yaml": base + "data: {n: '2'}\n"})
    second = await kitchen.render(path="over/lay")
    assert (second.documents[0].body["data"], kitchen.programs) == ({"n": "2"}, 2)


async def test_a_failure_is_remembered_until_inputs_change(kitchen: Kitchen) -> None:
    kitchen.git.origin.commit("apps", {"app/templates/a.yaml": "{{ fail `no` }}"})
    for _ in range(6):
        with pytest.raises(GenerationFailed, match="no"):
            await kitchen.render()
    assert kitchen.programs == 3
    with pytest.raises(GenerationFailed):
        await kitchen.render(fresh=True)
    assert kitchen.programs == 4
    for _ in range(2):
        with pytest.raises(GenerationFailed):
            await kitchen.render()
    kitchen.seconds = 3600
    with pytest.raises(GenerationFailed):
        await kitchen.render()
    assert kitchen.programs == 7
    kitchen.git.origin.commit("apps", {"app/templates/a.yaml": PLAIN})
    assert (await kitchen.render()).documents[0].body["data"]["who"] == "me"

"""Single files on servers in a kustomization: fetched by us, a part of what was read, and as the project permits."""

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gitsync.git.credentials import NoCredentials
from gitsync.render.cache import RenderCache
from gitsync.render.chart_fetch import ChartFetcher
from gitsync.render.chart_sources import Charts
from gitsync.render.context import RenderContext
from gitsync.render.errors import ChartUnavailable, SourceInvalid
from gitsync.render.render import Rendered, render
from model.kinds.application import ApplicationSource
from tests.support.chart_host import ChartHost, running_chart_host
from tests.support.git_rig import GitRig, git_rig

pytestmark = [
    pytest.mark.cpu_seconds(30),
    pytest.mark.skipif(shutil.which("kustomize") is None, reason="kustomize is not on PATH"),
]


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


OWN = config_map("own")


@dataclass
class Kitchen:
    git: GitRig
    host: ChartHost
    fetcher: ChartFetcher
    cache: RenderCache
    why_not: Callable[[str], str] = lambda url: ""

    async def render(self, **files: str) -> Rendered:
        """With these files in the repository, in which HOST stands for the server."""
        if files:
            texts = {f"app/{name}.yaml": text.replace("HOST", self.host.url) for name, text in files.items()}
            self.git.origin.commit("apps", texts)
        self.fetcher.forget()
        await self.git.repositories.resolve(self.git.origin.url("apps"), "main", fresh=True)
        context = replace(RenderContext(instance="shop"), why_not_base=self.why_not)
        source = ApplicationSource(repo_url=self.git.origin.url("apps"), path="app", target_revision="main")
        return await render(
            source,
            repositories=self.git.repositories,
            cache=self.cache,
            context=context,
            charts=Charts(self.fetcher),
        )


@pytest.fixture
async def kitchen(tmp_path: Path) -> AsyncIterator[Kitchen]:
    async with git_rig(tmp_path) as git, running_chart_host() as host:
        git.origin.create("apps", {"app/kustomization.yaml": "resources: []\n"})
        fetcher = ChartFetcher(NoCredentials(), clock=lambda: 0.0)
        made = Kitchen(git, host, fetcher, RenderCache(tmp_path / "renders.db"))
        yield made
        await made.cache.close()
        await fetcher.close()


def values(rendered: Rendered) -> dict[str, str]:
    return {one.body["metadata"]["name"]: one.body["data"]["value"] for one in rendered.documents}


async def test_files_on_servers_are_resources_like_others(kitchen: Kitchen) -> None:
    kitchen.host.files["/v1/all.yaml"] = config_map("a") + "---\n" + config_map("b")
    rendered = await kitchen.render(kustomization="resources: [HOST/v1/all.yaml, own.yaml]\nnamePrefix: x-\n", own=OWN)
    assert values(rendered) == {"x-a": "1", "x-b": "1", "x-own": "1"}


async def test_what_such_a_file_says_is_a_part_of_what_was_read(kitchen: Kitchen) -> None:
    kitchen.host.files["/v1/all.yaml"] = config_map("a")
    await kitchen.render(kustomization="resources: [HOST/v1/all.yaml]\n")
    assert (await kitchen.render()).from_cache
    kitchen.host.files["/v1/all.yaml"] = config_map("a", "2")
    again = await kitchen.render()
    assert not again.from_cache
    assert values(again) == {"a": "2"}


async def test_patches_and_generators_may_name_them_too(kitchen: Kitchen) -> None:
    kitchen.host.files["/p/patch.yaml"] = config_map("own", "patched")
    kitchen.host.files["/g/value"] = "generated"
    kustomization = """resources: [own.yaml]
patches: [{path: HOST/p/patch.yaml}]
configMapGenerator: [{name: made, files: [HOST/g/value], options: {disableNameSuffixHash: true}}]
"""
    assert values(await kitchen.render(kustomization=kustomization, own=OWN)) == {"own": "patched", "made": "generated"}


async def test_the_project_has_to_permit_the_address_also_of_what_was_read_before(kitchen: Kitchen) -> None:
    kitchen.host.files["/v1/all.yaml"] = config_map("a")
    await kitchen.render(kustomization="resources: [HOST/v1/all.yaml]\n")
    kitchen.why_not = lambda url: "not among the sourceRepos of the project"
    with pytest.raises(SourceInvalid, match="not among the sourceRepos"):
        await kitchen.render()


async def test_a_file_that_is_not_there_is_named(kitchen: Kitchen) -> None:
    with pytest.raises(ChartUnavailable, match=r"missing\.yaml"):
        await kitchen.render(kustomization="resources: [HOST/missing.yaml]\n")


async def test_addresses_within_the_machine_are_not_fetched_from(kitchen: Kitchen) -> None:
    with pytest.raises(SourceInvalid, match="is not fetched from"):
        await kitchen.render(kustomization="resources: ['http://169.254.169.254/latest/all.yaml']\n")

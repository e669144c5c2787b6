"""Bases in other repositories, as kustomize spells them and as they are read."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gitsync.render.cache import RenderCache
from gitsync.render.context import RenderContext
from gitsync.render.errors import SourceInvalid
from gitsync.render.remote_bases import BaseAddress, parse_base
from gitsync.render.render import Rendered, render
from model.kinds.application import ApplicationSource
from tests.support.git_rig import GitRig, git_rig

needs_kustomize = pytest.mark.skipif(shutil.which("kustomize") is None, reason="kustomize is not on PATH")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("https://host/o/r//a/b?ref=v1", BaseAddress("https://host/o/r", "a/b", "v1")),
        ("https://host/o/r.git//a?ref=v1&timeout=90s", BaseAddress("https://host/o/r.git", "a", "v1")),
        ("https://host/deep/er/r.git/a", BaseAddress("https://host/deep/er/r.git", "a", "")),
        ("github.com/o/r/a/b?ref=main", BaseAddress("https://github.com/o/r", "a/b", "main")),
        ("https://github.com/o/r?version=v2", BaseAddress("https://github.com/o/r", "", "v2")),
        ("git@host:o/r.git//a?ref=x", BaseAddress("ssh://git@host/o/r.git", "a", "x")),
        ("ssh://git@host/o/r//a", BaseAddress("ssh://git@host/o/r", "a", "")),
        ("git::https://host/o/r//a", BaseAddress("https://host/o/r", "a", "")),
        ("https://host/o/r/main/a.yaml", None),
        ("file:///etc//passwd", None),
        ("https://host", None),
    ],
)
def test_bases_are_read_as_kustomize_spells_them(name: str, expected: BaseAddress | None) -> None:
    assert parse_base(name) == expected


@dataclass
class Kitchen:
    git: GitRig
    cache: RenderCache
    refused: str = ""

    async def render(self) -> Rendered:
        for name in ("apps", "base", "deep"):
            await self.git.repositories.resolve(self.git.origin.url(name), "main", fresh=True)
        context = replace(RenderContext(instance="shop"), why_not_base=lambda url: self.refused)
        source = ApplicationSource(repo_url=self.git.origin.url("apps"), path="over", target_revision="main")
        return await render(source, repositories=self.git.repositories, cache=self.cache, context=context)


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


@pytest.fixture
async def kitchen(tmp_path: Path) -> AsyncIterator[Kitchen]:
    async with git_rig(tmp_path) as git:
        origin = git.origin
        deep = f"{origin.url('deep')}//?ref=main"
        origin.create("deep", {"kustomization.yaml": "resources: [d.yaml]\n", "d.yaml": config_map("deep")})
        origin.create(
            "base",
            {
                "k/base/kustomization.yaml": f"resources: [a.yaml, '{deep}', ../beside]\n",
                "k/base/a.yaml": config_map("base"),
                "k/beside/kustomization.yaml": "resources: [b.yaml]\n",
                "k/beside/b.yaml": config_map("beside"),
                "unread.yaml": "1",
            },
        )
        remote = f"{origin.url('base')}//k/base?ref=main"
        origin.create("apps", {"over/kustomization.yaml": f"resources: ['{remote}']\nnamePrefix: x-\n"})
        made = Kitchen(git, RenderCache(tmp_path / "renders.db"))
        yield made
        await made.cache.close()


def values(rendered: Rendered) -> dict[str, str]:
    return {one.body["metadata"]["name"]: one.body["data"]["value"] for one in rendered.documents}


@needs_kustomize
@pytest.mark.cpu_seconds(30)
async def test_bases_of_bases_are_read_where_they_lie(kitchen: Kitchen) -> None:
    rendered = await kitchen.render()
    assert values(rendered).keys() == {"x-base", "x-deep", "x-beside"}
    assert {one.ref.split("/")[-1] for one in rendered.others} == {"base.git main", "deep.git main"}


@needs_kustomize
@pytest.mark.cpu_seconds(30)
async def test_a_base_counts_file_by_file(kitchen: Kitchen) -> None:
    await kitchen.render()
    kitchen.git.origin.commit("base", {"unread.yaml": "2"})
    assert (await kitchen.render()).from_cache
    kitchen.git.origin.commit("deep", {"d.yaml": config_map("deep", "2")})
    again = await kitchen.render()
    assert not again.from_cache
    assert values(again)["x-deep"] == "2"


@needs_kustomize
@pytest.mark.cpu_seconds(30)
async def test_what_is_not_permitted_any_more_is_not_taken_from_the_cache(kitchen: Kitchen) -> None:
    await kitchen.render()
    kitchen.refused = "not among the sourceRepos of the project"
    with pytest.raises(SourceInvalid, match="not among the sourceRepos"):
        await kitchen.render()


@pytest.mark.cpu_seconds(30)
async def test_a_base_that_is_not_there_is_named(kitchen: Kitchen) -> None:
    wrong = f"{kitchen.git.origin.url('base')}//nowhere?ref=main"
    kitchen.git.origin.commit("apps", {"over/kustomization.yaml": f"resources: ['{wrong}']\n"})
    with pytest.raises(SourceInvalid, match="has no kustomization in 'nowhere'"):
        await kitchen.render()

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitsync.git.errors import PathNotFound
from gitsync.manifest.errors import ManifestError
from gitsync.render.cache import RenderCache
from gitsync.render.render import Rendered, render
from model.kinds.application import ApplicationSource
from tests.support.git_rig import GitRig, git_rig


def manifest(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


@dataclass
class Kitchen:
    git: GitRig
    path: Path
    cache: RenderCache

    async def render(self, path: str = "one", *, fresh: bool = False) -> Rendered:
        source = ApplicationSource(repo_url=self.git.origin.url("apps"), path=path, target_revision="main")
        await self.git.repositories.resolve(source.repo_url, "main", fresh=True)
        return await render(source, repositories=self.git.repositories, cache=self.cache, fresh=fresh)

    async def restart(self, **limits: int) -> None:
        await self.cache.close()
        self.cache = RenderCache(self.path, **limits)

    def count(self) -> tuple[int, int]:
        return self.cache.counter.renders_total, self.cache.counter.cache_hits_total


@pytest.fixture
async def kitchen(tmp_path: Path) -> AsyncIterator[Kitchen]:
    async with git_rig(tmp_path) as git:
        path = tmp_path / "renders.db"
        made = Kitchen(git, path, RenderCache(path))
        git.origin.create("apps", {"one/a.yaml": manifest("a"), "two/b.yaml": manifest("b")})
        yield made
        await made.cache.close()


async def test_a_commit_that_touches_nothing_of_it_renders_nothing(kitchen: Kitchen) -> None:
    first = await kitchen.render()
    kitchen.git.origin.commit("apps", {"two/b.yaml": manifest("b", "2"), "one/README.md": "text"})
    second = await kitchen.render()
    assert kitchen.count() == (1, 1)
    assert second.commit != first.commit
    assert (second.documents, second.key, second.from_cache) == (first.documents, first.key, True)


async def test_a_change_is_rendered_and_going_back_is_not(kitchen: Kitchen) -> None:
    first = await kitchen.render()
    kitchen.git.origin.commit("apps", {"one/a.yaml": manifest("a", "2")})
    second = await kitchen.render()
    assert second.documents[0].body["data"] == {"value": "2"}
    assert second.key != first.key
    kitchen.git.origin.commit("apps", {"one/a.yaml": manifest("a")})
    assert (await kitchen.render()).documents == first.documents
    assert kitchen.count() == (2, 1)


async def test_a_restart_renders_nothing(kitchen: Kitchen) -> None:
    first = await kitchen.render()
    await kitchen.restart()
    second = await kitchen.render()
    assert kitchen.count() == (0, 1)
    assert (second.documents, second.closure, second.key) == (first.documents, first.closure, first.key)


@pytest.mark.parametrize("harm", ["delete", "garbage", "truncate", "bodies", "closures", "schema"])
async def test_a_harmed_cache_means_rendering_again_and_never_a_wrong_answer(kitchen: Kitchen, harm: str) -> None:
    first = await kitchen.render()
    await kitchen.cache.close()
    spoil(kitchen.path, harm)
    kitchen.cache = RenderCache(kitchen.path)
    second = await kitchen.render()
    assert second.documents == first.documents
    assert kitchen.count() == (1, 0)
    await kitchen.restart()
    assert (await kitchen.render()).from_cache


def spoil(path: Path, harm: str) -> None:
    if harm == "delete":
        path.unlink()
    elif harm == "garbage":
        path.write_bytes(b"no database" * 1000)
    elif harm == "truncate":
        path.write_bytes(path.read_bytes()[:5000])
    else:
        database = sqlite3.connect(path)
        statement = {
            "bodies": "UPDATE renders SET body = substr(body, 1, length(body) - 1) || x'00'",
            "closures": "UPDATE closures SET closure = x'9390a0a0'",
            "schema": "DROP TABLE renders",
        }[harm]
        database.execute(statement)
        database.commit()
        database.close()


async def test_rendering_afresh_uses_no_earlier_render(kitchen: Kitchen) -> None:
    first = await kitchen.render()
    second = await kitchen.render(fresh=True)
    assert kitchen.count() == (2, 0)
    assert second.documents == first.documents


async def test_the_cache_stays_within_its_size(kitchen: Kitchen) -> None:
    files = {f"app-{number}/a.yaml": manifest("a", "x" * 1000 + str(number)) for number in range(16)}
    kitchen.git.origin.commit("apps", files)
    await kitchen.restart(max_bytes=8_000)
    for number in range(16):
        await kitchen.render(f"app-{number}")
    await kitchen.restart(max_bytes=8_000)
    assert (await kitchen.render("app-15")).from_cache
    assert not (await kitchen.render("app-0")).from_cache


async def test_failures_are_not_kept(kitchen: Kitchen) -> None:
    kitchen.git.origin.commit("apps", {"one/bad.yaml": "apiVersion: v1\nkind: A\nmetadata: [\n"})
    for _ in range(2):
        with pytest.raises(ManifestError, match=r"one/bad\.yaml:4"):
            await kitchen.render()
    with pytest.raises(PathNotFound):
        await kitchen.render("three")
    kitchen.git.origin.commit("apps", {"one/bad.yaml": None})
    assert len((await kitchen.render()).documents) == 1


async def test_a_source_that_others_refer_to_renders_nothing(kitchen: Kitchen) -> None:
    source = ApplicationSource(repo_url=kitchen.git.origin.url("apps"), target_revision="main", ref="values")
    rendered = await render(source, repositories=kitchen.git.repositories, cache=kitchen.cache)
    assert rendered.documents == ()


async def test_the_type_of_a_source_is_the_same_from_the_cache(kitchen: Kitchen) -> None:
    kitchen.git.origin.commit("apps", {"two/kustomization.yaml": "resources: [b.yaml]\n"})
    for path, source_type in (("one", "Directory"), ("two", "Kustomize")):
        made, found = await kitchen.render(path), await kitchen.render(path)
        assert (made.source_type, found.source_type, found.from_cache) == (source_type, source_type, True)

"""A repository is force-pushed, renamed, emptied or loses its branch: nothing is deleted by that, and it is said."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.githost import Access
from gitsync.sandbox.githost.fault import Fault, FaultKind
from tests.support.killable import Witness
from tests.support.runtime import AUTHOR, Rig, application, conditions_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}


@dataclass(frozen=True, slots=True)
class Shop:
    """One application of one repository, both of the same name."""

    name: str
    world: World
    rig: Rig
    witness: Witness

    @property
    def url(self) -> str:
        return self.world.host.clone_url(self.name)

    async def push(self, files: Mapping[str, str | None]) -> str:
        content = {f"app/{path}": text.encode() if text is not None else None for path, text in files.items()}
        commit = await self.world.host.commit_files(self.name, "main", content, message="Change", author=AUTHOR)
        self.hint()
        return commit

    async def lose_main(self) -> None:
        """On the host itself, which lets nobody do that from outside."""
        bare = next((self.world.folder / "host").rglob(f"{self.name}.git"))
        await git(bare, "update-ref", "-d", "refs/heads/main")
        self.hint()

    def hint(self) -> None:
        self.rig.runtime.repositories.hint([self.url])

    async def until_at(self, commit: str) -> JsonObject:
        return await self.rig.until(
            self.name, lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit
        )

    async def until_told(self, type_: str) -> str:
        body = await self.rig.until(self.name, lambda body: type_ in dict(conditions_of(body)))
        return dict(conditions_of(body))[type_]

    def told(self) -> str:
        """What the runtime says of the repository."""
        return next(one.error for one in self.rig.runtime.repositories.states() if one.url == self.url)

    def deleted(self) -> int:
        return self.witness.times("DELETED", "ConfigMap", self.name)

    def changed(self) -> int:
        return self.witness.times("MODIFIED", "ConfigMap", self.name)


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("repositories")) as (world, rig):
        yield world, rig


async def opened(both: tuple[World, Rig], name: str) -> Shop:
    """An application that is synced to its first commit, with the ConfigMaps NAME-a and NAME-b."""
    world, rig = both
    witness = Witness()
    world.sandbox.store.listen(witness.hear)
    await make_repository(world, name)
    shop = Shop(name, world, rig, witness)
    commit = await shop.push({"a.yaml": config_map(f"{name}-a"), "b.yaml": config_map(f"{name}-b")})
    source = {"repoURL": shop.url, "path": "app", "targetRevision": "main"}
    await rig.cluster.create(application(shop.url, name, source=source, syncPolicy=AUTOMATED))
    await shop.until_at(commit)
    return shop


async def make_repository(world: World, name: str) -> None:
    await world.host.create_repository(name, public=True)
    world.host.set_access(name, "dana", Access.WRITE)


async def git(folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    people = {f"GIT_{role}_{what}": f"{value}" for role in ("AUTHOR", "COMMITTER") for what, value in PERSON.items()}
    process = await asyncio.create_subprocess_exec(
        *("git", *arguments),
        cwd=folder,
        env=environment | people,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode().strip()


PERSON = {"NAME": "Dana", "EMAIL": "dana@example.com"}


async def clone(shop: Shop, folder: Path) -> Path:
    url = shop.url.replace("://", "://dana:dana-password@")
    await git(folder, "clone", "--quiet", url, "work")
    return folder / "work"


async def test_a_forced_push_is_followed_and_only_what_left_git_goes(both: tuple[World, Rig], tmp_path: Path) -> None:
    shop = await opened(both, "forced")
    work = await clone(shop, tmp_path)
    (work / "app" / "b.yaml").unlink()
    (work / "app" / "c.yaml").write_text(config_map("forced-c"))
    await git(work, "add", "--all")
    await git(work, "commit", "--quiet", "--amend", "-m", "Another past")
    await git(work, "push", "--quiet", "--force", "origin", "HEAD:main")
    commit = await git(work, "rev-parse", "HEAD")
    shop.hint()
    await shop.until_at(commit)
    assert shop.witness.times("DELETED", "ConfigMap", "forced-b") == 1
    assert shop.deleted() == 1
    assert shop.witness.times("MODIFIED", "ConfigMap", "forced-a") == 0


async def test_a_deleted_branch_is_told_and_costs_no_object(both: tuple[World, Rig], tmp_path: Path) -> None:
    shop = await opened(both, "branchless")
    work = await clone(shop, tmp_path)
    await git(work, "push", "--quiet", "origin", "HEAD:other")
    await shop.lose_main()
    assert "main" in await shop.until_told("ComparisonError")
    assert shop.deleted() == 0
    await git(work, "push", "--quiet", "origin", "HEAD:main")
    shop.hint()
    await shop.until_at(await git(work, "rev-parse", "HEAD"))
    assert (shop.deleted(), shop.changed()) == (0, 0)


async def test_a_repository_without_any_ref_is_told_and_costs_no_object(both: tuple[World, Rig]) -> None:
    shop = await opened(both, "refless")
    await shop.lose_main()
    assert "main" in await shop.until_told("ComparisonError")
    assert shop.deleted() == 0


async def test_a_directory_that_left_git_is_told_and_costs_no_object(both: tuple[World, Rig]) -> None:
    shop = await opened(both, "pathless")
    await shop.world.host.commit_files(
        "pathless",
        "main",
        {"app/a.yaml": None, "app/b.yaml": None, "README.md": b"moved\n"},
        message="Move",
        author=AUTHOR,
    )
    shop.hint()
    assert "app" in await shop.until_told("ComparisonError")
    assert shop.deleted() == 0


async def test_an_emptied_directory_waits_for_somebodys_word(both: tuple[World, Rig]) -> None:
    shop = await opened(both, "emptied")
    await shop.push({"a.yaml": None, "b.yaml": None, "README.md": "nothing\n"})
    told = await shop.until_told("SyncError")
    assert "auto-sync would remove every object of the application" in told
    assert shop.deleted() == 0
    commit = await shop.push({"a.yaml": config_map("emptied-a"), "b.yaml": config_map("emptied-b")})
    await shop.until_at(commit)
    assert (shop.deleted(), shop.changed()) == (0, 0)


async def test_a_renamed_repository_is_told_and_its_new_name_changes_nothing(
    both: tuple[World, Rig], tmp_path: Path
) -> None:
    shop = await opened(both, "renamed")
    work = await clone(shop, tmp_path)
    commit = await git(work, "rev-parse", "HEAD")
    await make_repository(shop.world, "new-name")
    new = shop.world.host.clone_url("new-name")
    await git(work, "push", "--quiet", new.replace("://", "://dana:dana-password@"), "HEAD:main")
    shop.world.host.faults.inject(Fault(FaultKind.REFUSE, "renamed", status=404))
    await shop.rig.patch("renamed", {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})
    assert "renamed" in await shop.until_told("ComparisonError")
    assert shop.deleted() == 0
    await shop.rig.patch("renamed", {"spec": {"source": {"repoURL": new}}})
    body = await shop.until_at(commit)
    shop.world.host.faults.clear()
    assert not conditions_of(body)
    assert (shop.deleted(), shop.changed()) == (0, 0)


async def test_a_git_host_that_falls_silent_holds_up_its_own_applications_only(both: tuple[World, Rig]) -> None:
    """A connection that is open and says nothing: what is deployed stays, others go on, and later it is followed."""
    silent, other = await opened(both, "silent"), await opened(both, "spoken")
    hang = Fault(FaultKind.HANG, "silent")
    silent.world.host.faults.inject(hang)
    commit = await silent.push({"a.yaml": config_map("silent-a", "2")})
    await other.until_at(await other.push({"a.yaml": config_map("spoken-a", "2")}))
    async with asyncio.timeout(30):
        while not silent.told():  # noqa: ASYNC110 - asked from outside
            await asyncio.sleep(0.1)
    assert silent.told().endswith("cannot be reached: could not read from socket: timed out")
    assert (silent.deleted(), silent.changed()) == (0, 0)
    silent.world.host.faults.clear()
    silent.hint()
    await silent.until_at(commit)
    assert (silent.deleted(), silent.changed()) == (0, 1)

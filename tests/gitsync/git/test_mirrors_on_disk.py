import os
import threading
from pathlib import Path

import pytest

from gitsync.git.errors import MirrorDamaged, RepositoryUnreachable
from gitsync.git.repositories import TreeReader
from gitsync.git.tree import Files
from tests.support.git_origin import Fault
from tests.support.git_rig import GitRig


def contents(files: Files) -> dict[str, bytes]:
    return {entry.name: files.read(entry.id) for entry in files.children(files.root().id)}


async def reader_of(rig: GitRig) -> TreeReader:
    url = rig.origin.url("apps")
    return await rig.repositories.tree(url, (await rig.repositories.resolve(url, "main")).commit)


def spoil(mirror: Path) -> None:
    for pack in mirror.glob("objects/pack/*"):
        pack.chmod(0o600)
        pack.write_bytes(b"\0" * os.path.getsize(pack))
    for loose in mirror.glob("objects/??/*"):
        loose.chmod(0o600)
        loose.write_bytes(b"")


async def test_a_mirror_outlives_the_process(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    await reader_of(rig)
    await rig.repositories.close()
    rig.repositories = rig.restarted()
    rig.origin.requests.clear()
    assert await (await reader_of(rig)).run(contents) == {"a": b"1"}
    assert rig.origin.requests.total() == 1  # the refs, and no fetch


async def test_a_damaged_mirror_is_made_anew_at_the_start(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    await reader_of(rig)
    await rig.repositories.close()
    [mirror] = rig.mirrors()
    spoil(mirror)
    rig.repositories = rig.restarted()
    assert await (await reader_of(rig)).run(contents) == {"a": b"1"}


async def test_half_a_mirror_is_made_anew(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    await reader_of(rig)
    await rig.repositories.close()
    [mirror] = rig.mirrors()
    (mirror / "config").unlink()
    (mirror / "HEAD").write_text("")
    rig.repositories = rig.restarted()
    assert await (await reader_of(rig)).run(contents) == {"a": b"1"}


async def test_a_missing_object_is_damage_and_not_an_empty_directory(rig: GitRig) -> None:
    rig.origin.create("apps", {"dir/a": "1"})
    reader = await reader_of(rig)
    tries = []

    def work(files: Files) -> dict[str, bytes]:
        tries.append(1)
        if len(tries) == 1:
            files.children("b" * 40)
        return contents(files)

    with pytest.raises(AssertionError, match="is no file"):
        await reader.run(work)  # the second try sees the real tree, whose only entry is a directory
    assert len(tries) == 2
    with pytest.raises(MirrorDamaged):
        await reader.run(lambda files: files.children("b" * 40))


async def test_locks_that_a_killed_process_left_do_not_stop_fetching(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    await reader_of(rig)
    await rig.repositories.close()
    [mirror] = rig.mirrors()
    for name in ("config.lock", "packed-refs.lock", "refs/heads/main.lock", "HEAD.lock"):
        (mirror / name).write_text("")
    rig.origin.commit("apps", {"a": "2"})
    rig.repositories = rig.restarted()
    assert await (await reader_of(rig)).run(contents) == {"a": b"2"}


async def test_a_fetch_that_breaks_off_is_tried_again_later(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "x" * 200_000})
    rig.origin.fault = Fault(cut_after=40, only="git-upload-pack")
    url = rig.origin.url("apps")
    rig.origin.fault = Fault(cut_after=40)
    with pytest.raises(RepositoryUnreachable):
        await reader_of(rig)
    rig.origin.fault = None
    assert len((await (await reader_of(rig)).run(contents))["a"]) == 200_000
    assert rig.repositories.state(url) is not None


async def test_one_thread_at_a_time_owns_a_mirror(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    reader = await reader_of(rig)
    owners = {await reader.run(lambda _: threading.get_ident()) for _ in range(20)}
    assert len(owners) == 1
    assert threading.get_ident() not in owners


async def test_the_packs_of_many_fetches_are_joined(rig: GitRig) -> None:
    await rig.repositories.close()
    rig.repositories = rig.restarted(max_packs=3)
    commits = [rig.origin.create("apps", {"a": "0"})]
    url = rig.origin.url("apps")
    await rig.repositories.resolve(url, "main")
    for number in range(7):
        commits.append(rig.origin.commit("apps", {"a": str(number)}))
        await rig.repositories.resolve(url, "main", fresh=True)
    [mirror] = rig.mirrors()
    assert len(list(mirror.glob("objects/pack/*.pack"))) <= 4
    rig.origin.fault = Fault(status=500)
    for commit in commits:
        assert (await rig.repositories.commit_info(url, commit)).sha == commit


async def test_spellings_of_one_address_share_a_mirror(rig: GitRig) -> None:
    commit = rig.origin.create("apps", {"a": "1"})
    url = rig.origin.url("apps")
    for spelling in (url, url.removesuffix(".git"), f"{url}/"):
        if spelling == url:
            await rig.repositories.resolve(spelling, "main")
        else:
            assert (await rig.repositories.resolve(spelling, commit)).commit == commit
    assert len(rig.mirrors()) == 1

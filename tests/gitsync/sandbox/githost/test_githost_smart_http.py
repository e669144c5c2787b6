"""The Git host against the real git program."""

import asyncio
import gzip
import os
from pathlib import Path

import aiohttp
import pytest

from gitsync.sandbox.githost import GitHost, Push
from gitsync.sandbox.githost.push import ZERO_ID
from tests.support.git_host import NOW, Git, basic, clone, commit, seed, url_of

UPLOAD_REQUEST = {"Content-Type": "application/x-git-upload-pack-request"}


async def test_a_seeded_repository_is_cloned_with_its_main_branch(host: GitHost, git: Git, tmp_path: Path) -> None:
    await seed(host, web__a=b"kind: A\n", b=b"b\n")
    folder = await clone(host, git, tmp_path / "clone", user="victor")
    assert (folder / "web" / "a").read_bytes() == b"kind: A\n"
    assert (await git("branch", "--show-current", cwd=folder)).text.strip() == "main"


@pytest.mark.parametrize("version", [0, 1, 2])
async def test_every_protocol_version_is_spoken(host: GitHost, git: Git, version: int) -> None:
    tip = await seed(host, a=b"a")
    ended = await git("-c", f"protocol.version={version}", "ls-remote", url_of(host, "victor"), "refs/heads/main")
    assert ended.text.split() == [tip, "refs/heads/main"]


async def test_a_push_arrives_and_is_told(host: GitHost, git: Git, tmp_path: Path) -> None:
    before = await seed(host, a=b"a")
    pushes: list[Push] = []
    host.listen(pushes.append)
    folder = await clone(host, git, tmp_path / "clone")
    await commit(git, folder, "a", b"changed")
    ended = await git("push", "origin", "main", cwd=folder)
    assert ended.code == 0, ended.text
    after = (await git("rev-parse", "HEAD", cwd=folder)).text.strip()
    assert [(push.repository, push.pusher) for push in pushes] == [("apps", "dana")]
    assert [(move.ref, move.before, move.after) for push in pushes for move in push.moves] == [
        ("refs/heads/main", before, after)
    ]


async def test_a_fetch_brings_what_another_person_pushed(host: GitHost, git: Git, tmp_path: Path) -> None:
    await seed(host, a=b"a")
    folder = await clone(host, git, tmp_path / "clone", user="victor")
    tip = await seed(host, a=b"b")
    assert (await git("fetch", "--quiet", cwd=folder)).code == 0
    assert (await git("rev-parse", "origin/main", cwd=folder)).text.strip() == tip


async def test_a_large_push_is_streamed(host: GitHost, git: Git, tmp_path: Path) -> None:
    await seed(host, a=b"a")
    folder = await clone(host, git, tmp_path / "clone")
    await commit(git, folder, "large", os.urandom(3_000_000))
    ended = await git("push", "--quiet", "origin", "main", cwd=folder)
    assert ended.code == 0, ended.text


async def test_a_push_above_the_limit_is_refused(host: GitHost, git: Git, tmp_path: Path) -> None:
    tip = await seed(host, a=b"a")
    folder = await clone(host, git, tmp_path / "clone")
    await commit(git, folder, "large", os.urandom(5_000_000))
    assert (await git("push", "--quiet", "origin", "main", cwd=folder)).code != 0
    assert (await git("ls-remote", url_of(host, "dana"), "HEAD")).text.split()[0] == tip


async def test_a_branch_is_made_and_removed_by_push(host: GitHost, git: Git, tmp_path: Path) -> None:
    tip = await seed(host, a=b"a")
    pushes: list[Push] = []
    host.listen(pushes.append)
    folder = await clone(host, git, tmp_path / "clone")
    assert (await git("push", "--quiet", "origin", "main:topic", cwd=folder)).code == 0
    assert (await git("push", "--quiet", "origin", ":topic", cwd=folder)).code == 0
    moves = [(move.ref, move.before, move.after) for push in pushes for move in push.moves]
    assert moves == [("refs/heads/topic", ZERO_ID, tip), ("refs/heads/topic", tip, ZERO_ID)]


@pytest.mark.parametrize("protected", [True, False])
async def test_a_force_push_passes_only_where_history_may_change(
    host: GitHost, git: Git, tmp_path: Path, protected: bool
) -> None:
    await seed(host, a=b"a")
    await seed(host, a=b"b")
    if protected:
        host.protect("apps")
    folder = await clone(host, git, tmp_path / "clone")
    assert (await git("reset", "--quiet", "--hard", "HEAD~1", cwd=folder)).code == 0
    await commit(git, folder, "a", b"another history")
    assert (await git("push", "origin", "main", cwd=folder)).code != 0
    ended = await git("push", "--force", "origin", "main", cwd=folder)
    assert (ended.code != 0) == protected, ended.text


async def test_of_concurrent_pushes_to_one_branch_one_wins_and_the_others_hear_it(
    host: GitHost, git: Git, tmp_path: Path
) -> None:
    await seed(host, a=b"a")
    pushes: list[Push] = []
    host.listen(pushes.append)
    folders = [await clone(host, git, tmp_path / f"clone-{number}") for number in range(3)]
    for number, folder in enumerate(folders):
        await commit(git, folder, f"file-{number}", b"x")
    ends = await asyncio.gather(*(git("push", "origin", "main", cwd=folder) for folder in folders))
    assert sorted(ended.code for ended in ends) == [0, 1, 1]
    assert len(pushes) == 1


async def test_a_gzipped_request_is_understood(host: GitHost) -> None:
    tip = await seed(host, a=b"a")
    body = gzip.compress(b"0014command=ls-refs\n00010014ref-prefix HEAD\n0000")
    headers = {**UPLOAD_REQUEST, "Content-Encoding": "gzip", "Git-Protocol": "version=2"}
    async with aiohttp.ClientSession(headers=basic("dana")) as session:
        url = host.clone_url("apps") + "/git-upload-pack"
        async with session.post(url, data=body, headers=headers) as answer:
            assert answer.status == 200
            assert tip in await answer.text()


async def test_a_small_gzip_body_cannot_become_a_large_one(host: GitHost) -> None:
    await seed(host, a=b"a")
    headers = {**UPLOAD_REQUEST, "Content-Encoding": "gzip", "Git-Protocol": "version=2"}
    async with aiohttp.ClientSession(headers=basic("dana")) as session:
        url = host.clone_url("apps") + "/git-upload-pack"
        body = gzip.compress(b"0014command=ls-refs\n0001" + b"0014ref-prefix HEAD\n" * 300_000)
        assert len(body) < 100_000
        async with session.post(url, data=body, headers=headers) as answer:
            assert answer.status == 413


async def test_a_hook_that_lies_in_the_repository_never_runs(host: GitHost, git: Git, tmp_path: Path) -> None:
    await seed(host, a=b"a")
    hooks = tmp_path / "host" / "apps.git" / "hooks"
    hooks.mkdir()
    for name in ("pre-receive", "update", "post-receive"):
        hook = hooks / name
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
    folder = await clone(host, git, tmp_path / "clone")
    await commit(git, folder, "a", b"changed")
    assert (await git("push", "--quiet", "origin", "main", cwd=folder)).code == 0


async def test_a_commit_page_shows_the_change_as_plain_text(host: GitHost) -> None:
    commit_id = await seed(host, a=b"<script>alert(1)</script>\n")
    async with aiohttp.ClientSession(headers=basic("victor")) as session:
        async with session.get(host.commit_url("apps", commit_id)) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/plain"
            text = await answer.text()
            assert "Author: Dana <dana@example.com>" in text
            assert "+<script>alert(1)</script>" in text
        async with session.get(host.commit_url("apps", "0" * 40)) as answer:
            assert answer.status == 404


async def test_repositories_outlive_a_restart(host: GitHost, git: Git, tmp_path: Path) -> None:
    tip = await seed(host, a=b"a")
    again = GitHost(tmp_path / "host", clock=lambda: NOW)
    assert await again.create_repository("apps", public=True) is False
    try:
        address = await again.start()
        assert (await git("ls-remote", f"{address}/apps.git", "HEAD")).text.split()[0] == tip
    finally:
        await again.stop()

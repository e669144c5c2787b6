"""Repositories that a runtime reads over SSH with its key, and people change over HTTP with their own tokens."""

import asyncio
import getpass
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from gitsync.access.secret import Credential, PersonSecret, RepositorySecret
from gitsync.configuration.credential_source import RepositoryCredentials
from gitsync.git.credentials import GitCredential
from gitsync.git.errors import HostKeyRefused
from gitsync.git.host_keys import host_keys
from gitsync.git.remote import list_refs
from gitsync.git.settings import GitSettings
from gitsync.sandbox.githost import Access
from gitsync.serving.committing import Intent
from gitsync.sourcing.signing_keys import KNOWN_HOSTS
from model.kinds.application import ApplicationSource
from model.link_change import Author, ChangeAnswer, CommitWords
from tests.support.runtime import AUTHOR, NAMESPACE, Rig, running_rig
from tests.support.sandbox_rig import World, running_world

_SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(_SSHD is None, reason="sshd is not installed"),
]


@contextmanager
def ssh_server(folder: Path, repositories: Path) -> Iterator[tuple[str, str]]:
    """Serves the folder of repositories as /git/NAME; the address of its top, and the private key that it lets in."""
    folder.mkdir()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    forced = folder / "forced"
    forced.write_text(
        f'#!/bin/sh\neval "set -- $SSH_ORIGINAL_COMMAND"\nname=${{2#/git/}}\nexec "$1" {repositories}/"$name"\n'
    )
    forced.chmod(0o755)
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        f"PermitRootLogin yes\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nForceCommand {forced}\n"
        f"PidFile none\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists on it when it runs as root
    with (folder / "sshd.log").open("ab") as log:
        server = subprocess.Popen([str(_SSHD), "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    try:
        yield f"ssh://{getpass.getuser()}@127.0.0.1:{port}/git", (folder / "user").read_text()
    finally:
        server.terminate()
        server.wait(10)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig, str]]:
    folder = tmp_path_factory.mktemp("ssh")
    async with running_world(folder, public=False) as world:
        host = world.host
        host.add_user("victor", "victor-password")
        host.set_access("apps", "victor", Access.READ)
        await host.commit_files("apps", "main", {"a": b"1\n"}, message="First", author=AUTHOR)
        with ssh_server(folder / "sshd", host.repositories.path("apps").parent) as (top, key):
            async with running_rig(world.access, host, folder / "runtime", name="demo") as rig:
                await rig.cluster.create(known_hosts(top, (folder / "sshd" / "host.pub").read_text()))
                credentials = rig.runtime.credentials
                credentials.put_repository("ssh", RepositorySecret(top, True, None, ssh_private_key=key))
                web = host.clone_url("apps").rpartition("/git/")[0]
                for person in ("dana", "victor"):
                    secret = PersonSecret(person, web, Credential(person, f"{person}-password"))
                    credentials.put_person(person, secret)
                name = host.repositories.path("apps").name
                yield world, rig, f"{top}/{name}"


def known_hosts(top: str, public_key: str) -> dict[str, Any]:
    port = urlsplit(top).port
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": KNOWN_HOSTS, "namespace": NAMESPACE},
        "data": {"ssh_known_hosts": f"[127.0.0.1]:{port} {public_key}"},
    }


def intent(number: int) -> Intent:
    entity = "Application demo/argosy/app"
    return Intent("EDIT", entity, f"op-{number}", CommitWords(f"Change {number}"), lambda files: {f"f{number}": b"x\n"})


async def commit(rig: Rig, url: str, person: str, number: int) -> ChangeAnswer:
    source = ApplicationSource(repo_url=url, target_revision="main")
    author = Author(person, f"{person}@example.com" if person else "")
    return await rig.runtime.changes.changing._desk.committing.commit(source, author, intent(number))


async def log(world: World) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        *("git", "-C", str(world.host.repositories.path("apps")), "log", "--format=%an: %s", "main"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return output.decode().splitlines()


async def test_a_person_pushes_over_http_with_the_own_token_what_is_read_over_ssh(
    both: tuple[World, Rig, str],
) -> None:
    world, rig, url = both
    pushes: list[str] = []
    stop = world.host.listen(lambda push: pushes.append(push.pusher))
    answer = await commit(rig, url, "dana", 1)
    assert not answer.problems
    again = await commit(rig, url, "dana", 1)
    async with asyncio.timeout(10):
        while not pushes:  # noqa: ASYNC110 - the host tells right after its answer
            await asyncio.sleep(0.01)
    assert (again.commit, pushes) == (answer.commit, ["dana"])
    assert (await log(world))[0] == "dana: Change 1"
    stop()


async def test_rights_over_ssh_are_those_of_the_person_on_the_web(both: tuple[World, Rig, str]) -> None:
    world, rig, url = both
    verdict = await rig.runtime.probe.verdict("victor", url)
    assert (verdict.repo_url, verdict.read, verdict.write) == (url, True, False)
    refused = await commit(rig, url, "victor", 2)
    assert [one.code for one in refused.problems] == ["FORBIDDEN_ERROR"]
    assert not (await rig.runtime.probe.verdict("eve", url)).read
    assert "Change 2" not in str(await log(world))


async def test_a_server_with_another_key_than_the_known_one_is_refused(both: tuple[World, Rig, str]) -> None:
    world, _, url = both
    port = int(url.rpartition(":")[2].partition("/")[0])
    public = (world.folder / "sshd" / "host.pub").read_text()
    other = (world.folder / "sshd" / "user.pub").read_text()

    async def read(line: str) -> str:
        keys = host_keys(line, url)
        credential = GitCredential(ssh_private_key=(world.folder / "sshd" / "user").read_text(), host_keys=keys)
        listing = await asyncio.to_thread(list_refs, url, credential, GitSettings())
        return listing.default_branch

    assert await read(f"[127.0.0.1]:{port} {public}") == "refs/heads/main"
    for line in (f"[127.0.0.1]:{port} {other}", f"127.0.0.1 {public}", ""):
        with pytest.raises(HostKeyRefused, match=r"shows the key SHA256:"):
            await read(line)


async def test_without_known_hosts_no_server_is_believed_unless_its_secret_says_so(
    both: tuple[World, Rig, str],
) -> None:
    _, rig, url = both
    secret = rig.runtime.credentials.for_repository(url)
    assert secret is not None

    async def nobody_is_known() -> str:
        return ""

    source = RepositoryCredentials(rig.runtime.credentials, nobody_is_known)
    credential = await source.credential_for(url)
    with pytest.raises(HostKeyRefused, match="not known"):
        await asyncio.to_thread(list_refs, url, credential, GitSettings())
    rig.runtime.credentials.put_repository("ssh", replace(secret, insecure=True))
    try:
        credential = await source.credential_for(url)
        listing = await asyncio.to_thread(list_refs, url, credential, GitSettings())
    finally:
        rig.runtime.credentials.put_repository("ssh", secret)
    assert listing.default_branch == "refs/heads/main"


async def test_the_operator_pushes_with_the_runtimes_key(both: tuple[World, Rig, str]) -> None:
    world, rig, url = both
    answer = await commit(rig, url, "", 3)
    assert not answer.problems
    assert (await log(world))[0] == "Argosy operator: Change 3"

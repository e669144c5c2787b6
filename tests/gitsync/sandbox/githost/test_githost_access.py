"""Who gets what answer, and names that are none."""

from base64 import b64encode

import aiohttp
import pytest
from yarl import URL

from gitsync.sandbox.githost import Access, GitHost
from tests.support.git_host import Git, basic, seed, url_of

REFS = "info/refs?service=git-{service}-pack"
CASES = [
    # user, password, repository, service, status
    (None, None, "apps", "upload", 401),
    (None, None, "apps", "receive", 401),
    (None, None, "unknown", "upload", 401),
    ("dana", "wrong", "apps", "upload", 401),
    ("nobody", "x", "apps", "upload", 401),
    ("dana", "dana-password", "apps", "upload", 200),
    ("dana", "dana-password", "apps", "receive", 200),
    ("victor", "victor-password", "apps", "upload", 200),
    ("victor", "victor-password", "apps", "receive", 403),
    ("eve", "eve-password", "apps", "upload", 404),
    ("eve", "eve-password", "apps", "receive", 404),
    ("eve", "eve-password", "unknown", "upload", 404),
    ("dana", "dana-password", "unknown", "receive", 404),
]


async def status(host: GitHost, path: str, user: str | None = None, password: str | None = None) -> int:
    headers = basic(user, password) if user else {}
    root = host.clone_url("apps").removesuffix("apps.git")
    async with aiohttp.ClientSession(headers=headers) as session, session.get(URL(root + path, encoded=True)) as answer:
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="git"'
        return answer.status


@pytest.mark.parametrize(("user", "password", "repository", "service", "expected"), CASES)
async def test_the_advertisement_tells_the_truth_about_rights(
    host: GitHost, user: str | None, password: str | None, repository: str, service: str, expected: int
) -> None:
    await seed(host, a=b"a")
    path = f"{repository}.git/{REFS.format(service=service)}"
    assert await status(host, path, user, password) == expected


async def test_the_push_itself_is_refused_to_a_reader(host: GitHost) -> None:
    headers = {"Content-Type": "application/x-git-receive-pack-request"}
    async with aiohttp.ClientSession(headers=basic("victor")) as session:
        url = host.clone_url("apps") + "/git-receive-pack"
        async with session.post(url, data=b"0000", headers=headers) as answer:
            assert answer.status == 403


async def test_a_public_repository_is_read_but_not_written_without_signing_in(host: GitHost) -> None:
    await host.create_repository("open", public=True)
    assert await status(host, f"open.git/{REFS.format(service='upload')}") == 200
    assert await status(host, f"open.git/{REFS.format(service='receive')}") == 401
    assert await status(host, f"open.git/{REFS.format(service='upload')}", "dana", "wrong") == 401


async def test_a_right_that_is_taken_away_is_gone_at_once(host: GitHost, git: Git) -> None:
    await seed(host, a=b"a")
    assert (await git("ls-remote", url_of(host, "victor"))).code == 0
    host.set_access("apps", "victor", Access.NONE)
    assert (await git("ls-remote", url_of(host, "victor"))).code != 0


async def test_a_token_stands_beside_the_password_until_it_is_revoked(host: GitHost, git: Git) -> None:
    host.add_user("dana", "a-token")
    assert (await git("ls-remote", url_of(host, "dana", password="a-token"))).code == 0
    host.accounts.remove_secret("dana", "a-token")
    assert (await git("ls-remote", url_of(host, "dana", password="a-token"))).code != 0
    assert (await git("ls-remote", url_of(host, "dana"))).code == 0


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e", "..%2fapps", "%2e%2e%2fapps", ".git", "-c", "apps%00", "apps%2f..%2fapps", "a..b", "apps.git.git"],
)
async def test_a_name_that_is_none_reaches_no_file(host: GitHost, name: str) -> None:
    await seed(host, a=b"a")
    assert await status(host, f"{name}/{REFS.format(service='upload')}", "dana") in (400, 404)


@pytest.mark.parametrize("path", ["apps.git/HEAD", "apps.git/config", "apps.git/objects/info/packs", "apps.git/info/x"])
async def test_files_of_a_repository_are_not_served(host: GitHost, path: str) -> None:
    assert await status(host, path, "dana") == 404


async def test_the_dumb_protocol_is_not_served(host: GitHost) -> None:
    assert await status(host, "apps.git/info/refs", "dana") == 403
    assert await status(host, f"apps.git/{REFS.format(service='archive')}", "dana") == 403


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Bearer abc", "Basic " + b64encode(b"dana").decode()])
async def test_a_broken_authorization_is_no_sign_in(host: GitHost, header: str) -> None:
    url = f"{host.clone_url('apps')}/{REFS.format(service='upload')}"
    async with aiohttp.ClientSession() as session, session.get(url, headers={"Authorization": header}) as answer:
        assert answer.status == 401

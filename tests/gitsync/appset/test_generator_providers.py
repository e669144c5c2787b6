"""What Git hosts and plugins answer to generators: over a real socket, from a server that speaks as their APIs do."""

import base64
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gitsync.appset.errors import ProviderFailed
from gitsync.appset.providers.api import ApiLimits, Connections
from gitsync.appset.providers.ask import Asking, ask_host
from tests.support.http_host import serving

SHA = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "canary-token"
PULL = {
    "number": 7,
    "title": "Add a shop",
    "head": {"ref": "feat/Shop_1", "sha": SHA},
    "base": {"ref": "main"},
    "labels": [{"name": "preview"}, {"name": "web"}],
    "user": {"login": "dana"},
}


@dataclass
class Host:
    """`answers` by path, `{base}` in them stands for the address; a callable sees the request."""

    base: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        key = str(request.rel_url.raw_path)
        query = request.rel_url.query
        authorization = request.headers.get("Authorization") or request.headers.get("PRIVATE-TOKEN") or ""
        self.seen.append((request.raw_path, authorization))
        numbered = f"{key}#{query.get('page') or query.get('start') or '0'}"
        found = self.answers.get(numbered, self.answers.get(key))
        if found is None:
            return web.json_response({"message": "Not Found"}, status=404)
        if callable(found):
            return await found(request)  # type: ignore[no-any-return]  # answers hold anything
        text = msgspec.json.encode(found).decode().replace("{base}", self.base)
        headers = {"Link": self.links[numbered].replace("{base}", self.base)} if numbered in self.links else {}
        return web.Response(text=text, content_type="application/json", headers=headers)


class Vault:
    def __init__(self, secrets: Mapping[str, str] = {}, maps: Mapping[str, Mapping[str, str]] = {}) -> None:
        self.secrets, self.maps = {"token": TOKEN, **secrets}, maps

    async def secret(self, name: str, key: str) -> str:
        return self.secrets[key]

    async def config_map(self, name: str) -> Mapping[str, str]:
        return self.maps[name]


@pytest_asyncio.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", host.serve)
    async with serving(application) as host.base:
        yield host


@pytest_asyncio.fixture
async def connections() -> AsyncIterator[Connections]:
    connections = Connections(ApiLimits(answer_bytes=100_000, request_seconds=1.0))
    yield connections
    await connections.close()


Ask = Callable[..., Any]


@pytest.fixture
def ask(connections: Connections) -> Ask:
    async def ask(kind: str, generator: dict[str, Any], vault: Vault | None = None, **asking: Any) -> Any:
        return await ask_host(Asking(connections, vault or Vault(), **asking), kind, generator, "set")

    return ask


def reference() -> dict[str, str]:
    return {"secretName": "tokens", "key": "token"}


def github_repository(name: str, *topics: str) -> dict[str, Any]:
    return {
        "id": 1,
        "name": name,
        "owner": {"login": "shop"},
        "default_branch": "main",
        "topics": list(topics),
        "clone_url": f"https://github.example/shop/{name}.git",
        "ssh_url": f"git@github.example:shop/{name}.git",
    }


async def test_github_repositories_come_over_all_pages_with_branch_and_labels(host: Host, ask: Ask) -> None:
    host.answers = {
        "/orgs/shop/repos": [github_repository("web", "team-a", "public")],
        "/orgs/shop/repos#2": [github_repository("api"), github_repository("empty")],
        "/repos/shop/web/branches/main": {"name": "main", "commit": {"sha": SHA}},
        "/repos/shop/api/branches/main": {"name": "main", "commit": {"sha": SHA}},
    }
    host.links = {"/orgs/shop/repos#0": '<{base}/orgs/shop/repos?page=2>; rel="next", <{base}/x>; rel="last"'}
    settings = {"organization": "shop", "api": host.base, "tokenRef": reference()}
    web_, api = await ask("scmProvider", {"github": settings})
    assert web_ == {
        "organization": "shop",
        "repository": "web",
        "repository_id": "1",
        "url": "git@github.example:shop/web.git",
        "branch": "main",
        "branchNormalized": "main",
        "sha": SHA,
        "short_sha": SHA[:8],
        "short_sha_7": SHA[:7],
        "labels": ["team-a", "public"],
        "paths": [],
    }
    assert api["repository"] == "api"
    assert {authorization for _, authorization in host.seen} == {f"Bearer {TOKEN}"}


async def test_only_repositories_that_a_filter_can_fit_are_looked_into(host: Host, ask: Ask) -> None:
    host.answers = {
        "/orgs/shop/repos": [github_repository("web"), github_repository("docs")],
        "/repos/shop/web/branches": [{"name": "main", "commit": {"sha": SHA}}, {"name": "x/y", "commit": {"sha": SHA}}],
        "/repos/shop/web/contents/chart/Chart.yaml": {"type": "file"},
    }
    filters = [{"repositoryMatch": "^web", "pathsExist": ["chart/Chart.yaml"], "pathsDoNotExist": ["old"]}]
    settings = {"organization": "shop", "api": host.base, "allBranches": True}
    found = await ask("scmProvider", {"github": settings, "filters": filters, "cloneProtocol": "https"})
    assert [(one["branch"], one["branchNormalized"], one["paths"]) for one in found] == [
        ("main", "main", ["chart/Chart.yaml"]),
        ("x/y", "x-y", ["chart/Chart.yaml"]),
    ]
    assert found[0]["url"] == "https://github.example/shop/web.git"
    assert not [path for path, _ in host.seen if "docs" in path]


async def test_pull_requests_must_have_all_labels(host: Host, ask: Ask) -> None:
    host.answers = {"/repos/shop/web/pulls": [PULL, {**PULL, "number": 8, "labels": []}]}
    settings = {"owner": "shop", "repo": "web", "api": host.base, "labels": ["preview"]}
    (one,) = await ask("pullRequest", {"github": settings})
    assert one == {
        "number": "7",
        "title": "Add a shop",
        "branch": "feat/Shop_1",
        "branch_slug": "feat-shop-1",
        "target_branch": "main",
        "target_branch_slug": "main",
        "head_sha": SHA,
        "head_short_sha": SHA[:8],
        "head_short_sha_7": SHA[:7],
        "labels": ["preview", "web"],
        "author": "dana",
    }


async def test_a_repository_that_is_gone_is_an_error_unless_the_generator_goes_on(host: Host, ask: Ask) -> None:
    generator = {"github": {"owner": "shop", "repo": "gone", "api": host.base}}
    with pytest.raises(ProviderFailed, match="has no /repos/shop/gone/pulls"):
        await ask("pullRequest", generator)
    assert await ask("pullRequest", {**generator, "continueOnRepoNotFoundError": True}) == []


async def test_a_github_app_signs_for_a_token_of_its_installation(host: Host, ask: Ask) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )

    async def token(request: web.Request) -> web.Response:
        claims = request.headers["Authorization"].removeprefix("Bearer ").split(".")[1]
        padded = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
        assert msgspec.json.decode(padded) == {"iat": 940, "exp": 1540, "iss": "12"}
        return web.json_response({"token": "of-installation"}, status=201)

    host.answers = {"/app/installations/34/access_tokens": token, "/repos/shop/web/pulls": []}
    vault = Vault({"githubAppID": "12", "githubAppInstallationID": "34", "githubAppPrivateKey": pem.decode()})
    settings = {"owner": "shop", "repo": "web", "api": host.base, "appSecretName": "app"}
    assert await ask("pullRequest", {"github": settings}, vault, now_seconds=1000.0) == []
    assert host.seen[-1][1] == "Bearer of-installation"


async def test_gitlab_groups_and_merge_requests(host: Host, ask: Ask) -> None:
    place = "/api/v4/projects/5/repository"
    host.answers = {
        "/api/v4/groups/shop%2Fteam/projects": [
            {
                "id": 5,
                "path": "web",
                "namespace": {"full_path": "shop/team"},
                "default_branch": "main",
                "topics": ["a"],
                "http_url_to_repo": "https://gitlab.example/shop/team/web.git",
                "ssh_url_to_repo": "git@gitlab.example:shop/team/web.git",
            }
        ],
        f"{place}/branches/main": {"name": "main", "commit": {"id": SHA}},
        f"{place}/tree": [{"name": "Chart.yaml"}],
        "/api/v4/projects/shop%2Fteam%2Fweb/merge_requests": [
            {"iid": 3, "title": "t", "source_branch": "b", "target_branch": "main", "sha": SHA, "labels": ["x"]}
        ],
    }
    settings = {"group": "shop/team", "api": host.base, "includeSubgroups": True, "tokenRef": reference()}
    (one,) = await ask("scmProvider", {"gitlab": settings, "filters": [{"pathsExist": ["chart"]}]})
    assert (one["organization"], one["repository"], one["labels"], one["paths"]) == (
        "shop/team",
        "web",
        ["a"],
        ["chart"],
    )
    assert "include_subgroups=true" in host.seen[0][0]
    assert host.seen[0][1] == TOKEN
    mine = {"project": "shop/team/web", "api": host.base, "labels": ["x", "y"], "pullRequestState": "opened"}
    (request,) = await ask("pullRequest", {"gitlab": mine})
    assert (request["number"], request["branch"], request["author"]) == ("3", "b", "")
    assert "labels=x,y&state=opened" in host.seen[-1][0]


async def test_gitea_organizations_and_pull_requests(host: Host, ask: Ask) -> None:
    base = "/api/v1/repos/shop/web"
    host.answers = {
        "/api/v1/orgs/shop/repos": [github_repository("web"), {**github_repository("none"), "empty": True}],
        f"{base}/topics": {"topics": ["a"]},
        f"{base}/branches/main": {"name": "main", "commit": {"id": SHA}},
        f"{base}/pulls": [PULL],
    }
    settings = {"owner": "shop", "api": host.base, "tokenRef": reference()}
    (one,) = await ask("scmProvider", {"gitea": settings})
    assert (one["repository"], one["sha"], one["labels"]) == ("web", SHA, ["a"])
    assert host.seen[0][1] == f"token {TOKEN}"
    (request,) = await ask("pullRequest", {"gitea": {**settings, "repo": "web"}})
    assert request["number"] == "7"


async def test_bitbucket_cloud_workspaces_and_pull_requests(host: Host, ask: Ask) -> None:
    links = {"clone": [{"name": "https", "href": "https://b.example/shop/web.git"}, {"name": "ssh", "href": "git@b:w"}]}
    host.answers = {
        "/repositories/shop": {"values": [], "next": "{base}/repositories/shop?page=2"},
        "/repositories/shop#2": {
            "values": [{"slug": "web", "uuid": "{u}", "mainbranch": {"name": "main"}, "links": links}]
        },
        "/repositories/shop/web/refs/branches/main": {"name": "main", "target": {"hash": SHA}},
        f"/repositories/shop/web/src/{SHA}/chart": {"type": "commit_directory"},
        "/repositories/shop/web/pullrequests": {
            "values": [
                {
                    "id": 9,
                    "title": "t",
                    "source": {"branch": {"name": "b"}, "commit": {"hash": SHA[:12]}},
                    "destination": {"branch": {"name": "main"}},
                    "author": {"nickname": "dana"},
                }
            ]
        },
    }
    settings = {"owner": "shop", "user": "robot", "appPasswordRef": reference(), "api": host.base}
    (one,) = await ask("scmProvider", {"bitbucket": settings, "filters": [{"pathsExist": ["chart", "no"]}]})
    assert (one["repository"], one["url"], one["paths"]) == ("web", "git@b:w", ["chart"])
    assert host.seen[0][1] == "Basic " + base64.b64encode(f"robot:{TOKEN}".encode()).decode()
    bearer = {"owner": "shop", "repo": "web", "api": host.base, "bearerToken": {"tokenRef": reference()}}
    (request,) = await ask("pullRequest", {"bitbucket": bearer})
    assert (request["number"], request["head_short_sha"], request["author"]) == ("9", SHA[:8], "dana")
    assert host.seen[-1][1] == f"Bearer {TOKEN}"


async def test_bitbucket_server_projects_and_pull_requests(host: Host, ask: Ask) -> None:
    links = {"clone": [{"name": "http", "href": "https://b.example/scm/web.git"}, {"name": "ssh", "href": "ssh://b/w"}]}
    repository = {"id": 1, "slug": "web", "name": "web", "project": {"key": "SHOP"}, "links": links}
    place = "/rest/api/1.0/projects/SHOP/repos"
    pull = {
        "id": 4,
        "title": "t",
        "fromRef": {"displayId": "b", "latestCommit": SHA},
        "toRef": {"displayId": "main"},
        "author": {"user": {"name": "dana"}},
    }
    host.answers = {
        place: {"values": [], "isLastPage": False, "nextPageStart": 100},
        f"{place}#100": {"values": [repository], "isLastPage": True},
        f"{place}/web/branches/default": {"displayId": "main", "latestCommit": SHA},
        f"{place}/web/pull-requests": {"values": [pull], "isLastPage": True},
    }
    settings = {"project": "SHOP", "api": host.base, "basicAuth": {"username": "robot", "passwordRef": reference()}}
    (one,) = await ask("scmProvider", {"bitbucketServer": settings, "cloneProtocol": "https"})
    assert (one["organization"], one["url"], one["branch"]) == ("SHOP", "https://b.example/scm/web.git", "main")
    (request,) = await ask("pullRequest", {"bitbucketServer": {**settings, "repo": "web"}})
    assert (request["number"], request["target_branch"], request["author"]) == ("4", "main", "dana")


async def test_a_plugin_is_posted_the_input_and_gives_parameters(host: Host, ask: Ask) -> None:
    async def execute(request: web.Request) -> web.Response:
        assert await request.json() == {"applicationSetName": "set", "input": {"parameters": {"team": "a"}}}
        return web.json_response({"output": {"parameters": [{"name": "one"}]}})

    host.answers = {"/api/v1/getparams.execute": execute}
    vault = Vault(maps={"plugin": {"baseUrl": host.base, "token": "$tokens:token"}})
    generator = {"configMapRef": {"name": "plugin"}, "input": {"parameters": {"team": "a"}}}
    assert await ask("plugin", generator, vault) == [
        {"name": "one", "generator": {"input": {"parameters": {"team": "a"}}}}
    ]
    assert host.seen[0][1] == f"Bearer {TOKEN}"


# ---- limits


async def test_a_host_that_is_not_on_the_list_is_never_asked(host: Host, ask: Ask) -> None:
    generator = {"github": {"owner": "shop", "repo": "web", "api": host.base, "tokenRef": reference()}}
    with pytest.raises(ProviderFailed, match="no host that generators may ask"):
        await ask("pullRequest", generator, allowed=("https://git.example",))
    assert host.seen == []
    host.answers = {"/repos/shop/web/pulls": []}
    assert await ask("pullRequest", generator, allowed=(host.base,)) == []


async def test_the_token_follows_neither_a_redirect_nor_a_next_page_to_another_host(host: Host, ask: Ask) -> None:
    async def away(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://localhost:1/steal"})

    generator = {"github": {"owner": "shop", "repo": "web", "api": host.base, "tokenRef": reference()}}
    host.answers = {"/repos/shop/web/pulls": away}
    with pytest.raises(ProviderFailed, match="leads to another host"):
        await ask("pullRequest", generator)
    host.answers = {"/repos/shop/web/pulls": []}
    host.links = {"/repos/shop/web/pulls#0": '<http://localhost:1/steal>; rel="next"'}
    with pytest.raises(ProviderFailed, match="leads to another host"):
        await ask("pullRequest", generator)


@pytest.mark.parametrize(
    ("status", "text", "word"),
    [
        (401, "{}", "refused"),
        (500, "{}", "answered 500"),
        (200, "<html>", "no JSON"),
        (200, '["' + "x" * 200_000 + '"]', "more to"),
        (200, '[{"number": 1}]', "does not document"),
        (200, "[7]", "does not document"),
    ],
)
async def test_what_a_host_answers_wrongly_is_an_error_without_the_token(
    host: Host, ask: Ask, status: int, text: str, word: str
) -> None:
    async def wrong(request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type="application/json")

    host.answers = {"/repos/shop/web/pulls": wrong}
    generator = {"github": {"owner": "shop", "repo": "web", "api": host.base, "tokenRef": reference()}}
    with pytest.raises(ProviderFailed, match=word) as failure:
        await ask("pullRequest", generator)
    assert TOKEN not in str(failure.value) + failure.value.suggestion


@pytest.mark.parametrize("api", ["file:///etc/passwd", "ftp://x", "http://user:secret@127.0.0.1", "nothing"])
async def test_an_api_that_is_no_plain_http_address_is_refused(ask: Ask, api: str) -> None:
    with pytest.raises(ProviderFailed, match="no address of an API") as failure:
        await ask("pullRequest", {"github": {"owner": "o", "repo": "r", "api": api}})
    assert "secret" not in str(failure.value)


async def test_a_generator_names_exactly_one_host(ask: Ask) -> None:
    with pytest.raises(ProviderFailed, match="exactly one of"):
        await ask("scmProvider", {"azureDevOps": {"organization": "o"}})

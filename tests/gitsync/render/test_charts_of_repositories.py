"""Charts from a repository over HTTP and from a small OCI registry, honest ones and others."""

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from gitsync.git.credentials import GitCredential
from gitsync.render.cache import RenderCache
from gitsync.render.chart_archive import ArchiveLimits, unpack
from gitsync.render.chart_fetch import ChartFetcher, FetchLimits
from gitsync.render.chart_sources import Charts
from gitsync.render.context import RenderContext
from gitsync.render.errors import ChartUnavailable
from gitsync.render.render import Rendered, render
from model.kinds.application import ApplicationSource
from tests.support.git_rig import Keyring, git_rig
from tests.support.http_host import serving

LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def packed(files: dict[str, str], *, change: Callable[[tarfile.TarInfo], None] = lambda _: None) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            change(member)
            tar.addfile(member, io.BytesIO(text.encode()))
    return raw.getvalue()


def chart(version: str, **more: str) -> bytes:
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {v: {{ .Chart.Version }}}\n"
    )
    return packed(
        {
            "web/Chart.yaml": f"apiVersion: v2\nname: web\nversion: {version}\n",
            "web/templates/a.yaml": template,
            **more,
        }
    )


@dataclass
class ChartHost:
    """Index repository at `/charts`, registry at `/v2`; `answers` stand before both."""

    charts: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    authorised: list[bool] = field(default_factory=list)
    password: str = ""
    address: str = ""

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        self.authorised.append("Authorization" in request.headers)
        if request.path in self.answers:
            return web.Response(body=self.answers[request.path])
        if request.path == "/token":
            given = request.headers.get("Authorization", "")
            return web.json_response({"token": "good" if given.startswith("Basic ") else "bad"})
        if self.password and request.path.startswith("/v2") and request.headers.get("Authorization") != "Bearer good":
            realm = f'Bearer realm="http://{self.address}/token",service="r",scope="repository:org/web:pull"'
            return web.Response(status=401, headers={"WWW-Authenticate": realm})
        if request.path == "/charts/index.yaml":
            return web.Response(text=self._index())
        if request.path.startswith("/charts/"):
            return self._archive(request.path.removeprefix("/charts/web-").removesuffix(".tgz"))
        if request.path == "/v2/org/web/tags/list":
            return web.json_response(
                {"name": "org/web", "tags": [version.replace("+", "_") for version in self.charts]}
            )
        if request.path.startswith("/v2/org/web/manifests/"):
            return self._manifest(request.path.rpartition("/")[2].replace("_", "+"))
        digest = request.path.rpartition("/")[2]
        return self._archive(next((v for v, data in self.charts.items() if digest_of(data) == digest), ""))

    def _archive(self, version: str) -> web.Response:
        return web.Response(body=self.charts[version]) if version in self.charts else web.Response(status=404)

    def _manifest(self, version: str) -> web.Response:
        if version not in self.charts:
            return web.Response(status=404)
        return web.json_response({"layers": [{"mediaType": LAYER, "digest": digest_of(self.charts[version])}]})

    def _index(self) -> str:
        entries = [
            {"version": version, "urls": [f"web-{version}.tgz"], "digest": self.digests.get(version, "")}
            for version in self.charts
        ]
        return json.dumps({"apiVersion": "v1", "entries": {"web": entries}})


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
async def host() -> AsyncIterator[ChartHost]:
    made = ChartHost({version: chart(version) for version in ("1.2.0", "1.10.0", "2.0.0-rc1", "0.9.0+build")})
    application = web.Application()
    application.router.add_get("/{rest:.*}", made.serve)
    async with serving(application) as url:
        made.address = url.removeprefix("http://")
        yield made


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def fetcher(host: ChartHost) -> AsyncIterator[ChartFetcher]:
    keyring = Keyring(GitCredential("user", "secret"))
    made = ChartFetcher(
        keyring,
        clock=Seconds(),
        limits=FetchLimits(index_bytes=10_000, manifest_bytes=10_000, archive=ArchiveLimits(10_000, 100_000, 50)),
        plain_http=frozenset({host.address}),
    )
    yield made
    await made.close()


@pytest.mark.parametrize("kind", ["index", "registry"])
@pytest.mark.parametrize(
    ("wanted", "version"),
    [("1.2.0", "1.2.0"), ("^1", "1.10.0"), ("", "1.10.0"), (">=1-0", "2.0.0-rc1"), ("0.9.0+build", "0.9.0+build")],
)
async def test_versions_are_found(host: ChartHost, fetcher: ChartFetcher, kind: str, wanted: str, version: str) -> None:
    repository = f"http://{host.address}/charts" if kind == "index" else f"{host.address}/org"
    found = await fetcher.resolve(repository, "web", wanted)
    assert found.version == version
    assert unpack(await fetcher.archive(found), name="web")["Chart.yaml"].endswith(f"{version}\n".encode())


async def test_an_index_is_asked_for_once_in_a_while(host: ChartHost, fetcher: ChartFetcher) -> None:
    for _ in range(5):
        await fetcher.resolve(f"http://{host.address}/charts", "web", "^1")
    assert host.asked == ["/charts/index.yaml"]


@pytest.mark.parametrize("passes", [False, True])
async def test_credentials_go_to_another_host_only_where_that_is_asked_for(
    host: ChartHost, fetcher: ChartFetcher, passes: bool
) -> None:
    elsewhere = f"http://{host.address.replace('127.0.0.1', 'localhost')}/charts/web-1.2.0.tgz"
    index = {"entries": {"web": [{"version": "1.2.0", "urls": [elsewhere]}]}}
    host.answers["/charts/index.yaml"] = json.dumps(index).encode()
    found = await fetcher.resolve(f"http://{host.address}/charts", "web", "1.2.0")
    await fetcher.archive(found, pass_credentials=passes)
    assert host.authorised == [True, passes]


async def test_a_registry_gets_the_token_that_it_asks_for(host: ChartHost, fetcher: ChartFetcher) -> None:
    host.password = "secret"
    assert (await fetcher.resolve(f"oci://{host.address}/org", "web", "^1")).version == "1.10.0"


@pytest.mark.parametrize(
    ("path", "answer", "says"),
    [
        ("/charts/index.yaml", b"x" * 20_000, "larger than the 10000 bytes"),
        ("/charts/index.yaml", b"a: [", "is no index"),
        ("/charts/index.yaml", b"a: &a [x]\nb: &b [*a, *a]\nentries: {}", "has no chart"),
        (
            "/charts/index.yaml",
            b'{"entries": {"web": [{"version": "1.0.0", "urls": ["file:///etc/passwd"]}]}}',
            "is no http",
        ),
        ("/charts/web-1.10.0.tgz", b"x" * 20_000, "larger than the 10000 bytes"),
        ("/charts/web-1.10.0.tgz", b"other", "not the listed one"),
    ],
)
async def test_what_a_repository_says_is_not_trusted(
    host: ChartHost, fetcher: ChartFetcher, path: str, answer: bytes, says: str
) -> None:
    host.digests = {version: digest_of(data).removeprefix("sha256:") for version, data in host.charts.items()}
    host.answers[path] = answer
    with pytest.raises(ChartUnavailable, match=says) as caught:
        await fetcher.archive(await fetcher.resolve(f"http://{host.address}/charts", "web", "^1"))
    assert "secret" not in str(caught.value)


def as_link(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0


def as_device(member: tarfile.TarInfo) -> None:
    member.type, member.size = tarfile.CHRTYPE, 0


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (packed({"web/a": ""}, change=as_link), "no ordinary file"),
        (packed({"web/a": ""}, change=as_device), "no ordinary file"),
        (packed({"../a": ""}), "leads out"),
        (packed({"/etc/a": ""}), "leads out"),
        (packed({"web/../../a": ""}), "leads out"),
        (packed({"web/a": "0" * 200_000}), "more bytes than are allowed"),
        (packed({f"web/{number}": "" for number in range(60)}), "more than the 50 files"),
        (gzip.compress(b"\0" * 5_000_000), "no Chart.yaml"),
        (b"no archive", "no archive"),
    ],
    ids=range(9),  # the archives themselves hold the time they were made
)
def test_archives_that_do_harm_are_refused(archive: bytes, says: str) -> None:
    with pytest.raises(ChartUnavailable, match=says):
        unpack(archive, name="web", limits=ArchiveLimits(10_000, 100_000, 50))


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not on PATH")
@pytest.mark.cpu_seconds(20)
async def test_a_chart_is_a_source_with_values_of_another(
    host: ChartHost, fetcher: ChartFetcher, tmp_path: Path
) -> None:
    async with git_rig(tmp_path) as git:
        cache = RenderCache(tmp_path / "renders.db")
        source = ApplicationSource(
            repo_url=f"http://{host.address}/charts", chart="web", target_revision="^1", helm={"releaseName": "r"}
        )
        charts = Charts(fetcher)

        async def once() -> Rendered:
            return await render(source, repositories=git.repositories, cache=cache, charts=charts)

        first, second = await once(), await once()
        assert (first.documents[0].body["data"], first.commit, first.source_type) == ({"v": "1.10.0"}, "1.10.0", "Helm")
        assert (second.from_cache, cache.counter.programs_total) == (True, 1)
        await cache.close()


@pytest.mark.skipif(
    shutil.which("helm") is None or shutil.which("kustomize") is None, reason="helm or kustomize is not on PATH"
)
@pytest.mark.cpu_seconds(20)
async def test_a_chart_inside_a_kustomization_is_fetched_for_it(
    host: ChartHost, fetcher: ChartFetcher, tmp_path: Path
) -> None:
    host.charts["1.2.0"] = chart("1.2.0", **{"web/values.yaml": "a: 1\n"})
    async with git_rig(tmp_path) as git:
        cache = RenderCache(tmp_path / "renders.db")
        inflated = f"{{name: web, repo: 'http://{host.address}/charts', version: 1.2.0, releaseName: r}}"
        git.origin.create("apps", {"app/kustomization.yaml": f"helmCharts: [{inflated}]\nnamePrefix: x-\n"})
        source = ApplicationSource(repo_url=git.origin.url("apps"), path="app", target_revision="main")
        context = RenderContext(build_options=("--enable-helm",), kube_version="v1.30.0")
        rendered = await render(
            source, repositories=git.repositories, cache=cache, charts=Charts(fetcher), context=context
        )
        assert [(one.body["metadata"]["name"], one.body["data"]) for one in rendered.documents] == [
            ("x-r", {"v": "1.2.0"})
        ]
        await cache.close()


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not on PATH")
@pytest.mark.cpu_seconds(20)
async def test_charts_that_a_chart_needs_are_fetched(host: ChartHost, fetcher: ChartFetcher, tmp_path: Path) -> None:
    async with git_rig(tmp_path) as git:
        cache = RenderCache(tmp_path / "renders.db")
        needs = f"dependencies: [{{name: web, version: ^1, repository: 'http://{host.address}/charts'}}]"
        git.origin.create("apps", {"app/Chart.yaml": f"apiVersion: v2\nname: c\nversion: 1.0.0\n{needs}\n"})
        source = ApplicationSource(repo_url=git.origin.url("apps"), path="app", target_revision="main")
        rendered = await render(source, repositories=git.repositories, cache=cache, charts=Charts(fetcher))
        assert rendered.documents[0].body["data"] == {"v": "1.10.0"}
        await cache.close()

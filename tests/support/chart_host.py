"""A repository of charts over HTTP, with one chart `web` of versions that a test publishes, and other files."""

import io
import json
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.support.http_host import serving

TEMPLATE = """apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-chart"}
data: {version: "{{ .Chart.Version }}", who: "{{ .Values.who }}"}
"""


@dataclass
class ChartHost:
    """`url` is the repoURL of a source."""

    versions: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/index.yaml":
            listed = [{"version": one, "urls": [f"web-{one}.tgz"]} for one in sorted(self.versions)]
            return web.Response(text=json.dumps({"apiVersion": "v1", "entries": {"web": listed}}))
        if request.path in self.files:
            return web.Response(text=self.files[request.path])
        version = request.path.removeprefix("/web-").removesuffix(".tgz")
        return web.Response(body=packed(version)) if version in self.versions else web.Response(status=404)


def packed(version: str) -> bytes:
    files = {
        "web/Chart.yaml": f"apiVersion: v2\nname: web\nversion: {version}\n",
        "web/values.yaml": "who: chart\n",
        "web/templates/a.yaml": TEMPLATE,
    }
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return raw.getvalue()


@asynccontextmanager
async def running_chart_host(*versions: str) -> AsyncIterator[ChartHost]:
    made = ChartHost(set(versions))
    application = web.Application()
    application.router.add_get("/{rest:.*}", made.serve)
    async with serving(application) as made.url:
        yield made

"""What Kustomize, Helm and Jsonnet sources render to. Each case of `cases/tools.yaml` is files, options and outcome."""

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gitsync.errors import Failed
from gitsync.manifest.object import JsonObject
from gitsync.render.context import KustomizeVersion, RenderContext, plain_version
from gitsync.render.errors import SourceInvalid, ToolMissing
from gitsync.render.local import read_local, render_local
from gitsync.render.references import references_of
from gitsync.render.tools import Tools
from model.kinds.application import ApplicationSource, DirectoryOptions
from tests.support.yaml_text import read_yaml

CASES = read_yaml((Path(__file__).parent / "cases" / "tools.yaml").read_text())
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: {0}}}
spec:
  selector: {{matchLabels: {{app: {0}}}}}
  template: {{metadata: {{labels: {{app: {0}}}}}, spec: {{containers: [{{name: c, image: "nginx:1"}}]}}}}
"""


def write(files: dict[str, str], folder: Path) -> None:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("link:"):
            place.symlink_to(text.removeprefix("link:"))
        elif text.startswith("object "):
            place.write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {text[7:]}}}\n")
        elif text.startswith("deployment "):
            place.write_text(DEPLOYMENT.format(text[11:]))
        else:
            place.write_text(text)


def source_of(case: dict[str, Any]) -> ApplicationSource:
    options = case.get("directory")
    return ApplicationSource(
        repo_url="http://host/apps",
        path="app",
        directory=msgspec.convert(options, DirectoryOptions) if options is not None else None,
        helm=case.get("helm"),
        kustomize=case.get("kustomize"),
    )


def context_of(case: dict[str, Any]) -> RenderContext:
    return RenderContext(
        instance="shop",
        namespace="there",
        build_options=tuple(case.get("build", ())),
        allowed_flags=frozenset(case.get("allowed", ())),
        kustomize_versions=tuple(KustomizeVersion(*one) for one in case.get("versions", {}).items()),
    )


def needs(case: dict[str, Any]) -> None:
    """Skips what needs a program that is not here."""
    for name, mark in (("helm", "/Chart.yaml"), ("kustomize", "/kustomization.yaml")):
        if any(path.endswith(mark) for path in case["files"]) and shutil.which(name) is None:
            pytest.skip(f"{name} is not on PATH")


def named(body: JsonObject) -> str:
    return f"{body['kind']}/{body['metadata']['name']}"


def at(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body[int(part)] if part.isdigit() else body[part]
    return body


@pytest.mark.cpu_seconds(20)
@pytest.mark.parametrize("case", [one for one in CASES if "names" in one], ids=lambda case: str(case["rule"]))
def test_sources_render_to(case: dict[str, Any], tmp_path: Path) -> None:
    needs(case)
    write(case["files"], tmp_path)
    bodies = [one.body for one in render_local(tmp_path, source_of(case), context=context_of(case))]
    assert [named(body) for body in bodies] == case["names"]
    for place, value in case.get("values", {}).items():
        name, path = place.split()
        assert at(next(body for body in bodies if named(body) == name), path) == value
    if "reads" in case:
        closure = read_local(tmp_path, source_of(case), context=context_of(case)).closure
        read = {entry.path for entry in closure.entries if entry.kind in ("blob", "tree")}
        assert read >= set(case["reads"])
        assert not read & set(case.get("reads_not", ()))


@pytest.mark.cpu_seconds(20)
@pytest.mark.parametrize("case", [one for one in CASES if "refused" in one], ids=lambda case: str(case["rule"]))
def test_sources_are_refused(case: dict[str, Any], tmp_path: Path) -> None:
    needs(case)
    write(case["files"], tmp_path)
    with pytest.raises(Failed) as caught:
        render_local(tmp_path, source_of(case), context=context_of(case))
    assert (type(caught.value).__name__, case["says"] in str(caught.value)) == (case["refused"], True), caught.value
    assert caught.value.suggestion.endswith(".")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"app/Chart.yaml": "name: c\n"}, "helm"),
        ({"app/kustomization.yaml": "resources: [a.yaml]\nnamePrefix: x\n", "app/a.yaml": "object a"}, "kustomize"),
    ],
)
def test_a_program_that_is_not_there_is_named_with_how_to_install_it(
    files: dict[str, str], name: str, tmp_path: Path
) -> None:
    write(files, tmp_path)
    with pytest.raises(ToolMissing, match=f"needs the program {name}") as caught:
        render_local(tmp_path, ApplicationSource(repo_url="http://host/apps", path="app"), tools=Tools())
    assert "Install it from https://" in caught.value.suggestion


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        ([ApplicationSource(repo_url="a", ref="x", chart="c")], "is a chart"),
        (
            [ApplicationSource(repo_url="a", ref="x"), ApplicationSource(repo_url="b", ref="x")],
            "two sources have the ref",
        ),
    ],
)
def test_references_are_to_one_repository(sources: list[ApplicationSource], says: str) -> None:
    with pytest.raises(SourceInvalid, match=says):
        references_of(sources)


def test_a_tool_that_is_switched_off_reads_plain_files(tmp_path: Path) -> None:
    write({"app/Chart.yaml": "name: c\n", "app/a.yaml": "object a", "app/b.jsonnet": "{}"}, tmp_path)
    source = ApplicationSource(repo_url="http://host/apps", path="app")
    found = render_local(tmp_path, source, context=RenderContext(enabled=frozenset()))
    assert [named(one.body) for one in found] == ["ConfigMap/a"]


def test_a_file_parameter_may_lie_in_another_source(tmp_path: Path) -> None:
    chart = {"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n"}
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {who: {{ .Values.who | quote }}}\n"
    write({**chart, "app/templates/a.yaml": template}, tmp_path / "charts")
    write({"shop/who.txt": "somebody"}, tmp_path / "values")
    case = {"files": chart, "helm": {"fileParameters": [{"name": "who", "path": "$values/$ARGOCD_APP_NAME/who.txt"}]}}
    needs(case)
    (found,) = render_local(
        tmp_path / "charts", source_of(case), context=context_of(case), references={"values": tmp_path / "values"}
    )
    assert found.body["data"]["who"] == "somebody"


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        ("v1.30.2-eks-4f47", "1.30.2"),
        ("v1.29.1-gke.158", "1.29.1"),
        ("1.31", "1.31"),
        ("v1.30.0+k3s1", "1.30.0"),
        ("", ""),
    ],
)
def test_what_providers_add_to_a_clusters_version_is_left_out(told: str, plain: str) -> None:
    assert plain_version(told) == plain

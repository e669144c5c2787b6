"""Our renders beside what the programs themselves say of the same directories."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gitsync.errors import Failed
from gitsync.manifest.canonical import canonical_json
from gitsync.manifest.parse import parse_manifests
from gitsync.render.kustomize_inputs import KUSTOMIZATION_NAMES
from gitsync.render.local import render_local
from model.kinds.application import ApplicationSource

EXAMPLES = os.environ.get("ARGOSY_EXAMPLES", "")
pytestmark = pytest.mark.cpu_seconds(60)


@functools.cache
def kustomizations() -> list[str]:
    top = Path(EXAMPLES)
    places = {place.parent for name in KUSTOMIZATION_NAMES for place in top.rglob(name)} if EXAMPLES else set()
    return sorted(str(place.relative_to(top)) for place in places)


def canonical(raw: bytes) -> list[bytes]:
    return sorted(canonical_json(one.body) for one in parse_manifests(raw, file="expected"))


@pytest.mark.skipif(not EXAMPLES, reason="ARGOSY_EXAMPLES names no folder")
@pytest.mark.skipif(shutil.which("kustomize") is None, reason="kustomize is not on PATH")
@pytest.mark.parametrize("path", kustomizations())
def test_kustomizations_say_what_kustomize_says(path: str) -> None:
    expected = subprocess.run(["kustomize", "build", path], cwd=EXAMPLES, capture_output=True, check=False)
    source = ApplicationSource(repo_url="http://host/apps", path=path)
    if expected.returncode:
        with pytest.raises(Failed):
            render_local(Path(EXAMPLES), source)
        return
    found = render_local(Path(EXAMPLES), source)
    assert sorted(canonical_json(one.body) for one in found) == canonical(expected.stdout)


@pytest.mark.skipif(not EXAMPLES, reason="ARGOSY_EXAMPLES names no folder")
@pytest.mark.skipif(shutil.which("kustomize") is None, reason="kustomize is not on PATH")
def test_components_as_options_say_what_they_say_in_the_file(tmp_path: Path) -> None:
    compared = 0
    for component in [place for place in kustomizations() if "/components/" in place]:
        base = Path(component).parents[1] / "base"
        if not (Path(EXAMPLES) / base).is_dir():
            continue
        overlay = Path(component).parents[1] / "overlay"
        top = tmp_path / Path(component).name
        shutil.copytree(Path(EXAMPLES) / overlay.parent, top / overlay.parent)
        (top / overlay).mkdir()
        names = f"components: [../components/{Path(component).name}]\n"
        (top / overlay / "kustomization.yaml").write_text(f"resources: [../base]\n{names}")
        expected = subprocess.run(["kustomize", "build", overlay], cwd=top, capture_output=True, check=False)
        (top / overlay / "kustomization.yaml").write_text("resources: [../base]\n")
        options = {"components": [f"../components/{Path(component).name}"]}
        source = ApplicationSource(repo_url="http://host/apps", path=str(overlay), kustomize=options)
        if expected.returncode == 0:
            found = render_local(top, source)
            assert sorted(canonical_json(one.body) for one in found) == canonical(expected.stdout), component
            compared += 1
    assert compared > 5


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not on PATH")
def test_a_new_chart_says_what_helm_says(tmp_path: Path) -> None:
    subprocess.run(["helm", "create", "demo"], cwd=tmp_path, capture_output=True, check=True)
    (tmp_path / "prod.yaml").write_text("replicaCount: 3\ningress: {enabled: true}\nautoscaling: {enabled: true}\n")
    called = [
        "helm",
        "template",
        "shop",
        "demo",
        "--include-crds",
        "--namespace=there",
        "--values=prod.yaml",
        "--set=image.tag=7",
    ]
    expected = subprocess.run(called, cwd=tmp_path, capture_output=True, check=True)
    helm = {
        "releaseName": "shop",
        "namespace": "there",
        "valueFiles": ["/prod.yaml"],
        "parameters": [{"name": "image.tag", "value": "7"}],
    }
    source = ApplicationSource(repo_url="http://host/apps", path="demo", helm=helm)
    found = render_local(tmp_path, source)
    assert sorted(canonical_json(one.body) for one in found) == canonical(expected.stdout)

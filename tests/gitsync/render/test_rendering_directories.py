"""What a directory renders to. Each case of `cases/directory.yaml` is files, options and what comes of them."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gitsync.errors import Failed
from gitsync.manifest.object import JsonObject
from gitsync.render.context import RenderContext, Surroundings
from gitsync.render.directory import RenderLimits
from gitsync.render.local import render_local
from gitsync.render.parsed_files import parse_file
from gitsync.render.reading import read_source
from model.kinds.application import ApplicationSource, DirectoryOptions
from tests.support.memory_files import MemoryFiles
from tests.support.yaml_text import read_yaml

CASES = read_yaml((Path(__file__).parent / "cases" / "directory.yaml").read_text())


def expanded(files: dict[str, str]) -> dict[str, str]:
    """`object NAME` stands for a manifest of that name."""
    return {
        path: f"apiVersion: v1\nkind: A\nmetadata: {{name: {text[7:]}}}\n" if text.startswith("object ") else text
        for path, text in files.items()
    }


def source_of(case: dict[str, Any]) -> ApplicationSource:
    options = case.get("directory")
    return ApplicationSource(
        repo_url="http://host/apps",
        path=case.get("path", "app"),
        directory=msgspec.convert(options, DirectoryOptions) if options is not None else None,
        helm=case.get("helm"),
        kustomize=case.get("kustomize"),
        plugin=case.get("plugin"),
        chart=case.get("chart", ""),
    )


def rendered(case: dict[str, Any]) -> list[str]:
    limits = RenderLimits(**case.get("limits", {}))
    files = MemoryFiles(expanded(case["files"]))
    reading = read_source(files, source_of(case), limits=limits, context=RenderContext(), surroundings=Surroundings({}))
    return [f"{name(item.body)} {item.origin}" for file in reading.files for item in parse_file(file)]


def name(body: JsonObject) -> str:
    return str(body["metadata"]["name"])


def write(files: dict[str, str], folder: Path) -> None:
    for path, text in expanded(files).items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("link:"):
            place.symlink_to(text.removeprefix("link:"))
        else:
            place.write_text(text)


@pytest.mark.parametrize("case", [case for case in CASES if "renders" in case], ids=lambda case: str(case["rule"]))
def test_directories_render_to(case: dict[str, Any], tmp_path: Path) -> None:
    assert rendered(case) == case["renders"]
    write(case["files"], tmp_path)
    local = render_local(tmp_path, source_of(case))
    assert [f"{name(item.body)} {item.origin}" for item in local] == case["renders"]


@pytest.mark.parametrize("case", [case for case in CASES if "refused" in case], ids=lambda case: str(case["rule"]))
def test_directories_are_refused_with_a_next_step(case: dict[str, Any], tmp_path: Path) -> None:
    write(case["files"], tmp_path)
    with pytest.raises(Failed) as caught:
        render_local(tmp_path, source_of(case), limits=RenderLimits(**case.get("limits", {})))
    assert type(caught.value).__name__ == case["refused"]
    assert case["says"] in str(caught.value)
    assert caught.value.suggestion.endswith(".")

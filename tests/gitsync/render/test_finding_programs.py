"""Programs that render are found when they come, and lost when they go."""

from pathlib import Path

import pytest

from gitsync.render.errors import ToolMissing
from gitsync.render.tools import ToolFinder, Tools, find_tools


def install(folder: Path, name: str) -> Path:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_a_program_that_is_installed_later_is_found_without_a_restart(tmp_path: Path) -> None:
    finder = ToolFinder(lambda: find_tools(kustomize=str(tmp_path / "kustomize"), helm=str(tmp_path / "helm")))
    with pytest.raises(ToolMissing, match="the program helm"):
        finder().path("helm")
    program = install(tmp_path, "helm")
    assert finder().path("helm") == program.resolve()
    with pytest.raises(ToolMissing, match="the program kustomize"):
        finder().path("kustomize")


def test_programs_that_are_there_are_looked_for_once(tmp_path: Path) -> None:
    found = [Tools(install(tmp_path, "kustomize"), install(tmp_path, "helm"))]
    finder = ToolFinder(found.pop)
    assert finder() is finder()

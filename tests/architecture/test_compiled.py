"""Test files are compiled before the workers start, and only that."""

from pathlib import Path

import pytest

from tests.support.compiled import compile_tests


def test_what_is_compiled_is_not_run(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    mark = tmp_path / "ran"
    file = tmp_path / "test_one.py"
    file.write_text(f'"""Words."""\nopen({str(mark)!r}, "w").close()\nimport os\n')
    compile_tests(pytestconfig.pluginmanager.rewrite_hook, [file])
    assert not mark.exists()


def test_a_file_that_is_not_python_is_left_to_the_worker_that_reports_it(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    file = tmp_path / "test_one.py"
    file.write_text("def :")
    compile_tests(pytestconfig.pluginmanager.rewrite_hook, [file])

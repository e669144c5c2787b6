"""What the checks and the suite are set to: a check that somebody switched off tells nobody."""

import re
import socket
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()


def test_one_distribution_brings_the_command_and_the_four_packages() -> None:
    assert (PROJECT["project"]["name"], PROJECT["project"]["license"]) == ("argosy", "Apache-2.0")
    assert "argosy" in PROJECT["project"]["scripts"]
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["api", "gitsync", "model", "web"]
    image = (ROOT / "Dockerfile").read_text()
    for file in wheel["shared-data"]:  # a missing one would break the build of the image alone
        assert (ROOT / file).is_file()
        assert re.search(rf"^COPY .*\b{re.escape(file)} ", image, re.MULTILINE)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_a_version_and_a_hash(lock: str) -> None:
    packages = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n?", "", (ROOT / lock).read_text(), flags=re.MULTILINE).strip())
    assert len(packages) > 30
    assert [one for one in packages if "==" not in one or "--hash=sha256:" not in one] == []


def test_the_linters_are_strict() -> None:
    lint = PROJECT["tool"]["ruff"]["lint"]
    assert {"E", "F", "I", "UP", "B", "SIM", "RUF", "PT", "TID", "ASYNC", "S"} <= set(lint["select"])
    assert PROJECT["tool"]["mypy"]["strict"] is True
    contracts = {contract["id"] for contract in PROJECT["tool"]["importlinter"]["contracts"]}
    assert {"processes", "console", "pure-core", "engine-layers", "git-only", "kube-only", "sql-only"} <= contracts


def test_make_check_is_what_a_commit_passes_and_ci_runs() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert {"demo", "test", "check", "bench", "console", "image"} <= targets
    check = MAKEFILE.partition("\ncheck:")[2].partition("\n\n")[0]
    assert all(tool in check for tool in ("ruff format --check", "ruff check", "mypy", "lint-imports"))
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert hook["entry"] == "make check"
    ci = (ROOT / ".ci" / "run").read_text()
    assert [step for step in ("make check", "make test", "make console") if step not in ci] == []


def test_warnings_are_errors_and_tests_run_in_parallel() -> None:
    assert PROJECT["tool"]["pytest"]["ini_options"]["filterwarnings"] == ["error"]
    test = MAKEFILE.partition("\ntest:")[2].partition("\n\n")[0]
    assert all(" -n " in line for line in test.splitlines() if "pytest" in line)


def test_no_test_reaches_the_network() -> None:
    with pytest.raises(OSError, match="tests have no network"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(socket.gaierror, match="tests have no network"):
        socket.getaddrinfo("argosy.example.com", 443)
    assert socket.getaddrinfo("localhost", 80)

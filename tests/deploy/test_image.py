"""The Dockerfile: nobody in particular, nothing written outside volumes, programs pinned."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
LAST_STAGE = TEXT.rpartition("\nFROM ")[2]


def _said(instruction: str) -> str:
    """What the last stage says with an instruction that it gives once."""
    (found,) = re.findall(rf"^{instruction} (.+)$", LAST_STAGE, re.MULTILINE)
    return str(found)


def test_the_image_runs_as_nobody_and_writes_to_volumes_only() -> None:
    assert int(_said("USER")) > 0
    assert json.loads(_said("VOLUME")) == ["/data", "/tmp"]
    places = dict(re.findall(r"(\w+)=(/\S*)", _said("ENV")))
    assert places
    assert set(places.values()) == {"/data"}


def test_programs_that_the_runtime_starts_are_in_the_image() -> None:
    installed = re.findall(r"apt-get install \S+ --no-install-recommends ([^&]+)&&", LAST_STAGE)[0].split()
    assert {"git", "gpg"} <= set(installed)
    assert "COPY --from=tools /tools/ /usr/local/bin/" in LAST_STAGE
    assert TEXT.count("sha256sum -c") == len(_pinned(TEXT))


def test_renderers_are_those_that_the_tests_run_with() -> None:
    used = dict(re.findall(r"/(helm|kustomize)(?:/v5)?@(v[\d.]+)", (ROOT / ".ci" / "run").read_text()))
    assert _pinned(TEXT) == used


def _pinned(text: str) -> dict[str, str]:
    return {name.lower(): version for name, version in re.findall(r"^ARG (HELM|KUSTOMIZE)=(\S+)$", text, re.MULTILINE)}

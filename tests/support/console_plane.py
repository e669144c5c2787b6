"""A control plane with a scripted runtime in a process of its own, for the tests of the console."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import Page

PASSWORD = "argosy"
START_SECONDS = 90
RESULTS = Path(__file__).parents[2] / "test-results"
OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Plane:
    """A running control plane."""

    url: str
    port: int


@contextmanager
def running_plane(port: int, *, applications: int = 60) -> Iterator[Plane]:
    """A control plane in a process of its own, ended with it."""
    command = [sys.executable, "-m", "tests.support.fake_runtime", "--port", str(port), "--apps", str(applications)]
    log = RESULTS / "control-plane.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=RESULTS.parent, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process)
        yield Plane(url, port)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    query = {"query": "{ applications(filters: {}, pagination: {first: 1}) { totalCount } }"}
    credentials = {"username": "admin", "password": PASSWORD}
    with httpx.Client(base_url=url, trust_env=False) as client:
        signed_in = False  # once: verifying a password takes long on purpose
        while time.monotonic() < deadline:
            assert process.poll() is None, "the control plane ended; see test-results/control-plane.log"
            try:
                signed_in = signed_in or client.post("/auth/login", json=credentials).is_success
                if signed_in and client.post("/graphql", json=query).json()["data"]["applications"]["totalCount"]:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
    raise AssertionError("the control plane did not start; see test-results/control-plane.log")

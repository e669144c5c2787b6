"""The demo in processes of its own, for tests of the console that need everything real: Git, a cluster, a runtime."""

import base64
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from tests.support.demo import PASSWORD

START_SECONDS = 120


@dataclass(frozen=True)
class DemoPlane:
    """A running demo, as pages need it. Changes are made as everybody makes them: by pushing commits."""

    url: str
    kubeconfig: Path
    printed: str

    def patch(self, path: str, change: Mapping[str, object]) -> None:
        """A merge patch of an object in the demo's cluster, as kubectl sends it."""
        known = yaml.safe_load(self.kubeconfig.read_text())
        cluster, user = known["clusters"][0]["cluster"], known["users"][0]["user"]
        trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        headers = {"Authorization": f"Bearer {user['token']}", "Content-Type": "application/merge-patch+json"}
        with httpx.Client(base_url=cluster["server"], verify=trust, headers=headers, trust_env=False) as client:
            client.patch(path, json=change).raise_for_status()

    def push(self, repository: str, files: Mapping[str, str], message: str) -> str:
        """Commit and push as dana; the commit's id."""
        remote = f"{self.url.replace('://', f'://dana:{PASSWORD}@')}/git/{repository}.git"
        with tempfile.TemporaryDirectory() as folder:
            _git(folder, "clone", "--quiet", "--depth", "1", remote, ".")
            for path, text in files.items():
                file = Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            _git(folder, "add", "--all")
            person = ("-c", "user.name=Dana", "-c", "user.email=dana@example.test")
            _git(folder, *person, "commit", "--quiet", "--message", message)
            _git(folder, "push", "--quiet")
            return _git(folder, "rev-parse", "HEAD")

    def read(self, repository: str, path: str) -> str:
        """A file as it is on the Git host now."""
        remote = f"{self.url.replace('://', f'://dana:{PASSWORD}@')}/git/{repository}.git"
        with tempfile.TemporaryDirectory() as folder:
            _git(folder, "clone", "--quiet", "--depth", "1", remote, ".")
            return Path(folder, path).read_text()


def _git(folder: str, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()


@contextmanager
def running_demo_plane(port: int, folder: Path) -> Iterator[DemoPlane]:
    """`argosy demo`; ended as Ctrl-C ends it."""
    command = [str(Path(sys.executable).with_name("argosy")), "demo", "--no-history", "--port", str(port)]
    with (folder / "demo.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(folder / "data")],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            env={**os.environ, "ARGOSY_ADMIN_PASSWORD": PASSWORD},
        )
    try:
        printed = _banner(process)
        url = re.search(r"http://[\d.]+:\d+", printed)
        assert url is not None, printed
        yield DemoPlane(url[0], folder / "data" / "kubeconfig", printed)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _banner(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    deadline, printed = time.monotonic() + START_SECONDS, ""
    for line in process.stdout:
        printed += line
        if "Ctrl-C" in line:
            return printed
        assert time.monotonic() < deadline, printed
    raise AssertionError("the demo ended before it was ready:\n" + printed)

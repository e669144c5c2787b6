"""The git program: where it is, what it may see, how long it may run."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from gitsync.sandbox.githost.errors import GitProgramFailed

# Repositories hold what strangers pushed: nothing in them may start a program, a detached clean-up or a connection.
_CONFIGURATION = {
    "core.hooksPath": "/dev/null",
    "gc.auto": "0",
    "protocol.allow": "never",
    "receive.autogc": "false",
    "receive.denyDeleteCurrent": "refuse",
    "safe.directory": "*",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
}
_ERROR_BYTES = 8192


class GitProgram:
    """Starts git with an environment of its own; nothing of the caller's environment or configuration gets in."""

    def __init__(self, home: Path) -> None:
        executable = shutil.which("git")
        if executable is None:
            raise GitProgramFailed("the git program is not on PATH", suggestion="install git")
        self._executable = executable
        self._environment = {
            "PATH": f"{Path(executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }

    @contextlib.asynccontextmanager
    async def started(
        self, *arguments: str, configuration: Mapping[str, str] | None = None, protocol: str = ""
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """A running git, ended when the block is left, whatever happened inside."""
        process = await asyncio.create_subprocess_exec(
            self._executable,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._environment_with(configuration or {}, protocol),
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()

    async def run(self, *arguments: str, stdin: bytes = b"", seconds: float = 60.0) -> bytes:
        """What git prints. Raises GitProgramFailed with git's own words when it ends with an error."""
        process = await asyncio.create_subprocess_exec(
            self._executable,
            *arguments,
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment_with({}, ""),
        )
        try:
            async with asyncio.timeout(seconds):
                output, errors = await process.communicate(stdin or None)
        except TimeoutError as error:
            raise GitProgramFailed(f"git {arguments[0]} did not end within {seconds:g} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            said = errors[:_ERROR_BYTES].decode(errors="replace").strip()
            raise GitProgramFailed(f"git ended with {process.returncode}: {said}")
        return output

    def _environment_with(self, configuration: Mapping[str, str], protocol: str) -> dict[str, str]:
        environment = dict(self._environment)
        settings = {**_CONFIGURATION, **configuration}
        environment["GIT_CONFIG_COUNT"] = str(len(settings))
        for index, (key, value) in enumerate(settings.items()):
            environment[f"GIT_CONFIG_KEY_{index}"] = key
            environment[f"GIT_CONFIG_VALUE_{index}"] = value
        if protocol:
            environment["GIT_PROTOCOL"] = protocol
        return environment

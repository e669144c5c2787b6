"""Runs a renderer where it can harm nobody: in a private directory, without network and credentials, within limits.

The directory holds what was gathered and nothing else; no other repository, no link, no Git. What the program says on
its output is all that comes back.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitsync.git.address import redact
from gitsync.render.errors import GenerationFailed, ToolMissing

_LAUNCH = Path(__file__).with_name("launch.py")
_MAX_COMPLAINT = 4000
_DRAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """`memory_bytes` is address space: programs in Go reserve a gigabyte more than they use."""

    seconds: float = 90.0
    cpu_seconds: int = 90
    memory_bytes: int = 6_000_000_000
    output_bytes: int = 50_000_000
    written_bytes: int = 200_000_000
    processes: int = 256
    open_files: int = 512


@dataclass(frozen=True, slots=True)
class Command:
    """`arguments` are told where the gathered files and the extra ones are. `folder` in the former is where it runs."""

    name: str
    program: Path
    arguments: Callable[[Path, Path], Sequence[str]]
    folder: str = ""


_DEFAULT_LIMITS = ProgramLimits()
_NOTHING: Mapping[str, bytes] = {}


async def run_program(
    command: Command,
    tree: Mapping[str, bytes],
    extra: Mapping[str, bytes] = _NOTHING,
    *,
    limits: ProgramLimits = _DEFAULT_LIMITS,
) -> bytes:
    """Output of the program. Raises GenerationFailed with its complaint."""
    directory = await asyncio.to_thread(_make, tree, extra, command.folder)
    try:
        return await _run(command, directory, limits)
    finally:
        await asyncio.shield(asyncio.to_thread(_remove, directory))


async def _run(command: Command, directory: Path, limits: ProgramLimits) -> bytes:
    tree = directory / "tree"
    arguments = command.arguments(tree, directory / "extra")
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(_LAUNCH), _limits_text(limits)),
            *(str(command.program), *arguments),
            cwd=tree / command.folder,
            env=_environment(directory),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolMissing(
            f"{command.name} could not be started: {error.strerror}",
            suggestion="Check memory and the number of processes where the runtime runs.",
        ) from error
    try:
        async with asyncio.timeout(limits.seconds):
            assert process.stdout is not None
            assert process.stderr is not None
            output, complaint, _ = await asyncio.gather(
                _read(process.stdout, limits.output_bytes, command), _skim(process.stderr), process.wait()
            )
    except TimeoutError as error:
        raise GenerationFailed(
            f"{command.name} took longer than {limits.seconds:g} seconds",
            suggestion="Render less in one application, or give the runtime more CPU.",
        ) from error
    finally:
        _kill(process.pid)
        await _ended(process)
    if process.returncode:
        raise _failure(command, process.returncode, complaint, directory)
    return output


def _environment(directory: Path) -> dict[str, str]:
    home = str(directory / "home")
    closed = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    places = {"HOME": home, "TMPDIR": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
    helm = {f"HELM_{name}_HOME": home for name in ("CACHE", "CONFIG", "DATA")} | {"HELM_PLUGINS": f"{home}/none"}
    # PATH leads nowhere: a renderer has no business with git, a shell, or anything else that is installed.
    return {"PATH": f"{home}/none", "LC_ALL": "C.UTF-8", **places, **helm, **closed}


def _limits_text(limits: ProgramLimits) -> str:
    return json.dumps(
        {
            "memory": limits.memory_bytes,
            "cpu": limits.cpu_seconds,
            "file": limits.written_bytes,
            "files": limits.open_files,
            "processes": limits.processes,
        }
    )


async def _read(stream: asyncio.StreamReader, most: int, command: Command) -> bytes:
    chunks, size = [], 0
    while chunk := await stream.read(65536):
        size += len(chunk)
        if size > most:
            raise GenerationFailed(
                f"{command.name} wrote more than the {most} bytes that are allowed",
                suggestion="Split the application into smaller ones.",
            )
        chunks.append(chunk)
    return b"".join(chunks)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Waits for the process; it does not count as ended while there is something left to read."""
    assert process.stdout is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while await process.stdout.read(65536):
                pass
            await process.wait()


async def _skim(stream: asyncio.StreamReader) -> bytes:
    """The end of what it says: that is where the reason stands."""
    kept = b""
    while chunk := await stream.read(65536):
        kept = (kept + chunk)[-_MAX_COMPLAINT:]
    return kept


def _failure(command: Command, code: int, complaint: bytes, directory: Path) -> GenerationFailed:
    said = redact(complaint.decode(errors="replace"))
    for place in (f"{directory}/tree/", f"{directory}/extra/", str(directory)):
        said = said.replace(place, "")
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return GenerationFailed(
            f"{command.name} used more CPU time or memory than is allowed",
            suggestion="Render less in one application, or raise the limits of the runtime.",
        )
    if "out of memory" in said or "cannot allocate memory" in said:
        return GenerationFailed(
            f"{command.name} used more memory than is allowed",
            suggestion="Render less in one application, or raise the limits of the runtime.",
        )
    return GenerationFailed(
        f"{command.name} failed: {' '.join(said.split()) or f'it ended with code {code}'}",
        suggestion="Correct the source; `argosy inspect render` shows the same without a cluster.",
    )


def _kill(pid: int) -> None:
    """It and all that it started: they are a process group of their own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _make(tree: Mapping[str, bytes], extra: Mapping[str, bytes], folder: str) -> Path:
    directory = Path(tempfile.mkdtemp(prefix="argosy-render-"))
    try:
        (directory / "home").mkdir()
        (directory / "tree" / folder).mkdir(parents=True)
        for top, files in ((directory / "tree", tree), (directory / "extra", extra)):
            _lay_out(top, files)
    except OSError as error:
        _remove(directory)
        raise GenerationFailed(
            f"the files of the source could not be laid out: {error.strerror}",
            suggestion="Check the space left for temporary files where the runtime runs, and the names of the files.",
        ) from error
    return directory


def _lay_out(top: Path, files: Mapping[str, bytes]) -> None:
    """Writes the files and takes the right to write away again."""
    top.mkdir(exist_ok=True)
    for path, data in files.items():
        place = top / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    for place in _places(top):
        place.chmod(0o500 if place.is_dir() else 0o400)


def _remove(directory: Path) -> None:
    for place in _places(directory):
        if place.is_dir() and not place.is_symlink():
            place.chmod(0o700)
    shutil.rmtree(directory, ignore_errors=True)


def _places(top: Path) -> Iterator[Path]:
    """The directory itself first, and every directory before what is in it."""
    yield top
    if top.is_dir() and not top.is_symlink():
        for place in list(top.iterdir()):
            yield from _places(place)

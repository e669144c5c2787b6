"""A program to be run on gathered files, decided in the owner thread of a mirror and run outside of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gitsync.manifest.parse import ParsedDocument, parse_manifests
from gitsync.render.chart_dependencies import Dependency
from gitsync.render.program import Command, ProgramLimits, run_program
from gitsync.render.remote_bases import BaseUse
from gitsync.render.remote_uses import FileUse
from gitsync.render.tools import Tools


@dataclass(frozen=True, slots=True)
class Want:
    """A file, or a glob of files, of another source of the application."""

    ref: str
    pattern: str
    required: bool = True


Found = Mapping[Want, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Job:
    """`tree`: what was gathered. `extra`: other files for the program, beside it. `command` is told where the wanted
    files are in `extra`. Still to be fetched are `charts`, value files at the addresses `remote`, and what a
    kustomization names elsewhere: `bases` and single `files`."""

    tool: str
    tree: Mapping[str, bytes]
    command: Callable[[Tools, Found], Command]
    extra: Mapping[str, bytes] = field(default_factory=dict)
    wants: tuple[Want, ...] = ()
    found: Found = field(default_factory=dict)
    charts: tuple[Dependency, ...] = ()
    remote: tuple[str, ...] = ()
    bases: tuple[BaseUse, ...] = ()
    files: tuple[FileUse, ...] = ()


async def run_job(job: Job, tools: Tools, limits: ProgramLimits) -> list[ParsedDocument]:
    """The manifests that the program makes. Raises ToolMissing, GenerationFailed and ManifestError."""
    output = await run_program(job.command(tools, job.found), job.tree, job.extra, limits=limits)
    return parse_manifests(output, file=f"output of {job.tool}")

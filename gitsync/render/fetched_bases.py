"""Puts the remote bases of a kustomization into its private copy. Before it: `remote_bases`, which names them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from gitsync.git.repositories import TreeReader
from gitsync.render.chart_dependencies import Dependency
from gitsync.render.directory import RenderLimits
from gitsync.render.errors import SourceInvalid
from gitsync.render.gathering import Gathering
from gitsync.render.job import Job
from gitsync.render.kustomize_inputs import KUSTOMIZATION_NAMES, KustomizeInputs, parse_kustomization
from gitsync.render.references import OtherClosure
from gitsync.render.remote_bases import MAX_BASES, BaseAddress, BaseUse, gather_base, pointed_at
from gitsync.render.remote_uses import FileUse


async def with_bases(
    job: Job,
    open_base: Callable[[BaseAddress], Awaitable[TreeReader]],
    why_not_base: Callable[[str], str],
    limits: RenderLimits,
) -> tuple[Job, tuple[OtherClosure, ...]]:
    """The job with the files of all bases, those that bases themselves name included, and what was read of them."""
    tree, todo = dict(job.tree), list(job.bases)
    others: dict[BaseAddress, OtherClosure] = {}
    of_base: list[Dependency] = []

    charts, addresses = list(job.charts), list(job.files)
    of_base_files: list[FileUse] = []

    def walk(gathering: Gathering, path: str) -> Sequence[BaseUse]:
        inputs = KustomizeInputs(gathering, why_not_base)
        inputs.gather(path)
        of_base.extend(inputs.charts)
        of_base_files.extend(inputs.files)
        return inputs.bases

    while todo:
        use = todo.pop()
        if use.base not in others:
            if len(others) == MAX_BASES:
                raise SourceInvalid(
                    f"the kustomization leads to more than {MAX_BASES} bases in other repositories",
                    suggestion="Commit some of them to the repository.",
                )
            reader = await open_base(use.base)
            base = use.base
            found = await reader.run(
                lambda files, base=base: gather_base(  # type: ignore[misc]
                    files, base, walk, max_bytes=limits.tree_bytes, max_files=limits.max_files
                )
            )
            tree |= found.tree
            charts += [replace(one, place=f"{base.folder}/{one.place}") for one in of_base]
            addresses += [replace(one, directory=f"{base.folder}/{one.directory}".rstrip("/")) for one in of_base_files]
            of_base.clear()
            of_base_files.clear()
            todo += found.uses
            others[base] = OtherClosure(base.ref, found.closure)
        _point(tree, use)
    return replace(job, tree=tree, charts=tuple(charts), bases=(), files=tuple(addresses)), tuple(others.values())


def _point(tree: dict[str, bytes], use: BaseUse) -> None:
    place = _kustomization(tree, use.directory)
    tree[place] = pointed_at(parse_kustomization(tree[place], place), use)


def _kustomization(tree: Mapping[str, bytes], directory: str) -> str:
    names = [f"{directory}/{name}" if directory else name for name in KUSTOMIZATION_NAMES]
    return next(name for name in names if name in tree)

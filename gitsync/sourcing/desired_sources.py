"""Which sources an application or an operation has, and at which revisions. Pure."""

from collections.abc import Sequence

from gitsync.errors import Failed, Stalled
from gitsync.git.address import redact
from gitsync.git.semver import parse_version
from model.kinds.application import ApplicationSource, SyncOperation


class UnusableSource(Stalled):
    """The spec names no source, or one that lacks what it needs."""


class SourceFailed(Failed):
    """One of several sources cannot be had: the message says which; what went wrong is the cause."""


def usable_sources(sources: tuple[ApplicationSource, ...]) -> tuple[ApplicationSource, ...]:
    """Raises UnusableSource for none, or one without a repository."""
    if not sources:
        raise UnusableSource("spec.source is required", suggestion="Name a repository and a path in spec.source.")
    for position, source in enumerate(sources):
        if not source.repo_url:
            field = "spec.source" if len(sources) == 1 else f"spec.sources[{position}]"
            raise UnusableSource(f"{field}.repoURL is required", suggestion="Name the repository to deploy from.")
    return sources


def is_floating_chart(source: ApplicationSource) -> bool:
    """Whether the version of a chart is a range, which may mean another version tomorrow."""
    wanted = source.target_revision
    return bool(source.chart) and not (parse_version(wanted) and wanted.count(".") >= 2)


def asked_revisions(sync: SyncOperation, count: int) -> tuple[str, ...]:
    """The revision that an operation names for each source; "" for what the source itself says.

    Raises UnusableSource when it names more than there are.
    """
    named = sync.revisions or ((sync.revision,) if sync.revision else ())
    positions = sync.source_positions or tuple(range(1, len(named) + 1))
    if len(positions) != len(named) or any(not 1 <= one <= count for one in positions):
        raise UnusableSource(
            f"the operation names {len(named)} revisions for sources {list(positions)}, but there are {count} sources",
            suggestion="Name one revision for each source, or for each of sourcePositions, which count from 1.",
        )
    of_position = dict(zip(positions, named, strict=True))
    return tuple(of_position.get(position, "") for position in range(1, count + 1))


def asks_for_what_is_followed(asked: Sequence[str], shown: Sequence[str], sources: Sequence[ApplicationSource]) -> bool:
    """Whether the operation wants what the application wants anyway."""
    known = [*shown, *[""] * len(sources)]
    return all(
        revision in ("", known[position], sources[position].target_revision) for position, revision in enumerate(asked)
    )


def which(sources: Sequence[ApplicationSource], position: int) -> str:
    """How people are told which of several sources is meant."""
    source = sources[position]
    place = source.chart or source.path or (f"ref {source.ref}" if source.ref else "")
    return f"source {position + 1} of {len(sources)} ({redact(source.repo_url)}{f' {place}' if place else ''})"

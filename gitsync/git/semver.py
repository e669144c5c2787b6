"""Versions and ranges of versions, as Helm and Argo CD read them. Pure.

A range is alternatives (`||`) of conditions (`,` or blanks): `=`, `!=`, `>`, `<`, `>=`, `<=`, `~`, `^`, `1.2.x` and
`1 - 2`. Prereleases count only for a range that names one, such as `>=1.2.0-0`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, total_ordering

_MAX_LENGTH = 256
_PRERELEASE = r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?"
_VERSION = re.compile(rf"v?(?P<major>\d+)(?:\.(?P<minor>\d+))?(?:\.(?P<patch>\d+))?{_PRERELEASE}")
_PART = r"(?:\d+|[xX*])"
_TERM = re.compile(
    rf"(?P<sign>=>|=<|>=|<=|!=|~>|[=<>~^])?\s*v?(?P<version>{_PART}(?:\.{_PART}){{0,2}}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)"
)
_HYPHEN = re.compile(r"(?<!\S)(v?[\d.xX*]+[^\s,|]*)\s+-\s+(v?[\d.xX*]+[^\s,|]*)(?!\S)")


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """Ordered by precedence; what stands behind `+` does not count."""

    major: int
    minor: int = 0
    patch: int = 0
    prerelease: tuple[str, ...] = ()

    def __lt__(self, other: "Version") -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[object, ...]:
        parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.prerelease)
        return self.major, self.minor, self.patch, not self.prerelease, parts


Condition = Callable[[Version], bool]


def parse_version(text: str) -> Version | None:
    """`v` in front is allowed, and so are `1` and `1.2`."""
    match = _VERSION.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match is None:
        return None
    prerelease = tuple(match["pre"].split(".")) if match["pre"] else ()
    return Version(int(match["major"]), int(match["minor"] or 0), int(match["patch"] or 0), prerelease)


@lru_cache(maxsize=1000)
def parse_range(text: str) -> Condition | None:
    """Whether a version lies in the range; None if this is no range."""
    if not text.strip() or len(text) > _MAX_LENGTH:
        return None
    alternatives = [_all_of(part.strip()) for part in text.split("||")]
    known = [alternative for alternative in alternatives if alternative is not None]
    if len(known) < len(alternatives):
        return None
    return lambda version: any(alternative(version) for alternative in known)


def newest_in_range(names: Iterable[str], wanted: str) -> str | None:
    """The name of the highest version in the range. Names that are no versions do not count."""
    within = parse_range(wanted)
    if within is None:
        return None
    versions = [(version, name) for name in names if (version := parse_version(name)) is not None and within(version)]
    return max(versions)[1] if versions else None


def _all_of(text: str) -> Condition | None:
    text = _HYPHEN.sub(r">=\1 <=\2", text)
    conditions: list[Condition] = []
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            return None
        condition = _condition(match["sign"] or "", match["version"])
        if condition is None:
            return None
        conditions.append(condition)
        position = match.end()
        if position < len(text) and text[position] not in " ,":
            return None
        while position < len(text) and text[position] in " ,":
            position += 1
    return (lambda version: all(condition(version) for condition in conditions)) if conditions else None


def _condition(sign: str, text: str) -> Condition | None:
    core, dash, _ = text.partition("-")
    numbers = core.partition("+")[0].split(".")
    known = next((index for index, part in enumerate(numbers) if part in ("x", "X", "*")), len(numbers))
    base = parse_version(".".join([*numbers[:known], *["0"] * (3 - known)]) + (text[len(core) :] if dash else ""))
    if base is None:
        return None
    compare = _comparison(sign, base, known)
    return lambda version: (bool(base.prerelease) or not version.prerelease) and compare(version)


def _comparison(sign: str, base: Version, known: int) -> Condition:
    """`known` is how many of the three numbers were given; the others may be anything."""
    above = _next(base, known)
    match sign:
        case ">":
            return (lambda version: version > base) if known == 3 else lambda version: version >= above
        case ">=" | "=>":
            return lambda version: version >= base
        case "<":
            return lambda version: version < base
        case "<=" | "=<":
            return (lambda version: version <= base) if known == 3 else lambda version: version < above
        case "!=":
            return (lambda version: version != base) if known == 3 else lambda version: not base <= version < above
        case "~" | "~>":
            upper = _next(base, min(known, 2))
            return lambda version: base <= version < upper
        case "^":
            upper = _next(base, _first_nonzero(base, known))
            return lambda version: base <= version < upper
        case _:
            return (lambda version: version == base) if known == 3 else lambda version: base <= version < above


def _next(base: Version, kept: int) -> Version:
    """The first version whose first `kept` numbers are higher."""
    if kept == 0:
        return Version(2**62)
    numbers = [base.major, base.minor, base.patch][:kept]
    numbers[-1] += 1
    # Its own prereleases come before it, and belong to neither.
    major, minor, patch = [*numbers, 0, 0][:3]
    return Version(major, minor, patch, ("0",))


def _first_nonzero(base: Version, known: int) -> int:
    if known == 0 or base.major or known == 1:
        return min(known, 1)
    return 2 if base.minor or known == 2 else 3

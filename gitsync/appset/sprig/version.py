"""Semantic versions and constraints on them."""

import re
from dataclasses import dataclass
from functools import total_ordering

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go
from gitsync.appset.gotemplate.values import Int64

_PART = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-({_PART}))?(?:\+({_PART}))?", re.ASCII)
_ANY = r"v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-(" + _PART + r"))?(?:\+" + _PART + ")?"
_CONSTRAINT = re.compile(r"(=|==|!=|>|<|>=|=>|<=|=<|~|~>|\^)?\s*" + _ANY, re.ASCII)
_RANGE = re.compile(rf"({_ANY})\s+-\s+({_ANY})")
_LONGEST = 1000


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A *semver.Version of Go, with the methods that templates call."""

    major: int
    minor: int
    patch: int
    prerelease: str
    metadata: str
    original: str

    @property
    def go_type(self) -> str:
        return "*semver.Version"

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        return (
            text + (f"-{self.prerelease}" if self.prerelease else "") + (f"+{self.metadata}" if self.metadata else "")
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __lt__(self, other: "Version") -> bool:
        return self._key() < other._key()

    def _key(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        parts = tuple(
            (not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in self.prerelease.split(".")
        )
        return (self.major, self.minor, self.patch), not self.prerelease, parts if self.prerelease else ()

    def compare(self, other: "Version") -> int:
        return (self > other) - (self < other)

    def go_methods(self) -> dict[str, GoFunction]:
        version = self.go_type
        return {
            "Major": go(lambda: Int64(self.major)),
            "Minor": go(lambda: Int64(self.minor)),
            "Patch": go(lambda: Int64(self.patch)),
            "Prerelease": go(lambda: self.prerelease),
            "Metadata": go(lambda: self.metadata),
            "Original": go(lambda: self.original),
            "String": go(lambda: str(self)),
            "Compare": go(self.compare, version),
            "Equal": go(lambda other: self == other, version),
            "LessThan": go(lambda other: self < other, version),
            "GreaterThan": go(lambda other: self > other, version),
        }


def parse_version(text: str) -> Version:
    match = _VERSION.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise CallFailed("Invalid Semantic Version")
    major, minor, patch, prerelease, metadata = match.groups()
    for part in (prerelease or "").split("."):
        if part.isdecimal() and len(part) > 1 and part[0] == "0":
            raise CallFailed("Version segment starts with 0")
    return Version(int(major), int(minor or 0), int(patch or 0), prerelease or "", metadata or "", text)


@dataclass(frozen=True, slots=True)
class _Constraint:
    """`given` counts the numbers that are no wildcards."""

    sign: str
    version: Version
    given: int

    def holds(self, version: Version) -> bool:
        mine = self.version
        if version.prerelease and not mine.prerelease and self.sign != "!=":
            return False
        same = self._same_prefix(version)
        match self.sign:
            case "!=":
                return not same if self.given < 3 else version != mine
            case ">":
                return version > mine and not (self.given < 3 and same)
            case "<":
                return version < mine
            case ">=":
                return version >= mine
            case "<=":
                return version <= mine or (self.given < 3 and same)
            case "~":
                return version >= mine and self._same_prefix(version, min(self.given, 2))
            case "^":
                return version >= mine and self._compatible(version)
            case _:
                return version == mine if self.given == 3 else version >= mine and same

    def _same_prefix(self, version: Version, count: int = -1) -> bool:
        count = self.given if count < 0 else count
        return _numbers(version)[:count] == _numbers(self.version)[:count]

    def _compatible(self, version: Version) -> bool:
        mine = self.version
        if mine.major > 0 or self.given < 2:
            return self.given == 0 or version.major == mine.major
        if mine.minor > 0 or self.given < 3:
            return (version.major, version.minor) == (0, mine.minor)
        return _numbers(version) == _numbers(mine)


def _numbers(version: Version) -> tuple[int, int, int]:
    return version.major, version.minor, version.patch


def satisfies(constraint: str, version: Version) -> bool:
    """`a, b || c`: commas and spaces are and, bars are or. Raises CallFailed for no constraint at all."""
    if len(constraint) > _LONGEST:
        raise CallFailed("the version constraint is too long")
    choices = [_all_of(part) for part in constraint.split("||")]
    return any(all(one.holds(version) for one in choice) for choice in choices)


def _all_of(text: str) -> list[_Constraint]:
    text = _RANGE.sub(lambda match: f">={match.group(1)} <={match.group(6)}", text).strip()
    found: list[_Constraint] = []
    position = 0
    while position < len(text):
        match = _CONSTRAINT.match(text, position)
        if match is None or (match.end() < len(text) and text[match.end()] not in ", \t"):
            raise CallFailed(f"improper constraint: {text:.100}")
        found.append(_constraint(match))
        position = match.end() + len(re.match(r"[,\s]*", text[match.end() :]).group())  # type: ignore[union-attr]  # matches always
    if not found:
        raise CallFailed(f"improper constraint: {text:.100}")
    return found


def _constraint(match: re.Match[str]) -> _Constraint:
    sign, *numbers, prerelease = match.groups()
    given = 0
    for number in numbers:
        if number is None or number in "xX*":
            break
        given += 1
    major, minor, patch = ([int(number) for number in numbers[:given]] + [0, 0, 0])[:3]
    sign = {"": "=", "==": "=", "=>": ">=", "=<": "<=", "~>": "~"}.get(sign or "", sign)
    if sign == "=" and given < 3:
        sign = "~" if given else "="
    return _Constraint(sign, Version(major, minor, patch, prerelease or "", "", ""), given)


VERSIONS: dict[str, GoFunction] = {
    "semver": go(parse_version, "string"),
    "semverCompare": go(lambda wanted, text: satisfies(wanted, parse_version(text)), "string", "string"),
}

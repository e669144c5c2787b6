"""CODEOWNERS: who has to look at changes of a path. Pure.

Patterns of GitHub and GitLab are as in .gitignore, without negation; the last one that matches counts. In GitLab's
sections the last one of each section counts, and all sections together. Those of Gitea are regular expressions of Go
for the whole path, `!` before one means all other paths, and all rules that match count together.
"""

import re
from collections.abc import Iterator

import re2

from gitsync.access.provider import ProviderKind

_ROOT = ("CODEOWNERS", "docs/CODEOWNERS")
_PLACES = {
    ProviderKind.GITHUB: (".github/CODEOWNERS", *_ROOT),
    ProviderKind.GITLAB: (*_ROOT, ".gitlab/CODEOWNERS"),
    ProviderKind.GITEA: (*_ROOT, ".gitea/CODEOWNERS"),
}
_ANYWHERE = (*_ROOT, ".github/CODEOWNERS", ".gitlab/CODEOWNERS", ".gitea/CODEOWNERS")
MAX_BYTES = 500_000
_MAX_LINES = 10_000
_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>.*)")
_TOKEN = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|[^*?]+")
_QUIET = re2.Options()
_QUIET.log_errors = False
_COMMENT = re.compile(r"(?:^|\s)#.*$")


def places_of(kind: ProviderKind | None) -> tuple[str, ...]:
    """Where such a host looks for it; the first that is there counts."""
    return _PLACES.get(kind, _ANYWHERE) if kind is not None else _ANYWHERE


def owners_of(text: str, path: str, kind: ProviderKind | None = None) -> tuple[str, ...]:
    """Owners of a file, in the order in which they are written; () when nobody is named for it."""
    if kind is ProviderKind.GITEA:
        return tuple(dict.fromkeys(_owners_at_gitea(text, path)))
    found: dict[str, tuple[str, ...]] = {}
    section, default = "", ()
    for line in text.splitlines()[:_MAX_LINES]:
        line = _COMMENT.sub("", line).strip()
        if not line:
            continue
        heading = _SECTION.fullmatch(line)
        if heading is not None:
            section, default = heading["name"].strip().lower(), tuple(heading["owners"].split())
            continue
        pattern, *owners = re.split(r"(?<!\\)\s+", line)
        if _matches(pattern.replace("\\ ", " "), path):
            found[section] = tuple(owners) or default
    return tuple(dict.fromkeys(owner for owners in found.values() for owner in owners))


def _owners_at_gitea(text: str, path: str) -> Iterator[str]:
    for line in text.splitlines()[:_MAX_LINES]:
        rule, *owners = _words_at_gitea(line) or ("",)
        if not owners or len(rule) > 500:
            continue
        try:
            found = re2.fullmatch(rule.removeprefix("!"), path, _QUIET) is not None
        except re2.error:
            continue  # the host leaves such a line out, too
        if found is not rule.startswith("!"):
            yield from owners


def _words_at_gitea(line: str) -> list[str]:
    """A backslash takes away the meaning of what follows it, of another backslash, too."""
    words, escaped = [""], False
    for character in line:
        if escaped or character not in "\\# ":
            words[-1] += character
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "#":
            break
        else:
            words.append("")
    return [word for word in words if word]


def _matches(pattern: str, path: str) -> bool:
    if len(pattern) > 500:
        return False
    anchored = "/" in pattern.rstrip("/")
    body = "".join(_translated(token) for token in _TOKEN.findall(pattern.strip("/")))
    # `docs/*` means the files right in docs; every other pattern that fits a directory means all that is below it.
    below = "" if pattern.endswith("/*") else "/.*" if pattern.endswith("/") else "(?:/.*)?"
    return re.fullmatch(f"{'' if anchored else '(?:.*/)?'}{body}{below}", path) is not None


def _translated(token: str) -> str:
    match token:
        case "**/":
            return "(?:[^/]+/)*"
        case "/**":
            return "/.*"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
    return re.escape(token)

"""CODEOWNERS: who has to look at changes of a path. Pure.

Patterns are those of GitHub, GitLab and Gitea: as in .gitignore, without negation; the last one that matches counts.
In GitLab's sections the last one of each section counts, and all sections together.
"""

import re

PLACES = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS", ".gitea/CODEOWNERS")
MAX_BYTES = 500_000
_MAX_LINES = 10_000
_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>.*)")
_TOKEN = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|[^*?]+")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


def owners_of(text: str, path: str) -> tuple[str, ...]:
    """Owners of a file, in the order in which they are written; () when nobody is named for it."""
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

"""Argo CD's own functions for names: `normalize` and `slugify`."""

import re
import unicodedata
from typing import Any

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go

_LONGEST_DNS_NAME = 253


def normalize(name: str) -> str:
    """A DNS name: lower case, everything else than letters, digits, `-` and `.` becomes `-`."""
    cleaned = re.sub("[^-a-z0-9.]", "-", name.lower())
    return cleaned[:_LONGEST_DNS_NAME].strip("-.")


def slugify(*arguments: Any) -> str:
    """`slugify [longest [keepWords]] name`"""
    *options, name = arguments or ("",)
    longest = options[0] if options else 50
    keeps_words = options[1] if len(options) > 1 else False
    if (
        not isinstance(name, str)
        or not isinstance(longest, int)
        or not isinstance(keeps_words, bool)
        or len(options) > 2
    ):
        raise CallFailed("write slugify [longest [keepWords]] name")
    text = unicodedata.normalize("NFKD", normalize(name)).encode("ascii", "ignore").decode().lower()
    slug = re.sub("-+", "-", re.sub("[^a-z0-9-_]", "-", text)).strip("-_")
    return _cut(slug, longest, keeps_words=keeps_words)


def _cut(slug: str, longest: int, *, keeps_words: bool) -> str:
    if len(slug) <= longest:
        return slug
    if not keeps_words:
        return slug[:longest].strip("-_")
    words, cut = slug.split("-"), ""
    for word in words:
        longer = f"{cut}-{word}" if cut else word
        if len(longer) > longest:
            break
        cut = longer
    return cut or slug[:longest]


NAMES: dict[str, GoFunction] = {"normalize": go(normalize, "string"), "slugify": go(slugify, "any...")}

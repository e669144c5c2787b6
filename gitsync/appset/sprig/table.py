"""All functions of ApplicationSet templates by name."""

from datetime import datetime

from gitsync.appset.gotemplate.builtin import BUILTINS
from gitsync.appset.gotemplate.function import GoFunction
from gitsync.appset.sprig.choice import CHOICES
from gitsync.appset.sprig.collection import COLLECTIONS
from gitsync.appset.sprig.encoding import ENCODINGS
from gitsync.appset.sprig.moment import time_functions
from gitsync.appset.sprig.name import NAMES
from gitsync.appset.sprig.numbers import NUMBERS
from gitsync.appset.sprig.place import PLACES
from gitsync.appset.sprig.regex import REGEXES
from gitsync.appset.sprig.text import TEXTS
from gitsync.appset.sprig.version import VERSIONS


def functions(now: datetime) -> dict[str, GoFunction]:
    """sprig's `slice` takes the place of Go's, as in every program that uses sprig."""
    return {
        **BUILTINS,
        **TEXTS,
        **NUMBERS,
        **COLLECTIONS,
        **CHOICES,
        **ENCODINGS,
        **REGEXES,
        **VERSIONS,
        **PLACES,
        **NAMES,
        **time_functions(now),
    }

"""How much a manifest file may demand of whoever reads it."""

from dataclasses import dataclass

# The fast YAML parser gives up at this depth by itself; the same number here keeps both parsers of one mind.
DEEPEST = 128


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """`max_nodes` counts scalars, maps and lists after aliases are expanded; files without aliases cannot reach it
    within `max_bytes`, so it is a limit on alias bombs."""

    max_bytes: int = 10_000_000
    max_documents: int = 10_000
    max_depth: int = DEEPEST
    max_nodes: int = 1_000_000

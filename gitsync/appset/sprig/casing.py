"""Upper, lower, snake, kebab and camel."""

import re
from collections.abc import Iterable


def title(text: str) -> str:
    """The first letter of each word in upper case; an apostrophe ends a word, as in Go."""
    return re.sub(r"(?<![\w])\w", lambda match: match.group().upper(), text)


def swapcase(text: str) -> str:
    return "".join(character.lower() if character.isupper() else character.upper() for character in text)


def snakecase(text: str, separator: str = "_") -> str:
    """`HTTP20xOK` is http_20x_ok: digits go with what follows in lower case, else with what stands before."""
    words = [_cut(word.lower() for word in _WORDS.findall(part)) for part in _CONNECTORS.split(text)]
    return separator.join(separator.join(word) for word in words)


_CONNECTORS = re.compile(r"[\s_-]+")
_WORDS = re.compile(
    r"\d+[a-z][a-z0-9]*|[A-Z]+(?![a-z])(?:\d+(?![a-z\d]))?|[A-Z]?[a-z]+(?:\d+(?![a-z\d]))?|\d+|[^A-Za-z0-9]+"
)


def _cut(words: Iterable[str]) -> list[str]:
    """Signs between two words hold them together."""
    joined: list[str] = []
    glued = False
    for word in words:
        sign = not word[0].isalnum()
        if joined and (glued or sign):
            joined[-1] += word
        else:
            joined.append(word)
        glued = sign
    return joined


def camelcase(text: str) -> str:
    """Upper camel case: a separator goes, and what follows it is a capital."""
    result: list[str] = []
    capital = True
    for position, character in enumerate(text):
        if character in "_-" or character.isspace():
            following = text[position + 1 : position + 2]
            if not result or not following or following in "_-" or following.isspace():
                result.append(character)
            capital = True
        elif capital:
            result.append(character.upper())
            capital = not character.isalpha()
        else:
            result.append(character)
    return "".join(result)

"""The fast YAML reader, for documents in which it cannot differ from the exact one.

`ryaml` is built on the same scanner as PyYAML but reads scalars as YAML 1.2 says, silently expands aliases and allows
keys of any type. One search of the text finds whatever the two would read differently (and, since it does not know
quotes and block text, a little more); then the exact reader does the work. A test holds both to the same results.
"""

import re
from typing import Any

import ryaml

# Where a scalar may begin: a line, after a block indicator, after a flow indicator, after a quoted flow key.
_START = r"""(?:^|[:?-][ \t]|["']:|[\[,{])[ \t]*"""
_END = r"(?=[ \t]*(?:\r?$|[,\]}]|:(?:[ \t\r,\]}]|$))|[ \t]+\#)"
_KEY_END = r"(?=[ \t]*:(?:[ \t\r,\]}]|$))"
_WORD = r"(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)"
# What may turn out to be no string where a key stands: `{10: a}`, and in flow maps `{10, true}`.
_KEY = r"(?:[-+.]*[0-9][0-9a-fA-FxXoO_.+-]*|~|[tT]rue|TRUE|[fF]alse|FALSE|[nN]ull|NULL)"
# Numbers that are not plain integers or fractions of ordinary size.
_ODD_NUMBER = (
    r"(?:"
    r"[-+]?[.0-9_][0-9a-zA-Z.+-]*_[0-9a-zA-Z_.+-]*|[-+]_[0-9a-zA-Z_.+-]*|"  # separators
    r"[+][.0-9]+(?:[eE][-+]?[0-9]+)?|"
    r"-?(?:0[0-9xXoObB][0-9a-fA-F.]*|[0-9]{17,}(?:\.[0-9]*)?|[0-9]+\.0*|[0-9]*\.?[0-9]*[eE][-+]?[0-9]+|\.[0-9]+)"
    r")"
)
_RISKY = re.compile(
    rf"""
      {_START}(?:
          [&*!]                                                   # anchors, aliases, tags
        | {_WORD}{_END}                                           # booleans of YAML 1.1
        | {_ODD_NUMBER}{_END}
        | [-+]?\.(?:inf|Inf|INF|nan|NaN|NAN){_END}
        | (?:{_KEY}|<<){_KEY_END}                                 # keys that are no strings, merge keys
        | \?(?:[ \t\r]|$)                                         # explicit keys
        | :(?:[ \t\r]|$)                                          # empty keys
      )
    | (?:^|[\[{{,])[ \t]*(?:{_KEY}|<<)(?=[ \t]*(?:[,}}]|\r?$))      # the same in a flow map, without a value
    | ^%                                                          # directives
    | ^\.\.\.(?:\s|$)                                             # an end that more may follow
    | [\x85\u2028\u2029\ufeff]                                    # line breaks to one of them only
    """,
    re.MULTILINE | re.VERBOSE,
)
# ryaml holds the interpreter's lock for about 0.06 ms a KB; a longer text would hold up the event loop.
MAX_CHARACTERS = 100_000


class CannotTell(Exception):
    """This reader's answer might not be the exact one."""


def reads_alike(text: str) -> bool:
    """Whether a reader of YAML 1.1 and one of YAML 1.2 understand the same."""
    return _RISKY.search(text) is None


def load_fast(text: str) -> Any:
    """The value of a text that is one document. Raises CannotTell."""
    if len(text) > MAX_CHARACTERS or not reads_alike(text):
        raise CannotTell
    try:
        return ryaml.loads(text)  # type: ignore[attr-defined] # ryaml's stub re-exports by import alone
    except ValueError as error:  # its own error is one; the exact reader finds the words for it
        raise CannotTell from error

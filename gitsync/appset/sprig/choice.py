"""Defaults, choices and types, and the failures that a template asks for."""

from collections.abc import Callable
from typing import Any

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go
from gitsync.appset.gotemplate.values import kind_name, type_name
from gitsync.appset.sprig.cast import is_empty, same

_CHANGING = (
    *("randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randInt", "randBytes", "shuffle", "uuidv4"),
    *("bcrypt", "htpasswd", "genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey"),
    *("genSignedCert", "genSignedCertWithKey", "buildCustomCert", "encryptAES"),
)
_ABSENT = ("decryptAES", "derivePassword")


def _default(default: Any, *given: Any) -> Any:
    return default if not given or is_empty(given[0]) else given[0]


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if not is_empty(value)), None)


def _fail(message: str) -> str:
    raise CallFailed(message)


def _required(message: str, value: Any) -> Any:
    if value is None or value == "":
        raise CallFailed(message)
    return value


def _refused(why: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise CallFailed(why)

    return refuse


CHOICES: dict[str, GoFunction] = {
    "default": go(_default, "any", "any..."),
    "empty": go(is_empty, "any"),
    "coalesce": go(_coalesce, "any..."),
    "all": go(lambda *values: not any(map(is_empty, values)), "any..."),
    "any": go(lambda *values: not all(map(is_empty, values)), "any..."),
    "ternary": go(lambda yes, no, choice: yes if choice else no, "any", "any", "bool"),
    "fail": go(_fail, "string"),
    "required": go(_required, "string", "any"),
    "typeOf": go(type_name, "any"),
    "typeIs": go(lambda name, value: name == type_name(value), "string", "any"),
    "typeIsLike": go(lambda name, value: type_name(value) in (name, "*" + name), "string", "any"),
    "kindOf": go(kind_name, "any"),
    "kindIs": go(lambda name, value: name == kind_name(value), "string", "any"),
    "deepEqual": go(same, "any", "any"),
    **{
        name: go(
            _refused("it gives another answer each time, so that the Application would never be in sync"), "any..."
        )
        for name in _CHANGING
    },
    **{name: go(_refused("it is not supported"), "any...") for name in _ABSENT},
}

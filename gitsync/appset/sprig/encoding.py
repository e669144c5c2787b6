"""JSON, YAML, base64 and digests."""

import base64
import binascii
import hashlib
import json
import math
import re
import zlib
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import yaml

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go
from gitsync.appset.gotemplate.number import general
from gitsync.appset.gotemplate.values import as_bytes, as_text
from gitsync.appset.sprig.version import Version
from gitsync.appset.yaml_values import load_yaml
from gitsync.errors import Failed

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def to_json(value: Any, *, indent: str = "", html: bool = True) -> str:
    """As Go writes it: keys sorted, whole floats without a point, and `<`, `>` and `&` escaped."""
    signs = _HTML if html else {key: _HTML[key] for key in ("\u2028", "\u2029")}
    return re.sub("[" + "".join(signs) + "]", lambda match: signs[match.group()], _json(value, indent, ""))


def _json(value: Any, indent: str, margin: str) -> str:
    if isinstance(value, float):
        return json_number(value)
    if not isinstance(value, dict | list):
        return json.dumps(str(value) if isinstance(value, datetime | Version) else value, ensure_ascii=False)
    inner = margin + indent
    if isinstance(value, dict):
        colon = ": " if indent else ":"
        items = [f"{_json(key, indent, inner)}{colon}{_json(value[key], indent, inner)}" for key in sorted(value)]
    else:
        items = [_json(item, indent, inner) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if not indent or not items:
        return opening + ",".join(items) + closing
    return f"{opening}\n{inner}" + f",\n{inner}".join(items) + f"\n{margin}{closing}"


def json_number(value: float) -> str:
    if not math.isfinite(value):
        raise CallFailed(f"json: unsupported value: {value}")
    if value and (abs(value) < 1e-6 or abs(value) >= 1e21):
        return re.sub(r"e-0(\d)$", r"e-\1", general(value, -1, threshold=1))
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def from_json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=float, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CallFailed(f"this is no JSON: {error}") from error


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _or(default: Any, call: Callable[[str], Any]) -> Callable[[str], Any]:
    def safe(text: str) -> Any:
        try:
            return call(text)
        except CallFailed:
            return default

    return safe


class _Dumper(yaml.CSafeDumper):
    """Quotes as Go's writer does: double where a text looks like something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else ('"' if not text or _LOOKS_ELSE.fullmatch(text) else None)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_float(dumper: yaml.CSafeDumper, number: float) -> yaml.ScalarNode:
    text = json_number(number)
    return dumper.represent_scalar("tag:yaml.org,2002:" + ("float" if "." in text or "e" in text else "int"), text)


_LOOKS_ELSE = re.compile(
    r"[-+]?(\.?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|0[oObBxX][0-9a-fA-F_]+|\.inf)|\.nan|~|<<|="
    r"|[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"
    r"|y|n|yes|no|on|off|true|false|null",
    re.IGNORECASE,
)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(float, _represent_float)
_Dumper.add_multi_representer(int, lambda dumper, value: dumper.represent_int(int(value)))
_Dumper.add_multi_representer(list, lambda dumper, value: dumper.represent_list(list(value)))
_Dumper.add_multi_representer(dict, lambda dumper, value: dumper.represent_dict(dict(value)))


def to_yaml(value: Any) -> str:
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=1_000_000)
    return text.removesuffix("\n").removesuffix("\n...")


def _from_yaml(text: str) -> dict[str, Any]:
    value: dict[str, Any] = _typed(text, dict, "map")
    return value


def _from_yaml_array(text: str) -> list[Any]:
    value: list[Any] = _typed(text, list, "list")
    return value


def _typed(text: str, wanted: type, name: str) -> Any:
    try:
        value = load_yaml(text)
    except Failed as error:
        raise CallFailed(error.message) from error
    if value is None:
        return wanted()
    if not isinstance(value, wanted):
        raise CallFailed(f"the YAML holds no {name}")
    return value


def _base64_decoded(text: str) -> str:
    return _decoded(
        text.replace("\n", "").replace("\r", ""), lambda data: base64.b64decode(data, validate=True), "base64"
    )


def _base32_decoded(text: str) -> str:
    return _decoded(text.replace("\n", "").replace("\r", ""), base64.b32decode, "base32")


def _decoded(text: str, decode: Callable[[str], bytes], name: str) -> str:
    """What cannot be decoded is answered with the reason, as sprig does."""
    try:
        return as_text(decode(text))
    except (binascii.Error, ValueError):
        return f"illegal {name} data at input byte {_first_illegal(text, name)}"


def _first_illegal(text: str, name: str) -> int:
    alphabet = r"[^A-Za-z0-9+/]" if name == "base64" else r"[^A-Z2-7]"
    found = re.search(alphabet, text)
    return found.start() if found else len(text) - len(text) % (4 if name == "base64" else 8)


def _hexadecimal(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, as_bytes(text), usedforsecurity=False).hexdigest()


ENCODINGS: dict[str, GoFunction] = {
    "toJson": go(to_json, "any"),
    "mustToJson": go(to_json, "any"),
    "toPrettyJson": go(lambda value: to_json(value, indent="  "), "any"),
    "mustToPrettyJson": go(lambda value: to_json(value, indent="  "), "any"),
    "toRawJson": go(lambda value: to_json(value, html=False), "any"),
    "mustToRawJson": go(lambda value: to_json(value, html=False), "any"),
    "fromJson": go(_or(None, from_json), "string"),
    "mustFromJson": go(from_json, "string"),
    "toYaml": go(to_yaml, "any"),
    "fromYaml": go(_from_yaml, "string"),
    "fromYamlArray": go(_from_yaml_array, "string"),
    "b64enc": go(lambda text: base64.b64encode(as_bytes(text)).decode(), "string"),
    "b64dec": go(_base64_decoded, "string"),
    "b32enc": go(lambda text: base64.b32encode(as_bytes(text)).decode(), "string"),
    "b32dec": go(_base32_decoded, "string"),
    "sha1sum": go(_hexadecimal("sha1"), "string"),
    "sha256sum": go(_hexadecimal("sha256"), "string"),
    "sha512sum": go(_hexadecimal("sha512"), "string"),
    "adler32sum": go(lambda text: str(zlib.adler32(as_bytes(text))), "string"),
}

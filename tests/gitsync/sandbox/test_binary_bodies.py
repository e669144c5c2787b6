"""Bodies in the binary form, which `kubectl create` sends."""

from typing import Any

import pytest

from gitsync.sandbox.errors import BadRequestError
from gitsync.sandbox.protobuf import MAGIC, decode_object


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _message(*fields: tuple[int, int | str | bytes]) -> bytes:
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(_varint(number << 3) + _varint(value))
        else:
            data = value.encode() if isinstance(value, str) else value
            parts.append(_varint(number << 3 | 2) + _varint(len(data)) + data)
    return b"".join(parts)


def _envelope(api_version: str, kind: str, body: bytes) -> bytes:
    return MAGIC + _message((1, _message((1, api_version), (2, kind))), (2, body))


def test_strings_maps_times_and_bytes() -> None:
    metadata = _message((1, "settings"), (8, b""), (11, _message((1, "team"), (2, "red"))))
    body = _message((1, metadata), (2, _message((1, "a"), (2, "1"))), (3, _message((1, "b"), (2, b"\x00\x01"))), (4, 1))
    assert decode_object(_envelope("v1", "ConfigMap", body)) == {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "settings", "labels": {"team": "red"}},
        "data": {"a": "1"},
        "binaryData": {"b": "AAE="},
        "immutable": True,
    }


def test_numbers_amounts_and_what_json_writes_into_its_parent() -> None:
    limits = _message((1, "cpu"), (2, _message((1, "500m"))))
    probe = _message((1, _message((2, _message((1, "/"), (2, _message((1, 0), (2, 8080))))))), (2, 3))
    container = _message((1, "main"), (2, "nginx:1"), (8, _message((1, limits))), (10, probe))
    volume = _message((1, "data"), (2, _message((2, b""))))
    spec = _message((1, volume), (2, container), (4, -1))
    found: dict[str, Any] = decode_object(_envelope("v1", "Pod", _message((1, _message((1, "p"))), (2, spec))))["spec"]
    assert found["terminationGracePeriodSeconds"] == -1
    assert found["volumes"] == [{"name": "data", "emptyDir": {}}]
    assert found["containers"] == [
        {
            "name": "main",
            "image": "nginx:1",
            "resources": {"limits": {"cpu": "500m"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": 8080}, "initialDelaySeconds": 3},
        }
    ]


@pytest.mark.parametrize(
    "data",
    [
        MAGIC,
        MAGIC + b"\xff",
        _envelope("v1", "Nothing", b""),
        _envelope("v1", "ConfigMap", b"\x0a\xff\xff\xff\x0f"),
        _envelope("v1", "ConfigMap", b"\x0b"),
        MAGIC + b"\x80" * 100,
    ],
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequestError):
        decode_object(data)

"""Cluster Secrets as Argo CD reads them, and as SealedSecrets that only one controller can open."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from gitsync.changes.cluster import cluster_secret, secret_name, shape_problems
from gitsync.changes.errors import BadInput
from gitsync.changes.sealed_secret import public_key, sealed_secret
from gitsync.kube.access import access_from_secret
from gitsync.manifest.object import JsonObject
from model.link_change import Author
from model.link_cluster import AddCluster

CA = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode()
CANARY = "canary-4711"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def wanted(**changes: object) -> AddCluster:
    values = {
        "name": "eu",
        "server": "https://eu.example.test:6443",
        "token": CANARY,
        "author": Author("dana"),
        "operation_id": "op",
        "ca_data": CA,
    }
    return AddCluster(**{**values, **changes})  # type: ignore[arg-type]  # of one type each


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secrets")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def opened(value: str, label: str) -> str:
    """As the controller does it."""
    raw = base64.b64decode(value)
    length = int.from_bytes(raw[:2], "big")
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=label.encode())
    session_key = KEY.decrypt(raw[2 : 2 + length], oaep)
    return AESGCM(session_key).decrypt(bytes(12), raw[2 + length :], None).decode()


def test_the_secret_of_a_cluster_is_read_as_the_way_into_it() -> None:
    secret = cluster_secret(wanted(labels={"env": "prod"}, annotations={"team": "web"}), "argosy")
    labels = {"argocd.argoproj.io/secret-type": "cluster", "app.kubernetes.io/part-of": "argosy"}
    assert secret["metadata"]["labels"] == {"env": "prod", **labels}
    access = access_from_secret(secret)
    assert (access.name, access.server, access.user) == ("eu", "https://eu.example.test:6443", {"token": CANARY})
    assert access.tls.ca == base64.b64decode(CA)


def test_labels_cannot_make_it_something_else() -> None:
    secret = cluster_secret(wanted(labels={"argocd.argoproj.io/secret-type": "repository"}), "argosy")
    assert secret["metadata"]["labels"]["argocd.argoproj.io/secret-type"] == "cluster"


@given(st.text(min_size=1, max_size=300))
def test_names_of_secrets_are_names_whatever_the_server_is_called(host: str) -> None:
    name = secret_name("https://" + "".join(letter for letter in host if letter.isalnum()) + ":6443")
    assert len(name) <= 253
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_sealed_secret_opens_only_where_it_was_meant_to() -> None:
    secret = cluster_secret(wanted(), "argosy")
    sealed = sealed_secret(secret, public_key(certificate()))
    assert CANARY not in json.dumps(sealed)
    assert sealed["spec"]["template"]["metadata"]["labels"] == secret["metadata"]["labels"]
    place = f"argosy/{secret['metadata']['name']}"
    values = {name: opened(value, place) for name, value in sealed["spec"]["encryptedData"].items()}
    assert values == secret["stringData"]
    with pytest.raises((ValueError, InvalidTag)):
        opened(sealed["spec"]["encryptedData"]["config"], "argosy/another")


@pytest.mark.parametrize("text", [b"", b"-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n"])
def test_a_certificate_that_is_none_is_told(text: bytes) -> None:
    with pytest.raises(BadInput, match="certificate"):
        public_key(text)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"server": "http://eu.example.test"}, "server"),
        ({"server": "https://user:secret@eu.example.test"}, "server"),
        ({"server": "file:///etc/passwd"}, "server"),
        ({"server": "https://"}, "server"),
        ({"token": ""}, "token"),
        ({"token": "a\r\nHost: b"}, "token"),
        ({"ca_data": "not base64!"}, "caData"),
        ({"ca_data": base64.b64encode(b"no pem").decode()}, "caData"),
    ],
)
def test_what_cannot_be_a_cluster_is_refused_by_field(changes: JsonObject, field: str) -> None:
    assert [problem.field for problem in shape_problems(wanted(**changes))] == [field]


def test_a_token_never_shows() -> None:
    assert CANARY not in repr(wanted())
    assert shape_problems(wanted()) == []

"""A Secret as a SealedSecret: encrypted for the Sealed Secrets controller of one cluster, so that it can stand in Git.

The format is that of the controller's own tool: per value a new session key, encrypted with RSA-OAEP for the
controller's certificate, and the value encrypted with it in AES-GCM. The label binds each value to namespace and name.
"""

import base64
import os

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from gitsync.changes.errors import BadInput
from gitsync.manifest.object import JsonObject

GROUP, VERSION, KIND = "bitnami.com", "v1alpha1", "SealedSecret"
_KEY_BYTES = 32
_NONCE = bytes(12)  # a session key encrypts one value only


def public_key(certificate: bytes) -> RSAPublicKey:
    """That of the controller's PEM certificate. Raises BadInput."""
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
    except ValueError as error:
        raise BadInput("the certificate of the Sealed Secrets controller cannot be read") from error
    if not isinstance(key, RSAPublicKey):
        raise BadInput("the certificate of the Sealed Secrets controller has no RSA key")
    return key


def sealed_secret(secret: JsonObject, key: RSAPublicKey) -> JsonObject:
    """`secret` has its values as `stringData`; everything else of it stays readable."""
    metadata = secret["metadata"]
    label = f"{metadata['namespace']}/{metadata['name']}".encode()
    encrypted = {name: _encrypted(value.encode(), key, label) for name, value in secret["stringData"].items()}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {key: metadata[key] for key in ("name", "namespace", "labels") if key in metadata},
        "spec": {
            "encryptedData": encrypted,
            "template": {"metadata": dict(metadata), "type": secret.get("type", "Opaque")},
        },
    }


def _encrypted(value: bytes, key: RSAPublicKey, label: bytes) -> str:
    session_key = os.urandom(_KEY_BYTES)
    oaep = padding.OAEP(mgf=padding.MGF1(SHA256()), algorithm=SHA256(), label=label)
    sealed_key = key.encrypt(session_key, oaep)
    sealed_value = AESGCM(session_key).encrypt(_NONCE, value, None)
    return base64.b64encode(len(sealed_key).to_bytes(2, "big") + sealed_key + sealed_value).decode()

"""ID tokens: who signed them, for whom, and in which sign-in. Pure. The only module that imports joserfc."""

from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.errors import Unauthorized

CLOCK_LEEWAY_SECONDS = 60
# Signatures by a key that only the provider has: never `none`, never the client secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


def verified_claims(id_token: Any, keys: Any, *, issuer: str, client_id: str, nonce: str, now: float) -> dict[str, Any]:
    """Claims of a token that the issuer signed, for this client, in this very sign-in. Raises Unauthorized."""
    try:
        token = jwt.decode(id_token or "", KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))
        rules = jwt.JWTClaimsRegistry(
            now=int(now),
            leeway=CLOCK_LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        rules.validate(token.claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Unauthorized("the provider's ID token is not valid for this sign-in") from error
    claims: dict[str, Any] = token.claims
    return claims

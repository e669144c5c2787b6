"""Tokens of people, programs, runtimes and replicas: random, recognisable by their start, kept as a hash only."""

import hashlib
import secrets

SESSION = "args_"
API = "argt_"
RUNTIME = "argr_"
REPLICA = "argp_"


def new_token(kind: str) -> str:
    return kind + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Tokens have 256 random bits, so a plain digest is enough and look-ups stay fast."""
    return hashlib.sha256(token.encode()).hexdigest()

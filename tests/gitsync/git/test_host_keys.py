"""Which keys a known_hosts file allows for the server of an address. Pure."""

import base64
import hashlib
import hmac

import pytest

from gitsync.git.host_keys import host_keys

KEY = base64.b64encode(b"a key").decode()
DIGEST = hashlib.sha256(b"a key").digest()
SALT = b"salt-salt-salt-salt-"
HASHED = base64.b64encode(hmac.new(SALT, b"git.example.com", hashlib.sha1).digest()).decode()


@pytest.mark.parametrize(
    ("names", "url", "known"),
    [
        ("git.example.com", "git@git.example.com:team/apps.git", True),
        ("git.example.com,10.0.0.1", "ssh://git@git.example.com/team/apps.git", True),
        ("git.example.com", "ssh://git@git.example.com:22/x", True),
        ("git.example.com", "ssh://git@git.example.com:2222/x", False),
        ("[git.example.com]:2222", "ssh://git@git.example.com:2222/x", True),
        ("*.example.com,!git.example.com", "git@git.example.com:x", False),
        ("*.example.com", "git@git.example.com:x", True),
        (f"|1|{base64.b64encode(SALT).decode()}|{HASHED}", "git@git.example.com:x", True),
        (f"|1|{base64.b64encode(SALT).decode()}|{HASHED}", "git@other.example.com:x", False),
        ("git.example.com", "https://git.example.com/x", False),
    ],
)
def test_lines_allow_keys_for_names(names: str, url: str, known: bool) -> None:
    assert host_keys(f"# hosts\n{names} ssh-ed25519 {KEY} comment\n", url) == ({DIGEST} if known else set())


def test_what_is_revoked_or_no_key_is_not_allowed() -> None:
    line = f"git.example.com ssh-ed25519 {KEY}"
    url = "git@git.example.com:x"
    assert host_keys(f"{line}\n@revoked {line}", url) == set()
    assert host_keys(f"@cert-authority {line}\ngit.example.com ssh-ed25519 %%%\ngit.example.com", url) == set()

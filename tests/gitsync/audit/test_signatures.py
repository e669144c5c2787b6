"""Signatures of commits in the audit log: made by the real programs, and judged by the keys that are known."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import pytest

from gitsync.access.commit_signature import HostWord
from gitsync.audit.verification import KnownKeys, Verification
from gitsync.git.errors import SignatureRefused
from gitsync.git.ssh_signature import BEGIN, allowed_signers, ssh_signer
from model.audit import SignatureStatus, SignatureVerdict
from tests.support.git_rig import GitRig, git_rig
from tests.support.signers import signers

pytestmark = [
    pytest.mark.cpu_seconds(30),
    pytest.mark.skipif(
        not (shutil.which("gpg") and shutil.which("ssh-keygen")), reason="gpg and ssh-keygen are not installed"
    ),
]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[GitRig]:
    async with git_rig(tmp_path) as found:
        found.origin.create("apps", {"a.yaml": "1"})
        yield found


def ssh_key(folder: Path, kind: str) -> Path:
    place = folder / f"key-{kind}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "dana", "-f", str(place)], check=True)
    return place


def ssh_commit(rig: GitRig, key: Path) -> str:
    parent = rig.origin.head("apps")
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "commit-tree", "-S")
    made = rig.origin.git("apps", *sign, "-p", parent, "-m", "Signed", "main^{tree}").strip()
    rig.origin.git("apps", "update-ref", "refs/heads/main", made)
    return made


def fingerprint(key: Path) -> str:
    told = subprocess.run(["ssh-keygen", "-lf", f"{key}.pub"], check=True, capture_output=True, text=True).stdout
    return told.split()[1]


async def silent(url: str, commits: Sequence[str]) -> Mapping[str, HostWord]:
    """A host that says nothing of signatures."""
    return {}


async def judged(
    rig: GitRig,
    keys: KnownKeys,
    *shas: str,
    words: Callable[[str, Sequence[str]], Awaitable[Mapping[str, HostWord]]] = silent,
) -> tuple[SignatureVerdict, ...]:
    async def known() -> KnownKeys:
        return keys

    verification = Verification(rig.repositories, known, words)
    try:
        return (await verification.verify(rig.origin.url("apps"), shas)).verdicts
    finally:
        verification.close()


async def test_gnupg_signatures_are_good_by_known_keys_only(rig: GitRig) -> None:
    with signers("dana", "mallory") as people:
        plain = rig.origin.head("apps")
        danas = people.commit(rig.origin, "apps", "dana")
        mallorys = people.commit(rig.origin, "apps", "mallory")
        keys = KnownKeys({people.key_id("dana"): people.public_key("dana")})
        found = await judged(rig, keys, plain, danas, mallorys)
    assert [one.status for one in found] == [SignatureStatus.NONE, SignatureStatus.VALID, SignatureStatus.UNVERIFIED]
    assert found[1].signer.startswith("dana <dana@example.com>")
    assert found[2].signer.startswith("key ")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_ssh_signatures_are_good_by_allowed_signers_only(rig: GitRig, tmp_path: Path, kind: str) -> None:
    key = ssh_key(tmp_path, kind)
    made = ssh_commit(rig, key)
    public = key.with_suffix(".pub").read_text()
    allowed = f'# people\ndana@example.com namespaces="git" {public}'
    (good,) = await judged(rig, KnownKeys(ssh=allowed), made)
    assert (good.status, good.signer.split()[0]) == (SignatureStatus.VALID, "dana@example.com")
    assert good.signer.split()[1] == fingerprint(key)
    for nobody in ("", allowed.replace('"git"', '"file"')):
        (unknown,) = await judged(rig, KnownKeys(ssh=nobody), made)
        assert unknown.status is SignatureStatus.UNVERIFIED


async def test_a_forged_message_under_a_good_signature_is_invalid(rig: GitRig, tmp_path: Path) -> None:
    key = ssh_key(tmp_path, "ed25519")
    made = ssh_commit(rig, key)
    text = rig.origin.git("apps", "cat-file", "commit", made).replace("\n\nSigned", "\n\nForged")
    forged = rig.origin.git("apps", "hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode()).strip()
    rig.origin.git("apps", "update-ref", "refs/heads/main", forged)
    (found,) = await judged(rig, KnownKeys(ssh=f"dana {key.with_suffix('.pub').read_text()}"), forged)
    assert found.status is SignatureStatus.INVALID


async def test_a_new_key_counts_at_the_next_look(rig: GitRig, tmp_path: Path) -> None:
    key = ssh_key(tmp_path, "ed25519")
    made, keys = ssh_commit(rig, key), [KnownKeys()]

    async def known() -> KnownKeys:
        return keys[-1]

    verification = Verification(rig.repositories, known, silent)
    url = rig.origin.url("apps")
    assert (await verification.verify(url, [made])).verdicts[0].status is SignatureStatus.UNVERIFIED
    keys.append(KnownKeys(ssh=f"dana {key.with_suffix('.pub').read_text()}"))
    assert (await verification.verify(url, [made])).verdicts[0].status is SignatureStatus.VALID
    verification.close()


@pytest.mark.parametrize("armored", [b"", BEGIN + b"\nAAAA\n-----END SSH SIGNATURE-----", BEGIN])
def test_what_is_no_signature_is_refused(armored: bytes) -> None:
    with pytest.raises(SignatureRefused):
        ssh_signer(b"payload", armored, {})


def test_lines_that_name_no_key_are_passed_over() -> None:
    assert allowed_signers("dana\ndana ssh-ed25519\ndana ssh-ed25519 %%%\n* cert-authority ssh-rsa AAAA\n") == {}


@pytest.mark.parametrize(
    ("good", "status", "told"),
    [
        (True, SignatureStatus.VALID, "dana, says 127.0.0.1"),
        (False, SignatureStatus.INVALID, "dana, says 127.0.0.1"),
        (None, SignatureStatus.UNVERIFIED, "SHA256:"),
    ],
)
async def test_the_hosts_word_counts_where_our_keys_know_nothing_and_is_shown_as_its_word(
    rig: GitRig, tmp_path: Path, good: bool | None, status: SignatureStatus, told: str
) -> None:
    key = ssh_key(tmp_path, "ed25519")
    sha = ssh_commit(rig, key)
    asked: list[Sequence[str]] = []

    async def words(url: str, commits: Sequence[str]) -> Mapping[str, HostWord]:
        asked.append(commits)
        return {one: HostWord(good, "dana") for one in commits}

    unsigned = rig.origin.git("apps", "rev-parse", "main~1").strip()
    found, plain = await judged(rig, KnownKeys(), sha, unsigned, words=words)
    assert (found.status, plain.status) == (status, SignatureStatus.NONE)
    assert told in found.signer
    public = Path(f"{key}.pub").read_text()
    (ours,) = await judged(rig, KnownKeys(ssh=f"dana@example.com {public}"), sha, words=words)
    assert (ours.status, "says" in ours.signer) == (SignatureStatus.VALID, False)
    assert asked == [[sha]], "only of what we do not know"
